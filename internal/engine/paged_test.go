package engine

import (
	"errors"
	"fmt"
	"slices"

	"ossian/internal/model"
)

// pagedMock is a mock whose memory is counted in positions, 64 to a block. A windowed part costs as much as a full
// one. Blocks hold their histories, so that a wrong one gives wrong rows.
type pagedMock struct {
	*mock
	bound  int64
	blocks map[model.Block]*mockBlock
	last   model.Block
	held   map[model.Seq]int // whole blocks that a sequence shares
	most   int64             // that was ever taken
}

type mockBlock struct {
	part    model.Part
	history []uint32 // all tokens up to the block's end
}

func newPaged(vocab, limit, window int) *pagedMock {
	m := &pagedMock{mock: newMock(vocab, limit), bound: 1 << 40, blocks: map[model.Block]*mockBlock{}, held: map[model.Seq]int{}}
	m.cfg.Layer = []model.LayerConfig{{Window: window}, {}}
	return m
}

func (m *pagedMock) Bytes(n int) int64             { return int64((n + 63) / 64 * 64) }
func (m *pagedMock) BlockBytes(p model.Part) int64 { return 64 }
func (m *pagedMock) Bound(n int64)                 { m.bound = n }

// taken counts a sequence's room and every block, as if nothing were shared but what a sequence began with.
func (m *pagedMock) taken() (n int64) {
	for s, c := range m.caps {
		n += m.Bytes(c) - 64*int64(m.held[s])
	}
	return n + 64*int64(len(m.blocks))
}

func (m *pagedMock) Free() int64 { return m.bound - m.taken() }

func (m *pagedMock) fits(more int64) error {
	if m.taken()+more > m.bound {
		return fmt.Errorf("%d of %d: %w", m.taken()+more, m.bound, model.ErrNoRoom)
	}
	m.most = max(m.most, m.taken()+more)
	return nil
}

func (m *pagedMock) NewSeq(capacity int) (model.Seq, error) { return m.Resume(capacity, 0, nil, nil) }

func (m *pagedMock) Grow(s model.Seq, capacity int) error {
	if capacity < len(m.seqs[s]) {
		return errors.New("grown to less than is there")
	}
	if err := m.fits(m.Bytes(capacity) - m.Bytes(m.caps[s])); err != nil {
		return err
	}
	m.caps[s] = capacity
	m.seqs[s] = slices.Grow(m.seqs[s], capacity-len(m.seqs[s]))
	return nil
}

func (m *pagedMock) Keep(s model.Seq, i int, p model.Part) (model.Block, error) {
	h := m.seqs[s]
	if i*64 >= len(h) || p == model.Windowed && len(h)-i*64 > m.cfg.Widest()+256 {
		return 0, errors.New("forgotten")
	}
	if err := m.fits(64); err != nil {
		return 0, err
	}
	if p == model.Full && (i+1)*64 <= len(h) { // now shared
		m.held[s]++
	}
	m.last++
	m.blocks[m.last] = &mockBlock{p, slices.Clone(h[:min(len(h), (i+1)*64)])}
	return m.last, nil
}

func (m *pagedMock) Share(s model.Seq, i int, b model.Block) error {
	if k := m.blocks[b]; k == nil || k.part != model.Full || !slices.Equal(k.history, m.seqs[s][:(i+1)*64]) {
		return errors.New("shares what is not the same")
	}
	m.held[s]++
	return nil
}

func (m *pagedMock) Resume(capacity, n int, full, windowed []model.Block) (model.Seq, error) {
	if err := m.fits(m.Bytes(capacity) - 64*int64(n/64)); err != nil {
		return 0, err
	}
	seen := 0
	if n > 0 {
		seen = (n+63)/64 - max(0, n-m.cfg.Widest()+1)/64
	}
	if len(full) != (n+63)/64 || len(windowed) < seen && m.cfg.Widest() > 0 {
		return 0, fmt.Errorf("%d positions in %d and %d blocks", n, len(full), len(windowed))
	}
	var history []uint32
	for p, list := range [][]model.Block{full, windowed} {
		for i, b := range list {
			k := m.blocks[b]
			if k == nil || k.part != model.Part(p) {
				return 0, errors.New("no such block")
			}
			end := min(n, (len(full)-len(list)+i+1)*64)
			if len(k.history) < end {
				return 0, errors.New("a block is too short")
			}
			if p == 0 {
				history = append(history, k.history[len(history):end]...)
			}
			if !slices.Equal(history[:end], k.history[:end]) {
				return 0, errors.New("blocks of two histories")
			}
		}
	}
	s, _ := m.mock.NewSeq(capacity)
	m.seqs[s] = append(m.seqs[s], history...)
	m.held[s] = n / 64
	return s, nil
}

func (m *pagedMock) FreeSeq(s model.Seq) {
	m.mock.FreeSeq(s)
	delete(m.held, s)
}

func (m *pagedMock) Release(b model.Block)                        { delete(m.blocks, b) }
func (m *pagedMock) Save(model.Block, []byte) error               { return errors.New("not here") }
func (m *pagedMock) Load(model.Part, []byte) (model.Block, error) { return 0, errors.New("not here") }
