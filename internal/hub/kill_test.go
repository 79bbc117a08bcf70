package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestMain lets the test binary be a process that pulls, so that it can be killed.
func TestMain(m *testing.M) {
	endpoint, cache := os.Getenv("OSSIAN_TEST_ENDPOINT"), os.Getenv("OSSIAN_TEST_CACHE")
	if endpoint == "" {
		os.Exit(m.Run())
	}
	h := New(Options{
		Settings: Settings{Endpoint: endpoint, Cache: cache, Token: fakeToken},
		Client:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}, Chunk: 1000, Parallel: 4,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Sync: func(*os.File) error { return nil },
	})
	p, err := h.Plan(context.Background(), Ref{fakeRepo, defaultRevision}, false)
	if err == nil {
		_, err = h.Pull(context.Background(), p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestKill kills the process that pulls at random moments, again and again. Nothing
// but what was in flight is fetched twice. OSSIAN_KILLS asks for more than 20.
func TestKill(t *testing.T) {
	kills := 20
	if v := os.Getenv("OSSIAN_KILLS"); v != "" {
		if _, err := fmt.Sscan(v, &kills); err != nil {
			t.Fatal(err)
		}
	}
	chunks := 12 * kills
	f := newFake(t, chunks*1000-500)
	cache := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	var countdown atomic.Int64
	var victim atomic.Pointer[os.Process]
	f.bad = func(int, http.ResponseWriter, *http.Request) bool {
		if countdown.Add(-1) == 0 {
			if p := victim.Load(); p != nil {
				_ = p.Kill()
			}
		}
		return false
	}
	spawn := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "OSSIAN_TEST_ENDPOINT="+f.hub.URL, "OSSIAN_TEST_CACHE="+cache)
		cmd.Stderr = os.Stderr
		return cmd
	}
	killed := 0
	for range kills {
		cmd := spawn()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		victim.Store(cmd.Process)
		countdown.Store(1 + r.Int64N(10))
		if cmd.Wait() != nil {
			killed++
		}
	}
	victim.Store(nil)
	before := f.n
	cmd := spawn()
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	f.holds(filepath.Join(cache, "models--openai--gpt-oss-20b", "snapshots", fakeCommit))
	again := f.n - chunks
	t.Logf("%d of %d kills, %d chunks, %d requests in the last run, %d chunks fetched again", killed, kills, chunks, f.n-before, again)
	if killed < kills*3/4 || again > killed*4 {
		t.Errorf("%d chunks fetched again after %d kills with 4 in flight", again, killed)
	}
}

// TestJournal cuts and damages a journal at every place: what is read is sound, and
// goes on from there.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	file := File{Path: "x", Size: 3500, Hash: strings.Repeat("a", 64)}
	j, err := openJournal(path, file, 1000)
	if err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("b", 64)
	for _, i := range []int64{2, 0, 3} {
		if err := j.add(i, sum, (*os.File).Sync); err != nil {
			t.Fatal(err)
		}
	}
	j.close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := len(j.header())
	for cut := range whole {
		for _, flip := range []bool{false, true} {
			data := append([]byte{}, whole...)
			if flip {
				data[cut] ^= 1
			} else {
				data = data[:cut]
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			j, keep, err := readJournal(path, file, 7)
			if err != nil || keep > int64(cut) || (keep > 0) != (cut >= header) {
				t.Fatalf("cut at %d: keep %d, %v", cut, keep, err)
			}
			if j.done() > 2500 || j.done() > 0 && j.chunk != 1000 {
				t.Fatalf("cut at %d: %d bytes of chunks of %d", cut, j.done(), j.chunk)
			}
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	if j, err = openJournal(path, file, 7); err != nil || j.done() != 2000 {
		t.Fatal(j.done(), err)
	}
	if err := j.add(3, sum, (*os.File).Sync); err != nil {
		t.Fatal(err)
	}
	j.close()
	if again, _ := os.ReadFile(path); string(again) != string(whole) {
		t.Errorf("%s\nwanted\n%s", again, whole)
	}
	other := file
	other.Size++
	if j, keep, err := readJournal(path, other, 7); err != nil || keep != 0 || j.done() != 0 {
		t.Error("took another file's journal")
	}
}
