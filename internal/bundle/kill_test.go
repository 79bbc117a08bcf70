package bundle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain lets the test binary be a process that installs, and kills itself on the way.
func TestMain(m *testing.M) {
	dir := os.Getenv("OSSIAN_TEST_BUNDLE")
	if dir == "" {
		os.Exit(m.Run())
	}
	var after int64
	if _, err := fmt.Sscan(os.Getenv("OSSIAN_TEST_KILL"), &after); err != nil {
		panic(err)
	}
	opt := options()
	opt.Progress = func(_ string, done, _ int64) {
		if after > 0 && done >= after {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			if err != nil {
				panic(err)
			}
			select {} // until it happens
		}
	}
	b, err := Open(dir, Trust{Fingerprint: os.Getenv("OSSIAN_TEST_KEY")})
	if err == nil {
		_, err = b.Install(context.Background(), Target{Models: os.Getenv("OSSIAN_TEST_MODELS")}, opt)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestKill kills the process that installs at random moments: there is never a model
// that is not whole, and what was copied stays. OSSIAN_KILLS asks for more than 12.
func TestKill(t *testing.T) {
	kills := 12
	if v := os.Getenv("OSSIAN_KILLS"); v != "" {
		if _, err := fmt.Sscan(v, &kills); err != nil {
			t.Fatal(err)
		}
	}
	b := makeBundle(t)
	models := t.TempDir()
	dir := filepath.Join(models, "tiny")
	all := int64(4321)
	for _, n := range modelFiles {
		all += int64(n)
	}
	r := rand.New(rand.NewPCG(1, 2))
	spawn := func(after int64) error {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "OSSIAN_TEST_BUNDLE="+b.dir, "OSSIAN_TEST_MODELS="+models,
			"OSSIAN_TEST_KEY="+b.public.Fingerprint(), fmt.Sprintf("OSSIAN_TEST_KILL=%d", after))
		cmd.Stderr = os.Stderr
		return cmd.Run()
	}
	for range kills {
		if err := spawn(1 + r.Int64N(all)); err == nil {
			t.Fatal("it was not killed")
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Fatal("a model was installed by a process that was killed before the end")
		}
	}
	staged, err := filepath.Glob(filepath.Join(models, Incoming+"*"))
	if err != nil || len(staged) != 1 {
		t.Fatal(staged, err)
	}
	if err := spawn(0); err != nil {
		t.Fatal(err)
	}
	b.holds(dir)
	if left, _ := filepath.Glob(filepath.Join(models, Incoming+"*")); len(left) != 0 {
		t.Error(left)
	}
}
