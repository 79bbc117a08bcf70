package sample

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// naive is the same contract in float64, written the obvious way.
type naive struct {
	p      Params
	vocab  int
	prompt []uint32
	out    []uint32
}

func (n *naive) sample(logits []float32, masks ...Mask) uint32 {
	row := make([]float64, n.vocab)
	count, all := map[uint32]int{}, map[uint32]bool{}
	for _, id := range n.prompt {
		all[id] = true
	}
	for _, id := range n.out {
		all[id], count[id] = true, count[id]+1
	}
	for i := range row {
		id, x := uint32(i), float64(logits[i])
		if r := n.p.RepeatPenalty; r != 0 && r != 1 && all[id] {
			if x > 0 {
				x /= r
			} else {
				x *= r
			}
		}
		if c := count[id]; c > 0 {
			x -= float64(c)*n.p.Frequency + n.p.Presence
		}
		x = float64(float32(x))
		if b, ok := n.p.Bias[id]; ok {
			x = float64(float32(x + float64(b)))
		}
		for _, m := range masks {
			if !m.Allows(id) {
				x = math.Inf(-1)
			}
		}
		row[i] = x
	}
	best := 0
	for i, x := range row {
		if x > row[best] {
			best = i
		}
	}
	id := uint32(best)
	if n.p.Temperature > 0 {
		id = n.draw(row, row[best])
	}
	n.out = append(n.out, id)
	return id
}

func (n *naive) draw(row []float64, best float64) uint32 {
	var c []candidate
	for i, x := range row {
		if w := math.Exp((x - best) / n.p.Temperature); w > 0 {
			c = append(c, candidate{w, uint32(i)})
		}
	}
	sum := func() (t float64) {
		for _, x := range c {
			t += x.weight
		}
		return
	}
	narrowed := n.p.TopK > 0 && n.p.TopK < len(c) || n.p.TopP > 0 && n.p.TopP < 1
	if narrowed {
		slices.SortFunc(c, func(a, b candidate) int {
			return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.id, b.id))
		})
		if n.p.TopK > 0 && n.p.TopK < len(c) {
			c = c[:n.p.TopK]
		}
		if n.p.TopP > 0 && n.p.TopP < 1 {
			need, got := n.p.TopP*sum(), 0.0
			for i := range c {
				if got += c[i].weight; got >= need {
					c = c[:i+1]
					break
				}
			}
		}
		slices.Reverse(c) // the sampler keeps the best last
	}
	if n.p.MinP > 0 {
		c = slices.DeleteFunc(c, func(x candidate) bool { return x.weight < n.p.MinP })
	}
	at := uniform(n.p.Seed, uint64(len(n.out))) * sum()
	for _, x := range c {
		if at -= x.weight; at < 0 {
			return x.id
		}
	}
	return c[len(c)-1].id
}

func randomRow(r *rand.Rand, n int) []float32 {
	row := make([]float32, n)
	for i := range row {
		row[i] = float32(r.NormFloat64() * 3)
		if r.IntN(4) == 0 {
			row[i] = float32(r.IntN(5)) // ties
		}
	}
	return row
}

func TestAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 400 {
		vocab := 1 + r.IntN(200)
		p := Params{Seed: r.Uint64(), Temperature: []float64{0, 0.3, 1, 2}[r.IntN(4)]}
		if r.IntN(2) == 0 {
			p.TopK = r.IntN(vocab + 3)
		}
		if r.IntN(2) == 0 {
			p.TopP = r.Float64()
		}
		if r.IntN(3) == 0 {
			p.MinP = r.Float64() / 2
		}
		if r.IntN(2) == 0 {
			p.RepeatPenalty, p.Frequency, p.Presence = 1.2, 0.4, 0.3
		}
		if r.IntN(3) == 0 {
			p.Bias = map[uint32]float32{uint32(r.IntN(vocab)): 5}
		}
		s, err := New(p, vocab)
		if err != nil {
			t.Fatal(err)
		}
		n := &naive{p: p, vocab: vocab, prompt: []uint32{0, uint32(vocab - 1)}}
		s.Prompt(n.prompt)
		s.Prompt([]uint32{uint32(vocab), math.MaxUint32}) // unknown ids do no harm
		var mask Mask
		if r.IntN(3) == 0 && vocab > 1 {
			mask = NewMask(vocab)
			mask.Forbid(uint32(r.IntN(vocab)))
		}
		for i := range 20 {
			row := randomRow(r, vocab)
			got, err := s.Sample(row, mask)
			if err != nil {
				t.Fatal(err)
			}
			if want := n.sample(row, mask); got.ID != want {
				t.Fatalf("trial %d token %d (%+v): got %d, want %d", trial, i, p, got.ID, want)
			}
		}
	}
}

