package hub

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// damage changes a file of a snapshot behind everybody's back.
func damage(t *testing.T, path string, change func(data []byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, list []Checked, path string) Checked {
	t.Helper()
	i := slices.IndexFunc(list, func(c Checked) bool { return c.Path == path })
	if i < 0 {
		t.Fatalf("%s was not looked at", path)
	}
	return list[i]
}

// TestVerify holds that a flipped byte costs one chunk.
func TestVerify(t *testing.T) {
	f := newFake(t, testSize)
	h, _ := f.puller(t.TempDir())
	dir, err := f.pull(h)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Verify(t.Context(), dir, false)
	if err != nil || len(list) != 4 || slices.ContainsFunc(list, func(c Checked) bool { return c.Wrong != "" }) {
		t.Fatalf("%+v, %v", list, err)
	}
	path := filepath.Join(dir, weightsAt)
	damage(t, path, func(data []byte) []byte { data[7777] ^= 4; return data })
	list, err = h.Verify(t.Context(), dir, false)
	if c := find(t, list, weightsAt); err != nil || !strings.Contains(c.Wrong, "hash") || c.Bad != 1 || c.Chunks != 21 || c.Repaired {
		t.Errorf("%+v, %v", c, err)
	}
	before := f.n
	list, err = h.Verify(t.Context(), dir, true)
	if c := find(t, list, weightsAt); err != nil || !c.Repaired || f.n != before+1 || f.asked["bytes=7000-7999"] != 2 {
		t.Errorf("%+v, %v, %d requests", c, err, f.n-before)
	}
	f.holds(dir)
	for name, change := range map[string]func([]byte) []byte{
		"cut short": func(data []byte) []byte { return data[:9000] },
		"longer":    func(data []byte) []byte { return append(data, 1) },
		"all wrong": func(data []byte) []byte { return make([]byte, len(data)) },
	} {
		damage(t, path, change)
		list, err = h.Verify(t.Context(), dir, true)
		if c := find(t, list, weightsAt); err != nil || c.Wrong == "" || !c.Repaired {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		f.holds(dir)
	}
	damage(t, filepath.Join(dir, "config.json"), func([]byte) []byte { return []byte("{}") })
	if list, err = h.Verify(t.Context(), dir, true); err != nil || !find(t, list, "config.json").Repaired {
		t.Errorf("%+v, %v", list, err)
	}
	blob, err := filepath.EvalSymlinks(path)
	if err != nil || os.Remove(blob) != nil {
		t.Fatal(err)
	}
	if list, err = h.Verify(t.Context(), dir, true); err != nil || find(t, list, weightsAt).Wrong != "it is missing" {
		t.Errorf("%+v, %v", list, err)
	}
	f.holds(dir)
}

// TestVerifyForeign takes a model that another tool fetched: damage to it is found
// where it is once it has been seen sound.
func TestVerifyForeign(t *testing.T) {
	f := newFake(t, testSize)
	h, _ := f.puller(t.TempDir())
	dir, err := f.pull(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "..", "..", ".ossian")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Verify(t.Context(), dir, false); err != nil {
		t.Fatal(err)
	}
	damage(t, filepath.Join(dir, weightsAt), func(data []byte) []byte { data[20_400] ^= 1; return data })
	before := f.n
	if list, err := h.Verify(t.Context(), dir, true); err != nil || find(t, list, weightsAt).Bad != 1 || f.n != before+1 {
		t.Errorf("%+v, %v", list, err)
	}
	f.holds(dir)
	var typed *Error
	if _, err := h.Verify(t.Context(), t.TempDir(), false); !errors.As(err, &typed) || !strings.Contains(err.Error(), "outside the hub's cache") {
		t.Error(err)
	}
}

// TestSettle holds the states a kill can leave between two renames.
func TestSettle(t *testing.T) {
	f := newFake(t, testSize)
	h, _ := f.puller(t.TempDir())
	dir, err := f.pull(h)
	if err != nil {
		t.Fatal(err)
	}
	at := h.folder(fakeRepo)
	file := File{Path: weightsAt, Size: testSize, Hash: hashOfBytes(weightsAt, f.files[weightsAt])}
	before := f.n
	// At the end of a pull: the file has its name, the journal not yet.
	if err := os.Rename(at.chunks(file), at.journal(file)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.pull(h); err != nil || f.n != before {
		t.Errorf("%v, %d requests", err, f.n-before)
	}
	f.holds(dir)
	// At the beginning of a repair: the journal says what is sound, the file still has its name.
	j, _, err := readJournal(at.chunks(file), file, 1)
	if err != nil {
		t.Fatal(err)
	}
	delete(j.sums, 3)
	if err := j.rewrite(at.journal(file)); err != nil {
		t.Fatal(err)
	}
	j.close()
	damage(t, at.blob(file), func(data []byte) []byte { data[3500] ^= 1; return data })
	if _, err := f.pull(h); err != nil || f.n != before+1 {
		t.Errorf("%v, %d requests", err, f.n-before)
	}
	f.holds(dir)
	// Damaged while it waited to be completed.
	if err := os.Rename(at.blob(file), at.part(file)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at.chunks(file), at.journal(file)); err != nil {
		t.Fatal(err)
	}
	damage(t, at.part(file), func(data []byte) []byte { data[0] ^= 1; data[1999] ^= 1; return data })
	if _, err := f.pull(h); err != nil || f.n != before+3 {
		t.Errorf("%v, %d requests", err, f.n-before)
	}
	f.holds(dir)
}
