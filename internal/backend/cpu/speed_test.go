//go:build linux

package cpu

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"ossian/internal/mem"
	"ossian/internal/model"
)

// TestSpeed measures a real checkpoint; it runs only when asked:
//
//	OSSIAN_MODEL=folder [OSSIAN_DENSE=q8] [OSSIAN_PROMPT=64] [OSSIAN_DECODE=16] go test ./internal/backend/cpu -run Speed -v -timeout 1h
func TestSpeed(t *testing.T) {
	dir := os.Getenv("OSSIAN_MODEL")
	if dir == "" {
		t.Skip("OSSIAN_MODEL names no checkpoint")
	}
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	prompt, decode := number("OSSIAN_PROMPT", 64), number("OSSIAN_DECODE", 16)
	start := time.Now()
	load := model.LoadOptions{}
	if d := os.Getenv("OSSIAN_DENSE"); d != "" {
		layout, err := NewLayout(Dense(d), "")
		if err != nil {
			t.Fatal(err)
		}
		load.Packer = layout
	}
	w, err := model.Load(context.Background(), dir, load)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	took := time.Since(start)
	t.Logf("load: %.2f GB in %v, %.2f GB/s", float64(w.Bytes())/1e9, took.Round(time.Millisecond), float64(w.Bytes())/1e9/took.Seconds())
	b := open(t, w, Options{})
	s, err := b.NewSeq(prompt + decode + 2)
	if err != nil {
		t.Fatal(err)
	}
	v := w.Config.Vocab
	out := make([]float32, v)
	// Wall time says little on a busy machine; processor time over threads says what it would be.
	processor := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	step := func(ids []uint32) time.Duration {
		start := time.Now()
		if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids, Logits: out}}); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	ids := randomIDs(1, prompt, v)
	report := func(what string, n int, wall, used time.Duration) {
		t.Logf("%s of %d: %.2f tokens/s; %.2f by processor time over %d threads", what, n, float64(n)/wall.Seconds(),
			float64(n*b.Threads())/used.Seconds(), b.Threads())
	}
	before := processor()
	took = step(ids)
	t.Logf("%s kernels", b.Kernels())
	report("prompt", prompt, took, processor()-before)
	before = processor()
	total, best := time.Duration(0), time.Hour
	for range decode {
		d := step([]uint32{uint32(b.ops.Argmax(out))})
		total, best = total+d, min(best, d)
	}
	rss, _ := mem.PeakRSS()
	report("decode", decode, total, processor()-before)
	t.Logf("best decode step %v; peak RSS %.2f GB", best.Round(time.Millisecond), float64(rss)/1e9)
}