// TestDistribution draws from known probabilities and compares by chi square.
func TestDistribution(t *testing.T) {
	row := []float32{0, 1, 2, -1, 0.5, 1.5, -3, 2}
	for _, temp := range []float64{0.5, 1, 1.7} {
		want, total := make([]float64, len(row)), 0.0
		for i, x := range row {
			want[i] = math.Exp(float64(x) / temp)
			total += want[i]
		}
		for name, next := range map[string]func(s *Sampler, i int) *Sampler{
			"positions": func(s *Sampler, i int) *Sampler { return s },
			"seeds": func(_ *Sampler, i int) *Sampler {
				s, _ := New(Params{Temperature: temp, Seed: uint64(i)}, len(row))
				return s
			},
		} {
			const draws = 40000
			got := make([]float64, len(row))
			s, _ := New(Params{Temperature: temp, Seed: 7}, len(row))
			for i := range draws {
				s = next(s, i)
				tok, err := s.Sample(row)
				if err != nil {
					t.Fatal(err)
				}
				got[tok.ID]++
			}
			chi := 0.0
			for i := range want {
				e := want[i] / total * draws
				chi += (got[i] - e) * (got[i] - e) / e
			}
			if chi > 24.3 { // 7 degrees of freedom, one in a thousand
				t.Errorf("temperature %v over %s: chi square %.1f", temp, name, chi)
			}
		}
	}
}

func TestUniform(t *testing.T) {
	const n = 1 << 16
	for seed := range uint64(4) {
		sum, serial, last := 0.0, 0.0, 0.5
		for i := range uint64(n) {
			u := uniform(seed, i)
			if u < 0 || u >= 1 {
				t.Fatal(u)
			}
			sum += u
			serial += (u - 0.5) * (last - 0.5)
			last = u
		}
		if m := sum / n; math.Abs(m-0.5) > 0.005 {
			t.Errorf("seed %d: mean %v", seed, m)
		}
		if c := serial / n * 12; math.Abs(c) > 0.015 {
			t.Errorf("seed %d: neighbours correlate by %v", seed, c)
		}
	}
}

// TestSameSeed pins the draws: a change here changes what every seed gives.
func TestSameSeed(t *testing.T) {
	row := randomRow(rand.New(rand.NewPCG(3, 4)), 1000)
	var got []uint32
	s, _ := New(Params{Temperature: 1, Seed: 42}, len(row))
	for range 8 {
		tok, err := s.Sample(row)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, tok.ID)
	}
	if want := []uint32{250, 335, 430, 280, 811, 298, 799, 43}; !slices.Equal(got, want) {
		t.Errorf("seed 42 gives %v, recorded %v", got, want)
	}
}

func TestLogprobs(t *testing.T) {
	row := []float32{1, 3, 3, 0, 2}
	s, err := New(Params{Logprobs: 3, Bias: map[uint32]float32{3: 100}}, len(row))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := s.Sample(row)
	if err != nil {
		t.Fatal(err)
	}
	norm := math.Log(math.E + 2*math.Exp(3) + 1 + math.Exp(2))
	if tok.ID != 3 || math.Abs(float64(tok.Logprob)+norm) > 1e-6 {
		t.Errorf("chosen %d at %v, want 3 at %v", tok.ID, tok.Logprob, -norm)
	}
	var ids []uint32
	for _, c := range tok.Top {
		ids = append(ids, c.ID)
		if want := float64(row[c.ID]) - norm; math.Abs(float64(c.Logprob)-want) > 1e-6 {
			t.Errorf("id %d at %v, want %v", c.ID, c.Logprob, want)
		}
	}
	if !slices.Equal(ids, []uint32{1, 2, 4}) {
		t.Errorf("likeliest %v", ids)
	}
}

