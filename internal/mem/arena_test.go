package mem

import (
	"errors"
	"sync"
	"testing"
	"unsafe"
)

func TestArenaAlloc(t *testing.T) {
	a, err := NewArena(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	x, err := a.Alloc(3, 1)
	if err != nil || len(x) != 3 || cap(x) != 3 {
		t.Fatalf("%v: %d of %d", err, len(x), cap(x))
	}
	for _, align := range []int{1, 2, 64, 4096} {
		y, err := a.Alloc(5, align)
		if err != nil {
			t.Fatal(err)
		}
		if uintptr(unsafe.Pointer(&y[0]))%uintptr(align) != 0 {
			t.Errorf("not aligned to %d", align)
		}
		for i := range y {
			if y[i] != 0 {
				t.Error("not zeroed")
			}
			y[i] = 0xff
		}
	}
	if x[2] != 0 {
		t.Error("neighbours overlap")
	}
	if z, err := a.Alloc(0, 64); err != nil || len(z) != 0 {
		t.Errorf("nothing: %v", err)
	}
	rest := int(a.Size() - a.Used())
	if _, err := a.Alloc(rest+1, 1); !errors.Is(err, errFull) {
		t.Errorf("one byte too many: %v", err)
	}
	if _, err := a.Alloc(rest, 1); err != nil {
		t.Errorf("the rest: %v", err)
	}
	if _, err := a.Alloc(1, 4096); !errors.Is(err, errFull) {
		t.Errorf("full: %v", err)
	}
}

func TestArenaRefuses(t *testing.T) {
	for _, size := range []int64{0, -1, 1<<63 - 1} {
		if _, err := NewArena(size); err == nil {
			t.Errorf("reserved %d bytes", size)
		}
	}
	a, err := NewArena(4096)
	if err != nil {
		t.Fatal(err)
	}
	for _, align := range []int{0, -8, 3, 8192} {
		if _, err := a.Alloc(1, align); !errors.Is(err, errAlign) {
			t.Errorf("alignment %d: %v", align, err)
		}
	}
	if _, err := a.Alloc(-1, 1); err == nil {
		t.Error("negative size")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	var typed *Error
	if _, err := a.Alloc(1, 1); !errors.As(err, &typed) || !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestArenaFromManyGoroutines(t *testing.T) {
	a, err := NewArena(64 << 10)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 100 {
				b, err := a.Alloc(64, 64)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range b {
					if b[i] != 0 {
						t.Error("handed out twice")
					}
					b[i] = byte(g + 1)
				}
			}
		})
	}
	wg.Wait()
}

func TestProbesOfThisMachine(t *testing.T) {
	for name, probe := range map[string]func() (int64, bool){"PeakRSS": PeakRSS, "Available": Available} {
		if n, ok := probe(); ok && (n < 1<<20 || n > 1<<50) {
			t.Errorf("%s = %d", name, n)
		}
	}
}
