package egress

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options say what a Guard lets through.
type Options struct {
	// Offline names what forbids connections, as the person knows it; "" allows them.
	Offline string
	// Log is the file connections are written to; "" keeps none, which only tests want.
	Log string
	Now func() time.Time // nil: the clock
}

// Guard makes the program's clients and dialers.
type Guard struct {
	offline string
	log     *journal
	// What is public, what this machine is a part of and who knows names; tests have worlds of their own.
	public   func(netip.Addr) bool
	attached func() []netip.Prefix
	resolver *net.Resolver
	mu       sync.Mutex
	open     map[*counted]bool
}

// New makes a guard. It opens nothing yet.
func New(opt Options) *Guard {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Guard{offline: opt.Offline, log: &journal{path: opt.Log, now: opt.Now}, public: public, attached: attached, open: map[*counted]bool{}}
}

// Close ends every connection that is open, so that what went through it is written
// down. The guard can be used on.
func (g *Guard) Close() {
	g.mu.Lock()
	open := slices.Collect(maps.Keys(g.open))
	g.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

// Reach is how far a client may go.
type Reach int

const (
	// Chosen is for addresses a person chose: any of them, through a proxy if the
	// environment names one.
	Chosen Reach = iota
	// Steered is for addresses that a model or a page chose: public ones only. No
	// proxy, which would look names up where the guard cannot see.
	Steered
)

// Client is an HTTP client whose connections pass the guard.
func (g *Guard) Client(purpose string, reach Reach) *http.Client {
	t := &http.Transport{
		DialContext:           g.Dialer(purpose, reach),
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   20 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ExpectContinueTimeout: time.Second,
	}
	if reach == Chosen {
		// While offline the proxy is out too: on loopback it would lead on from there.
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			if g.offline != "" {
				return nil, nil
			}
			return http.ProxyFromEnvironment(r)
		}
	}
	return &http.Client{Transport: t}
}

// Dialer connects with TCP to host:port if the guard allows it.
func (g *Guard) Dialer(purpose string, reach Reach) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		return g.dial(ctx, purpose, reach, network, addr)
	}
}

func (g *Guard) dial(ctx context.Context, purpose string, reach Reach, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	e := Entry{ID: g.log.id(), Purpose: purpose, Host: addr}
	if g.offline != "" && strings.EqualFold(host, "localhost") {
		host = "127.0.0.1" // a name must not even be asked for
	}
	if err := g.refuse(reach, network, host, e); err != nil {
		e.Event = Refused
		_ = g.log.write(e) // it is refused either way
		return nil, err
	}
	e.Event = Opening
	if err := g.log.write(e); err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Resolver: g.resolver}
	// The address is checked when it is dialled: a name that gave a public address a
	// moment ago may give another now.
	d.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return err
		}
		return g.refuseAddr(reach, host, ap.Addr().WithZone("").Unmap(), e)
	}
	c, err := d.DialContext(ctx, network, net.JoinHostPort(host, port))
	if err != nil {
		e.Event, e.Error = Failed, err.Error()
		if pe := (*PrivateError)(nil); errors.As(err, &pe) {
			e.Event = Refused
		}
		_ = g.log.write(e)
		return nil, err
	}
	e.Addr = c.RemoteAddr().String()
	counted := &counted{Conn: c, entry: e, guard: g}
	g.mu.Lock()
	g.open[counted] = true
	g.mu.Unlock()
	return counted, nil
}

// refuse says why a host may not be reached, before its name is looked up.
func (g *Guard) refuse(reach Reach, network, host string, e Entry) error {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return net.UnknownNetworkError(network)
	}
	if reach == Steered && disguised(host) {
		return &PrivateError{Host: host}
	}
	if g.offline == "" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
		return &OfflineError{Host: e.Host, Purpose: e.Purpose, By: g.offline}
	}
	return nil
}

// refuseAddr says why an address may not be reached.
func (g *Guard) refuseAddr(reach Reach, host string, ip netip.Addr, e Entry) error {
	if g.offline != "" && !ip.IsLoopback() {
		return &OfflineError{Host: e.Host, Purpose: e.Purpose, By: g.offline}
	}
	if reach != Steered {
		return nil
	}
	if !g.public(ip) || slices.ContainsFunc(g.attached(), func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return &PrivateError{Host: host, Addr: ip.String()}
	}
	return nil
}
