package mem

import "golang.org/x/sys/unix"

func peakRSS() (int64, bool) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0, false
	}
	return u.Maxrss, true // bytes on this system
}

// available takes all of the machine's memory for available: macOS compresses and
// purges before it refuses, and the numbers that would tell are not in a sysctl.
func available() (int64, bool) {
	n, err := unix.SysctlUint64("hw.memsize")
	return int64(n), err == nil && n < 1<<62
}

func look() (s Survey) {
	s.Total, _ = available()
	s.Available = s.Total
	return s
}
