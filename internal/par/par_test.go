package par

import (
	"runtime"
	"sync/atomic"
	"testing"
)

func TestForCoversOnce(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5} {
		team := NewTeam(size)
		for _, n := range []int{0, 1, 2, 7, 64, 1001} {
			for _, grain := range []int{0, 1, 3, 64, 5000} {
				hit := make([]atomic.Int32, n)
				team.For(n, grain, func(w, lo, hi int) {
					if w < 0 || w >= size || lo >= hi || hi > n || hi-lo > max(grain, 1) || lo%max(grain, 1) != 0 {
						t.Errorf("size %d n %d grain %d: worker %d range [%d,%d)", size, n, grain, w, lo, hi)
					}
					for i := lo; i < hi; i++ {
						hit[i].Add(1)
					}
				})
				for i := range hit {
					if c := hit[i].Load(); c != 1 {
						t.Fatalf("size %d n %d grain %d: index %d ran %d times", size, n, grain, i, c)
					}
				}
			}
		}
		team.Close()
		team.Close()
	}
}

// TestJoinPublishes writes without atomics: For must order the workers' writes
// before its return, and the caller's before the loop. The race detector agrees.
func TestJoinPublishes(t *testing.T) {
	team := NewTeam(4)
	defer team.Close()
	a, b := make([]int, 256), make([]int, 256)
	for round := 1; round <= 2000; round++ {
		team.For(len(a), 16, func(_, lo, hi int) {
			for i := lo; i < hi; i++ {
				a[i] = b[len(b)-1-i] + 1
			}
		})
		copy(b, a)
		if round%500 == 0 {
			runtime.GC()
		}
	}
	for i, v := range a {
		if v != 2000 {
			t.Fatalf("a[%d] = %d", i, v)
		}
	}
}

// TestParks checks that idle workers end up in the channel, and wake from it.
func TestParks(t *testing.T) {
	team := NewTeam(3)
	defer team.Close()
	for range 50 {
		for i := 1; i < team.size; {
			if team.workers[i].asleep.Load() == 1 {
				i++
				continue
			}
			runtime.Gosched()
		}
		var n atomic.Int32
		team.For(30, 1, func(_, lo, hi int) { n.Add(int32(hi - lo)) })
		if n.Load() != 30 {
			t.Fatalf("ran %d of 30", n.Load())
		}
	}
}

func TestForAllocatesNothing(t *testing.T) {
	team := NewTeam(2)
	defer team.Close()
	var sum [2]int
	f := func(w, lo, hi int) { sum[w] += hi - lo }
	if n := testing.AllocsPerRun(200, func() { team.For(100, 10, f) }); n != 0 {
		t.Errorf("%v allocations a loop", n)
	}
}

func TestManyLoopsUnderGC(t *testing.T) {
	team := NewTeam(2)
	defer team.Close()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	var total atomic.Int64
	f := func(_, lo, hi int) { total.Add(int64(hi - lo)) }
	const rounds = 3000
	for range rounds {
		team.For(64, 8, f)
	}
	close(stop)
	<-done
	if total.Load() != rounds*64 {
		t.Errorf("ran %d of %d", total.Load(), rounds*64)
	}
}

func BenchmarkEmptyFor(b *testing.B) {
	team := NewTeam(2)
	defer team.Close()
	f := func(_, _, _ int) {}
	for b.Loop() {
		team.For(2, 1, f)
	}
}
