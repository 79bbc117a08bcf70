package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"ossian/internal/egress"
	"ossian/internal/hub"
)

// offlineFlag forbids connections, for every command.
type offlineFlag struct {
	Offline bool `help:"Make no connection to another machine; what would need one fails ($$OSSIAN_OFFLINE)."`
}

// guard is the door of all outgoing connections. forbids are further variables of the
// environment that close it.
func (s *system) guard(forbids ...string) (*egress.Guard, error) {
	log, err := s.egressLog()
	if err != nil {
		return nil, err
	}
	return egress.New(egress.Options{Offline: s.forbidden(forbids...), Log: log, Now: s.now}), nil
}

// forbidden is what closes that door, as the person knows it; "" where it is open.
func (s *system) forbidden(forbids ...string) string {
	offline := ""
	for _, name := range append([]string{"OSSIAN_OFFLINE"}, forbids...) {
		if yes(s.getenv(name)) {
			offline = name
		}
	}
	if s.offline {
		offline = "--offline"
	}
	return offline
}

// yes reads a switch as the hub's official tools do; what is no clear no means yes.
func yes(v string) bool {
	switch strings.ToLower(v) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

func (s *system) egressLog() (string, error) {
	dir, err := s.ossianHome()
	return filepath.Join(dir, "egress.log"), err
}

func (s *system) hubSettings() (hub.Settings, error) { return hub.Environment(s.getenv, s.home) }

// hub is the hub, with progress for people. done ends that and the connections.
func (s *system) hub(purpose string, quiet bool) (h *hub.Hub, done func(), err error) {
	settings, err := s.hubSettings()
	if err != nil {
		return nil, nil, err
	}
	guard, err := s.guard("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
	if err != nil {
		return nil, nil, err
	}
	t := &transfer{sys: s, quiet: quiet}
	return hub.New(hub.Options{
		Settings: settings, Client: guard.Client(purpose, egress.Chosen), Now: s.now,
		Progress: t.update, Note: t.note,
	}), func() { t.done(); guard.Close() }, nil
}

// transfer shows the stages of a long transfer one after the other.
type transfer struct {
	sys   *system
	quiet bool
	mu    sync.Mutex
	stage string
	p     *progress
	begin time.Time
	first int64
}

func (t *transfer) update(stage string, done, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if stage != t.stage {
		t.end()
		t.stage, t.begin, t.first = stage, t.sys.now(), done
		t.p = t.sys.progress(stage, t.quiet)
		t.p.unit = inBytes
		t.p.tail = t.pace
	}
	t.p.update(done, total)
}

// pace is the rate since the stage began, and the time that leaves.
func (t *transfer) pace(done, total int64) string {
	elapsed := t.sys.now().Sub(t.begin).Seconds()
	came := done - t.first
	if elapsed <= 0 || came <= 0 {
		return ""
	}
	rate := float64(came) / elapsed
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf(", %s/s, %s left", inBytes(int64(rate)), left)
}

func (t *transfer) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end()
	fmt.Fprintln(t.sys.stderr, "ossian: "+text)
}

func (t *transfer) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end()
}

func (t *transfer) end() {
	if t.p != nil {
		t.p.done()
	}
	t.stage = ""
}

// inBytes is a size that may be nothing.
func inBytes(n int64) string {
	if n <= 0 {
		return "0 bytes"
	}
	return size(n)
}
