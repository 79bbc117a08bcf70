package hub

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
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

// TestBig flips one byte in a checkpoint of real size, and holds that the damage is found
// and costs one chunk. It runs when it is told on what:
//
//	OSSIAN_BIG=DIR    go test ./internal/hub -run TestBig -v -timeout 1h
//	OSSIAN_BIG=sparse go test ./internal/hub -run TestBig -v -timeout 1h
//
// The first pulls the files of a folder from a hub on this machine, and needs as much
// room again where temporary files go (TMPDIR). The second makes files of the 20b's
// sizes with holes, every chunk of them different, puts them into the cache as another
// tool would, and needs no room.
func TestBig(t *testing.T) {
	from := os.Getenv("OSSIAN_BIG")
	if from == "" {
		t.Skip("OSSIAN_BIG names no folder")
	}
	holes := from == "sparse"
	if holes {
		from = t.TempDir()
		for _, f := range sparseModel {
			makeSparse(t, filepath.Join(from, f.Path), f.Size)
		}
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
	if holes {
		at := h.folder(fakeRepo)
		if err := at.make(); err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Files {
			makeSparse(t, at.blob(f), f.Size)
		}
	}
	dir, err := h.Pull(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	stage("pulled, %d bytes came", s.sent.Load())
	if holes {
		if _, err := h.Verify(t.Context(), dir, false); err != nil {
			t.Fatal(err)
		}
		stage("verified, as another tool left it")
	}

	largest := slices.MaxFunc(p.Files, func(a, b File) int { return cmp.Compare(a.Size, b.Size) })
	at := largest.Size/2 + 12_345
	flipByte(t, filepath.Join(dir, largest.Path), at)
	before := s.sent.Load()
	list, err := h.Verify(t.Context(), dir, true)
	came := s.sent.Load() - before
	damaged, bad := 0, int64(0)
	for _, c := range list {
		if bad += c.Bad; c.Wrong != "" {
			damaged++
		}
	}
	c := find(t, list, largest.Path)
	if err != nil || !c.Repaired || damaged != 1 || bad != 1 || came != min(h.Chunk, largest.Size) {
		t.Fatalf("%+v, %v, %d bytes came", c, err, came)
	}
	stage("flipped byte %d of %s: found in 1 of its %d chunks and in no other file, repaired, its hash is right again; %d bytes came", at, largest.Path, c.Chunks, came)
}

// sparseModel has the weights' sizes of the published 20b.
var sparseModel = append([]File{{Path: "config.json", Size: 100}}, Published()["openai/gpt-oss-20b"][:3]...)

// makeSparse makes a file of holes, with a mark in every 16 MiB that says where it is.
func makeSparse(t *testing.T, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if size < 1000 {
		_, err = fmt.Fprintf(f, "%-100s", `{"model_type": "gpt_oss"}`)
	} else {
		err = f.Truncate(size)
		for at := int64(0); at < size && err == nil; at += 16 << 20 {
			_, err = fmt.Fprintf(io.NewOffsetWriter(f, at), "%d of %d", at, size)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
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
