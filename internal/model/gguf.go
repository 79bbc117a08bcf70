package model

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"ossian/internal/gguf"
	"ossian/internal/safetensors"
)

func isGGUF(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".gguf") }

// ggufNames are the GGUF files of a folder, in order.
func ggufNames(entries []fs.DirEntry) (names []string) {
	for _, e := range entries {
		if isGGUF(e.Name()) && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// GGUFParts are the files that belong to one of them: all parts of a model in several,
// or the file alone.
func GGUFParts(name string) []string {
	stem, _, of, ok := gguf.Part(name)
	if !ok || of > maxShards {
		return []string{name}
	}
	names := make([]string, of)
	for i := range names {
		names[i] = gguf.PartName(stem, i+1, of)
	}
	return names
}

// ReadGGUF opens the header of the GGUF file of a folder, of its first part if there are
// several, and hands it to use. found is false where the folder's model is none.
func ReadGGUF(fsys fs.FS, use func(f *gguf.File) error) (found bool, err error) {
	sub, names, err := root(fsys)
	if err != nil || !isGGUF(names[0]) {
		return false, err
	}
	if names, err = oneModel(names); err != nil {
		return true, err
	}
	c := &checkpoint{}
	defer c.close()
	f, err := c.openGGUF(sub, names[0])
	if err == nil {
		err = use(f)
	}
	return true, err
}

// oneModel says which of a folder's GGUF files to open; they must be of one model.
func oneModel(names []string) ([]string, error) {
	parts := GGUFParts(names[0])
	for _, n := range names {
		if !slices.Contains(parts, n) {
			return nil, &LoadError{Why: fmt.Sprintf("the folder holds several GGUF models, %s and %s among them", clip(names[0]), clip(n)),
				Next: "give the path of the one to use"}
		}
	}
	return parts, nil
}

func (c *checkpoint) openGGUF(fsys fs.FS, name string) (*gguf.File, error) {
	src, size, err := c.openFile(fsys, name)
	if err != nil {
		return nil, err
	}
	f, err := gguf.Parse(src, size)
	if err != nil {
		return nil, &LoadError{File: name, Why: "reading its header", Err: err}
	}
	return f, nil
}

// addGGUF reads configuration and headers of a GGUF model.
func (c *checkpoint) addGGUF(fsys fs.FS, names []string) error {
	names, err := oneModel(names)
	if err != nil {
		return err
	}
	found := map[string]ggufTensor{}
	nth := map[string]int{}
	var first *gguf.File
	for i, name := range names {
		f, err := c.openGGUF(fsys, name)
		if err != nil {
			return err
		}
		if err := checkPart(f, name, i, len(names)); err != nil {
			return err
		}
		if first == nil {
			first = f
		}
		for _, t := range f.Tensors() {
			t.Name = canonical(t.Name)
			if other, dup := found[t.Name]; dup {
				return &LoadError{File: name, Tensor: t.Name, Why: "it is also in " + other.file, Next: "remove files that do not belong to the model"}
			}
			found[t.Name], nth[t.Name] = ggufTensor{t, f, name}, i
		}
	}
	if err := c.counted(first, names[0], len(found)); err != nil {
		return err
	}
	if c.config, err = ggufConfig(first, names[0], found); err != nil {
		return err
	}
	for _, name := range sortedKeys(found) {
		if err := c.present(found, found[name], nth[name]); err != nil {
			return err
		}
	}
	return nil
}

// checkPart holds what a file says of its place among several against its name.
func checkPart(f *gguf.File, name string, i, of int) error {
	for _, k := range []struct {
		key  string
		want int
	}{{"split.no", i}, {"split.count", of}} {
		v, ok := f.Value(k.key)
		if !ok && of == 1 {
			continue
		}
		if n, whole := v.Int(); !whole || n != int64(k.want) && !(k.key == "split.count" && n == 0 && of == 1) {
			return &LoadError{File: name, Why: fmt.Sprintf("its %s is %d, not %d", k.key, n, k.want),
				Next: "keep the names the parts were published with, and all of them in one folder"}
		}
	}
	return nil
}

// counted checks the count of the tensors of all parts.
func (c *checkpoint) counted(f *gguf.File, name string, have int) error {
	v, ok := f.Value("split.tensors.count")
	if n, _ := v.Int(); ok && n != int64(have) {
		return &LoadError{File: name, Why: fmt.Sprintf("%d tensors are announced for all parts, but there are %d", n, have),
			Next: "fetch all parts again; they may be of different versions"}
	}
	return nil
}

// canonical is a tensor's name in the present spelling; older files by Ollama have others.
func canonical(name string) string {
	rest, ok := strings.CutPrefix(name, "blk.")
	if !ok {
		return name
	}
	layer, part, _ := strings.Cut(rest, ".")
	switch part {
	case "attn_out.weight":
		part = "attn_output.weight"
	case "attn_out.bias":
		part = "attn_output.bias"
	case "attn_sinks":
		part = "attn_sinks.weight"
	case "ffn_norm.weight":
		part = "post_attention_norm.weight"
	}
	return "blk." + layer + "." + part
}

// ggml are the names of ggml-org/llama.cpp, with gate and up already joined.
func ggml(tensors map[string]located) names {
	n := names{
		layer: "blk.%d.", embed: "token_embd.weight", unembed: "output.weight", norm: "output_norm.weight",
		attnNorm: "attn_norm.weight", mlpNorm: "post_attention_norm.weight",
		sinks: "attn_sinks.weight", o: "attn_output", router: "ffn_gate_inp",
		q: "attn_q", k: "attn_k", v: "attn_v",
		gateUp: "ffn_gate_up_exps", gateUpBias: "ffn_gate_up_exps.bias",
		down: "ffn_down_exps", downBias: "ffn_down_exps.bias", blocks: ".weight", scales: ".scales",
	}
	if _, ok := tensors["blk.0.attn_qkv.weight"]; ok {
		n.qkv = "attn_qkv"
	}
	return n
}

// present puts a tensor before the binder, as the shape and type that it is read as.
func (c *checkpoint) present(all map[string]ggufTensor, t ggufTensor, nth int) error {
	l := located{file: t.file, nth: nth}
	l.Name, l.Shape = t.Name, t.Shape
	stem, kind, experts := strings.Cut(t.Name, "_exps.")
	switch {
	case strings.HasSuffix(stem, "ffn_gate_up") && experts:
		return &LoadError{File: t.file, Tensor: t.Name, Why: "gate and up are in one tensor, in an order that the file does not tell",
			Next: "use a file with ffn_gate_exps and ffn_up_exps, as published"}
	case strings.HasSuffix(stem, "ffn_up") && experts: // with its gate
		gate := strings.TrimSuffix(stem, "up") + "gate_exps." + kind
		if _, ok := all[gate]; !ok {
			return &LoadError{File: t.file, Tensor: gate, Why: "it is missing, but " + t.Name + " is there", Next: "fetch the file again"}
		}
		return nil
	case experts && kind == "weight":
		return c.presentBlocks(all, t, l)
	}
	var ok bool
	if l.DType, l.stored, ok = readAs(t); !ok {
		return &LoadError{File: t.file, Tensor: t.Name, Why: fmt.Sprintf("its type is %s, not one of Q8_0, BF16, F16, F32", t.Type),
			Next: "use a GGUF file with MXFP4 experts whose other weights are Q8_0 or wider, such as the published one"}
	}
	l.in = plain{t}
	if strings.HasSuffix(stem, "ffn_gate") && experts {
		up, err := otherHalf(all, t)
		if err != nil {
			return err
		}
		if t.Type == gguf.Q8_0 || t.Type == gguf.F16 || len(t.Shape) != 2 {
			return &LoadError{File: t.file, Tensor: t.Name, Why: fmt.Sprintf("expected BF16 or F32 and two dimensions, found %s %v", t.Type, t.Shape),
				Next: "use a file made by a present-day converter"}
		}
		l.in = alternate{t, up}
		l.Name, l.Shape = joined(t.Name), []int64{t.Shape[0], 2 * t.Shape[1]}
	}
	l.End = elements(l.Shape) * l.DType.Size()
	c.tensors[l.Name] = l
	return nil
}

// readAs is the type that the values of a dense tensor are given as, and its cost on disk.
// An embedding stays rows, so 8-bit blocks become bfloat16 there: half the memory of
// float32, at no more than the error that they have already.
func readAs(t ggufTensor) (d safetensors.DType, stored [2]int64, ok bool) {
	switch t.Type {
	case gguf.F32:
		return safetensors.F32, stored, true
	case gguf.BF16:
		return safetensors.BF16, stored, true
	case gguf.F16:
		return safetensors.F32, [2]int64{2, 4}, true
	case gguf.Q8_0:
		if t.Name == "token_embd.weight" {
			return safetensors.BF16, [2]int64{34, 64}, true
		}
		return safetensors.F32, [2]int64{34, 128}, true
	}
	return 0, stored, false
}

// presentBlocks puts the experts of one projection before the binder, as codes and scales.
func (c *checkpoint) presentBlocks(all map[string]ggufTensor, t ggufTensor, l located) error {
	if t.Type != gguf.MXFP4 || len(t.Shape) != 3 {
		return &LoadError{File: t.file, Tensor: t.Name, Why: fmt.Sprintf("expected MXFP4 and three dimensions, found %s %v", t.Type, t.Shape),
			Next: "use a GGUF file with MXFP4 experts, such as the published one"}
	}
	b := &blocks{halves: []ggufTensor{t}, perRow: t.Shape[2] / 32, expert: t.Shape[1]}
	if strings.HasSuffix(t.Name, "ffn_gate_exps.weight") {
		up, err := otherHalf(all, t)
		if err != nil {
			return err
		}
		b.halves, b.expert = append(b.halves, up), 2*b.expert
		l.Name = joined(t.Name)
	}
	l.DType, l.blocks = safetensors.U8, b
	l.Shape = []int64{t.Shape[0], b.expert, b.perRow, 16}
	l.End = elements(l.Shape)
	c.tensors[l.Name] = l
	l.Name = strings.TrimSuffix(l.Name, ".weight") + ".scales"
	l.Shape, l.End = l.Shape[:3:3], elements(l.Shape[:3])
	c.tensors[l.Name] = l
	return nil
}

// otherHalf is the up projection of a gate.
func otherHalf(all map[string]ggufTensor, gate ggufTensor) (ggufTensor, error) {
	name := strings.Replace(gate.Name, "ffn_gate_exps", "ffn_up_exps", 1)
	up, ok := all[name]
	if !ok {
		return up, &LoadError{File: gate.file, Tensor: name, Why: "it is missing, but " + gate.Name + " is there", Next: "fetch the file again"}
	}
	if up.Type != gate.Type || !slices.Equal(up.Shape, gate.Shape) {
		return up, &LoadError{File: up.file, Tensor: name, Why: fmt.Sprintf("expected %s %v as of its gate, found %s %v", gate.Type, gate.Shape, up.Type, up.Shape),
			Next: "use a file made by a present-day converter"}
	}
	return up, nil
}

func joined(name string) string { return strings.Replace(name, "ffn_gate_exps", "ffn_gate_up_exps", 1) }

// elements is the product of a shape whose bytes the reader has found in the file, or
// twice that.
func elements(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}
