package egress

import (
	"net"
	"net/netip"
	"strings"
)

// reserved are the ranges that are not the public internet, beyond those netip knows
// by name: IANA's special-purpose registries, and the ways to write an IPv4 address
// inside an IPv6 one that are out of use.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
)

// translated is how a network without IPv4 writes the addresses of one that has it.
var translated = netip.MustParsePrefix("64:ff9b::/96")

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// public reports whether an address is one of the open internet.
func public(ip netip.Addr) bool {
	if translated.Contains(ip) {
		b := ip.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// attached are the networks this machine is a part of. At home and in offices they
// have public IPv6 addresses and are as private as others.
func attached() (list []netip.Prefix) {
	addrs, _ := net.InterfaceAddrs() // without them the fixed ranges are left
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				if ones, _ := n.Mask.Size(); ones > 0 { // some tunnels claim the whole world
					list = append(list, netip.PrefixFrom(ip.Unmap(), ones))
				}
			}
		}
	}
	return list
}

// disguised reports whether a host is a number that some resolvers take for an
// address although it is not written as one: 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
// The test is the one browsers make: the last part is a number.
func disguised(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	digits, hex := strings.CutPrefix(last, "0x")
	return (hex || last != "") && !strings.ContainsFunc(digits, func(r rune) bool {
		return !(r >= '0' && r <= '9' || hex && r >= 'a' && r <= 'f')
	})
}
