package hub

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const testSize = 20_500 // 21 chunks, the last one short

func TestPull(t *testing.T) {
	f := newFake(t, testSize)
	cache := t.TempDir()
	h, notes := f.puller(cache)
	dir, err := f.pull(h)
	if err != nil {
		t.Fatal(err)
	}
	f.holds(dir)
	if len(*notes) != 0 || f.n != 21 {
		t.Errorf("%d requests for content, %q", f.n, *notes)
	}
	root := filepath.Join(cache, "models--openai--gpt-oss-20b")
	ref, err := os.ReadFile(filepath.Join(root, "refs", "main"))
	if err != nil || string(ref) != fakeCommit || dir != filepath.Join(root, "snapshots", fakeCommit) {
		t.Error(string(ref), err, dir)
	}
	if to, err := os.Readlink(filepath.Join(dir, weightsAt)); err != nil || to != filepath.Join("..", "..", "blobs", hashOfBytes(weightsAt, f.files[weightsAt])) {
		t.Error(to, err)
	}
	for _, name := range []string{"gpt-oss-20b", "openai/gpt-oss-20b", "GPT-OSS-20B@main", "openai/gpt-oss-20b@" + fakeCommit} {
		if found, ok := h.Find(name); !ok || found != dir {
			t.Errorf("%s: %q, %v", name, found, ok)
		}
	}
	if _, ok := h.Find("gpt-oss-120b"); ok {
		t.Error("found what is not there")
	}
	before := f.n
	if _, err := f.pull(h); err != nil || f.n != before {
		t.Errorf("pulled again: %d requests, %v", f.n-before, err)
	}
	list, err := h.List()
	if err != nil || len(list) != 1 || !list[0].Complete || list[0].String() != "gpt-oss-20b" || list[0].Bytes < testSize {
		t.Errorf("%+v, %v", list, err)
	}
	if err := os.Remove(filepath.Join(root, "refs", "main")); err != nil {
		t.Fatal(err)
	}
	if list, err := h.List(); err != nil || len(list) != 1 || list[0].String() != "gpt-oss-20b@"+fakeCommit {
		t.Errorf("without a name for the commit: %+v, %v", list, err)
	}
	if n, err := h.Remove(fakeRepo); err != nil || n < testSize {
		t.Error(n, err)
	}
	if entries, _ := os.ReadDir(cache); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
}

func TestOriginal(t *testing.T) {
	f := newFake(t, testSize)
	h, _ := f.puller(t.TempDir())
	ref, _ := ParseRef("gpt-oss-20b")
	p, err := h.Plan(t.Context(), ref, true)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range p.Files {
		paths = append(paths, f.Path)
	}
	if want := []string{"config.json", "generation_config.json", "tokenizer.json", "original/model.safetensors"}; !slices.Equal(paths, want) {
		t.Errorf("%q", paths)
	}
	if _, err := h.Pull(t.Context(), p); err != nil {
		t.Error(err)
	}
}

