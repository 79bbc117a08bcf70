package plan

import (
	"math"

	"ossian/internal/backend/cpu"
)

// Rate is how fast a setting is predicted to be, in tokens a second; zeros are not known.
type Rate struct {
	First  float64 `json:"first_tokens_per_s"`  // writing, at the beginning of a context
	Last   float64 `json:"last_tokens_per_s"`   // writing, at its end
	All    float64 `json:"all_tokens_per_s"`    // of all users together, at the beginning
	Prompt float64 `json:"prompt_tokens_per_s"` // reading a prompt of hundreds of tokens
}

// What the kernels reach of what the machine can do (bench/20b.md).
const (
	packedRead    = 0.86 // of the memory's rate, writing
	rowsRead      = 0.70
	packedCompute = 0.80 // of the peak of 8-bit integers, reading a prompt
	rowsCompute   = 0.60 // of the peak of float32
)

// rate predicts. Writing is bound by the bytes that a step reads, or by its operations where
// many write at once; what does not stay in memory comes from the disk.
func (m *Model) rate(mc *Machine, s Setting, n Need) (r Rate) {
	read, peak := mc.Read*packedRead, mc.Int8*packedCompute
	if s.Hold == Rows || s.Hold == Map {
		read, peak = mc.Read*rowsRead, mc.F32*rowsCompute
	}
	if peak > 0 {
		r.Prompt = peak / m.operations()
	}
	if read <= 0 {
		return r
	}
	step := func(depth int) float64 {
		weights := m.stepBytes(s)
		seconds := (weights + float64(s.Users)*float64(cpu.KVRead(&m.Config, depth))) / read
		if peak > 0 {
			seconds = max(seconds, float64(s.Users)*m.operations()/peak)
		}
		if out := absent(mc, n); out > 0 {
			if mc.DiskRead <= 0 {
				return math.Inf(1)
			}
			seconds += weights * out / mc.DiskRead
		}
		return seconds
	}
	r.First, r.Last = 1/step(0), 1/step(s.Context)
	r.All = float64(s.Users) * r.First
	return r
}

// absent is the part of mapped weights that memory has no room for.
func absent(mc *Machine, n Need) float64 {
	if n.Mapped == 0 || mc.Available <= 0 {
		return 0
	}
	room := max(mc.Available-n.Total(), 0)
	return 1 - min(float64(room)/float64(n.Mapped), 1)
}

// stepBytes is what a step that writes one token for each user reads of the weights: several
// visit more experts than one, though fewer than so many times.
func (m *Model) stepBytes(s Setting) float64 {
	token := float64(m.Weights[s.Hold].Token)
	if s.Users <= 1 {
		return token
	}
	c := &m.Config
	q := m.Config.Sizes()
	for i, l := range c.Layer {
		one := float64(q.Layers[i].Expert)
		all, active := float64(l.Experts), float64(min(c.ActiveExperts, l.Experts))
		token += one * (all*(1-math.Pow(1-active/all, float64(s.Users))) - active)
	}
	return token
}

// operations are those of a prompt's token: a multiplication and an addition for each
// parameter it meets, but for the unembedding, which only the last one meets.
func (m *Model) operations() float64 {
	_, active := m.Config.Parameters()
	return 2 * float64(active-int64(m.Config.Vocab)*int64(m.Config.Hidden))
}
