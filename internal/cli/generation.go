package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"ossian/internal/sample"
)

// maxSmallFile bounds configuration files, which are read whole.
const maxSmallFile = 64 << 20

// generation is what a model's generation_config.json recommends.
type generation struct {
	sampling sample.Params
	eos      []uint32
}

// readGeneration reads generation_config.json. Without the file, or without a word on
// sampling, OpenAI's recommendation for gpt-oss holds: temperature 1, top-p 1.
func readGeneration(fsys fs.FS) (generation, error) {
	g := generation{sampling: sample.Params{Temperature: 1, TopP: 1}}
	data, err := readSmall(fsys, "generation_config.json")
	if errors.Is(err, fs.ErrNotExist) {
		return g, nil
	}
	if err != nil {
		return g, err
	}
	var file struct {
		DoSample    *bool           `json:"do_sample"`
		Temperature *float64        `json:"temperature"`
		TopP        *float64        `json:"top_p"`
		TopK        *int            `json:"top_k"`
		MinP        *float64        `json:"min_p"`
		Repetition  *float64        `json:"repetition_penalty"`
		EOS         json.RawMessage `json:"eos_token_id"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return g, fmt.Errorf("generation_config.json: %w; fetch it again or remove it", err)
	}
	p := &g.sampling
	set(&p.Temperature, file.Temperature)
	set(&p.TopP, file.TopP)
	set(&p.TopK, file.TopK)
	set(&p.MinP, file.MinP)
	set(&p.RepeatPenalty, file.Repetition)
	if file.DoSample != nil && !*file.DoSample {
		p.Temperature = 0
	}
	if err := p.Check(1 << 30); err != nil {
		return g, fmt.Errorf("generation_config.json: %w", err)
	}
	g.eos, err = parseEOS(file.EOS)
	return g, err
}

func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}

// parseEOS reads one id or a list of them.
func parseEOS(raw json.RawMessage) ([]uint32, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var many []uint32
	if json.Unmarshal(raw, &many) == nil {
		return many, nil
	}
	var one uint32
	if err := json.Unmarshal(raw, &one); err != nil {
		return nil, fmt.Errorf("generation_config.json: eos_token_id is neither an id nor a list of ids")
	}
	return []uint32{one}, nil
}

// readSmall reads a file of bounded size whole.
func readSmall(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSmallFile {
		return nil, fmt.Errorf("%s has %s, more than any such file needs; fetch it again", name, size(info.Size()))
	}
	return fs.ReadFile(fsys, name)
}
