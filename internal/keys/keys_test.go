package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "keys.json")
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f := Open(path, func() time.Time { return now })
	if any, err := f.Any(); any || err != nil {
		t.Fatal(any, err)
	}
	if _, ok, err := f.Check("ossian-x"); ok || err != nil {
		t.Fatal(ok, err)
	}
	secret, k, err := f.Create("alice", Limits{RequestsPerMinute: 3})
	if err != nil || !strings.HasPrefix(secret, Prefix) || len(secret) < 40 {
		t.Fatal(secret, err)
	}
	other, _, err := f.Create("bob", Limits{})
	if err != nil || other == secret {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, []byte(secret)) || bytes.Contains(data, []byte(strings.TrimPrefix(secret, Prefix))) {
		t.Fatal("the key itself is in the file", err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v", info.Mode())
	}
	now = now.Add(2 * recheck)
	got, ok, err := f.Check(secret)
	if err != nil || !ok || got.Name != "alice" || got.RequestsPerMinute != 3 || got.ID != k.ID {
		t.Errorf("%+v %v %v", got, ok, err)
	}
	for _, wrong := range []string{"", Prefix, secret + "x", strings.TrimPrefix(secret, Prefix), k.Hash} {
		if _, ok, _ := f.Check(wrong); ok {
			t.Errorf("%q is let in", wrong)
		}
	}
	// Revoked by another process.
	if _, err := Open(path, f.now).Revoke("alice"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * recheck)
	if _, ok, _ := f.Check(secret); ok {
		t.Error("a revoked key is let in")
	}
	if _, ok, _ := f.Check(other); !ok {
		t.Error("the other key is not let in")
	}
	if ue := (*UnknownError)(nil); true {
		if _, err := f.Revoke("alice"); !errors.As(err, &ue) {
			t.Error(err)
		}
	}
	list, err := f.List()
	if err != nil || len(list) != 2 || list[0].Revoked == nil || list[1].Revoked != nil {
		t.Errorf("%+v %v", list, err)
	}
}

func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte("[{"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Open(path, time.Now)
	if _, ok, err := f.Check("ossian-x"); ok || err == nil {
		t.Error("a damaged file lets people in", ok, err)
	}
	if _, _, err := f.Create("a", Limits{}); err == nil {
		t.Error("a damaged file is overwritten")
	}
}