// cut sends the headers of the right answer and the first of its bytes, then drops.
func cut(f *fakeHub, w http.ResponseWriter, r *http.Request, part int) {
	rec := httptest.NewRecorder()
	http.ServeContent(rec, r, "", time.Time{}, strings.NewReader(string(f.files[weightsAt])))
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()[:min(part, rec.Body.Len())])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// TestHostile holds that whatever a server does, a pull ends correct, or says what is
// wrong and what to do.
func TestHostile(t *testing.T) {
	for name, c := range map[string]struct {
		bad    func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool
		badHub func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool
		err    string // "" for a pull that ends correct
		note   string
		stall  time.Duration
	}{
		"drops at once": {bad: func(f *fakeHub, n int, _ http.ResponseWriter, r *http.Request) bool {
			if f.times(r) == 1 {
				panic(http.ErrAbortHandler)
			}
			return false
		}},
		"drops half way, always": {bad: func(f *fakeHub, _ int, w http.ResponseWriter, r *http.Request) bool {
			cut(f, w, r, 300)
			return true
		}},
		"is gone": {err: "tries in a row brought nothing", bad: func(_ *fakeHub, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			panic(http.ErrAbortHandler)
		}},
		"stalls": {stall: 40 * time.Millisecond, bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			if n%7 != 0 {
				return false
			}
			w.Header().Set("Content-Range", "bytes "+strings.TrimPrefix(r.Header.Get("Range"), "bytes=")+"/20500")
			w.WriteHeader(http.StatusPartialContent)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return true
		}},
		"signed addresses expire": {bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			if n%5 != 0 {
				return false
			}
			f.mu.Lock()
			f.expired[r.URL.Query().Get("sig")] = true
			f.mu.Unlock()
			w.WriteHeader([]int{http.StatusForbidden, http.StatusGone}[n%2])
			return true
		}},
		"429 and 503": {bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			if f.times(r) > 2 {
				return false
			}
			w.Header().Set("Retry-After", "7")
			w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[n%2])
			return true
		}, badHub: func(_ *fakeHub, n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 3 {
				return false
			}
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}},
		"ignores ranges, and drops": {note: "fetched in one piece", bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("Range")
			if n < 12 {
				cut(f, w, r, 1500*n)
			}
			return false
		}},
		"says another range than asked": {err: "was asked for bytes", bad: func(f *fakeHub, n int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Range", "bytes 0-999/20500")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(f.files[weightsAt][:1000])
			return n > 4
		}},
		"says no range": {err: "was asked for bytes", bad: func(f *fakeHub, n int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(f.files[weightsAt])
			return true
		}},
		"sends more than it says": {bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			var from int64
			span := strings.TrimPrefix(r.Header.Get("Range"), "bytes=")
			for _, d := range span[:strings.Index(span, "-")] {
				from = 10*from + int64(d-'0')
			}
			w.Header().Set("Content-Range", "bytes "+span+"/20500")
			w.WriteHeader(http.StatusPartialContent)
			_ = http.NewResponseController(w).Flush() // no Content-Length
			_, _ = w.Write(f.files[weightsAt][from:])
			return true
		}},
		"another size": {err: "has 30000 bytes, not the 20500 listed", bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Range", "bytes "+strings.TrimPrefix(r.Header.Get("Range"), "bytes=")+"/30000")
			w.WriteHeader(http.StatusPartialContent)
			return true
		}},
		"flips a byte once": {note: "its hash is not the published one", bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			if n != 9 {
				return false
			}
			r.Header.Del("If-Range")
			data := slices.Clone(f.files[weightsAt])
			for i := range data {
				data[i] ^= 1
			}
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
			return true
		}},
		"flips bytes always": {err: "what came was not what was published", bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("If-Range")
			data := slices.Clone(f.files[weightsAt])
			data[5000] ^= 1
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
			return true
		}},
		"changes the file mid-way": {note: "it is started again", bad: func(f *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			if n == 8 {
				f.mu.Lock()
				f.files[weightsAt] = slices.Clone(f.files[weightsAt])
				f.files[weightsAt][0] ^= 0xff
				f.files[weightsAt] = append(f.files[weightsAt], 1, 2, 3)
				f.mu.Unlock()
			}
			return false
		}},
		"encodes": {err: "encoded as", bad: func(_ *fakeHub, _ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Encoding", "br")
			return true
		}},
		"leads in circles": {err: "redirects more than", bad: func(_ *fakeHub, _ int, w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
			return true
		}},
		"leads to a file": {err: "which is not followed", bad: func(_ *fakeHub, _ int, w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
			return true
		}},
		"gated": {err: "accept the model's conditions", badHub: func(_ *fakeHub, _ int, w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusForbidden)
			return true
		}},
		"unknown": {err: "check the name and the revision", badHub: func(_ *fakeHub, _ int, w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusNotFound)
			return true
		}},
		"no JSON": {err: "not the JSON it should be", badHub: func(_ *fakeHub, _ int, w http.ResponseWriter, r *http.Request) bool {
			_, _ = w.Write([]byte("<html>"))
			return true
		}},
		"a path that climbs": {err: "makes no sense", badHub: func(_ *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/tree/") {
				return false
			}
			_, _ = w.Write([]byte(`[{"type": "file", "path": "../../x", "size": 1, "oid": "` + fakeCommit + `"}]`))
			return true
		}},
		"a hash that climbs": {err: "makes no sense", badHub: func(_ *fakeHub, n int, w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/tree/") {
				return false
			}
			_, _ = w.Write([]byte(`[{"type": "file", "path": "x", "size": 1, "oid": "../../../../../../../../../../../../../x"}]`))
			return true
		}},
		"another architecture": {err: "its architecture is \"llama\"", badHub: func(f *fakeHub, n int, _ http.ResponseWriter, _ *http.Request) bool {
			f.mu.Lock()
			f.files["config.json"] = []byte(`{"model_type": "llama"}`)
			f.mu.Unlock()
			return false
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, testSize)
			f.hub.Config.ErrorLog, f.cdn.Config.ErrorLog = nil, nil
			if c.bad != nil {
				f.bad = func(n int, w http.ResponseWriter, r *http.Request) bool { return c.bad(f, n, w, r) }
			}
			if c.badHub != nil {
				f.badHub = func(n int, w http.ResponseWriter, r *http.Request) bool { return c.badHub(f, n, w, r) }
			}
			h, notes := f.puller(t.TempDir())
			if c.stall > 0 {
				h.Stall = c.stall
			}
			dir, err := f.pull(h)
			if (c.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatal(err)
			}
			if err == nil {
				f.holds(dir)
			} else if _, ok := h.Find("gpt-oss-20b"); ok {
				t.Error("a model that failed is found")
			}
			if got := strings.Join(*notes, "\n"); !strings.Contains(got, c.note) || (c.note == "" && got != "" && c.err == "") {
				t.Errorf("notes: %q", got)
			}
			if err != nil { // an honest server then finishes what was begun
				f.bad, f.badHub = nil, nil
				f.files["config.json"] = []byte(`{"model_type": "gpt_oss"}`)
				if dir, err = f.pull(h); err != nil {
					t.Fatal("afterwards: ", err)
				}
				f.holds(dir)
			}
		})
	}
}

