//go:build amd64 || arm64

package main

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// trace runs a program, with all threads and programs it starts, and gives its calls
// that could have to do with other machines. The first one that breaks the promise is
// not made: the program is killed in front of it. The exit code is -1 then.
func trace(cmd *exec.Cmd) (calls []call, code int, err error) {
	runtime.LockOSThread() // the kernel knows the tracer as a thread
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	defer cmd.Wait() //nolint:errcheck // its exit code is taken below; this ends what copies its output
	pid := cmd.Process.Pid
	kill := func() { _ = unix.Kill(-pid, unix.SIGKILL) }
	defer time.AfterFunc(time.Minute, kill).Stop()
	tid, status, err := next(pid)
	failed := unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL|unix.PTRACE_O_TRACEEXEC|
		unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACEFORK|unix.PTRACE_O_TRACEVFORK)
	if failed != nil {
		kill()
	}
	for ; err == nil; tid, status, err = next(pid) {
		if !status.Stopped() {
			if tid == pid {
				code = status.ExitStatus() // -1 if it was killed
			}
			continue
		}
		deliver := 0
		switch signal := status.StopSignal(); signal {
		case unix.SIGTRAP | 0x80: // TRACESYSGOOD: before or after a system call
			c, ok, err := entered(tid)
			if ok {
				calls = append(calls, c)
			}
			if err != nil || c.wrong != "" {
				failed = errors.Join(failed, err)
				kill()
			}
		case unix.SIGTRAP, unix.SIGSTOP: // a new thread or program; nobody else sends these
		default:
			deliver = int(signal)
		}
		_ = unix.PtraceSyscall(tid, deliver) // fails if it was killed meanwhile, which the next turn tells
	}
	if !errors.Is(err, unix.ECHILD) { // which says that all are gone
		failed = errors.Join(failed, err)
	}
	return calls, code, failed
}

// next waits for what a traced program, one of its threads or of its children does.
func next(group int) (tid int, status unix.WaitStatus, err error) {
	for {
		if tid, err = unix.Wait4(-group, &status, unix.WALL, nil); !errors.Is(err, unix.EINTR) {
			return tid, status, err
		}
	}
}

// entered looks at the system call in front of which a thread stands, if it does.
func entered(tid int) (call, bool, error) {
	var info struct { // struct ptrace_syscall_info of linux/ptrace.h
		op     uint8
		_      [3]uint8
		arch   uint32
		ip, sp uint64
		nr     uint64
		args   [6]uint64
		_      uint64
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno == unix.ESRCH { // killed meanwhile
		return call{}, false, nil
	}
	if errno != 0 {
		return call{}, false, fmt.Errorf("reading a system call: %w", errno)
	}
	if info.op != unix.PTRACE_SYSCALL_INFO_ENTRY {
		return call{}, false, nil
	}
	if native := map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]; info.arch != native {
		return call{fmt.Sprintf("system call %d of architecture %#x", info.nr, info.arch), "its numbers mean something else"}, true, nil
	}
	c, ok := callOf(info.nr, info.args, func(at uint64, n int) ([]byte, error) {
		b := make([]byte, n)
		_, err := unix.PtracePeekData(tid, uintptr(at), b)
		return b, err
	})
	return c, ok, nil
}
