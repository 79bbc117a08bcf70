package bench

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ossian/internal/kernel"
	"ossian/internal/model"
	"ossian/internal/probe"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

func TestSeries(t *testing.T) {
	for _, c := range []struct {
		in               []float64
		median, min, max float64
	}{
		{[]float64{3, 1, 2}, 2, 1, 3}, {[]float64{4, 1, 3, 2}, 2.5, 1, 4}, {[]float64{5}, 5, 5, 5}, {nil, 0, 0, 0},
	} {
		s := SeriesOf(c.in...)
		if s.Median != c.median || s.Min != c.min || s.Max != c.max || !slices.Equal(s.Samples, c.in) {
			t.Errorf("%v: %+v", c.in, s)
		}
	}
}

// weights20B are gpt-oss-20b's as a backend holds them. No memory is ever touched: all matrices
// view the same bytes.
func weights20B(dense kernel.Form) *model.Weights {
	w := &model.Weights{Config: model.GptOss20B()}
	c := &w.Config
	all := make([]byte, kernel.FormBF16.Bytes(c.Vocab, c.Hidden))
	vector := make([]float32, 2*c.Intermediate)
	m := func(f kernel.Form, rows, cols int) model.Matrix {
		return model.Matrix{Rows: rows, Cols: cols, Data: all[:f.Bytes(rows, cols)], Packed: true, Form: uint8(f)}
	}
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	w.Embed, w.Unembed, w.Norm = m(kernel.FormBF16, c.Vocab, c.Hidden), m(dense, c.Vocab, c.Hidden), vector[:c.Hidden]
	for range c.Layers {
		l := model.Layer{
			AttnNorm: vector[:c.Hidden], MLPNorm: vector[:c.Hidden], Sinks: vector[:c.Heads],
			Q: m(dense, q, c.Hidden), K: m(dense, kv, c.Hidden), V: m(dense, kv, c.Hidden), O: m(dense, c.Hidden, q),
			QBias: vector[:q], KBias: vector[:kv], VBias: vector[:kv], OBias: vector[:c.Hidden],
			Router: m(kernel.FormBF16, c.Experts, c.Hidden), RouterBias: vector[:c.Experts],
		}
		for range c.Experts {
			l.GateUp, l.GateUpBias = append(l.GateUp, m(kernel.FormMXFP4, 2*c.Intermediate, c.Hidden)), append(l.GateUpBias, vector)
			l.Down, l.DownBias = append(l.Down, m(kernel.FormMXFP4, c.Hidden, c.Intermediate)), append(l.DownBias, vector[:c.Hidden])
		}
		w.Layers = append(w.Layers, l)
	}
	return w
}

// TestHeld holds the arithmetic against figures of gpt-oss-20b worked out by hand: 4 of 32
// experts in 24 layers, 5760 x 2880 and 2880 x 2880 in 17 bytes for 32 values; projections of
// 4096 + 512 + 512 by 2880 and back; 201088 rows of unembedding; 8 bits are 34 bytes for 32.
func TestHeld(t *testing.T) {
	near := func(name string, got int64, want float64) {
		t.Helper()
		if math.Abs(float64(got)/want-1) > 1e-3 {
			t.Errorf("%s: %d, want %.4g", name, got, want)
		}
	}
	w := weights20B(kernel.FormBF16)
	c := &w.Config
	h := HoldingOf(w, 4, probe.F32)
	near("an expert", h.Expert, 13.219e6)
	near("experts", 4*24*h.Expert, 1.269e9)
	near("dense in bf16", h.Dense, 1.274e9)
	near("unembedding in bf16", h.Unembed, 1.1583e9)
	near("the rest", h.Rest, 24*(32*2880*2+4*(2*2880+64+32+4096+512+512+2880+4*(5760+2880)))+4*2880)
	if h.KV != 4096 {
		t.Errorf("keys and values: %d bytes, want 2 x 512 x 4", h.KV)
	}
	near("a token", h.Weights(c), 1.269e9+1.274e9+1.1583e9+9.1e6)
	q8 := HoldingOf(weights20B(kernel.FormQ8), 2, probe.Int8)
	near("dense in 8 bits", q8.Dense, 0.6768e9)
	near("unembedding in 8 bits", q8.Unembed, 0.6153e9)
	if q8.Expert != h.Expert || q8.KV != 2048 || q8.Rest != h.Rest || q8.Arithmetic != probe.Int8 {
		t.Errorf("%+v", q8)
	}
	// Twelve layers see everything, twelve 128 positions.
	if got, want := h.Read(c, 4096, 1)-h.Weights(c), int64(4096*(12*4097+12*128)); got != want {
		t.Errorf("keys and values at depth 4096: %d, want %d", got, want)
	}
	if got, want := h.Read(c, 0, 2)-2*h.Weights(c), int64(4096*24*(1+2)); got != want {
		t.Errorf("keys and values of the first two: %d, want %d", got, want)
	}
}

