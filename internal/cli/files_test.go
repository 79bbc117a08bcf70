package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"ossian/internal/sample"
)

func TestGeneration(t *testing.T) {
	for file, want := range map[string]generation{
		`{}`: {sampling: sample.Params{Temperature: 1, TopP: 1}},
		`{"do_sample": true, "temperature": 0.6, "top_p": 0.9, "top_k": 5, "eos_token_id": [1, 2]}`: {sampling: sample.Params{Temperature: 0.6, TopP: 0.9, TopK: 5}, eos: []uint32{1, 2}},
		`{"do_sample": false, "eos_token_id": 7}`:                                                   {sampling: sample.Params{TopP: 1}, eos: []uint32{7}},
	} {
		got, err := readGeneration(fstest.MapFS{"generation_config.json": {Data: []byte(file)}})
		if err != nil || got.sampling.Temperature != want.sampling.Temperature || got.sampling.TopP != want.sampling.TopP ||
			got.sampling.TopK != want.sampling.TopK || len(got.eos) != len(want.eos) {
			t.Errorf("%s: %+v, %v", file, got, err)
		}
	}
	if got, err := readGeneration(fstest.MapFS{}); err != nil || got.sampling.Temperature != 1 {
		t.Error(got, err)
	}
	for _, file := range []string{`{`, `{"temperature": -1}`, `{"eos_token_id": "x"}`, `{"top_p": "0.5"}`} {
		if _, err := readGeneration(fstest.MapFS{"generation_config.json": {Data: []byte(file)}}); err == nil || !strings.Contains(err.Error(), "generation_config.json") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTokens(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		stdin string
		out   string
		err   string
		code  int
	}{
		"text":           {args: []string{"Hello,", "world"}, out: "[13225, 11, 2375]\n"},
		"stdin exactly":  {stdin: "Hello, world\n", out: "[13225, 11, 2375, 198]\n"},
		"no text":        {out: "[]\n"},
		"decode":         {args: []string{"--decode", "13225", "11", "2375"}, out: "Hello, world"},
		"decode JSON":    {args: []string{"--decode"}, stdin: "[13225, 11, 2375, 198]\n", out: "Hello, world\n"},
		"decode special": {args: []string{"--decode", "200006"}, out: "<|start|>"},
		"decode nothing": {args: []string{"--decode", "4294967295"}, code: 1, err: "is no token of this vocabulary"},
		"special":        {args: []string{"--special", "<|start|>x"}, out: "[200006, 87]\n"},
		"not special":    {args: []string{"<|start|>"}, out: "[27, 91, 5236, 91, 29]\n"},
		"pieces":         {args: []string{"--pieces", "Hello, world"}, out: "13225\t\"Hello\"\n11\t\",\"\n2375\t\" world\"\n"},
		"jsonl": {args: []string{"--jsonl"}, stdin: "{\"text\": \"Hello, world\"}\n\n{\"text\": \"<|start|>\", \"special\": true}\r\n{\"text\": \"\"}",
			out: "[13225, 11, 2375]\n[200006]\n[]\n"},
		"jsonl decode":   {args: []string{"--jsonl", "--decode"}, stdin: "[13225, 11]\n[200006]\n", out: "\"Hello,\"\n\"<|start|>\"\n"},
		"jsonl bad":      {args: []string{"--jsonl"}, stdin: "{\"text\": \"a\"}\n{\"txt\": 1}\n", code: 1, out: "[64]\n", err: `line 2 of standard input: there is no "text"`},
		"jsonl not JSON": {args: []string{"--jsonl"}, stdin: "hello\n", code: 1, err: "line 1 of standard input: "},
		"render": {args: []string{"--render"}, stdin: `{"messages": [{"role": "user", "content": "Hi <|end|>"}], "date": "2026-01-31", "reasoning_effort": "low"}`,
			out: "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\nKnowledge cutoff: 2024-06\nCurrent date: 2026-01-31\n\nReasoning: low\n\n" +
				"# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|><|start|>user<|message|>Hi <|end|><|end|><|start|>assistant"},
		"render bad": {args: []string{"--render"}, stdin: `{"massages": []}`, code: 1, err: "the request: massages: unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.stdin, "")
			if code := w.run(t, append([]string{"tokens"}, c.args...)...); code != c.code || w.out.String() != c.out || !strings.Contains(w.err.String(), c.err) || (c.err == "") != (w.err.Len() == 0) {
				t.Errorf("exit code %d\n%q\nwant\n%q\nstandard error %q", code, &w.out, c.out, &w.err)
			}
		})
	}
	w := newWorld(t, `{"messages": [{"role": "user", "content": "Hi"}]}`, "")
	if w.run(t, "tokens", "--render", "--ids"); !strings.HasPrefix(w.out.String(), "[200006, 17360, 200008") {
		t.Errorf("%q", &w.out)
	}
}

