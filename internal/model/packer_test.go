package model

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"ossian/internal/num"
	"ossian/internal/safetensors"
)

// widePacker keeps every matrix as float32 values, last row first.
type widePacker struct{ refuse Format }

func (p widePacker) Form(f Format, _, _ int) (uint8, bool) { return 7, f != p.refuse }
func (widePacker) Bytes(_ uint8, rows, cols int) int64     { return int64(rows) * int64(cols) * 4 }
func (widePacker) Grain() int                              { return 8 }
func (widePacker) Pack(m Matrix, at int, src Matrix) error {
	if at%8 != 0 {
		return errors.New("a part begins within a grain")
	}
	all, v := floats(m.Data), values(src)
	for r := range src.Rows {
		copy(all[(m.Rows-1-at-r)*m.Cols:][:m.Cols], v[r*m.Cols:])
	}
	return nil
}

// unpack gives the values in the order of the rows.
func unpack(m Matrix) []float32 {
	if !m.Packed {
		return values(m)
	}
	var out []float32
	for r := range m.Rows {
		out = append(out, floats(m.Data)[(m.Rows-1-r)*m.Cols:][:m.Cols]...)
	}
	return out
}

// Every matrix that a packer takes arrives whole, whatever the layout on disk, and the
// rest stays as it is.
func TestPackerSeesEveryRow(t *testing.T) {
	want := load(t, golden+"/wide/hf")
	for _, dir := range []string{"hf", "original", "bf16"} {
		for _, refuse := range []Format{F32, MXFP4, BF16} { // F32: takes all that is there
			w, err := Load(t.Context(), golden+"/wide/"+dir, LoadOptions{Packer: widePacker{refuse}})
			if err != nil {
				t.Fatal(err)
			}
			if w.Embed.Packed || w.Layers[0].Router.Packed {
				t.Error("embedding or router were packed")
			}
			same := func(name string, got, want Matrix, packed bool) {
				t.Helper()
				if got.Packed != packed || packed && got.Form != 7 {
					t.Errorf("%s without %s: %s: packed %t, form %d", dir, refuse, name, got.Packed, got.Form)
				}
				if !slices.Equal(unpack(got), values(want)) {
					t.Errorf("%s without %s: %s differs", dir, refuse, name)
				}
			}
			same("unembedding", w.Unembed, want.Unembed, refuse != BF16)
			for i := range w.Layers {
				g, x := &w.Layers[i], &want.Layers[i]
				same("q", g.Q, x.Q, refuse != BF16)
				same("k", g.K, x.K, refuse != BF16)
				same("v", g.V, x.V, refuse != BF16)
				same("o", g.O, x.O, refuse != BF16)
				for e := range g.GateUp {
					same("gate_up", g.GateUp[e], x.GateUp[e], dir != "bf16" && refuse != MXFP4)
					same("down", g.Down[e], x.Down[e], dir != "bf16" && refuse != MXFP4)
				}
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// Float16 has no format of its own: a packer sees it as float32.
func TestPackerSeesHalves(t *testing.T) {
	f := folder(t, "narrow/hf")
	rewrite(t, f, oneFile, func(specs map[string]safetensors.TensorSpec, data map[string][]byte) {
		for _, name := range []string{"lm_head.weight", "model.layers.0.self_attn.q_proj.weight"} {
			s := specs[name]
			s.DType = safetensors.F16
			var narrow []byte
			for i := 0; i < len(data[name]); i += 2 {
				narrow = binary.LittleEndian.AppendUint16(narrow, num.F32ToF16(num.BF16ToF32(binary.LittleEndian.Uint16(data[name][i:]))))
			}
			specs[name], data[name] = s, narrow
		}
	})
	plain, err := Open(f, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	var read int64
	w, err := Open(f, LoadOptions{Packer: widePacker{MXFP4}, Progress: func(done, total int64) {
		if read = done; done > total {
			t.Errorf("%d of %d bytes read", done, total)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if !w.Unembed.Packed || !w.Layers[0].Q.Packed || !slices.Equal(unpack(w.Unembed), values(plain.Unembed)) || !slices.Equal(unpack(w.Layers[0].Q), values(plain.Layers[0].Q)) {
		t.Error("differs, or is not packed")
	}
	if size := int64(len(f[oneFile].Data)); read >= size || read < size*9/10 {
		t.Errorf("%d bytes read of a file of %d", read, size)
	}
	rewrite(t, f, oneFile, func(_ map[string]safetensors.TensorSpec, data map[string][]byte) {
		copy(data["lm_head.weight"][40:], []byte{0, 0x7c})
	})
	if _, err := Open(f, LoadOptions{Packer: widePacker{MXFP4}}); err == nil || !strings.Contains(err.Error(), "value 20 is not finite") {
		t.Error(err)
	}
}

// A matrix may be read in any parts that begin at a grain.
func TestPackInPieces(t *testing.T) {
	c, err := openCheckpoint(folder(t, "wide/hf"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	w, bindings, err := bind(c, widePacker{F32})
	if err != nil {
		t.Fatal(err)
	}
	scratch := make([]byte, 1<<20)
	for i := range bindings {
		b := &bindings[i]
		if b.how != pack {
			continue
		}
		b.dst = make([]byte, b.size)
		b.set(b.dst)
		for lo := 0; lo < b.packing.m.Rows; lo += 24 {
			if err := b.packing.load(b, lo, min(lo+24, b.packing.m.Rows), scratch); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := load(t, golden+"/wide/hf")
	if last := len(w.Layers) - 1; !slices.Equal(unpack(w.Layers[last].Down[3]), values(want.Layers[last].Down[3])) || !slices.Equal(unpack(w.Unembed), values(want.Unembed)) {
		t.Error("differs")
	}
}

// Scales that are no number are refused while packing, too.
func TestPackRefusesScales(t *testing.T) {
	files := folder(t, "wide/hf")
	c, err := openCheckpoint(files)
	if err != nil {
		t.Fatal(err)
	}
	s := c.tensors["model.layers.1.mlp.experts.down_proj_scales"]
	c.close()
	files[s.file].Data[s.Begin+5] = 255
	_, err = Open(files, LoadOptions{Packer: widePacker{F32}})
	if e := (*LoadError)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), "block 1 is 255") {
		t.Errorf("%v", err)
	}
}
