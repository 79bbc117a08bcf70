// Package cpu runs gpt-oss on the processor: it implements model.Backend with the
// loops of internal/kernel over a team of threads. It is the backend that every
// machine has, and the one the others are measured against.
//
// A step is cut into passes of at most Options.Chunk tokens, of any mixture of
// sequences. Within a pass the tokens are grouped by expert, and only the rows
// asked for meet the unembedding.
//
// Weights come in two orders. Packed by a Layout while they are loaded they meet integer
// activations and are read as fast as the memory gives them. In the checkpoint's own rows they meet float32
// activations: the exact way, and the one for weights that stay in the files.
//
// Memory: weights are views into model.Weights, never copied. Keys and values are
// float32 pages on the Go heap (without pointers, so the collector does not read
// them), taken as a sequence grows and kept for reuse when it ends; window layers
// use a ring. A page counts its holders, so that sequences and kept blocks can share
// it; what may be taken at all is promised before it is needed. The workspace is
// allocated once. A decode step allocates nothing unless a sequence enters a new page.
//
// Concurrency: one goroutine at a time. Close the Backend before its Weights.
package cpu

import (
	"errors"
	"fmt"

	platform "ossian/internal/cpu"
	"ossian/internal/kernel"
	"ossian/internal/model"
	"ossian/internal/par"
)

// DefaultChunk is how many tokens a pass holds if Options says nothing: enough that a decoded
// panel of expert weights serves many tokens (64 on average in gpt-oss-20b), few enough that the
// workspace stays below 200 MB.
const DefaultChunk = 512

// Options choose how, never what, is computed.
type Options struct {
	Threads int           // 0: one for each usable core
	Chunk   int           // most tokens in a pass; 0: DefaultChunk
	Tier    platform.Tier // "": the best this processor has
	// Activations are how vectors are written for products; "": Mixed for weights that a
	// Layout packed, F32 for others.
	Activations Activations
	MaxBytes    int64 // most bytes of keys and values over all sequences; 0: what the machine has available
}

// Backend implements model.Backend.
type Backend struct {
	w      *model.Weights
	cfg    *model.Config
	opt    Options
	ops    *kernel.Ops
	team   *par.Team
	layers []layer
	embed  kernel.Matrix
	unembd linear

	invFreq       []float64
	concentration float64

	seqs      map[model.Seq]*sequence
	nextSeq   model.Seq
	blocks    map[model.Block]*block
	nextBlock model.Block
	taken     int     // pages that somebody holds
	pool      []*page // free ones
	bound     int64   // most bytes of keys and values; 0: as Options say
	before    []int   // lengths of a batch's sequences

	work workspace
	jobs jobList
	pass pass

	afterLayer func(layer int, x []float32) // tests look at the residual stream here
}

// layer is model.Layer with matrices the kernels understand.
type layer struct {
	*model.Layer
	window       int
	q, k, v, o   linear
	router       linear
	gateUp, down []linear
}

// New prepares w to run. w must stay open until Close.
func New(w *model.Weights, opt Options) (*Backend, error) {
	if opt.Chunk < 0 || opt.Chunk > maxChunk {
		return nil, fmt.Errorf("cpu backend: a pass of %d tokens is not between 1 and %d", opt.Chunk, maxChunk)
	}
	if opt.Chunk == 0 {
		opt.Chunk = DefaultChunk
	}
	if opt.Tier == "" {
		opt.Tier = platform.Detect().Best()
	}
	b := &Backend{w: w, cfg: &w.Config, opt: opt, ops: kernel.Select(opt.Tier), seqs: map[model.Seq]*sequence{}, blocks: map[model.Block]*block{}}
	if err := b.bind(); err != nil {
		return nil, fmt.Errorf("cpu backend: %w", err)
	}
	if err := b.chooseActivations(); err != nil {
		return nil, err
	}
	b.invFreq, b.concentration = model.Rope(w.Config)
	b.team = par.NewTeam(opt.Threads)
	b.allocate()
	return b, nil
}

// maxChunk bounds the workspace.
const maxChunk = 1 << 16

