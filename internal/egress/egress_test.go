package egress

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func hello(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	t.Cleanup(s.Close)
	return s
}

func TestLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home", "egress.log")
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	g := New(Options{Log: path, Now: func() time.Time { return now }})
	s := hello(t)
	c := g.Client("pull", Chosen)
	resp, err := c.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := Read(path); len(got) != 1 || got[0].Event != Opening {
		t.Errorf("while open: %+v", got)
	}
	_ = resp.Body.Close()
	g.Close()
	g.Close()
	got, damaged, err := Read(path)
	if err != nil || damaged != 0 || len(got) != 1 {
		t.Fatal(got, damaged, err)
	}
	e := got[0]
	host := strings.TrimPrefix(s.URL, "http://")
	if e.Event != Closed || e.Purpose != "pull" || e.Host != host || e.Addr != host || e.Sent < 20 || e.Received < 20 || !e.Time.Equal(now) {
		t.Errorf("%+v", e)
	}
	if info, _ := os.Stat(path); info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the log is open to others: %v", info.Mode())
	}
}

func TestOffline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "egress.log")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // must not be a way out
	g := New(Options{Offline: "--offline", Log: path})
	defer g.Close()
	for _, u := range []string{"http://example.invalid/", "http://192.0.2.1/", "http://10.0.0.1:80/", "http://localhost.example.invalid", "http://[2001:db8::1]/"} {
		_, err := g.Client("pull", Chosen).Get(u)
		if oe := (*OfflineError)(nil); !errors.As(err, &oe) || !strings.Contains(err.Error(), "--offline forbids") {
			t.Errorf("%s: %v", u, err)
		}
	}
	entries, _, _ := Read(path)
	if len(entries) != 5 {
		t.Errorf("%d refusals were written down", len(entries))
	}
	for _, e := range entries {
		if e.Event != Refused || e.Sent != 0 {
			t.Errorf("%+v", e)
		}
	}
	s := hello(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	for _, u := range []string{s.URL, "http://localhost:" + port} {
		resp, err := g.Client("test", Chosen).Get(u)
		if err != nil {
			t.Errorf("loopback: %v", err)
			continue
		}
		_ = resp.Body.Close()
	}
}

// TestSteered holds that the address is checked where it is dialled, whatever the name.
func TestSteered(t *testing.T) {
	s := hello(t)
	g := New(Options{})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254", "[::ffff:127.0.0.1]", "[fe80::1]", "0.0.0.0"} {
		_, err := g.Client("browse", Steered).Get("http://" + host + ":" + port)
		if pe := (*PrivateError)(nil); !errors.As(err, &pe) {
			t.Errorf("%s: %v", host, err)
		}
	}
	// A public page may not lead inside either: each connection is checked.
	if _, err := g.Dialer("browse", Steered)(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
		t.Error("dialled loopback")
	}
}

func TestPublic(t *testing.T) {
	for ip, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "2606:4700::1111": true, "172.32.0.1": true, "100.128.0.1": true,
		"127.0.0.1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "198.18.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "64:ff9b::a00:1": false, "64:ff9b::808:808": true, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "::7f00:1": false,
	} {
		if got := public(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: %v", ip, got)
		}
	}
}

// TestUnwritable holds that what cannot be written down is not done.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := hello(t)
	_, err := New(Options{Log: filepath.Join(file, "egress.log")}).Client("pull", Chosen).Get(s.URL)
	if le := (*LogError)(nil); !errors.As(err, &le) {
		t.Error(err)
	}
}

func TestBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "egress.log")
	j := &journal{path: path, now: time.Now}
	if err := os.WriteFile(path, []byte(strings.Repeat("x", maxLog+1)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := j.write(Entry{ID: j.id(), Event: Opening, Error: strings.Repeat("e", 10_000)}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 4000 {
		t.Error(info, err)
	}
	if old, err := os.Stat(path + ".1"); err != nil || old.Size() < maxLog {
		t.Error(old, err)
	}
}
