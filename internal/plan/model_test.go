package plan

import (
	"io/fs"
	"os"
	"testing"

	"ossian/internal/backend/cpu"
	"ossian/internal/model"
)

// checkpoints are of every layout that the tests have.
func checkpoints(t *testing.T) map[string]fs.FS {
	t.Helper()
	all := map[string]fs.FS{}
	for _, dir := range []string{"golden/wide/hf", "golden/wide/original", "golden/wide/bf16", "golden/narrow/hf", "golden/window/hf"} {
		if path := "../../testdata/" + dir; exists(path) {
			all[dir] = os.DirFS(path)
		}
	}
	for _, name := range []string{"wide-q8_0.gguf", "window-bf16.gguf"} {
		all[name] = only{os.DirFS("../../testdata/gguf"), name}
	}
	if len(all) < 6 {
		t.Fatalf("%d checkpoints", len(all))
	}
	return all
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// only is a folder of one file.
type only struct {
	fs.FS
	name string
}

func (o only) ReadDir(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, dir)
	for _, e := range entries {
		if e.Name() == o.name {
			return []fs.DirEntry{e}, err
		}
	}
	return nil, err
}

// TestFootprintIsWhatLoadingTakes holds the prediction against the load, for every
// layout and every way to hold it.
func TestFootprintIsWhatLoadingTakes(t *testing.T) {
	for name, fsys := range checkpoints(t) {
		h, err := model.ReadHeaders(fsys)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := Of(name, h)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for hold, f := range m.Weights {
			packer, err := hold.Packer("")
			if err != nil {
				t.Fatal(err)
			}
			w, err := model.Open(fsys, model.LoadOptions{Packer: packer, Map: hold == Map})
			if err != nil {
				t.Fatalf("%s %s: %v", name, hold, err)
			}
			const padding = 64
			if got := w.Bytes(); got > f.Memory || got <= f.Memory-padding {
				t.Errorf("%s %s: %d bytes, planned %d", name, hold, got, f.Memory)
			}
			if f.Token >= f.Memory+f.Mapped || f.Token < (f.Memory+f.Mapped)/20 {
				t.Errorf("%s %s: %d bytes a token of %d", name, hold, f.Token, f.Memory+f.Mapped)
			}
			if (f.Mapped > 0) != (hold == Map) {
				t.Errorf("%s %s: %d bytes mapped", name, hold, f.Mapped)
			}
			_ = w.Close()
		}
	}
}

// TestPublishedIsWhatTheHeadersSay: a model that is not here is planned as if it were.
func TestPublishedIsWhatTheHeadersSay(t *testing.T) {
	h, err := model.ReadHeaders(os.DirFS("../../testdata/golden/wide/hf"))
	if err != nil {
		t.Fatal(err)
	}
	here, err := Of("wide", h)
	if err != nil {
		t.Fatal(err)
	}
	tensors := int64(12+9*h.Config.Layers) * 64 // of padding at most
	for hold, far := range Published("wide", h.Config, h.Files).Weights {
		near := here.Weights[hold]
		if d := near.Memory - far.Memory; d < 0 || d > tensors+int64(h.Config.Layers*h.Config.Experts)*2*64 {
			t.Errorf("%s: %d bytes, as published %d", hold, near.Memory, far.Memory)
		}
		if d := near.Mapped - far.Mapped; d < -tensors || d > tensors {
			t.Errorf("%s: %d bytes mapped, as published %d", hold, near.Mapped, far.Mapped)
		}
		if near.Packed != far.Packed || near.Gather != far.Gather {
			t.Errorf("%s: packed %v %v, gather %v %v", hold, near.Packed, far.Packed, near.Gather, far.Gather)
		}
		if r := float64(near.Token) / float64(far.Token); r < 0.97 || r > 1.03 {
			t.Errorf("%s: %d bytes a token, as published %d", hold, near.Token, far.Token)
		}
	}
}

// The figures that bench/20b.md has of a load.
func TestGptOss20B(t *testing.T) {
	m := Published("20b", model.GptOss20B(), 13_790_000_000)
	mc := &Machine{Threads: 2, Read: 28.0e9, Int8: 378e9}
	p := m.Plan(mc, Setting{Hold: Q8, Context: 4200})
	if peak := float64(p.Need.Peak()); peak < 13.17e9*0.97 || peak > 13.17e9*1.03 {
		t.Errorf("peak %.2f GB, measured 13.17", peak/1e9)
	}
	for what, c := range map[string][2]float64{
		"writing": {p.Rate.First, 9.25}, "writing at 4096": {p.Rate.Last, 8.54}, "a prompt": {p.Rate.Prompt, 48.9},
	} {
		if r := c[0] / c[1]; r < 0.95 || r > 1.05 {
			t.Errorf("%s: %.2f tokens/s, measured %.2f", what, c[0], c[1])
		}
	}
	if p.Need.KV != cpu.KVBytes(&m.Config, 0, 4200) || !p.Fits || p.Users != 1 {
		t.Errorf("%+v", p)
	}
}
