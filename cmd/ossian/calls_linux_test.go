//go:build amd64 || arm64

package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// call is one system call that could have to do with other machines.
type call struct {
	text  string // as strace would have it, roughly
	wrong string // why it breaks the promise; "" where it does not
}

func (c call) String() string { return c.text + ": " + c.wrong }

// reader gives n bytes of the traced program's memory.
type reader func(at uint64, n int) ([]byte, error)

// callOf tells what a system call does to the network; ok is false for one that
// does nothing. write and sendto without an address need no look: their socket was
// connected or accepted before, and that was looked at.
func callOf(nr uint64, args [6]uint64, memory reader) (c call, ok bool) {
	switch nr {
	case unix.SYS_SOCKET:
		return socket(args[0]), true
	case unix.SYS_CONNECT:
		return addressed("connect", args[1], args[2], memory), true
	case unix.SYS_BIND:
		return addressed("bind", args[1], args[2], memory), true
	case unix.SYS_SENDTO:
		if args[4] == 0 {
			return call{}, false
		}
		return addressed("sendto", args[4], args[5], memory), true
	case unix.SYS_SENDMSG:
		return message("sendmsg", args[1], memory)
	case unix.SYS_SENDMMSG:
		const size = 64 // struct mmsghdr
		for i := range args[2] {
			if c, ok := message("sendmmsg", args[1]+i*size, memory); ok {
				return c, true // the first one tells enough: a loopback socket stays one
			}
		}
		return call{}, false
	case unix.SYS_IO_URING_SETUP:
		return call{"io_uring_setup", "what is asked for in the ring is seen by no trace"}, true
	}
	return call{}, false
}

// socket lets through the internet's families, whose addresses are looked at later.
// Any other leads to a program that may go out on its own, or past addresses.
func socket(family uint64) call {
	switch family {
	case unix.AF_INET, unix.AF_INET6:
		return call{text: fmt.Sprintf("socket of family %d", family)}
	}
	return call{fmt.Sprintf("socket of family %d", family), "neither IPv4 nor IPv6"}
}

// message is a call with a struct msghdr, which begins with an address and its length.
func message(name string, at uint64, memory reader) (call, bool) {
	head, err := memory(at, 12)
	if err != nil {
		return call{name, "unreadable: " + err.Error()}, true
	}
	to, n := binary.LittleEndian.Uint64(head), binary.LittleEndian.Uint32(head[8:])
	if to == 0 || n == 0 {
		return call{}, false
	}
	return addressed(name, to, uint64(n), memory), true
}

// addressed is a call with a struct sockaddr.
func addressed(name string, at, n uint64, memory reader) call {
	raw, err := memory(at, int(min(n, 28)))
	if err != nil || len(raw) < 2 {
		return call{name, fmt.Sprintf("unreadable address: %v", err)}
	}
	to, ok := sockaddr(raw)
	if !ok {
		return call{fmt.Sprintf("%s, an address of family %d", name, binary.LittleEndian.Uint16(raw)), "neither IPv4 nor IPv6"}
	}
	c := call{text: name + " " + to.String()}
	if !to.Addr().Unmap().IsLoopback() {
		c.wrong = "not this machine"
	} else if to.Port() == 53 {
		c.wrong = "a name server, which asks others" // systemd's is on loopback
	}
	return c
}

func sockaddr(raw []byte) (netip.AddrPort, bool) {
	family, raw := binary.LittleEndian.Uint16(raw), raw[2:]
	switch {
	case family == unix.AF_INET && len(raw) >= 6:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[2:6])), binary.BigEndian.Uint16(raw)), true
	case family == unix.AF_INET6 && len(raw) >= 22:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(raw[6:22])), binary.BigEndian.Uint16(raw)), true
	}
	return netip.AddrPort{}, false
}
