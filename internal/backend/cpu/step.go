package cpu

import (
	"context"

	"ossian/internal/model"
)

// Step appends each item's tokens and fills the logits asked for. After an error the
// sequences are as they were; Logits may have been written in part.
func (b *Backend) Step(ctx context.Context, batch []model.Item) error {
	if b.team == nil {
		return &ClosedError{}
	}
	if err := b.check(batch); err != nil {
		return err
	}
	b.before = b.before[:0]
	var undo []func()
	for i := range batch {
		s := b.seqs[batch[i].Seq]
		b.before = append(b.before, s.len)
		if len(batch[i].Tokens) > b.opt.Chunk {
			undo = append(undo, s.snapshot(b.cfg))
		}
	}
	if err := b.passes(ctx, batch); err != nil {
		for i := range batch {
			b.seqs[batch[i].Seq].len = b.before[i]
		}
		for _, f := range undo {
			f()
		}
		return err
	}
	return nil
}

// passes cuts a batch into passes of at most Chunk tokens.
func (b *Backend) passes(ctx context.Context, batch []model.Item) error {
	b.pass.reset(ctx)
	for i := range batch {
		it := &batch[i]
		for from := 0; from < len(it.Tokens); {
			to := min(len(it.Tokens), from+b.opt.Chunk-len(b.pass.rows))
			b.pass.add(b, b.seqs[it.Seq], it, from, to)
			from = to
			if len(b.pass.rows) == b.opt.Chunk {
				if err := b.forward(); err != nil {
					return err
				}
				b.pass.reset(ctx)
			}
		}
	}
	if len(b.pass.rows) == 0 {
		return nil
	}
	return b.forward()
}

// check refuses a batch that breaks the contract, before anything is changed.
func (b *Backend) check(batch []model.Item) (err error) {
	done := 0
	defer func() {
		for _, it := range batch[:done] {
			b.seqs[it.Seq].inBatch = false
		}
	}()
	for i := range batch {
		it := &batch[i]
		s := b.seqs[it.Seq]
		if s == nil {
			return &UnknownSeqError{it.Seq}
		}
		if s.inBatch {
			return &BatchError{i, "names a sequence a second time"}
		}
		s.inBatch = true
		done++
		if len(it.Tokens) == 0 {
			return &BatchError{i, "has no tokens"}
		}
		if len(it.Tokens) > s.cap-s.len {
			return &CapacityError{it.Seq, s.len, len(it.Tokens), s.cap}
		}
		if len(it.Logits)%b.cfg.Vocab != 0 || len(it.Logits)/b.cfg.Vocab > len(it.Tokens) {
			return &BatchError{i, "has room for logits that is not a whole number of rows, or more rows than tokens"}
		}
		for j, id := range it.Tokens {
			if uint64(id) >= uint64(b.cfg.Vocab) {
				return &TokenError{j, id, b.cfg.Vocab}
			}
		}
	}
	return nil
}
