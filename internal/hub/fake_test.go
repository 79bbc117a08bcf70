package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	fakeRepo   = "openai/gpt-oss-20b"
	fakeCommit = "0123456789abcdef0123456789abcdef01234567"
	fakeToken  = "hf_secret"
	weightsAt  = "model.safetensors"
)

// fakeHub is a hub and the content host it leads to, on loopback. bad may answer a
// request for content in the content host's place.
type fakeHub struct {
	t        testing.TB
	hub, cdn *httptest.Server
	bad      func(n int, w http.ResponseWriter, r *http.Request) bool
	badHub   func(n int, w http.ResponseWriter, r *http.Request) bool

	mu      sync.Mutex
	files   map[string][]byte
	expired map[string]bool
	n, hubN int
	sig     int
	asked   map[string]int // how often a range was asked for
}

// newFake serves a small model whose weights have n bytes.
func newFake(t testing.TB, n int) *fakeHub {
	f := &fakeHub{t: t, files: map[string][]byte{}, expired: map[string]bool{}, asked: map[string]int{}}
	f.files["config.json"] = []byte(`{"model_type": "gpt_oss"}`)
	f.files["tokenizer.json"] = []byte(`{"a": 1}`)
	f.files["generation_config.json"] = []byte{}
	f.files["metal/model.bin"] = []byte("metal")
	f.files["original/model.safetensors"] = noise(100)
	f.files[weightsAt] = noise(n)
	f.hub = httptest.NewServer(http.HandlerFunc(f.serveHub))
	f.cdn = httptest.NewServer(http.HandlerFunc(f.serveContent))
	t.Cleanup(func() { f.hub.Close(); f.cdn.Close() })
	return f
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

func large(path string) bool { return strings.HasSuffix(path, ".safetensors") }

func hashOfBytes(path string, data []byte) string {
	f := File{Size: int64(len(data)), Hash: strings.Repeat("0", 40)}
	if large(path) {
		f.Hash = strings.Repeat("0", 64)
	}
	h := published(f)
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

func (f *fakeHub) serveHub(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.hubN++
	n := f.hubN
	f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+fakeToken {
		f.t.Errorf("the hub was asked without the token: %s", r.URL)
	}
	if f.badHub != nil && f.badHub(n, w, r) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	api := "/api/models/" + fakeRepo
	resolve := "/" + fakeRepo + "/resolve/" + fakeCommit + "/"
	switch {
	case r.URL.Path == api+"/revision/main":
		fmt.Fprintf(w, `{"sha": %q}`, fakeCommit)
	case r.URL.Path == api+"/tree/"+fakeCommit:
		f.listing(w, r)
	case strings.HasPrefix(r.URL.Path, resolve):
		path := strings.TrimPrefix(r.URL.Path, resolve)
		data, ok := f.files[path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if !large(path) {
			w.Header().Set("ETag", `"`+hashOfBytes(path, data)+`"`)
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
			return
		}
		f.sig++
		w.Header().Set("X-Linked-Etag", `"`+hashOfBytes(path, data)+`"`)
		w.Header().Set("Location", fmt.Sprintf("%s/%s?sig=%d", f.cdn.URL, path, f.sig))
		w.WriteHeader(http.StatusFound)
	default:
		http.NotFound(w, r)
	}
}

// listing gives two files a page.
func (f *fakeHub) listing(w http.ResponseWriter, r *http.Request) {
	var paths []string
	for p := range f.files {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	var out []map[string]any
	for _, p := range paths[from:min(from+2, len(paths))] {
		e := map[string]any{"type": "file", "path": p, "size": len(f.files[p]), "oid": hashOfBytes("small", f.files[p])}
		if large(p) {
			e["lfs"] = map[string]any{"oid": hashOfBytes(p, f.files[p]), "size": len(f.files[p])}
		}
		out = append(out, e)
	}
	if from+2 < len(paths) {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?recursive=true&cursor=%d>; rel="next"`, f.hub.URL, r.URL.Path, from+2))
	}
	_ = json.NewEncoder(w).Encode(append(out, map[string]any{"type": "directory", "path": "metal"}))
}

func (f *fakeHub) serveContent(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		f.t.Error("the token went to another host")
	}
	f.mu.Lock()
	f.n++
	n := f.n
	f.asked[r.Header.Get("Range")]++
	path := strings.TrimPrefix(r.URL.Path, "/")
	data, sig := f.files[path], r.URL.Query().Get("sig")
	expired := f.expired[sig]
	f.mu.Unlock()
	if expired {
		http.Error(w, "expired", http.StatusForbidden)
		return
	}
	if f.bad != nil && f.bad(n, w, r) {
		return
	}
	w.Header().Set("ETag", `"`+hashOfBytes("small", data)+`"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
}

// times is how often the range of a request was asked for, this time included.
func (f *fakeHub) times(r *http.Request) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[r.Header.Get("Range")]
}

// puller is a hub with small chunks that does not wait.
func (f *fakeHub) puller(cache string) (*Hub, *[]string) {
	notes := &[]string{}
	return New(Options{
		Settings: Settings{Endpoint: f.hub.URL, Cache: cache, Token: fakeToken},
		Client:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}},
		Chunk:    1000, Parallel: 4, Stall: 5 * time.Second,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Now:  func() time.Time { return time.Unix(1_800_000_000, 0) },
		Free: func(string) (int64, bool) { return 1 << 40, true },
		Sync: func(*os.File) error { return nil },
		Note: func(s string) { *notes = append(*notes, s) },
	}), notes
}

func (f *fakeHub) pull(h *Hub) (string, error) {
	ref, err := ParseRef("gpt-oss-20b")
	if err != nil {
		return "", err
	}
	p, err := h.Plan(f.t.Context(), ref, false)
	if err != nil {
		return "", err
	}
	return h.Pull(f.t.Context(), p)
}

// holds checks that a snapshot is the model, and that nothing else lies about.
func (f *fakeHub) holds(dir string) {
	f.t.Helper()
	for _, p := range []string{"config.json", "tokenizer.json", "generation_config.json", weightsAt} {
		got, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil || sha256.Sum256(got) != sha256.Sum256(f.files[p]) {
			f.t.Errorf("%s: %d bytes, wanted %d, %v", p, len(got), len(f.files[p]), err)
		}
	}
	for _, p := range []string{"metal", "original"} {
		if _, err := os.Stat(filepath.Join(dir, p)); err == nil {
			f.t.Errorf("%s was fetched too", p)
		}
	}
	own := filepath.Join(dir, "..", "..", ".ossian")
	entries, _ := os.ReadDir(own)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".chunks") && e.Name() != "lock" {
			f.t.Errorf("left over: %s", e.Name())
		}
	}
}
