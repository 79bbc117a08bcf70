package mem

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryCounters is PROCESS_MEMORY_COUNTERS of psapi.h.
type memoryCounters struct {
	size, pageFaults                         uint32
	peakWorkingSet, workingSet               uintptr
	peakPaged, paged, peakNonPaged, nonPaged uintptr
	pagefileUsage, peakPagefileUsage         uintptr
}

// memoryStatus is MEMORYSTATUSEX of sysinfoapi.h.
type memoryStatus struct {
	size, load                                                       uint32
	totalPhys, availPhys, totalPage, availPage, totalVirt, availVirt uint64
	availExtended                                                    uint64
}

func peakRSS() (int64, bool) {
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo")
	if proc.Find() != nil {
		return 0, false
	}
	var c memoryCounters
	c.size = uint32(unsafe.Sizeof(c))
	r, _, _ := proc.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&c)), uintptr(c.size))
	return int64(c.peakWorkingSet), r != 0
}

func available() (int64, bool) {
	s, ok := status()
	return int64(s.availPhys), ok && s.availPhys < 1<<62
}

func look() (l Survey) {
	if s, ok := status(); ok {
		l.Total, l.Available = int64(min(s.totalPhys, 1<<62)), int64(min(s.availPhys, 1<<62))
	}
	return l
}

func status() (s memoryStatus, ok bool) {
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if proc.Find() != nil {
		return s, false
	}
	s.size = uint32(unsafe.Sizeof(s))
	r, _, _ := proc.Call(uintptr(unsafe.Pointer(&s)))
	return s, r != 0
}
