package sample

import (
	"fmt"
	"math"
)

// negligible is how far below the best a scaled logit may lie and still be
// counted: e^-80 is 1e-35, far beneath the 53 bits of a draw.
const negligible = -80

// Sampler chooses the tokens of one sequence.
type Sampler struct {
	params Params
	vocab  int
	drawn  int // tokens chosen so far: the position of the next draw

	work   []float32   // the row after penalties, bias and masks; nil when none apply
	cand   []candidate // room for every id; nil when greedy or free to take any
	blocks []float64   // sums of weights; nil when greedy
	top    []TokenProb
	inAll  []bool   // ids in prompt or output; nil without a repetition penalty
	count  []uint32 // occurrences in the output
	seen   []uint32 // distinct ids of either
	mark   []bool   // membership of seen
	ids    []uint32 // biased ids
}

// New prepares a sampler for rows of vocab logits.
func New(p Params, vocab int) (*Sampler, error) {
	if err := p.Check(vocab); err != nil {
		return nil, err
	}
	if p.RepeatPenalty == 0 {
		p.RepeatPenalty = 1
	}
	if p.TopP == 0 {
		p.TopP = 1
	}
	s := &Sampler{params: p, vocab: vocab}
	if p.Temperature > 0 {
		s.blocks = make([]float64, (vocab+blockIDs-1)/blockIDs)
	}
	if p.TopK > 0 || p.TopP < 1 || p.MinP > 0 {
		s.cand = make([]candidate, 0, vocab)
	}
	if p.Logprobs > 0 {
		s.top = make([]TokenProb, 0, min(p.Logprobs, vocab))
	}
	if s.penalised() {
		s.inAll, s.mark = make([]bool, vocab), make([]bool, vocab)
		s.count, s.seen = make([]uint32, vocab), make([]uint32, 0, vocab)
	}
	for id := range p.Bias {
		s.ids = append(s.ids, id)
	}
	return s, nil
}

func (s *Sampler) penalised() bool {
	return s.params.RepeatPenalty != 1 || s.params.Frequency != 0 || s.params.Presence != 0
}

// Prompt tells the sampler what came before its first token: only the repetition
// penalty looks at it. Ids outside the vocabulary are passed over.
func (s *Sampler) Prompt(ids []uint32) {
	if s.params.RepeatPenalty == 1 {
		return
	}
	for _, id := range ids {
		if int(id) < s.vocab {
			s.inAll[id] = true
			s.note(id)
		}
	}
}

func (s *Sampler) note(id uint32) {
	if !s.mark[id] {
		s.mark[id] = true
		s.seen = append(s.seen, id)
	}
}

// Sample chooses the next token among those that every mask allows and counts it
// as part of the output. Logits are not changed. A row with NaN or +Inf, of the
// wrong length, or with nothing allowed gives an *Error.
func (s *Sampler) Sample(logits []float32, masks ...Mask) (Token, error) {
	if len(logits) != s.vocab {
		return Token{}, s.fail("%d logits for a vocabulary of %d", len(logits), s.vocab)
	}
	for i, x := range logits {
		if !(x <= math.MaxFloat32) { // NaN or +Inf
			return Token{}, s.fail("the logit of id %d is %v: the weights are damaged or the computation overflowed", i, x)
		}
	}
	row := s.adjust(logits, masks)
	best, ok := argmax(row)
	if !ok {
		return Token{}, s.fail("no id is allowed here")
	}
	t := Token{ID: best}
	if s.params.Temperature > 0 {
		t.ID = s.draw(row, row[best])
	}
	if s.params.Logprobs > 0 {
		s.report(&t, logits)
	}
	if s.count != nil {
		s.count[t.ID]++
		s.inAll[t.ID] = true
		s.note(t.ID)
	}
	s.drawn++
	return t, nil
}

func (s *Sampler) fail(format string, args ...any) error {
	return &Error{Position: s.drawn, Reason: fmt.Sprintf(format, args...)}
}

// adjust gives the row after penalties, bias and masks; the given one when none applies.
func (s *Sampler) adjust(logits []float32, masks []Mask) []float32 {
	masked := false
	for _, m := range masks {
		masked = masked || m != nil
	}
	if !masked && len(s.seen) == 0 && len(s.ids) == 0 {
		return logits
	}
	if s.work == nil {
		s.work = make([]float32, s.vocab)
	}
	row := s.work
	copy(row, logits)
	p := &s.params
	for _, id := range s.seen {
		x := float64(row[id])
		if s.inAll[id] {
			if x > 0 {
				x /= p.RepeatPenalty
			} else {
				x *= p.RepeatPenalty
			}
		}
		if n := s.count[id]; n > 0 {
			x -= float64(n)*p.Frequency + p.Presence
		}
		row[id] = clamp(x)
	}
	for _, id := range s.ids {
		row[id] = clamp(float64(row[id]) + float64(p.Bias[id]))
	}
	for _, m := range masks {
		m.apply(row)
	}
	return row
}

// clamp keeps a changed logit an ordinary number; -Inf stays, it means forbidden.
func clamp(x float64) float32 {
	if x != x { // -Inf times 0
		return float32(math.Inf(-1))
	}
	return float32(min(x, math.MaxFloat32))
}

// apply writes -Inf where the mask has no bit.
func (m Mask) apply(row []float32) {
	if m == nil {
		return
	}
	forbidden := float32(math.Inf(-1))
	for i := 0; i < len(row); i += 64 {
		word := uint64(0)
		if i/64 < len(m) {
			word = m[i/64]
		}
		if word == ^uint64(0) {
			continue
		}
		for j := i; j < min(i+64, len(row)); j++ {
			if word>>(j-i)&1 == 0 {
				row[j] = forbidden
			}
		}
	}
}

// argmax is the lowest id with the largest logit; false when all are -Inf.
func argmax(row []float32) (uint32, bool) {
	best, at := float32(math.Inf(-1)), -1
	for i, x := range row {
		if x > best {
			best, at = x, i
		}
	}
	return uint32(max(at, 0)), at >= 0
}
