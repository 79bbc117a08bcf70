package model

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ossian/internal/num"
	"ossian/internal/safetensors"
)

func load(t *testing.T, dir string) *Weights {
	t.Helper()
	w, err := Load(t.Context(), dir, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// values gives a matrix row by row as float32.
func values(m Matrix) []float32 {
	out := make([]float32, m.Rows*m.Cols)
	switch m.Format {
	case MXFP4:
		num.DequantMXFP4(out, m.Data, m.Scales)
	case BF16:
		for i := range out {
			out[i] = num.BF16ToF32(binary.LittleEndian.Uint16(m.Data[2*i:]))
		}
	case F32:
		copy(out, floats(m.Data))
	}
	return out
}

// flat is every number of the model in one order, whatever the layout.
func flat(w *Weights) []float32 {
	out := slices.Concat(values(w.Embed), values(w.Unembed), w.Norm)
	for _, l := range w.Layers {
		out = slices.Concat(out, l.AttnNorm, l.MLPNorm, values(l.Q), values(l.K), values(l.V), values(l.O),
			l.QBias, l.KBias, l.VBias, l.OBias, l.Sinks, values(l.Router), l.RouterBias)
		for e := range l.GateUp {
			out = slices.Concat(out, values(l.GateUp[e]), l.GateUpBias[e], values(l.Down[e]), l.DownBias[e])
		}
	}
	return out
}

// The three layouts of the same weights, in one and two files, load to equal numbers.
func TestLayoutsHoldEqualNumbers(t *testing.T) {
	for _, name := range []string{"wide", "narrow", "window", "long"} {
		want := flat(load(t, golden+"/"+name+"/hf"))
		params, _ := load(t, golden+"/"+name+"/hf").Config.Parameters()
		if int64(len(want)) != params {
			t.Fatalf("%s: %d numbers, %d parameters", name, len(want), params)
		}
		for _, dir := range []string{"original", "bf16", ""} { // "": the folder above original/
			if got := flat(load(t, golden+"/"+name+"/"+dir)); !slices.Equal(got, want) {
				t.Errorf("%s/%s differs from hf", name, dir)
			}
		}
	}
}

// Weights that stay in their files are the same, and need memory only for what is converted.
func TestMappedHoldsEqualNumbers(t *testing.T) {
	for _, dir := range []string{"hf", "original", "bf16"} {
		want := load(t, golden+"/wide/"+dir)
		w, err := Load(t.Context(), golden+"/wide/"+dir, LoadOptions{Map: true})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(flat(w), flat(want)) {
			t.Errorf("%s differs", dir)
		}
		if w.Way() != Mapped || dir != "bf16" && w.Bytes() > want.Bytes()/4 || want.Way() == Mapped {
			t.Errorf("%s: %s, %d bytes beside %d", dir, w.Way(), w.Bytes(), want.Bytes())
		}
		if err := w.Close(); err != nil || w.Close() != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := Open(folder(t, "wide/hf"), LoadOptions{Map: true}); err == nil {
		t.Error("a file system in memory was mapped")
	}
	if _, err := Load(t.Context(), golden+"/wide/hf", LoadOptions{Map: true, Packer: widePacker{F32}}); err == nil {
		t.Error("mapped and packed")
	}
	files := golden + "/wide/hf"
	if _, err := Load(t.Context(), files, LoadOptions{MemoryLimit: 1000}); !errors.As(err, new(*MemoryError)) {
		t.Errorf("too little memory: %v", err)
	}
}

func TestLoadedShapes(t *testing.T) {
	w := load(t, golden+"/wide/original")
	l := w.Layers[2]
	for name, c := range map[string]struct {
		m          Matrix
		rows, cols int
		format     Format
	}{
		"embed": {w.Embed, 192, 96, BF16}, "q": {l.Q, 256, 96, BF16}, "k": {l.K, 128, 96, BF16}, "v": {l.V, 128, 96, BF16},
		"o": {l.O, 96, 256, BF16}, "router": {l.Router, 8, 96, BF16},
		"gate_up": {l.GateUp[7], 128, 96, MXFP4}, "down": {l.Down[7], 96, 64, MXFP4},
	} {
		data, scales := c.format.RowBytes(c.cols)
		if c.m.Rows != c.rows || c.m.Cols != c.cols || c.m.Format != c.format || len(c.m.Data) != c.rows*data || len(c.m.Scales) != c.rows*scales {
			t.Errorf("%s: %s %dx%d with %d and %d bytes", name, c.m.Format, c.m.Rows, c.m.Cols, len(c.m.Data), len(c.m.Scales))
		}
	}
	if len(l.GateUp) != 8 || len(l.DownBias[7]) != 96 || len(l.GateUpBias[0]) != 128 || len(l.KBias) != 128 || len(l.Sinks) != 4 {
		t.Error("wrong number of experts, biases or sinks")
	}
	if load(t, golden+"/wide/bf16").Layers[0].Down[0].Format != BF16 {
		t.Error("bfloat16 experts did not stay bfloat16")
	}
	if err := w.Close(); err != nil || w.Close() != nil || w.Bytes() != 0 {
		t.Errorf("Close: %v", err)
	}
}

// folder copies a golden model into memory, to be damaged.
func folder(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	src := os.DirFS(golden + "/" + dir)
	names, err := fs.Glob(src, "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		data, err := fs.ReadFile(src, n)
		if err != nil {
			t.Fatal(err)
		}
		out[n] = &fstest.MapFile{Data: data}
	}
	return out
}

const oneFile = "model.safetensors"

// rewrite decodes a file, lets edit change its tensors, and encodes it again.
func rewrite(t testing.TB, f fstest.MapFS, file string, edit func(specs map[string]safetensors.TensorSpec, data map[string][]byte)) {
	t.Helper()
	st, err := safetensors.Parse(bytes.NewReader(f[file].Data), int64(len(f[file].Data)))
	if err != nil {
		t.Fatal(err)
	}
	specs, data := map[string]safetensors.TensorSpec{}, map[string][]byte{}
	for _, e := range st.Tensors() {
		specs[e.Name] = safetensors.TensorSpec{Name: e.Name, DType: e.DType, Shape: e.Shape}
		data[e.Name] = slices.Clone(f[file].Data[e.Begin:e.End])
	}
	edit(specs, data)
	var list []safetensors.TensorSpec
	for _, n := range slices.Sorted(maps.Keys(specs)) {
		list = append(list, specs[n])
	}
	var b bytes.Buffer
	w, err := safetensors.NewWriter(&b, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if _, err := w.Write(data[s.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f[file] = &fstest.MapFile{Data: b.Bytes()}
}

// Dense tensors in float16 or float32 load to the numbers they hold.
func TestOtherDenseTypes(t *testing.T) {
	want := flat(load(t, golden+"/narrow/hf"))
	f := folder(t, "narrow/hf")
	rewrite(t, f, oneFile, func(specs map[string]safetensors.TensorSpec, data map[string][]byte) {
		for name, s := range specs {
			if s.DType != safetensors.BF16 {
				continue
			}
			s.DType = safetensors.F32
			var wide []byte
			for i := 0; i < len(data[name]); i += 2 {
				wide = append(wide, 0, 0, data[name][i], data[name][i+1])
			}
			specs[name], data[name] = s, wide
		}
		half := specs["lm_head.weight"]
		half.DType = safetensors.F16
		var narrow []byte
		for _, v := range floats(data["lm_head.weight"]) {
			narrow = binary.LittleEndian.AppendUint16(narrow, num.F32ToF16(v))
		}
		specs["lm_head.weight"], data["lm_head.weight"] = half, narrow
	})
	w, err := Open(f, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.Unembed.Format != F32 || w.Layers[0].Q.Format != F32 || w.Layers[0].Down[0].Format != MXFP4 {
		t.Error("formats")
	}
	for i, v := range flat(w) {
		if d := v - want[i]; v != want[i] && (d > 1e-7 || d < -1e-7) { // float16 denormals round
			t.Fatalf("number %d: %v, want %v", i, v, want[i])
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	type specs = map[string]safetensors.TensorSpec
	type data = map[string][]byte
	const blocks = "model.layers.1.mlp.experts.down_proj_scales"
	for name, c := range map[string]struct {
		dir  string
		edit func(f fstest.MapFS)
		want string
	}{
		"no config":     {"narrow/hf", func(f fstest.MapFS) { delete(f, "config.json") }, "config.json: opening it"},
		"no weights":    {"narrow/hf", func(f fstest.MapFS) { delete(f, oneFile) }, "no .safetensors or .gguf file"},
		"not a header":  {"narrow/hf", func(f fstest.MapFS) { f[oneFile].Data = []byte("<html>") }, "reading its header"},
		"truncated":     {"narrow/hf", func(f fstest.MapFS) { f[oneFile].Data = f[oneFile].Data[:400000] }, "reading its header"},
		"shard missing": {"wide/hf", func(f fstest.MapFS) { delete(f, "model-00001-of-00001.safetensors") }, "fetch the missing file"},
		"shard unlisted": {"wide/hf", func(f fstest.MapFS) {
			delete(f, "model-00001-of-00001.safetensors")
			delete(f, "model.safetensors.index.json")
		}, "it is missing (and"},
		"index elsewhere": {"wide/hf", func(f fstest.MapFS) {
			x := f["model.safetensors.index.json"]
			x.Data = bytes.Replace(x.Data, []byte(`"lm_head.weight": "model-00001`), []byte(`"lm_head.weight": "model-00000`), 1)
			x.Data = bytes.Replace(x.Data, []byte(`"lm_head.weight":"model-00001`), []byte(`"lm_head.weight":"model-00000`), 1)
			if bytes.Count(x.Data, []byte("model-00001")) == 0 {
				panic("the golden index changed")
			}
			rewriteIndex(x)
		}, "the index places it"},
		"file twice": {"narrow/hf", func(f fstest.MapFS) { f["again.safetensors"] = f[oneFile] }, "it is also in"},
		"bad generation": {"narrow/hf", func(f fstest.MapFS) {
			f["generation_config.json"] = &fstest.MapFile{Data: []byte(`{"eos_token_id":"x"}`)}
		}, "eos_token_id"},
		"config of others": {"narrow/hf", func(f fstest.MapFS) { f["config.json"] = folder(t, "wide/hf")["config.json"] }, "expected [BF16 F32 F16] [192 96], found BF16 [128 64]"},
		"missing": {"narrow/hf", func(f fstest.MapFS) {
			rewrite(t, f, oneFile, func(s specs, d data) { delete(s, "model.layers.2.self_attn.sinks") })
		}, "model.layers.2.self_attn.sinks: it is missing"},
		"unexpected": {"narrow/hf", func(f fstest.MapFS) {
			rewrite(t, f, oneFile, func(s specs, d data) {
				s["model.layers.0.self_attn.q_norm.weight"] = safetensors.TensorSpec{Name: "model.layers.0.self_attn.q_norm.weight", DType: safetensors.F32, Shape: []int64{1}}
				d["model.layers.0.self_attn.q_norm.weight"] = make([]byte, 4)
			})
		}, "q_norm.weight: it does not belong"},
		"type": {"narrow/hf", func(f fstest.MapFS) {
			rewrite(t, f, oneFile, func(s specs, d data) {
				x := s["model.norm.weight"]
				x.DType, x.Shape = safetensors.U8, []int64{128}
				s["model.norm.weight"] = x
			})
		}, "expected [BF16 F32 F16] [64], found U8 [128]"},
		"scale 255": {"narrow/hf", func(f fstest.MapFS) {
			rewrite(t, f, oneFile, func(s specs, d data) { d[blocks][64*3*2+3*5+1] = 255 })
		}, "expert 2, row 5, block 1 is 255"},
		"NaN norm": {"narrow/hf", func(f fstest.MapFS) {
			rewrite(t, f, oneFile, func(s specs, d data) { copy(d["model.norm.weight"][6:], []byte{0xc0, 0x7f}) })
		}, "model.norm.weight: value 3 is not finite"},
		"infinite bias": {"narrow/hf", func(f fstest.MapFS) {
			rewrite(t, f, oneFile, func(s specs, d data) { copy(d["model.layers.3.mlp.router.bias"][2:], []byte{0x80, 0xff}) })
		}, "router.bias: value 1 is not finite"},
	} {
		f := folder(t, c.dir)
		c.edit(f)
		_, err := Open(f, LoadOptions{})
		var loadErr *LoadError
		if !errors.As(err, &loadErr) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a *LoadError with %q", name, err, c.want)
		}
	}
}

// rewriteIndex points the first tensor at the other file.
func rewriteIndex(x *fstest.MapFile) {
	i := bytes.Index(x.Data, []byte("model-00001"))
	copy(x.Data[i:], "model-00000")
}

func TestMemoryIsCheckedFirst(t *testing.T) {
	_, err := Load(t.Context(), golden+"/wide/hf", LoadOptions{MemoryLimit: 100000})
	if err == nil || !strings.Contains(err.Error(), "100000 bytes") || !strings.Contains(err.Error(), "too little") {
		t.Errorf("%v", err)
	}
}

func TestProgressAndCancellation(t *testing.T) {
	var last, total int64
	w, err := Load(t.Context(), golden+"/wide/hf", LoadOptions{Readers: 3, Progress: func(d, n int64) {
		if d < last {
			t.Error("progress goes back")
		}
		last, total = d, n
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if last != total || total != w.Config.Sizes().Total() {
		t.Errorf("read %d of %d, want %d", last, total, w.Config.Sizes().Total())
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Load(ctx, golden+"/wide/hf", LoadOptions{Progress: func(int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTiedEmbeddings(t *testing.T) {
	f := folder(t, "narrow/hf")
	f["config.json"].Data = bytes.Replace(f["config.json"].Data, []byte(`"tie_word_embeddings": false`), []byte(`"tie_word_embeddings": true`), 1)
	for range 2 { // with and without the tensor that tying makes idle
		w, err := Open(f, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if &w.Unembed.Data[0] != &w.Embed.Data[0] {
			t.Error("the unembedding is a copy")
		}
		_ = w.Close()
		rewrite(t, f, oneFile, func(s map[string]safetensors.TensorSpec, d map[string][]byte) { delete(s, "lm_head.weight") })
	}
}

func TestGenerationConfigNamesTheEnds(t *testing.T) {
	f := folder(t, "narrow/hf")
	f["generation_config.json"] = &fstest.MapFile{Data: []byte(`{"eos_token_id":[200002,199999,200012]}`)}
	c, err := ReadConfig(f)
	if err != nil || !slices.Equal(c.EOS, []uint32{200002, 199999, 200012}) {
		t.Errorf("%v %v", c.EOS, err)
	}
}

// streaming hides ReadAt, as an archive would.
type streaming struct{ fs.FS }

type stream struct{ fs.File }

func (s streaming) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if _, dir := f.(fs.ReadDirFile); err != nil || dir {
		return f, err
	}
	return stream{f}, nil
}

func TestFileSystemThatOnlyStreams(t *testing.T) {
	w, err := Open(streaming{os.DirFS(golden + "/narrow/original")}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if !slices.Equal(flat(w), flat(load(t, golden+"/narrow/hf"))) {
		t.Error("differs")
	}
}

// Chunks of odd sizes place the same bytes: transposition across chunk borders.
func TestTransposeInPieces(t *testing.T) {
	const experts, in, out = 2, 37, 50
	src := make([]byte, experts*in*out*2)
	for i := range src {
		src[i] = byte(i * 7 / 3)
	}
	b := binding{how: transpose, dst: make([]byte, len(src))}
	b.from.DType, b.from.Shape = safetensors.BF16, []int64{experts, in, out}
	for e := range experts {
		for lo := 0; lo < in; lo += 5 {
			first, last := (e*in+lo)*out*2, (e*in+min(lo+5, in))*out*2
			chunk{b: &b, lo: int64(first), hi: int64(last)}.transpose(src[first:last])
		}
	}
	for e := range experts {
		for o := range out {
			for i := range in {
				from, to := ((e*in+i)*out+o)*2, ((e*out+o)*in+i)*2
				if src[from] != b.dst[to] || src[from+1] != b.dst[to+1] {
					t.Fatalf("expert %d, output %d, input %d", e, o, i)
				}
			}
		}
	}
}