// TestOperations: a token alone does two operations with each active parameter of a matrix,
// and two multiply-adds with every key it sees.
func TestOperations(t *testing.T) {
	c := model.GptOss20B()
	dense, router, experts := 2*4096*2880+2*512*2880, 32*2880, 4*3*2880*2880
	layers := 2 * 24 * int64(dense+router+experts)
	if got, want := Operations(&c, 0, 1, 0), layers+24*2*2*4096; got != want {
		t.Errorf("one token: %d, want %d", got, want)
	}
	if got := Operations(&c, 0, 1, 1) - Operations(&c, 0, 1, 0); got != 2*201088*2880 {
		t.Errorf("unembedding: %d", got)
	}
	// 512 queries see 512*513/2 keys, or 128*129/2 + 384*128 in a window.
	if got, want := Operations(&c, 0, 512, 0)-512*layers, int64(4*4096*12*(512*513/2+128*129/2+384*128)); got != want {
		t.Errorf("attention of 512: %d, want %d", got, want)
	}
	if a, b := Operations(&c, 0, 300, 0), Operations(&c, 0, 100, 0)+Operations(&c, 100, 200, 0); a != b {
		t.Errorf("whole %d, in parts %d", a, b)
	}
}

// TestHoldingOf: what was loaded counts, in whatever order it lies.
func TestHoldingOf(t *testing.T) {
	w, err := model.Load(t.Context(), "../../testdata/golden/narrow/hf", model.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c, s := &w.Config, w.Config.Sizes()
	h := HoldingOf(w, 2, probe.F32)
	vectors := int64(0) // published as bf16, held as float32
	for range c.Layer {
		vectors += int64(2*c.Hidden + c.Heads*c.HeadDim + 2*c.KVHeads*c.HeadDim + c.Hidden + c.Heads + c.Experts + c.ActiveExperts*(2*c.Intermediate+c.Hidden))
	}
	vectors += int64(c.Hidden)
	if got, want := h.Weights(c), s.PerToken(c.ActiveExperts)+2*vectors; got != want {
		t.Errorf("a token reads %d bytes, want %d", got, want)
	}
	if got, want := h.KV*keys(c, 9, 1), s.KV(10, 2); got != want {
		t.Errorf("%d bytes of keys and values, want %d", got, want)
	}
}

// fake is a backend that counts, with a clock that only its steps move: a second each and
// a tenth more for every token.
type fake struct {
	cfg    model.Config
	now    time.Time
	seqs   map[model.Seq]*[2]int // length, capacity
	next   model.Seq
	steps  int
	onStep func(n int) error
	seen   map[uint32]bool
}

func newFake() *fake {
	c := model.GptOss20B()
	c.Vocab = 1000
	return &fake{cfg: c, now: time.Unix(0, 0), seqs: map[model.Seq]*[2]int{}, seen: map[uint32]bool{}}
}

func (f *fake) Config() *model.Config     { return &f.cfg }
func (f *fake) Close() error              { return nil }
func (f *fake) Len(s model.Seq) int       { return f.seqs[s][0] }
func (f *fake) FreeSeq(s model.Seq)       { delete(f.seqs, s) }
func (f *fake) Trim(model.Seq, int) error { return nil }
func (f *fake) NewSeq(n int) (model.Seq, error) {
	f.next++
	f.seqs[f.next] = &[2]int{0, n}
	return f.next, nil
}

func (f *fake) Step(ctx context.Context, batch []model.Item) error {
	f.steps++
	if f.onStep != nil {
		if err := f.onStep(f.steps); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s := f.seqs[batch[0].Seq]
	if s[0] += len(batch[0].Tokens); s[0] > s[1] {
		return errors.New("beyond the capacity asked for")
	}
	for _, id := range batch[0].Tokens {
		f.seen[id] = true
	}
	f.now = f.now.Add(time.Second + time.Duration(len(batch[0].Tokens))*time.Second/10)
	return nil
}

// steady is a machine that reads faster each time it is asked.
type steady struct{ reads, peaks int }

func (s *steady) Read() float64 { s.reads++; return float64(s.reads) * 1e12 }
func (s *steady) Peaks() []Peak {
	s.peaks++
	return []Peak{{probe.Int8, 2e12}, {probe.F32, 1e12}}
}

func options(f *fake) Options {
	return Options{Held: held(), Chunk: 64, Prober: &steady{}, Now: func() time.Time { return f.now }}
}

func held() Held {
	return Held{Expert: 13_000_000, Dense: 1_000_000_000, Unembed: 600_000_000, Rest: 10_000_000, KV: 4096, Arithmetic: probe.F32}
}

func TestRun(t *testing.T) {
	f := newFake()
	opt := options(f)
	opt.Used = func() time.Duration { return f.now.Sub(time.Unix(0, 0)) / 2 } // half the time somebody else runs
	last, all := 0, 0
	opt.Progress = func(what string, done, total int) {
		if last = done; what == "" {
			t.Error("nothing is said of what is measured")
		}
		all = total
	}
	plan := Plan{Prompts: []int{100, 500}, Depths: []int{0, 1200}, Tokens: 8, Repeat: 3}
	res, err := Run(t.Context(), f, plan, opt)
	if err != nil || !res.Complete {
		t.Fatal(err)
	}
	if len(f.seqs) != 0 {
		t.Errorf("%d sequences were not freed", len(f.seqs))
	}
	if last != all {
		t.Errorf("progress ended at %d of %d", last, all)
	}
	if len(f.seen) < 900 {
		t.Errorf("only %d different ids were fed", len(f.seen))
	}
	names := ""
	for _, r := range res.Rows {
		names += " " + r.Name
	}
	if names != " pp100 tg8 pp500 pp500@700 tg8@1200" {
		t.Errorf("rows%s", names)
	}
	for _, r := range res.Rows {
		want := 3
		if r.Name == "pp500@700" {
			want = 1
		}
		if len(r.Repetitions) != want || len(r.Rate.Samples) != want || len(r.Share.Samples) != want {
			t.Errorf("%s: %d repetitions", r.Name, len(r.Repetitions))
		}
	}
	pp, _ := res.Row("pp100")
	if seconds := 2 + 10.0; math.Abs(pp.Rate.Median-100/seconds) > 1e-9 || math.Abs(pp.Used.Median-float64(Operations(&f.cfg, 0, 100, 1))/seconds) > 1 || pp.Of != "f32" ||
		math.Abs(pp.Share.Median-pp.Used.Median/1e12) > 1e-9 {
		t.Errorf("pp100: %+v", pp)
	}
	deep, _ := res.Row("tg8@1200")
	for i, rep := range deep.Repetitions {
		if rep.Depth != 1200+8*i || rep.Work != opt.Held.Read(&f.cfg, rep.Depth, 8) || math.Abs(rep.Seconds-8.8) > 1e-9 || rep.After != rep.Before+1e12 {
			t.Errorf("tg8@1200: %+v", rep)
		}
		if want := float64(rep.Work) / 8.8 / (rep.Before + 0.5e12); math.Abs(deep.Share.Samples[i]-want) > 1e-9 {
			t.Errorf("share %g, want %g", deep.Share.Samples[i], want)
		}
	}
	if got := res.Ours(2); math.Abs(got-0.25) > 1e-9 {
		t.Errorf("two threads ran for %g of the time, want a quarter", got)
	}
	if n := len(res.Limits.Read.Samples); n != 2*2*3 {
		t.Errorf("%d reads were noted", n)
	}
}

// TestArithmetic: the share is one of the kind that the backend computes in, where the machine has it.
func TestArithmetic(t *testing.T) {
	for want, of := range map[probe.Kind]string{probe.Int8: "int8", probe.F32: "f32", probe.BF16: "f32"} {
		f := newFake()
		opt := options(f)
		opt.Held.Arithmetic = want
		res, err := Run(t.Context(), f, Plan{Prompts: []int{4}, Tokens: 1, Repeat: 1}, opt)
		if err != nil || res.Rows[0].Of != of {
			t.Errorf("%s: %+v, %v", want, res.Rows, err)
		}
	}
}

// TestCancel: what was measured until then is kept, and nothing else.
func TestCancel(t *testing.T) {
	for _, stop := range []int{1, 8, 20, 40} {
		f := newFake()
		ctx, cancel := context.WithCancel(t.Context())
		f.onStep = func(n int) error {
			if n == stop {
				cancel()
			}
			return nil
		}
		res, err := Run(ctx, f, Plan{Prompts: []int{100}, Depths: []int{0}, Tokens: 8, Repeat: 9}, options(f))
		if !errors.Is(err, context.Canceled) || res.Complete || len(f.seqs) != 0 {
			t.Errorf("after %d steps: %v, %+v", stop, err, res)
		}
		for _, r := range res.Rows {
			if len(r.Repetitions) == 0 || len(r.Rate.Samples) != len(r.Repetitions) {
				t.Errorf("after %d steps: %+v", stop, r)
			}
		}
		if stop == 40 && len(res.Rows) != 2 {
			t.Errorf("%d rows after %d steps", len(res.Rows), stop)
		}
	}
}

func TestPlan(t *testing.T) {
	for want, p := range map[string]Plan{
		"nothing to measure":    {Tokens: 1, Repeat: 1},
		"a prompt of 0":         {Prompts: []int{0}, Tokens: 1, Repeat: 1},
		"a depth of -1":         {Depths: []int{-1}, Tokens: 1, Repeat: 1},
		"0 tokens to decode":    {Depths: []int{0}, Repeat: 1},
		"0 repetitions":         {Depths: []int{0}, Tokens: 1},
		"5 is listed twice":     {Depths: []int{5, 0, 5}, Tokens: 1, Repeat: 1},
		"17 prompts":            {Prompts: make([]int, 17), Tokens: 1, Repeat: 1},
		"needs 131073":          {Prompts: []int{131073}, Tokens: 1, Repeat: 1},
		"needs 131074":          {Depths: []int{131070}, Tokens: 2, Repeat: 2},
		"needs at least one to": {},
	} {
		f := newFake()
		opt := options(f)
		if want == "needs at least one to" {
			p, opt.Chunk = QuickPlan(), 0
		}
		_, err := Run(t.Context(), f, p, opt)
		if pe := (*PlanError)(nil); !errors.As(err, &pe) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", p, err)
		}
	}
	p := DefaultPlan()
	if left := p.Fit(2048); strings.Join(left, " ") != "tg64@4096" || p.Positions() != 2048 || len(DefaultPlan().Depths) != 2 {
		t.Errorf("%v, %+v", left, p)
	}
	if left := p.Fit(100); strings.Join(left, " ") != "pp128 pp512 pp2048" || p.Check() != nil {
		t.Errorf("%v, %+v", left, p)
	}
}

// TestJSON holds the shape of a result: programs read it.
func TestJSON(t *testing.T) {
	f := newFake()
	res, err := Run(t.Context(), f, Plan{Prompts: []int{16}, Depths: []int{0}, Tokens: 2, Repeat: 2, Seed: 7}, options(f))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "result.golden", string(got)+"\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\nis not what %s holds; run with -update if that is meant", got, file)
	}
}

