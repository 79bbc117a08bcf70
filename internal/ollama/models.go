package ollama

import "time"

// Details say what kind of model it is.
type Details struct {
	ParentModel       string   `json:"parent_model"`
	Format            string   `json:"format"`
	Family            string   `json:"family"`
	Families          []string `json:"families"`
	ParameterSize     string   `json:"parameter_size"`
	QuantizationLevel string   `json:"quantization_level"`
}

// Facts are what is known of the model that is served.
type Facts struct {
	Parameters string // e.g. 20.9B
	Bytes      int64
	Context    int
	Modified   time.Time
}

func (f Facts) details() Details {
	return Details{Format: "safetensors", Family: "gptoss", Families: []string{"gptoss"}, ParameterSize: f.Parameters, QuantizationLevel: "MXFP4"}
}

// Tag is an entry of the lists of models, present and running.
type Tag struct {
	Name       string  `json:"name"`
	Model      string  `json:"model"`
	ModifiedAt string  `json:"modified_at,omitempty"`
	Size       int64   `json:"size"`
	Digest     string  `json:"digest"`
	Details    Details `json:"details"`

	ExpiresAt     string `json:"expires_at,omitempty"` // of running ones
	SizeVRAM      *int64 `json:"size_vram,omitempty"`
	ContextLength int    `json:"context_length,omitempty"`
}

// Tags lists a model under all its names.
func Tags(names []string, f Facts, running bool) map[string][]Tag {
	list := []Tag{}
	for _, name := range names {
		t := Tag{Name: name, Model: name, Size: f.Bytes, Details: f.details()}
		if running {
			t.ExpiresAt, t.SizeVRAM, t.ContextLength = "2318-01-01T00:00:00Z", new(int64), f.Context // it stays
		} else {
			t.ModifiedAt = f.Modified.UTC().Format(time.RFC3339Nano)
		}
		list = append(list, t)
	}
	return map[string][]Tag{"models": list}
}

// Show describes a model.
func Show(f Facts) map[string]any {
	return map[string]any{
		"modelfile": "", "parameters": "", "template": "{{ .Prompt }}", "license": "", "details": f.details(),
		"modified_at": f.Modified.UTC().Format(time.RFC3339Nano), "capabilities": []string{"completion", "tools", "thinking"},
		"model_info": map[string]any{"general.architecture": "gptoss", "gptoss.context_length": f.Context},
	}
}
