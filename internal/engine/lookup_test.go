package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// naiveMatch is what match promises, by looking everywhere.
func naiveMatch(ids []uint32) (next, n int) {
	if len(ids) < gram {
		return 0, 0
	}
	last, tries := ids[len(ids)-gram:], 0
	for p := len(ids) - 2; p+1 >= gram && tries < maxTries && n < maxMatch; p-- {
		if !slices.Equal(ids[p+1-gram:p+1], last) {
			continue
		}
		tries++
		m := 0
		for m < maxMatch && p-m >= 0 && ids[p-m] == ids[len(ids)-1-m] {
			m++
		}
		if m > n {
			next, n = p+1, m
		}
	}
	return next, n
}

func checkLookup(t *testing.T, ids []uint32) {
	t.Helper()
	var l lookup
	for range 2 { // the second time with what the first left behind
		l.reset(max(1, len(ids)))
		for i, id := range ids {
			l.add(id)
			next, n := l.match()
			if wantNext, wantN := naiveMatch(ids[:i+1]); next != wantNext || n != wantN {
				t.Fatalf("after %v: match of %d, then token %d; want %d, %d", ids[:i+1], n, next, wantN, wantNext)
			}
			if n == 0 {
				continue
			}
			got := make([]uint32, MaxDraft)
			l.follow(got, next)
			long := append(slices.Clone(ids[:i+1]), got...)
			for j := range got { // each is the one a period earlier
				if got[j] != long[next+j] {
					t.Fatalf("after %v: %v follows token %d", ids[:i+1], got, next)
				}
			}
		}
	}
}

func TestLookup(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		ids := make([]uint32, 1+r.IntN(200))
		kinds := uint32(1 + r.IntN(4)) // few, so that much repeats
		for i := range ids {
			ids[i] = r.Uint32N(kinds)
			if i > 20 && r.IntN(3) > 0 {
				ids[i] = ids[i-20]
			}
		}
		checkLookup(t, ids)
	}
	checkLookup(t, make([]uint32, 300))
}

func FuzzLookup(f *testing.F) {
	f.Add([]byte("abcdefabcdefabcdef"), uint8(3))
	f.Add([]byte("the quick brown fox; the quick brown dog; the quick brown fox"), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, kinds uint8) {
		ids := make([]uint32, min(len(text), 300))
		for i := range ids {
			ids[i] = uint32(text[i]) % (uint32(kinds) + 1)
		}
		checkLookup(t, ids)
	})
}

func TestLookupAllocatesNothing(t *testing.T) {
	var l lookup
	l.reset(5000)
	dst := make([]uint32, MaxDraft)
	i := uint32(0)
	if n := testing.AllocsPerRun(1000, func() {
		i++
		l.add(i * i % 40)
		if next, n := l.match(); n > 0 {
			l.follow(dst, next)
		}
	}); n != 0 {
		t.Errorf("%v allocations a token", n)
	}
	l.reset(5000)
	if n := testing.AllocsPerRun(10, func() { l.reset(4000) }); n != 0 {
		t.Errorf("%v allocations for a request in room that is there", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	for name, kinds := range map[string]uint32{"ordinary": 200000, "one token": 1, "loop": 20} {
		b.Run(name, func(b *testing.B) {
			var l lookup
			r := rand.New(rand.NewPCG(1, 2))
			i := uint32(0)
			for b.Loop() {
				if len(l.ids) == cap(l.ids) {
					l.reset(32768)
				}
				id := r.Uint32N(kinds)
				if name == "loop" {
					id = i % kinds
					i++
				}
				l.add(id)
				l.match()
			}
		})
	}
}
