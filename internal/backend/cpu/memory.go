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

// WorkspaceBytes is the memory New takes beside the weights.
func WorkspaceBytes(cfg *model.Config, chunk, threads int) int64 {
	if chunk <= 0 {
		chunk = DefaultChunk
	}
	floats := 0
	for _, n := range sizes(cfg, chunk) {
		floats += n
	}
	floats += threads * kernel.ScratchFloats(widest(cfg))
	return int64(floats) * 4
}

// workspace is what a pass writes to. Everything is one row a token or one row a
// slot; a slot is a token's visit to an expert.
type workspace struct {
	x, norm, q, k, v, attn, tmp []float32 // [chunk][...]
	cos, sin                    []float32 // [chunk][HeadDim/2]
	logits                      []float32 // [chunk][Experts]
	weight                      []float32 // [chunk][ActiveExperts]
	gather, gateUp, act, down   []float32 // [chunk*ActiveExperts][...]
	expert, slot                []int32   // [chunk*ActiveExperts]
	first                       []int32   // [Experts+1]: slots of an expert
	scratch                     [][]float32
}

// The order of sizes.
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
	sCount
)

func sizes(cfg *model.Config, chunk int) [sCount]int {
	q, kv, slots := cfg.Heads*cfg.HeadDim, cfg.KVHeads*cfg.HeadDim, chunk*cfg.ActiveExperts
	return [sCount]int{
		sX: chunk * cfg.Hidden, sNorm: chunk * cfg.Hidden, sQ: chunk * q, sK: chunk * kv, sV: chunk * kv,
		sAttn: chunk * q, sTmp: chunk * cfg.Hidden, sCos: chunk * cfg.HeadDim / 2, sSin: chunk * cfg.HeadDim / 2,
		sLogits: chunk * cfg.Experts, sWeight: slots, sGather: slots * cfg.Hidden, sGateUp: slots * 2 * cfg.Intermediate,
		sAct: slots * cfg.Intermediate, sDown: slots * cfg.Hidden, sExpert: slots, sSlot: slots,
	}
}

func widest(cfg *model.Config) int {
	return max(cfg.Hidden, cfg.Intermediate, cfg.Heads*cfg.HeadDim)
}

func (b *Backend) allocate() {
	n := sizes(b.cfg, b.opt.Chunk)
	f := func(i int) []float32 { return make([]float32, n[i]) }
	b.work = workspace{
		x: f(sX), norm: f(sNorm), q: f(sQ), k: f(sK), v: f(sV), attn: f(sAttn), tmp: f(sTmp), cos: f(sCos), sin: f(sSin),
		logits: f(sLogits), weight: f(sWeight), gather: f(sGather), gateUp: f(sGateUp), act: f(sAct), down: f(sDown),
		expert: make([]int32, n[sExpert]), slot: make([]int32, n[sSlot]), first: make([]int32, b.cfg.Experts+1),
	}
	for range b.team.Size() {
		b.work.scratch = append(b.work.scratch, make([]float32, kernel.ScratchFloats(widest(b.cfg))))
	}
	b.jobs.init(b)
	b.pass.init(b)
}
