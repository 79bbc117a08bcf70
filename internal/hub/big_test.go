package hub

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
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

// TestBig pulls a checkpoint of real size from a hub on this machine, flips one byte, and
// holds that the damage is found and costs one chunk. It runs when a folder is named:
//
//	OSSIAN_BIG=DIR go test ./internal/hub -run TestBig -v -timeout 1h
//
// and needs as much room as the folder has where temporary files go (TMPDIR).
func TestBig(t *testing.T) {
	from := os.Getenv("OSSIAN_BIG")
	if from == "" {
		t.Skip("OSSIAN_BIG names no folder")
	}
	begin := time.Now()
	stage := func(format string, args ...any) {
		t.Logf("%7.1f s  %s", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
		begin = time.Now()
	}
	s := serveFolder(t, from)
	stage("hashed %d files, %d bytes, to list them", len(s.files), total(s.files))
	h := New(Options{Settings: Settings{Endpoint: s.hub.URL, Cache: t.TempDir()}, Client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}})
	p, err := h.Plan(t.Context(), Ref{fakeRepo, defaultRevision}, false)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := h.Pull(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	stage("pulled, %d bytes came", s.sent.Load())

	largest := slices.MaxFunc(p.Files, func(a, b File) int { return cmp.Compare(a.Size, b.Size) })
	at := largest.Size/2 + 12_345
	flipByte(t, filepath.Join(dir, largest.Path), at)
	list, err := h.Verify(t.Context(), dir, false)
	bad := int64(0)
	for _, c := range list {
		bad += c.Bad
	}
	if c := find(t, list, largest.Path); err != nil || c.Bad != 1 || bad != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	stage("flipped byte %d of %s: found in 1 of its %d chunks, nothing else is damaged", at, largest.Path, find(t, list, largest.Path).Chunks)
	before := s.sent.Load()
	list, err = h.Verify(t.Context(), dir, true)
	came := s.sent.Load() - before
	if c := find(t, list, largest.Path); err != nil || !c.Repaired || came != min(h.Chunk, largest.Size) {
		t.Fatalf("%+v, %v, %d bytes came", c, err, came)
	}
	stage("repaired, %d bytes came", came)
	list, err = h.Verify(t.Context(), dir, false)
	if err != nil || slices.ContainsFunc(list, func(c Checked) bool { return c.Wrong != "" }) {
		t.Fatalf("%+v, %v", list, err)
	}
	stage("verified again, sound")
}

func flipByte(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// folderHub serves the files of a folder as a repository, and counts the bytes of their
// content.
type folderHub struct {
	hub   *httptest.Server
	files []File
	sent  atomic.Int64
}

func serveFolder(t *testing.T, dir string) *folderHub {
	t.Helper()
	s := &folderHub{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var listing []map[string]any
	for _, e := range entries {
		f, err := listedFile(t.Context(), dir, e)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, f)
		entry := map[string]any{"type": "file", "path": f.Path, "size": f.Size, "oid": strings.Repeat("0", 40)}
		if len(f.Hash) == 64 {
			entry["lfs"] = map[string]any{"oid": f.Hash, "size": f.Size}
		} else {
			entry["oid"] = f.Hash
		}
		listing = append(listing, entry)
	}
	mux := http.NewServeMux()
	api, resolve := "/api/models/"+fakeRepo, "/"+fakeRepo+"/resolve/"+fakeCommit
	mux.HandleFunc(api+"/revision/main", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"sha": %q}`, fakeCommit) })
	mux.HandleFunc(api+"/tree/"+fakeCommit, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(listing) })
	content := http.StripPrefix(resolve, http.FileServer(http.Dir(dir)))
	mux.HandleFunc(resolve+"/", func(w http.ResponseWriter, r *http.Request) { content.ServeHTTP(&counter{w, &s.sent}, r) })
	s.hub = httptest.NewServer(mux)
	t.Cleanup(s.hub.Close)
	return s
}

// listedFile is a file as a hub lists it: large ones by SHA-256, small ones by git's hash.
func listedFile(ctx context.Context, dir string, e fs.DirEntry) (File, error) {
	info, err := e.Info()
	if err != nil {
		return File{}, err
	}
	f := File{Path: e.Name(), Size: info.Size(), Hash: strings.Repeat("0", 40)}
	if large(f.Path) {
		f.Hash = strings.Repeat("0", 64)
	}
	r, err := os.Open(filepath.Join(dir, f.Path))
	if err != nil {
		return f, err
	}
	defer r.Close()
	sum := published(f)
	if _, err := hashOf(ctx, r, 0, f.Size, sum, nil); err != nil {
		return f, err
	}
	f.Hash = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

type counter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}
