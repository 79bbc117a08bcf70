package cpu

import (
	"ossian/internal/kernel"
	"ossian/internal/model"
)

// KVBytes is the memory that the keys and values of one sequence of capacity positions
// can come to, with passes of chunk tokens (0: DefaultChunk).
func KVBytes(cfg *model.Config, chunk, capacity int) int64 {
	if chunk <= 0 {
		chunk = DefaultChunk
	}
	page := int64(kernel.PageFloats(cfg.KVHeads, cfg.HeadDim)) * 4 * 2
	total := int64(0)
	for n := range cfg.Layer {
		total += int64(pages(cfg, n, capacity, chunk)) * page
	}
	return total
}

// KVRead is what a token that is decoded at a depth reads of its sequence.
func KVRead(cfg *model.Config, depth int) (n int64) {
	for _, l := range cfg.Layer {
		kept := depth
		if l.Window > 0 {
			kept = min(kept, l.Window)
		}
		n += int64(kept) * int64(2*cfg.KVHeads*cfg.HeadDim) * 4
	}
	return n
}

// WorkspaceBytes is the memory New takes beside the weights; packed says that a Layout
// packed some of them, gather that experts are among those it did not.
func WorkspaceBytes(cfg *model.Config, chunk, threads int, packed, gather bool) int64 {
	if chunk <= 0 {
		chunk = DefaultChunk
	}
	total := int64(0)
	for _, n := range sizes(cfg, chunk, packed, gather) {
		total += int64(n) * 4
	}
	return total + int64(threads)*scratchBytes(cfg, packed)
}

func scratchBytes(cfg *model.Config, packed bool) int64 {
	n := 4 * kernel.ScratchFloats(widest(cfg))
	if packed {
		n += kernel.PanelBytes(widest(cfg))
	}
	return int64(n)
}

// workspace is what a pass writes to. Everything is one row a token or one row a
// slot; a slot is a token's visit to an expert.
type workspace struct {
	x, q, k, v, tmp []float32 // [chunk][...]
	norm, attn      vectors   // [chunk][...]
	cos, sin        []float32 // [chunk][HeadDim/2]
	logits          []float32 // [chunk][Experts]
	weight          []float32 // [chunk][ActiveExperts]
	gateUp, down    []float32 // [chunk*ActiveExperts][...]
	gather, act     vectors   // [chunk*ActiveExperts][...]
	expert, slot    []int32   // [chunk*ActiveExperts]: by token, then in the router's order
	token           []int32   // [chunk*ActiveExperts]: of a slot
	first           []int32   // [Experts+1]: slots of an expert
	scratch         [][]float32
	panel           [][]byte
}

// The order of sizes, in units of 4 bytes.
const (
	sX = iota
	sNorm
	sQ
	sK
	sV
	sAttn
	sTmp
	sCos
	sSin
	sLogits
	sWeight
	sGather
	sGateUp
	sAct
	sDown
	sExpert
	sSlot
	sToken
	sNormActs
	sAttnActs
	sActActs
	sCount
)

// sizes are for weights some of which are packed, and for experts that need their inputs gathered.
func sizes(cfg *model.Config, chunk int, packed, gather bool) [sCount]int {
	q, kv, slots := cfg.Heads*cfg.HeadDim, cfg.KVHeads*cfg.HeadDim, chunk*cfg.ActiveExperts
	n := [sCount]int{
		sX: chunk * cfg.Hidden, sNorm: chunk * cfg.Hidden, sQ: chunk * q, sK: chunk * kv, sV: chunk * kv,
		sAttn: chunk * q, sTmp: chunk * cfg.Hidden, sCos: chunk * cfg.HeadDim / 2, sSin: chunk * cfg.HeadDim / 2,
		sLogits: chunk * cfg.Experts, sWeight: slots, sGateUp: slots * 2 * cfg.Intermediate,
		sAct: slots * cfg.Intermediate, sDown: slots * cfg.Hidden, sExpert: slots, sSlot: slots, sToken: slots,
	}
	if packed { // whatever the form: none is larger than float32
		most := func(rows, cols int) int { return kernel.ActF32.Bytes(rows, cols) / 4 }
		n[sNormActs], n[sAttnActs], n[sActActs] = most(chunk, cfg.Hidden), most(chunk, q), most(slots, cfg.Intermediate)
	}
	if gather {
		n[sGather] = slots * cfg.Hidden
	}
	return n
}

func widest(cfg *model.Config) int {
	return max(cfg.Hidden, cfg.Intermediate, cfg.Heads*cfg.HeadDim)
}

func (b *Backend) allocate() {
	c := b.cfg
	packed, gather := b.orders()
	n := sizes(c, b.opt.Chunk, packed, gather)
	f := func(i int) []float32 { return make([]float32, n[i]) }
	ids := func(i int) []int32 { return make([]int32, n[i]) }
	v := func(i, cols, acts int) vectors {
		return vectors{x: f(i), cols: cols, data: make([]byte, 4*n[acts])}
	}
	b.work = workspace{
		x: f(sX), q: f(sQ), k: f(sK), v: f(sV), tmp: f(sTmp), cos: f(sCos), sin: f(sSin),
		norm: v(sNorm, c.Hidden, sNormActs), attn: v(sAttn, c.Heads*c.HeadDim, sAttnActs), act: v(sAct, c.Intermediate, sActActs),
		gather: vectors{x: f(sGather), cols: c.Hidden},
		logits: f(sLogits), weight: f(sWeight), gateUp: f(sGateUp), down: f(sDown),
		expert: ids(sExpert), slot: ids(sSlot), token: ids(sToken), first: make([]int32, c.Experts+1),
	}
	for range b.team.Size() {
		b.work.scratch = append(b.work.scratch, make([]float32, kernel.ScratchFloats(widest(c))))
		if packed {
			b.work.panel = append(b.work.panel, make([]byte, kernel.PanelBytes(widest(c))))
		}
	}
	b.jobs.init(b)
	b.pass.init(b)
}