func TestErrors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, row := range map[string][]float32{
		"nan": {1, nan, 2}, "first nan": {nan, 1, 2}, "inf": {1, 2, inf}, "short": {1, 2},
		"nothing": {-inf, -inf, -inf},
	} {
		for _, temp := range []float64{0, 1} {
			s, _ := New(Params{Temperature: temp}, 3)
			_, err := s.Sample(row)
			if e := (*Error)(nil); !errors.As(err, &e) || e.Position != 0 {
				t.Errorf("%s at temperature %v: %v", name, temp, err)
			}
		}
	}
	for _, p := range []Params{
		{Temperature: -1}, {Temperature: math.NaN()}, {Temperature: math.Inf(1)}, {TopK: -1}, {TopP: 1.1}, {TopP: math.NaN()},
		{MinP: -0.1}, {RepeatPenalty: -1}, {Frequency: math.NaN()}, {Logprobs: -1}, {Logprobs: MaxLogprobs + 1},
		{Bias: map[uint32]float32{3: 1}}, {Bias: map[uint32]float32{1: nan}},
	} {
		if _, err := New(p, 3); err == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
}

// TestLeastTemperature: one over the temperature is beyond all numbers, and the likeliest id is still certain.
func TestLeastTemperature(t *testing.T) {
	for _, temp := range []float64{math.SmallestNonzeroFloat64, 1e-310, 1e-300} {
		for _, p := range []Params{{}, {TopK: 2}, {TopP: 0.5}, {MinP: 0.1}} {
			p.Temperature = temp
			s, err := New(p, 4)
			if err != nil {
				t.Fatal(err)
			}
			if tok, err := s.Sample([]float32{-3, 2, 2.5, 2}); err != nil || tok.ID != 2 {
				t.Errorf("%+v: %+v, %v", p, tok, err)
			}
		}
	}
}

func TestGreedyTies(t *testing.T) {
	s, _ := New(Params{}, 4)
	if tok, _ := s.Sample([]float32{0, 5, 5, 5}); tok.ID != 1 {
		t.Errorf("got %d, want the lowest of the tied ids", tok.ID)
	}
	m := NewMask(4)
	m.Forbid(1)
	if tok, _ := s.Sample([]float32{0, 5, 5, 5}, nil, m); tok.ID != 2 {
		t.Errorf("got %d, want the lowest allowed", tok.ID)
	}
}

func TestNoAllocation(t *testing.T) {
	const vocab = 5000
	row := randomRow(rand.New(rand.NewPCG(5, 6)), vocab)
	mask := NewMask(vocab)
	mask.Forbid(9)
	for _, p := range []Params{
		{},
		{Temperature: 1, TopK: 50, TopP: 0.9, MinP: 0.01, RepeatPenalty: 1.1, Frequency: 0.1, Presence: 0.1, Logprobs: 20, Bias: map[uint32]float32{7: 1}},
	} {
		s, err := New(p, vocab)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(50, func() {
			if _, err := s.Sample(row, mask, nil); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations a token with %+v", n, p)
		}
	}
}

func FuzzSample(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint64(1), 1.0, 0.9, 0.1, 3)
	f.Add([]byte{0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0xff}, uint64(2), 0.0, 0.0, 0.0, 0)
	f.Add([]byte{0xff, 0xff, 0x7f, 0x7f, 0xff, 0xff, 0x7f, 0xff}, uint64(3), 1e-300, 1.0, 1.0, 1)
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64, temp, topP, minP float64, topK int) {
		row := make([]float32, len(raw)/4)
		for i := range row {
			row[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		s, err := New(Params{Seed: seed, Temperature: temp, TopP: topP, MinP: minP, TopK: topK, RepeatPenalty: 1.5, Frequency: temp, Logprobs: 5}, len(row))
		if err != nil {
			return
		}
		for range 3 {
			tok, err := s.Sample(row)
			if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
				t.Fatalf("%T is not this package's error", err)
			} else if err == nil && math.IsInf(float64(row[tok.ID]), -1) {
				t.Fatalf("id %d has probability 0", tok.ID)
			}
		}
	})
}

func BenchmarkSample(b *testing.B) {
	const vocab = 201088
	r := rand.New(rand.NewPCG(7, 8))
	row := make([]float32, vocab)
	for i := range row {
		row[i] = float32(r.NormFloat64() * 3)
	}
	for name, p := range map[string]Params{
		"greedy": {}, "temperature": {Temperature: 1}, "top-p": {Temperature: 1, TopP: 0.95}, "logprobs": {Temperature: 1, Logprobs: 20},
	} {
		b.Run(name, func(b *testing.B) {
			s, _ := New(p, vocab)
			for b.Loop() {
				if _, err := s.Sample(row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