func TestProbe(t *testing.T) {
	s := &steady{}
	l, err := Probe(t.Context(), s, 3)
	if err != nil || l.Read.Median != 2e12 || len(l.Peaks) != 2 || l.Peaks[0].Rate.Median != 2e12 || s.peaks != 3 {
		t.Errorf("%+v, %v", l, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err := Probe(ctx, s, 3); !errors.Is(err, context.Canceled) || len(l.Read.Samples) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestModelName(t *testing.T) {
	if got := modelName("processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC 7B13\nflags\t: a\n\nprocessor\t: 1\nmodel name\t: x\n"); strings.TrimSpace(got) != "AMD EPYC 7B13" {
		t.Errorf("%q", got)
	}
	if got := modelName("processor : 0\nBogoMIPS : 50"); got != "" {
		t.Errorf("%q", got)
	}
}

func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	for name, n := range map[string]int{"a": 9<<20 + 5, "b": 3, "c": 0} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Unix(0, 0)
	clock := func() time.Time { now = now.Add(time.Second); return now }
	d, err := ReadFiles(t.Context(), os.DirFS(dir), []string{"a", "b", "c"}, clock, nil)
	if want := int64(9<<20 + 8); err != nil || d.Bytes != want || d.Seconds != 1 || d.Rate != float64(want) {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := ReadFiles(t.Context(), os.DirFS(dir), []string{"nowhere"}, clock, nil); err == nil {
		t.Error("a file that is not there was read")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadFiles(ctx, os.DirFS(dir), []string{"a"}, clock, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if d, err := ReadFiles(t.Context(), fstest.MapFS{"m": {Data: []byte("x")}}, []string{"m"}, clock, nil); err != nil || d.Direct || d.Bytes != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}
