package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ossian/internal/model"
	"ossian/internal/plan"
)

type showCmd struct {
	JSON  bool   `name:"json" help:"Print one JSON object; sizes are in bytes."`
	Model string `arg:"" optional:"" help:"A model folder, a .gguf file, or the name of one in ~/.ossian/models; without it the built-in nano."`
}

func (showCmd) Help() string {
	return `Reads the configuration and the headers of the files, so it also answers for a model that does not fit. Weights are counted as published, experts in 4 bits and the rest in bfloat16, and as this program loads them; keys and values as it keeps them.

Examples:

    ossian show
    ossian show ~/models/gpt-oss-120b
    ossian show --json gpt-oss-20b`
}

// shown is what is known of a model without its weights.
type shown struct {
	Model    string `json:"model"`
	Shape    string `json:"shape,omitempty"` // the published model with exactly this shape
	Folder   string `json:"folder,omitempty"`
	Files    int    `json:"files"`
	FileSize int64  `json:"file_bytes"`
	format   string // of the files

	Layers        int   `json:"layers"`
	Windows       []int `json:"windows"` // per layer; 0: full
	Hidden        int   `json:"hidden"`
	Heads         int   `json:"heads"`
	KVHeads       int   `json:"kv_heads"`
	HeadDim       int   `json:"head_dim"`
	Experts       int   `json:"experts"`
	ActiveExperts int   `json:"active_experts"`
	Intermediate  int   `json:"intermediate"`
	Vocabulary    int   `json:"vocabulary"`
	Context       int   `json:"context"`
	Initial       int   `json:"initial_context"`

	Parameters       int64    `json:"parameters"`
	ActiveParameters int64    `json:"active_parameters"`
	WeightBytes      int64    `json:"weight_bytes"`
	ExpertBytes      int64    `json:"expert_bytes"`
	AttentionBytes   int64    `json:"attention_bytes"`
	EmbeddingBytes   int64    `json:"embedding_bytes"`
	LoadedBytes      int64    `json:"loaded_bytes"` // with dense weights in 8 bits, the default
	TokenBytes       int64    `json:"bytes_per_token"`
	Workspace        int64    `json:"workspace_bytes"`
	Program          int64    `json:"program_bytes"`
	KV               []kvRoom `json:"kv"`
	Available        int64    `json:"available_bytes,omitempty"` // on this machine now
}

type kvRoom struct {
	Context int   `json:"context"`
	Bytes   int64 `json:"bytes"`
	InAll   int64 `json:"in_all_bytes"` // the process, with that context full
}

func (c *showCmd) Run(sys *system) error {
	at, err := sys.find(c.Model)
	if err != nil {
		return err
	}
	cfg, err := readConfig(at)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	mc := sys.machine(0)
	s := describe(at, cfg, &mc)
	if c.JSON {
		enc := json.NewEncoder(sys.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
	return s.print(sys.stdout)
}

// readConfig reads config.json, of the folder or of its original/ part, or a GGUF file's metadata.
func readConfig(at place) (model.Config, error) {
	data, err := readSmall(at.fsys, "config.json")
	if errors.Is(err, fs.ErrNotExist) {
		data, err = readSmall(at.fsys, "original/config.json")
	}
	if errors.Is(err, fs.ErrNotExist) {
		if names := weightFileNames(at.fsys); len(names) > 0 && isGGUF(names[0]) {
			return model.ReadConfig(at.fsys)
		}
		return model.Config{}, errors.New("there is no config.json; give the folder that holds it, or a .gguf file")
	}
	if err != nil {
		return model.Config{}, err
	}
	return model.ParseConfig(data)
}

func describe(at place, cfg model.Config, mc *plan.Machine) shown {
	m, err := modelAt(at)
	if err != nil { // there is a configuration alone
		m = plan.Published(at.name, cfg, 0)
	}
	sizes := cfg.Sizes()
	s := shown{
		Model: at.name, Shape: cfg.Name(), Folder: at.dir,
		Layers: cfg.Layers, Hidden: cfg.Hidden, Heads: cfg.Heads, KVHeads: cfg.KVHeads, HeadDim: cfg.HeadDim,
		Experts: cfg.Experts, ActiveExperts: cfg.ActiveExperts, Intermediate: cfg.Intermediate, Vocabulary: cfg.Vocab,
		Context: cfg.MaxContext, Initial: cfg.InitialContext,
		WeightBytes: sizes.Total(), ExpertBytes: sizes.Experts(), AttentionBytes: sizes.Attention(), EmbeddingBytes: sizes.Embeddings(),
		LoadedBytes: m.Weights[plan.Q8].Memory, TokenBytes: m.Weights[plan.Q8].Token, Available: mc.Available,
	}
	s.Parameters, s.ActiveParameters = cfg.Parameters()
	for _, l := range cfg.Layer {
		s.Windows = append(s.Windows, l.Window)
	}
	for _, n := range usualContexts(cfg.MaxContext) {
		need := m.Need(plan.Setting{Hold: plan.Q8, Context: n, Users: 1}, mc.Threads)
		s.Workspace, s.Program = need.Workspace, need.Program
		s.KV = append(s.KV, kvRoom{n, need.KV, need.Peak()})
	}
	s.Files, s.FileSize = weightFiles(at.fsys)
	s.format = "safetensors"
	if names := weightFileNames(at.fsys); len(names) > 0 && isGGUF(names[0]) {
		s.format = "GGUF"
	}
	return s
}

// weightFiles counts the files of the layout that would be read.
func weightFiles(fsys fs.FS) (files int, bytes int64) {
	for _, name := range weightFileNames(fsys) {
		if info, err := fs.Stat(fsys, name); err == nil {
			files++
			bytes += info.Size()
		}
	}
	return files, bytes
}

func weightFileNames(fsys fs.FS) (names []string) {
	for _, dir := range []string{".", "original"} {
		entries, _ := fs.ReadDir(fsys, dir)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".safetensors") {
				names = append(names, path.Join(dir, e.Name()))
			}
		}
		if len(names) == 0 && dir == "." {
			for _, e := range entries {
				if isGGUF(e.Name()) {
					names = append(names, e.Name())
				}
			}
		}
		if len(names) > 0 {
			break
		}
	}
	return names
}