// bind checks every matrix once, so that the kernels need not.
func (b *Backend) bind() error {
	var errs []error
	view := func(name string, m model.Matrix, rows, cols int) linear {
		v, err := newLinear(m, rows, cols)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		return v
	}
	c := b.cfg
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	embed := view("embedding", b.w.Embed, c.Vocab, c.Hidden)
	if embed.isPacked {
		return errors.New("the embedding is packed; it is read row by row")
	}
	b.embed = embed.rows
	b.unembd = view("unembedding", b.w.Unembed, c.Vocab, c.Hidden)
	if len(b.w.Layers) != c.Layers || len(c.Layer) != c.Layers {
		return fmt.Errorf("%d layers of weights and %d of configuration for a model of %d", len(b.w.Layers), len(c.Layer), c.Layers)
	}
	for i := range b.w.Layers {
		l := &b.w.Layers[i]
		name := func(s string) string { return fmt.Sprintf("layer %d %s", i, s) }
		n := layer{
			Layer: l, window: c.Layer[i].Window,
			q: view(name("q"), l.Q, q, c.Hidden), k: view(name("k"), l.K, kv, c.Hidden),
			v: view(name("v"), l.V, kv, c.Hidden), o: view(name("o"), l.O, c.Hidden, q),
			router: view(name("router"), l.Router, c.Layer[i].Experts, c.Hidden),
		}
		if len(l.GateUp) != c.Layer[i].Experts || len(l.Down) != c.Layer[i].Experts {
			return fmt.Errorf("layer %d has %d and %d expert matrices, the configuration says %d", i, len(l.GateUp), len(l.Down), c.Layer[i].Experts)
		}
		for e := range l.GateUp {
			n.gateUp = append(n.gateUp, view(name(fmt.Sprintf("expert %d gate_up", e)), l.GateUp[e], 2*c.Intermediate, c.Hidden))
			n.down = append(n.down, view(name(fmt.Sprintf("expert %d down", e)), l.Down[e], c.Hidden, c.Intermediate))
		}
		b.layers = append(b.layers, n)
	}
	return errors.Join(errs...)
}

// orders says whether a Layout packed some of the weights, and whether some experts have their rows all
// the same, as those of fine-tunes in bf16. Each tensor of a checkpoint may be the one or the other.
func (b *Backend) orders() (packed, gather bool) {
	packed = b.unembd.isPacked
	for i := range b.layers {
		l := &b.layers[i]
		in := l.gateUp[0].isPacked
		packed = packed || in || l.down[0].isPacked || l.q.isPacked || l.k.isPacked || l.v.isPacked || l.o.isPacked
		gather = gather || !in
	}
	return packed, gather
}

// chooseActivations holds what is asked for against the weights that are there.
func (b *Backend) chooseActivations() error {
	a := &b.opt.Activations
	packed, _ := b.orders()
	if *a == "" && packed {
		*a = Mixed
	} else if *a == "" || a.integer() && !packed { // there is nothing that integers meet
		*a = F32
	}
	switch {
	case !a.integer() && *a != F32 && *a != BF16:
		return fmt.Errorf("cpu backend: activations as %q; they can be %s, %s, %s, %s or %s", *a, Mixed, Int8, Int16, F32, BF16)
	case !a.integer() && packed:
		return fmt.Errorf("cpu backend: the weights are packed for integer activations; load them in rows for %s", *a)
	}
	return nil
}

// Config is the model that runs.
func (b *Backend) Config() *model.Config { return b.cfg }

// Kernels names the kernel set in use.
func (b *Backend) Kernels() string { return b.ops.Name }

// Activations says how vectors are written for products.
func (b *Backend) Activations() Activations { return b.opt.Activations }

// Threads is the size of the team.
func (b *Backend) Threads() int { return b.team.Size() }

// Close ends the threads and drops sequences and workspace. The weights stay open.
func (b *Backend) Close() error {
	if b.team != nil {
		b.team.Close()
	}
	*b = Backend{
		cfg: b.cfg, ops: b.ops, opt: b.opt, nextSeq: b.nextSeq, nextBlock: b.nextBlock,
		seqs: map[model.Seq]*sequence{}, blocks: map[model.Block]*block{},
	}
	return nil
}
