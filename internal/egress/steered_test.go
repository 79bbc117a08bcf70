package egress

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// newSteered is a guard in whose world 127.0.0.1 is the open internet and nothing else is.
func newSteered(t *testing.T) (g *Guard, log string) {
	log = filepath.Join(t.TempDir(), "egress.log")
	g = New(Options{Log: log})
	g.public = func(ip netip.Addr) bool { return ip == netip.MustParseAddr("127.0.0.1") }
	g.attached = func() []netip.Prefix { return nil }
	t.Cleanup(g.Close)
	return g, log
}

// names is a name server that gives the next of its answers each time it is asked for an
// IPv4 address, the last one for ever, and no IPv6 address.
func names(t *testing.T, answers ...string) *net.Resolver {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		for q := make([]byte, 512); ; {
			n, from, err := c.ReadFrom(q)
			if err != nil {
				return
			}
			end := 12 + strings.IndexByte(string(q[12:n]), 0) + 5 // header, name, type, class
			a := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:end]...)
			if binary.BigEndian.Uint16(q[end-4:]) == 1 {
				a[7] = 1
				a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				a = append(a, netip.MustParseAddr(answers[0]).AsSlice()...)
				if len(answers) > 1 {
					answers = answers[1:]
				}
			}
			_, _ = c.WriteTo(a, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// TestRebinding: a name that was public when it was first asked for is not trusted later.
func TestRebinding(t *testing.T) {
	s := hello(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	g, log := newSteered(t)
	g.resolver = names(t, "127.0.0.1", "127.0.0.2")
	c := g.Client("browse", Steered)
	resp, err := c.Get("http://page.example.org.:" + port)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	c.CloseIdleConnections()
	_, err = c.Get("http://page.example.org.:" + port)
	if pe := (*PrivateError)(nil); !errors.As(err, &pe) || pe.Addr != "127.0.0.2" {
		t.Error(err)
	}
	g.Close()
	if got, _, _ := Read(log); len(got) != 2 || got[0].Event != Closed || got[1].Event != Refused {
		t.Errorf("%+v", got)
	}
}

// TestRedirect: a public page may not lead inside.
func TestRedirect(t *testing.T) {
	var to atomic.Value
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to.Load().(string), http.StatusFound)
	}))
	defer s.Close()
	g, _ := newSteered(t)
	for _, inside := range []string{"http://127.0.0.2/", "http://[::1]/", "http://10.0.0.1/", "https://169.254.169.254/latest/meta-data", "http://2130706433/"} {
		to.Store(inside)
		_, err := g.Client("browse", Steered).Get(s.URL)
		if pe := (*PrivateError)(nil); !errors.As(err, &pe) {
			t.Errorf("%s: %v", inside, err)
		}
	}
}

// TestAttached: a public address of this machine's own network is inside.
func TestAttached(t *testing.T) {
	g, _ := newSteered(t)
	g.public = func(netip.Addr) bool { return true }
	g.attached = func() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("2600:1::/64")} }
	_, err := g.Client("browse", Steered).Get("http://[2600:1::7]/")
	if pe := (*PrivateError)(nil); !errors.As(err, &pe) {
		t.Error(err)
	}
	for _, p := range attached() {
		if p.Bits() == 0 {
			t.Errorf("%v is no network of this machine alone", p)
		}
	}
}

// TestDisguised: numbers that some resolvers take for addresses never get to one.
func TestDisguised(t *testing.T) {
	for host, want := range map[string]bool{
		"2130706433": true, "0x7f000001": true, "0x7f.1": true, "0177.0.0.1": true, "127.1": true, "127.0.0.1.": true, "1.2.3.0X4": true, "0x": true,
		"127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "example.org": false, "1.example": false, "a.b1": false, "localhost": false, "0xyz": false, "": false,
	} {
		if got := disguised(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
	g := New(Options{})
	g.resolver = names(t, "127.0.0.1")
	for _, host := range []string{"2130706433", "0x7f.1", "0177.0.0.1", "127.1"} {
		_, err := g.Client("browse", Steered).Get("http://" + host + "/")
		if pe := (*PrivateError)(nil); !errors.As(err, &pe) || !strings.Contains(err.Error(), "neither a name nor") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestProxy: what a model steers takes no proxy, and while offline nothing does.
func TestProxy(t *testing.T) {
	for name, c := range map[string]struct {
		g     *Guard
		reach Reach
	}{"steered": {New(Options{}), Steered}, "offline": {New(Options{Offline: "--offline"}), Chosen}} {
		r, err := http.NewRequest(http.MethodGet, "http://example.org", nil)
		if err != nil {
			t.Fatal(err)
		}
		if proxy := c.g.Client("x", c.reach).Transport.(*http.Transport).Proxy; proxy != nil {
			if u, err := proxy(r); u != nil || err != nil {
				t.Errorf("%s: %v, %v", name, u, err)
			}
		}
	}
}

// TestOnlyTCP: the guard opens no other socket, whatever the address looks like.
func TestOnlyTCP(t *testing.T) {
	for _, g := range []*Guard{New(Options{}), New(Options{Offline: "--offline"})} {
		for _, network := range []string{"udp", "unix", "unixgram", "ip4:icmp", ""} {
			if c, err := g.Dialer("x", Chosen)(t.Context(), network, "127.0.0.1:9"); err == nil {
				_ = c.Close()
				t.Errorf("%q was dialled", network)
			}
		}
	}
}

// TestNoQuestion: while offline not even a name server on this machine is asked.
func TestNoQuestion(t *testing.T) {
	g := New(Options{Offline: "--offline"})
	g.resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("a name server was asked")
		return nil, errors.New("no")
	}}
	for _, host := range []string{"example.org", "LOCALHOST.example.org", "localhost.localdomain", "ip6-localhost", "2130706433", "127.1"} {
		_, err := g.Dialer("pull", Chosen)(t.Context(), "tcp", net.JoinHostPort(host, "80"))
		if oe := (*OfflineError)(nil); !errors.As(err, &oe) {
			t.Errorf("%s: %v", host, err)
		}
	}
}