func TestSpace(t *testing.T) {
	f := newFake(t, testSize)
	h, _ := f.puller(t.TempDir())
	h.Free = func(string) (int64, bool) { return 20_000, true }
	_, err := f.pull(h)
	if se := (*SpaceError)(nil); !errors.As(err, &se) || se.Need <= testSize || f.n != 0 {
		t.Errorf("%v, %d requests", err, f.n)
	}
}

func TestLock(t *testing.T) {
	f := newFake(t, testSize)
	h, _ := f.puller(t.TempDir())
	at := h.folder(fakeRepo)
	if err := at.make(); err != nil {
		t.Fatal(err)
	}
	lock, err := at.lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.pull(h)
	le := (*LockedError)(nil)
	if !errors.As(err, &le) {
		t.Error(err)
	}
	if _, err := h.Remove(fakeRepo); !errors.As(err, &le) {
		t.Error(err)
	}
	_ = lock.Close()
	if _, err = f.pull(h); err != nil {
		t.Error(err)
	}
}

// TestInterrupt holds that what was fetched before an interrupt is not fetched again.
func TestInterrupt(t *testing.T) {
	f := newFake(t, testSize)
	h, _ := f.puller(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	f.bad = func(n int, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 10 {
			cancel()
		}
		return false
	}
	var last atomic.Int64
	h.Progress = func(_ string, done, _ int64) { last.Store(done) }
	ref, _ := ParseRef("gpt-oss-20b")
	p, err := h.Plan(t.Context(), ref, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Pull(ctx, p); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	list, err := h.List()
	if err != nil || len(list) != 1 || list[0].Complete || list[0].Bytes < 4000 {
		t.Errorf("%+v, %v", list, err)
	}
	p, err = h.Plan(t.Context(), ref, false)
	if err != nil || p.Missing > testSize-5000 || p.Missing != p.Bytes()-last.Load() {
		t.Errorf("%d are missing of %d, the last word was %d, %v", p.Missing, p.Bytes(), last.Load(), err)
	}
	dir, err := h.Pull(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	f.holds(dir)
	if f.n > 21+h.Parallel+1 {
		t.Errorf("%d requests for 21 chunks", f.n)
	}
}
