package synth

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ossian/internal/model"
	"ossian/internal/num"
)

// The published figures, by arithmetic: nothing is written.
func TestPublishedShapes(t *testing.T) {
	for _, c := range []struct {
		kind           Kind
		layout         Layout
		files, tensors int
		bytes          int64
	}{
		{Kind20B, HF, 3, 459, 13_761_264_768},
		{Kind120B, HF, 15, 687, 65_248_815_744},
		{Kind20B, Original, 1, 363, 13_761_264_768},
	} {
		p, err := Plan(c.kind, c.layout)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range p.Files {
			n += len(f.Tensors)
		}
		if len(p.Files) != c.files || n != c.tensors || p.Bytes() != c.bytes || p.Bytes() != p.Config.Sizes().Total() {
			t.Errorf("%s %s: %d files, %d tensors, %d bytes", c.kind, c.layout, len(p.Files), n, p.Bytes())
		}
	}
	p, _ := Plan(Kind20B, HF)
	if p.Files[0].Name != "model-00000-of-00002.safetensors" || p.Files[2].Name != "model-00002-of-00002.safetensors" {
		t.Errorf("names: %s, %s", p.Files[0].Name, p.Files[2].Name)
	}
}

func TestPlanRefuses(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		layout Layout
	}{{"7b", HF}, {Kind20B, "gguf"}, {Kind120B, Original}} {
		if _, err := Plan(c.kind, c.layout); err == nil {
			t.Errorf("%s %s: accepted", c.kind, c.layout)
		}
	}
}

func TestConfigsParseBack(t *testing.T) {
	for _, kind := range []Kind{Kind20B, Kind120B, KindTiny} {
		for _, layout := range []Layout{HF, Original} {
			p, err := Plan(kind, layout)
			if err != nil {
				continue
			}
			got, err := model.ParseConfig(p.Side[len(p.Side)-1].Data)
			if err != nil {
				t.Fatalf("%s %s: %v", kind, layout, err)
			}
			got.EOS = p.Config.EOS // generation_config.json has them
			if d := cmp.Diff(p.Config, got); d != "" {
				t.Errorf("%s %s: %s", kind, layout, d)
			}
		}
	}
}

func TestCodesAreBellShapedAndScaled(t *testing.T) {
	n := 0
	for _, k := range perMagnitude {
		n += k
	}
	if n != 128 {
		t.Fatalf("%d codes a sign", n)
	}
	table := codeTable()
	for _, fanIn := range []int{32, 64, 2880, 4096} {
		blocks := Tensor{fill: codes()}
		scales := Tensor{fill: blockScales(fanIn)}
		const count = 1 << 16
		b, s := make([]byte, 16*count), make([]byte, count)
		blocks.piece(b, 1, 0, &table)
		scales.piece(s, 1, 0, &table)
		x := make([]float32, 32*count)
		num.DequantMXFP4(x, b, s)
		sum, square := 0.0, 0.0
		for _, v := range x {
			sum += float64(v)
			square += float64(v) * float64(v)
		}
		if got := square / float64(len(x)) * float64(fanIn); math.Abs(got-1) > 0.01 {
			t.Errorf("fan-in %d: variance times fan-in is %v", fanIn, got)
		}
		if mean := sum / float64(len(x)) * math.Sqrt(float64(fanIn)); math.Abs(mean) > 0.01 {
			t.Errorf("fan-in %d: mean %v", fanIn, mean)
		}
	}
	var histogram [16]int
	b := make([]byte, 1<<20)
	Tensor{fill: codes()}.piece(b, 2, 0, &table)
	for _, c := range b {
		histogram[c&15]++
		histogram[c>>4]++
	}
	for c, k := range histogram {
		if want := float64(perMagnitude[c&7]) / 256; math.Abs(float64(k)/(2<<20)-want) > 0.002 {
			t.Errorf("code %d: %v of all, want %v", c, float64(k)/(2<<20), want)
		}
	}
}

func TestValuesAreNormal(t *testing.T) {
	p := make([]byte, 2<<20)
	Tensor{fill: normal(1, 0.5)}.piece(p, 3, 0, nil)
	var sum, square, within float64
	n := float64(len(p) / 2)
	for i := 0; i < len(p); i += 2 {
		v := (float64(num.BF16ToF32(binary.LittleEndian.Uint16(p[i:]))) - 1) / 0.5
		sum += v
		square += v * v
		if math.Abs(v) < 1 {
			within++
		}
	}
	if math.Abs(sum/n) > 0.005 || math.Abs(square/n-1) > 0.01 || math.Abs(within/n-0.683) > 0.015 {
		t.Errorf("mean %v, variance %v, within one deviation %v", sum/n, square/n, within/n)
	}
}

// small is the tiny model with a vocabulary of a few rows, in several files.
func small(t *testing.T, layout Layout) *Checkpoint {
	t.Helper()
	c := &Checkpoint{Kind: KindTiny, Layout: layout, Config: tinyConfig()}
	c.Config.Vocab = 2 * blockBytes / 64 // two blocks and more
	c.Files = []File{{Name: "model.safetensors", Tensors: tensors(c.Config, layout)}}
	if err := c.addSide(); err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, p *Checkpoint, seed uint64) string {
	t.Helper()
	dir := t.TempDir()
	if err := Write(t.Context(), dir, p, seed, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTinyLoads(t *testing.T) {
	for _, layout := range []Layout{HF, Original} {
		p := small(t, layout)
		if layout == HF {
			var err error
			if p, err = Plan(KindTiny, HF); err != nil {
				t.Fatal(err)
			}
		}
		w, err := model.Load(t.Context(), write(t, p, 7), model.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		l := w.Layers[3]
		if w.Config.Layers != 4 || len(l.GateUp) != 8 || l.Q.Rows != 128 || w.Embed.Rows != p.Config.Vocab {
			t.Errorf("%s: %+v", layout, w.Config)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBytesFollowFromSeedAlone(t *testing.T) {
	read := func(seed uint64, procs int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		data, err := os.ReadFile(filepath.Join(write(t, small(t, HF), seed), "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	one := read(7, 1)
	if one != read(7, 3) {
		t.Error("depends on the number of processors")
	}
	if one == read(8, 1) {
		t.Error("does not depend on the seed")
	}
}

func TestWriteLeavesNothingHalfDone(t *testing.T) {
	p := small(t, HF)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	last := int64(0)
	err := Write(ctx, dir, p, 1, func(done, total int64) {
		if done < last || total != p.Bytes() {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	var typed *Error
	if err := Write(t.Context(), dir, p, 1, nil); !errors.As(err, &typed) || !strings.Contains(err.Error(), "already has config.json") {
		t.Errorf("occupied: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("beside the file that was there: %v", left)
	}
}
