package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"ossian/internal/backend/cpu"
	"ossian/internal/model"
	"ossian/internal/sample"
)

type logitsCmd struct {
	loadFlags
	Top   int    `default:"20" placeholder:"N" help:"How many of the likeliest ids to print (default: ${default})."`
	Full  string `placeholder:"FILE" type:"path" help:"Also write every row of logits to FILE: little-endian float32, one row after another."`
	Words string `arg:"" optional:"" name:"ids" help:"One JSON list of ids. Without it standard input is read, a list a line."`
}

func (logitsCmd) Help() string {
	return `For people who compare engines: the arithmetic is exact (--activations f32) unless other is asked for. A line for each position: which sequence and position it is, the id there, and what is likeliest to follow, with natural logarithms of the probabilities.

Examples:

    echo '[13225, 11, 2375]' | ossian logits -m ~/models/gpt-oss-20b
    ossian logits --top 3 '[100, 200]'
    ossian logits --full rows.f32 < prompts.jsonl > top20.jsonl`
}

func (c *logitsCmd) Validate() error {
	if c.Top < 1 || c.Top > sample.MaxLogprobs {
		return usage("--top %d is not between 1 and %d", c.Top, sample.MaxLogprobs)
	}
	return c.loadFlags.check()
}

func (c *logitsCmd) Run(ctx context.Context, sys *system) (err error) {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	if c.Words == "" && sys.inTerminal {
		return usage("nothing to read; give a JSON list of ids: ossian logits '[100, 200]'")
	}
	if c.Activations == "" {
		c.Activations = string(cpu.F32)
	}
	m, err := sys.open(ctx, &c.loadFlags)
	if err != nil {
		return err
	}
	defer m.close()
	w := &logitsWriter{out: bufio.NewWriter(sys.stdout), m: m, top: c.Top}
	if c.Full != "" {
		file, err := os.Create(c.Full)
		if err != nil {
			return fmt.Errorf("writing the rows: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		w.full = bufio.NewWriterSize(file, 1<<20)
	}
	if c.Words != "" {
		err = w.line(ctx, []byte(c.Words))
	} else {
		err = eachLine(ctx, sys.stdin, func(line []byte) error { return w.line(ctx, line) })
	}
	if w.full != nil {
		err = errors.Join(err, w.full.Flush())
	}
	return errors.Join(err, w.out.Flush())
}

// rowsAStep is how many positions are computed at once: rows of a big vocabulary are
// 0.8 MB each.
const rowsAStep = 16

type logitsWriter struct {
	m    *opened
	out  *bufio.Writer
	full *bufio.Writer
	top  int
	n    int // sequences so far

	rows  []float32
	probs []sample.TokenProb
	raw   []byte
}

type logitsLine struct {
	Sequence int        `json:"sequence"`
	Position int        `json:"position"`
	ID       uint32     `json:"id"`
	Top      []logitTop `json:"top"`
}

type logitTop struct {
	ID      uint32  `json:"id"`
	Logprob float32 `json:"logprob"`
}

// line computes one sequence.
func (w *logitsWriter) line(ctx context.Context, line []byte) error {
	var ids []uint32
	if err := json.Unmarshal(line, &ids); err != nil {
		return fmt.Errorf("not a JSON list of ids: %w", err)
	}
	cfg := w.m.backend.Config()
	for i, id := range ids {
		if int64(id) >= int64(cfg.Vocab) {
			return fmt.Errorf("id %d at position %d: the model's ids end at %d", id, i, cfg.Vocab-1)
		}
	}
	if max := w.m.context; len(ids) > max {
		return fmt.Errorf("%d ids, but the context holds %d; give more with --context (the model's limit is %d)", len(ids), max, cfg.MaxContext)
	}
	if len(ids) == 0 {
		w.n++
		return nil
	}
	seq, err := w.m.backend.NewSeq(len(ids))
	if err != nil {
		return err
	}
	defer w.m.backend.FreeSeq(seq)
	if w.rows == nil {
		w.rows = make([]float32, rowsAStep*cfg.Vocab)
	}
	for at := 0; at < len(ids); at += rowsAStep {
		part := ids[at:min(at+rowsAStep, len(ids))]
		rows := w.rows[:len(part)*cfg.Vocab]
		if err := w.m.backend.Step(ctx, []model.Item{{Seq: seq, Tokens: part, Logits: rows}}); err != nil {
			return err
		}
		for i, id := range part {
			if err := w.row(at+i, id, rows[i*cfg.Vocab:(i+1)*cfg.Vocab]); err != nil {
				return err
			}
		}
	}
	w.n++
	return nil
}

func (w *logitsWriter) row(position int, id uint32, row []float32) error {
	for i, x := range row {
		if x != x {
			return fmt.Errorf("position %d: the logit of id %d is not a number; the weights are damaged", position, i)
		}
	}
	w.probs = sample.Top(w.probs[:0], row, w.top, sample.LogSumExp(row))
	line := logitsLine{Sequence: w.n, Position: position, ID: id}
	for _, p := range w.probs {
		line.Top = append(line.Top, logitTop{p.ID, p.Logprob})
	}
	if err := json.NewEncoder(w.out).Encode(line); err != nil {
		return err
	}
	if w.full == nil {
		return nil
	}
	return writeFloats(w.full, row, &w.raw)
}

func writeFloats(to io.Writer, row []float32, room *[]byte) error {
	raw := (*room)[:0]
	for _, x := range row {
		b := math.Float32bits(x)
		raw = append(raw, byte(b), byte(b>>8), byte(b>>16), byte(b>>24))
	}
	*room = raw
	_, err := to.Write(raw)
	return err
}
