package engine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"ossian/internal/model"
)

// mock is a model without weights: a row of logits is a function of the history.
type mock struct {
	cfg    model.Config
	row    func(row []float32, history []uint32) // hashed, unless a test says otherwise
	seqs   map[model.Seq][]uint32                // histories
	caps   map[model.Seq]int
	next   model.Seq
	steps  []int // tokens of each step
	calls  int   // of Step
	tokens int   // of the step under way
	before func(ctx context.Context, step int) error
	spoil  int // the step from which on logits are NaN, from 1
	trims  int

	spoilAt int // the length of history whose row is NaN; 0: none
}

func newMock(vocab, limit int) *mock {
	return &mock{
		cfg: model.Config{Vocab: vocab, MaxContext: limit}, row: hashed,
		seqs: map[model.Seq][]uint32{}, caps: map[model.Seq]int{}, steps: make([]int, 0, 4096),
	}
}

// hashed is a row that shares nothing with that of any other history.
func hashed(row []float32, history []uint32) {
	h := uint64(14695981039346656037)
	for _, id := range history {
		h = (h ^ uint64(id)) * 1099511628211
	}
	for i := range row {
		h ^= h >> 29
		h *= 0xbf58476d1ce4e5b9
		row[i] = float32(h>>40)/(1<<22) - 2
	}
}

// echo is a row that favours, by strength, what followed the last time the latest three tokens stood
// in the history, and is hashed beside. One row in breaks does not favour it.
func echo(strength float32, breaks int) func(row []float32, history []uint32) {
	return func(row []float32, history []uint32) {
		hashed(row, history)
		if breaks > 0 && rand.New(rand.NewPCG(uint64(len(history)), 2)).IntN(breaks) == 0 {
			return
		}
		last := history[max(0, len(history)-3):]
		for at := len(history) - 4; at >= 0; at-- {
			if slices.Equal(history[at:at+len(last)], last) {
				row[history[at+len(last)]] += strength
				return
			}
		}
	}
}

func (m *mock) Config() *model.Config { return &m.cfg }
func (m *mock) Close() error          { return nil }
func (m *mock) Len(s model.Seq) int   { return len(m.seqs[s]) }
func (m *mock) FreeSeq(s model.Seq)   { delete(m.caps, s); delete(m.seqs, s) }

func (m *mock) NewSeq(capacity int) (model.Seq, error) {
	m.next++
	m.caps[m.next], m.seqs[m.next] = capacity, make([]uint32, 0, capacity)
	return m.next, nil
}

func (m *mock) Trim(s model.Seq, n int) error {
	m.trims++
	if h := m.seqs[s]; n < 0 || n > len(h) || len(h)-n > model.Rewind {
		return fmt.Errorf("trim of %d tokens to %d", len(h), n)
	}
	m.seqs[s] = m.seqs[s][:n]
	return nil
}

func (m *mock) Step(ctx context.Context, batch []model.Item) error {
	m.calls++
	m.tokens = len(batch[0].Tokens)
	if len(m.steps) < cap(m.steps) {
		m.steps = append(m.steps, m.tokens)
	}
	if m.before != nil {
		if err := m.before(ctx, m.calls); err != nil {
			return err
		}
	}
	for _, it := range batch {
		h := append(m.seqs[it.Seq], it.Tokens...)
		m.seqs[it.Seq] = h
		if len(h) > m.caps[it.Seq] {
			return fmt.Errorf("sequence of %d tokens in room for %d", len(h), m.caps[it.Seq])
		}
		rows := len(it.Logits) / m.cfg.Vocab
		for i := range rows {
			row := it.Logits[i*m.cfg.Vocab : (i+1)*m.cfg.Vocab]
			m.row(row, h[:len(h)-rows+i+1])
			if m.spoil > 0 && m.calls >= m.spoil || m.spoilAt > 0 && m.spoilAt == len(h)-rows+i+1 {
				row[0] = float32(math.NaN())
			}
		}
	}
	return nil
}