// TestLogits holds the command against what transformers computed.
func TestLogits(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "golden", "narrow")
	var golden struct {
		Cases []struct {
			Name   string
			IDs    []uint32
			Logits struct {
				Offset int64
				Shape  []int
			} `json:"logits_f32"`
			Rows      []int
			Positions []int
			Range     float64 `json:"logit_range"`
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "golden.json"))
	if err == nil {
		err = json.Unmarshal(data, &golden)
	}
	arrays, err2 := os.ReadFile(filepath.Join(dir, "golden.f32"))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for _, c := range golden.Cases {
		if c.Positions != nil {
			continue
		}
		ids, _ := json.Marshal(c.IDs)
		full := filepath.Join(t.TempDir(), "rows.f32")
		w := newWorld(t, string(ids)+"\n"+string(ids)+"\n", "")
		if code := w.run(t, "logits", "-m", filepath.Join(dir, "hf"), "--full", full, "--top", "2"); code != 0 {
			t.Fatal(code, &w.err)
		}
		got, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		vocab := c.Logits.Shape[1]
		if len(got) != 2*len(c.IDs)*vocab*4 {
			t.Fatalf("%s: %d bytes of rows", c.Name, len(got))
		}
		if !bytes.Equal(got[:len(got)/2], got[len(got)/2:]) {
			t.Errorf("%s: the same ids gave two results", c.Name)
		}
		for i, row := range c.Rows {
			for j := range vocab {
				a := float32At(got, row*vocab+j)
				b := float32At(arrays[c.Logits.Offset:], i*vocab+j)
				if math.Abs(a-b) > 1e-4*c.Range {
					t.Fatalf("%s: row %d, id %d: %v, transformers %v", c.Name, row, j, a, b)
				}
			}
		}
		var last logitsLine
		lines := strings.Split(strings.TrimSpace(w.out.String()), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != 2*len(c.IDs) || last.Sequence != 1 ||
			last.Position != len(c.IDs)-1 || len(last.Top) != 2 || last.Top[0].Logprob < last.Top[1].Logprob || last.Top[0].Logprob > 0 {
			t.Errorf("%s: %d lines, last %+v, %v", c.Name, len(lines), last, err)
		}
	}
	for ids, want := range map[string]string{"[100000]": "id 100000 at position 0", "{}": "not a JSON list of ids", "[-1]": "not a JSON list"} {
		w := newWorld(t, "", "")
		if code := w.run(t, "logits", "-m", filepath.Join(dir, "hf"), ids); code != 1 || !strings.Contains(w.err.String(), want) {
			t.Errorf("%s: %d, %q", ids, code, &w.err)
		}
	}
}

func float32At(raw []byte, i int) float64 {
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
}

func TestShow(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "golden", "window")
	for _, layout := range []string{"hf", "original", "bf16"} {
		w := newWorld(t, "", "")
		if code := w.run(t, "show", "--json", filepath.Join(dir, layout)); code != 0 {
			t.Fatal(layout, code, &w.err)
		}
		var s shown
		if err := json.Unmarshal(w.out.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		if s.Layers != len(s.Windows) || s.Windows[0] != 128 || s.Files == 0 || s.FileSize == 0 || s.WeightBytes == 0 || len(s.KV) == 0 || s.Parameters <= s.ActiveParameters {
			t.Errorf("%s: %+v", layout, s)
		}
	}
	text := w2(t, "show", filepath.Join(dir, "hf"))
	for _, want := range []string{"with a window of 128", "weights ", "keys and values", "read per token"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestShowPublished holds the arithmetic against the published sizes.
func TestShowPublished(t *testing.T) {
	config := `{"architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "num_hidden_layers": 24, "hidden_size": 2880, "intermediate_size": 2880,
		"vocab_size": 201088, "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 32, "num_experts_per_tok": 4,
		"sliding_window": 128, "initial_context_length": 4096, "max_position_embeddings": 131072, "rope_theta": 150000, "rms_norm_eps": 1e-05, "swiglu_limit": 7.0,
		"rope_scaling": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 4096, "rope_type": "yarn", "truncate": false}}`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	text := w2(t, "show", dir)
	for _, want := range []string{"of the shape of gpt-oss-20b", "20.91 billion, 3.61 billion", "13.76 GB = ", "12 full, 12 with a window of 128"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestSynth writes the tiny checkpoint and talks with it: everything but a trained
// model, from disk to text.
func TestSynth(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tiny")
	w := newWorld(t, "", "")
	if code := w.run(t, "synth", "tiny", dir); code != 0 || !strings.Contains(w.err.String(), "wrote ") || w.out.Len() != 0 {
		t.Fatal(code, &w.err)
	}
	w = newWorld(t, "", "")
	if code := w.run(t, "synth", "tiny", dir); code != 1 {
		t.Errorf("wrote over a checkpoint: %d, %q", code, &w.err)
	}
	answer := ""
	for range 2 {
		w = newWorld(t, "", "")
		w.model = w.load
		if code := w.run(t, "run", "-m", dir, "--max-tokens", "6", "--seed", "3", "--stats", "hi"); code != 3 {
			t.Fatal(code, &w.err)
		}
		if !strings.Contains(w.err.String(), "6 tokens") || !strings.Contains(w.err.String(), "cut after 6 tokens by --max-tokens") {
			t.Errorf("%q", &w.err)
		}
		if answer != "" && w.out.String() != answer {
			t.Errorf("the same seed said %q and %q", answer, &w.out)
		}
		answer = w.out.String()
	}
	w = newWorld(t, "", "")
	w.model = w.load
	if code := w.run(t, "run", "-m", dir, "--context", "40", "hi"); code != 1 || !strings.Contains(w.err.String(), "give a larger --context") {
		t.Errorf("%d, %q", code, &w.err)
	}
}
