package plan

import "ossian/internal/backend/cpu"

// Setting is one way to run a model.
type Setting struct {
	Hold    Hold   `json:"weights"`
	KV      string `json:"kv"`      // the type of keys and values
	Context int    `json:"context"` // positions of each sequence
	Users   int    `json:"users"`   // sequences at the same time
}

// kvType is the only type of keys and values that there is.
const kvType = "f32"

// Need is the memory of a setting, with its contexts full.
type Need struct {
	Weights   int64 `json:"weights_bytes"`
	KV        int64 `json:"kv_bytes"`
	Workspace int64 `json:"workspace_bytes"`
	Program   int64 `json:"program_bytes"` // code, tokenizer, logits, samplers
	Mapped    int64 `json:"mapped_bytes"`  // file pages, which the system takes back when it must
	Loading   int64 `json:"loading_bytes"` // while weights are read; gone before keys and values come
	Reserve   int64 `json:"reserve_bytes"` // kept free, for what the sum may be wrong by
}

// Peak is the most that the process takes of its own.
func (n Need) Peak() int64 {
	return n.Weights + n.Program + max(n.Workspace+n.KV, n.Loading)
}

// Total is what must be free: the peak and the reserve.
func (n Need) Total() int64 { return n.Peak() + n.Reserve }

// Heap is what the Go runtime may hold, weights left out. Without such a bound garbage may come to as
// much as all that lives, keys and values included, before it is collected.
func (n Need) Heap() int64 {
	return max(n.Workspace+n.KV, n.Loading) + n.Program + max(n.Reserve, leastSlack)
}

// The program's own share.
const (
	programBytes = 26 << 20  // code pages, runtime, tokenizer, stacks
	stepRows     = 16        // rows of logits of one step: a token and as many guesses as there may be
	userBytes    = 32        // a vocabulary entry of one sampler and its row
	reservePart  = 32        // 3 % of the need: what the sum is right to
	leastSlack   = 256 << 20 // for what a server holds of its requests
)

// Need is what m takes in a setting.
func (m *Model) Need(s Setting, threads int) Need {
	w, c := m.Weights[s.Hold], &m.Config
	n := Need{
		Weights: w.Memory, Mapped: w.Mapped, Loading: w.Loading,
		KV:        int64(s.Users) * cpu.KVBytes(c, 0, s.Context),
		Workspace: cpu.WorkspaceBytes(c, 0, threads, w.Packed, w.Gather),
		Program:   programBytes + int64(c.Vocab)*(4*stepRows+int64(s.Users)*userBytes),
	}
	n.Reserve = n.Peak() / reservePart
	return n
}
