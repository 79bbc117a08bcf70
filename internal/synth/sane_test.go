package synth

import (
	"math"
	"testing"

	"ossian/internal/model"
	"ossian/internal/model/reference"
)

// As many layers and experts as the 20b, a tenth of its width: the residual stream
// grows modestly, every expert is met, some more than others, and logits spread.
func TestActivationsStaySane(t *testing.T) {
	c := &Checkpoint{Kind: KindTiny, Layout: HF, Config: model.GptOss20B()}
	cfg := &c.Config
	cfg.Hidden, cfg.Intermediate, cfg.Vocab, cfg.Heads, cfg.KVHeads = 128, 128, 512, 4, 2
	c.Files = []File{{Name: "model.safetensors", Tensors: tensors(*cfg, HF)}}
	if err := c.addSide(); err != nil {
		t.Fatal(err)
	}
	w, err := model.Load(t.Context(), write(t, c, 1), model.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	tokens := make([]uint32, 12)
	for i := range tokens {
		tokens[i] = uint32(i * 37 % cfg.Vocab)
	}
	r, err := reference.Forward(w, tokens, reference.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rms := func(rows [][]float32) float64 {
		sum, n := 0.0, 0
		for _, row := range rows {
			for _, v := range row {
				sum += float64(v) * float64(v)
				n++
			}
		}
		return math.Sqrt(sum / float64(n))
	}
	var grown []float64
	for _, rows := range r.Layers {
		grown = append(grown, math.Round(100*rms(rows))/100)
	}
	if first, last := grown[0], grown[len(grown)-1]; first < 0.8 || first > 1.6 || last < 1.2 || last > 8 {
		t.Errorf("residual stream after each layer: %v", grown)
	}
	if s := rms(r.Logits); s < 1.5 || s > 6 {
		t.Errorf("logits spread by %v", s)
	}
	// What the router of each layer would say to the stream before it.
	use := make([]int, cfg.Experts)
	for i, rows := range r.Layers[:len(r.Layers)-1] {
		for _, x := range rows {
			for _, e := range route(&w.Layers[i+1], x, cfg.ActiveExperts) {
				use[e]++
			}
		}
	}
	t.Logf("stream %v, logits %v, experts %v", grown, rms(r.Logits), use)
	least, most := use[0], use[0]
	for _, n := range use {
		least, most = min(least, n), max(most, n)
	}
	if least == 0 || most < 2*least {
		t.Errorf("experts are met %v times", use)
	}
}

// route gives the experts with the largest logits.
func route(l *model.Layer, x []float32, active int) []int {
	square := 0.0
	for _, v := range x {
		square += float64(v) * float64(v)
	}
	scale := 1 / math.Sqrt(square/float64(len(x)))
	logits := make([]float64, l.Router.Rows)
	for e := range logits {
		logits[e] = float64(l.RouterBias[e])
		for i, v := range x {
			d := l.Router.Data[2*(e*len(x)+i):]
			weight := math.Float32frombits(uint32(d[0])<<16 | uint32(d[1])<<24)
			logits[e] += float64(weight) * float64(v*l.MLPNorm[i]) * scale
		}
	}
	var out []int
	for range active {
		best := 0
		for e, v := range logits {
			if v > logits[best] {
				best = e
			}
		}
		out = append(out, best)
		logits[best] = math.Inf(-1)
	}
	return out
}
