package lint

// layers is the house, bottom to top. A package may import packages of a lower
// layer only. docs/architecture.md draws it; change both together.
var layers = []struct {
	name     string
	packages []string
}{
	{"platform", []string{
		"internal/num", "internal/cpu", "internal/mem", "internal/par", "internal/egress", "internal/disk", "internal/regular",
	}},
	{"formats", []string{
		"internal/safetensors", "internal/gguf", "internal/token", "internal/schema",
	}},
	{"algorithms", []string{
		"internal/kernel", "internal/probe", "internal/harmony", "internal/sample", "internal/hub", "internal/bundle", "internal/keys", "internal/store",
	}},
	{"constraints", []string{
		"internal/grammar",
	}},
	{"model", []string{
		"internal/model",
	}},
	{"devices", []string{
		"internal/model/reference", "internal/backend/cpu", "internal/synth",
	}},
	{"cache", []string{
		"internal/kv",
	}},
	{"engine", []string{
		"internal/engine", "internal/guide", "internal/bench", "internal/plan",
	}},
	{"conversation", []string{
		"internal/chat",
	}},
	{"protocol", []string{
		"internal/openai", "models/nano",
	}},
	{"dialects", []string{
		"internal/ollama", "internal/anthropic",
	}},
	{"edge", []string{
		"internal/server", "internal/load",
	}},
	{"command", []string{
		"internal/cli",
	}},
	{"main", []string{
		"cmd/ossian",
	}},
}

// standalone packages are outside the layers: nothing imports them.
var standalone = []string{"internal/lint", "internal/token/gen"}

// owners says which packages may import a third-party module, and why it is here.
// Test files may use what testOnly lists, anywhere.
var owners = map[string][]string{
	"github.com/alecthomas/kong": {"internal/cli"},
	"golang.org/x/sys":           {"internal/mem", "internal/cpu", "internal/par"},
	"golang.org/x/term":          {"internal/cli"},
}

var testOnly = []string{"github.com/google/go-cmp", "github.com/santhosh-tekuri/jsonschema/v6"}

// forbidden package names collect what has no home; the remedy is to find the idea.
var forbidden = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "shared", "lib", "types"}

// maxLines is where a file has certainly become two ideas. Aim at 150.
const maxLines = 500