func (s shown) print(w io.Writer) error {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-18s %s\n", name, fmt.Sprintf(format, args...))
	}
	title := s.Model
	if s.Shape != "" && s.Shape != s.Model {
		title += ", of the shape of " + s.Shape
	}
	row("model", "%s", title)
	if s.Folder != "" {
		row("folder", "%s", s.Folder)
	}
	row("files", "%d of %s, %s", s.Files, s.format, size(s.FileSize))
	row("layers", "%d: %s", s.Layers, windows(s.Windows))
	row("hidden", "%d", s.Hidden)
	row("attention", "%d query heads of %d, %d key and value heads", s.Heads, s.HeadDim, s.KVHeads)
	row("experts", "%d a layer, %d for each token, %d wide", s.Experts, s.ActiveExperts, s.Intermediate)
	row("vocabulary", "%d rows", s.Vocabulary)
	row("context", "%d tokens, trained from %d", s.Context, s.Initial)
	row("parameters", "%s, %s of them for each token", count(s.Parameters), count(s.ActiveParameters))
	b.WriteString("\nmemory\n")
	row("  weights", "%s = experts %s + attention %s + embeddings %s", size(s.WeightBytes), size(s.ExpertBytes), size(s.AttentionBytes), size(s.EmbeddingBytes))
	row("  loaded", "%s with dense weights in 8 bits, the default", size(s.LoadedBytes))
	row("  workspace", "%s, and %s for the program itself", size(s.Workspace), size(s.Program))
	for _, kv := range s.KV {
		row("  keys and values", "%s for %d tokens of context; %s in all", size(kv.Bytes), kv.Context, size(kv.InAll))
	}
	if s.Available > 0 {
		row("  available here", "%s", size(s.Available))
	}
	row("  read per token", "%s of weights, so 50 GB/s of memory bandwidth give at most %.0f tokens/s", size(s.TokenBytes), 50e9/float64(max(s.TokenBytes, 1)))
	_, err := io.WriteString(w, b.String())
	return err
}

// windows sums the layers up: "12 with a window of 128, 12 full; the first slides".
func windows(ws []int) string {
	kinds := slices.Clone(ws)
	slices.Sort(kinds)
	var parts []string
	for _, w := range slices.Compact(kinds) {
		n := 0
		for _, x := range ws {
			if x == w {
				n++
			}
		}
		if w == 0 {
			parts = append(parts, fmt.Sprintf("%d full", n))
		} else {
			parts = append(parts, fmt.Sprintf("%d with a window of %d", n, w))
		}
	}
	return strings.Join(parts, ", ")
}

// count is a number of parameters for people.
func count(n int64) string {
	switch x := float64(n); {
	case x >= 999.5e6:
		return fmt.Sprintf("%.2f billion", x/1e9)
	case x >= 999.5e3:
		return fmt.Sprintf("%.2f million", x/1e6)
	}
	return fmt.Sprint(n)
}
