package reference

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"path"
)

// Golden is what transformers computed with one of the checkpoints in testdata/golden.
// README.md there says what each field holds.
type Golden struct {
	Model   string
	InvFreq []float32 // transformers' own rotary table
	Cases   []Case
}

// Case is one prompt. The arrays hold the rows named in Rows only.
type Case struct {
	Name      string
	IDs       []uint32
	Positions []int // nil: 0, 1, 2, ...
	Rows      []int
	Range     float64 // largest minus smallest logit; differences are stated relative to it

	LogitsF32, LogitsExact, LogitsBF16 [][]float32
	LayersF32                          [][][]float32 // [layer][row]
}

// ReadGolden reads golden.json and golden.f32 of dir.
func ReadGolden(fsys fs.FS, dir string) (*Golden, error) {
	type array struct {
		Offset int   `json:"offset"`
		Shape  []int `json:"shape"`
	}
	var file struct {
		Model   string `json:"model"`
		InvFreq array  `json:"inv_freq"`
		Cases   []struct {
			Name        string   `json:"name"`
			IDs         []uint32 `json:"ids"`
			Positions   []int    `json:"positions"`
			Rows        []int    `json:"rows"`
			Range       float64  `json:"logit_range"`
			LogitsF32   array    `json:"logits_f32"`
			LayersF32   array    `json:"layers_f32"`
			LogitsExact array    `json:"logits_exact"`
			LogitsBF16  array    `json:"logits_bf16"`
		} `json:"cases"`
	}
	text, err := fs.ReadFile(fsys, path.Join(dir, "golden.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("reference: golden.json of %s: %w", dir, err)
	}
	blob, err := fs.ReadFile(fsys, path.Join(dir, "golden.f32"))
	if err != nil {
		return nil, err
	}
	// values reads an array as rows of its last dimension.
	values := func(a array) (rows [][]float32) {
		n, width := 1, a.Shape[len(a.Shape)-1]
		for _, d := range a.Shape {
			n *= d
		}
		if n < 0 || a.Offset < 0 || a.Offset+4*n > len(blob) {
			err = fmt.Errorf("reference: golden.f32 of %s ends before an array of shape %v at %d", dir, a.Shape, a.Offset)
			return nil
		}
		for i := 0; i < n; i += width {
			row := make([]float32, width)
			for j := range row {
				row[j] = math.Float32frombits(binary.LittleEndian.Uint32(blob[a.Offset+4*(i+j):]))
			}
			rows = append(rows, row)
		}
		return rows
	}
	g := &Golden{Model: file.Model, InvFreq: values(file.InvFreq)[0]}
	for _, c := range file.Cases {
		out := Case{
			Name: c.Name, IDs: c.IDs, Positions: c.Positions, Rows: c.Rows, Range: c.Range,
			LogitsF32: values(c.LogitsF32), LogitsExact: values(c.LogitsExact), LogitsBF16: values(c.LogitsBF16),
		}
		flat := values(c.LayersF32)
		for i := 0; i < len(flat); i += len(c.Rows) {
			out.LayersF32 = append(out.LayersF32, flat[i:i+len(c.Rows)])
		}
		g.Cases = append(g.Cases, out)
	}
	return g, err
}

// Difference is the largest absolute difference between two sets of rows.
func Difference(a, b [][]float32) (worst float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return math.Inf(1)
		}
		for j := range a[i] {
			if d := math.Abs(float64(a[i][j]) - float64(b[i][j])); !(d <= worst) {
				worst = d // NaN too
			}
		}
	}
	return worst
}

// Pick selects rows.
func Pick(all [][]float32, rows []int) [][]float32 {
	out := make([][]float32, len(rows))
	for i, r := range rows {
		out[i] = all[r]
	}
	return out
}
