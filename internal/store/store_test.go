package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path, func() time.Time { return time.Unix(1000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(t *testing.T, s *Store, kind, id string) string {
	t.Helper()
	data, ok, err := s.Get(kind, id)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return ""
	}
	return string(data)
}

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "store.log")
	s := open(t, path)
	if _, err := Open(path, time.Now); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Error("opened twice:", err)
	}
	if err := s.Put(Record{"a", "1", json.RawMessage(`{"x": "ä\n"}`)}, Record{"a", "2", json.RawMessage(`2`)}, Record{"b", "1", json.RawMessage(`"b"`)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Record{"a", "2", json.RawMessage(`22`)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Record{"a", "3", json.RawMessage(`{`)}); err == nil {
		t.Error("what is no JSON was kept")
	}
	if err := s.Delete("b", "1", "none"); err != nil {
		t.Fatal(err)
	}
	check := func(s *Store) {
		t.Helper()
		if get(t, s, "a", "1") != `{"x":"ä\n"}` || get(t, s, "a", "2") != "22" || get(t, s, "b", "1") != "" || get(t, s, "a", "3") != "" {
			t.Error(get(t, s, "a", "1"), get(t, s, "a", "2"), get(t, s, "b", "1"))
		}
		if ids := s.List("a", time.Unix(1001, 0)); !slices.Equal(ids, []string{"1", "2"}) || len(s.List("a", time.Unix(1000, 0))) != 0 {
			t.Error(ids)
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Record{"a", "4", json.RawMessage(`4`)}); err == nil {
		t.Error("a closed store keeps")
	}
	s = open(t, path)
	defer s.Close()
	check(s)
	if info, _ := os.Stat(path); info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v", info.Mode())
	}
}

// TestCrash: whatever length of the file a crash leaves, what was written before is there
// and what comes after is kept.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.log")
	s := open(t, path)
	var ends []int64
	for i := range 5 {
		if err := s.Put(Record{"a", fmt.Sprint(i), json.RawMessage(fmt.Sprintf(`"text %d"`, i))}); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.end)
	}
	_ = s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		path := filepath.Join(dir, fmt.Sprint("cut", cut))
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, path)
		for i, end := range ends {
			want := ""
			if int64(cut) >= end {
				want = fmt.Sprintf(`"text %d"`, i)
			}
			if got := get(t, s, "a", fmt.Sprint(i)); got != want {
				t.Errorf("cut at %d: record %d is %q", cut, i, got)
			}
		}
		if err := s.Put(Record{"a", "new", json.RawMessage(`7`)}); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		s = open(t, path)
		if get(t, s, "a", "new") != "7" || s.Damaged() != 0 {
			t.Errorf("cut at %d: the next record is lost, %d lines are damaged", cut, s.Damaged())
		}
		_ = s.Close()
	}
}

// TestDamage: a damaged line costs its own record only.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.log")
	s := open(t, path)
	for i := range 3 {
		if err := s.Put(Record{"a", fmt.Sprint(i), json.RawMessage(`"text"`)}); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.Close()
	data, _ := os.ReadFile(path)
	data[bytes.IndexByte(data, '\n')+20] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	defer s.Close()
	if get(t, s, "a", "0") == "" || get(t, s, "a", "1") != "" || get(t, s, "a", "2") == "" || s.Damaged() != 1 {
		t.Error(s.Damaged())
	}
}

// TestShrink: the file does not grow with what was replaced or deleted, and loses nothing.
func TestShrink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.log")
	s := open(t, path)
	big := json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	if err := s.Put(Record{"keep", "1", json.RawMessage(`1`)}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := s.Put(Record{"a", fmt.Sprint(i % 2), big}, Record{"n", fmt.Sprint(i), json.RawMessage(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	if info, _ := os.Stat(path); info.Size() > 9<<20 {
		t.Errorf("%d bytes", info.Size())
	}
	for range 2 {
		for i := range 20 {
			if get(t, s, "n", fmt.Sprint(i)) != fmt.Sprint(i) {
				t.Errorf("record %d is lost", i)
			}
		}
		if get(t, s, "keep", "1") != "1" || get(t, s, "a", "1") != string(big) {
			t.Error("lost")
		}
		_ = s.Close()
		s = open(t, path)
	}
	_ = s.Close()
}

// TestTogether: many writers at once lose nothing.
func TestTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.log")
	s := open(t, path)
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 20 {
				id := fmt.Sprintf("%d-%d", w, i)
				text := json.RawMessage(`"` + strings.Repeat("y", rand.IntN(5000)) + `"`)
				if err := s.Put(Record{"a", id, text}); err != nil {
					t.Error(err)
				}
				if got, ok, err := s.Get("a", id); !ok || err != nil || string(got) != string(text) {
					t.Error("not what was put", ok, err)
				}
			}
		})
	}
	all.Wait()
	_ = s.Close()
	s = open(t, path)
	defer s.Close()
	if n := len(s.List("a", time.Unix(2000, 0))); n != 160 {
		t.Errorf("%d records", n)
	}
}

func FuzzOpen(f *testing.F) {
	l, _ := line{Kind: "a", ID: "1", Time: 5, Data: json.RawMessage(`{"a":1}`)}.encode()
	f.Add(l)
	f.Add(append(slices.Clone(l), "00000000 {}\nxx"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "store.log")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Put(Record{"k", "new", json.RawMessage(`1`)}); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := s.Get("k", "new"); !ok || err != nil || string(got) != "1" {
			t.Fatal(string(got), ok, err)
		}
	})
}
