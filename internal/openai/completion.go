package openai

import (
	"encoding/json"
	"strings"

	"ossian/internal/chat"
)

// CompletionRequest is a request of the older Completions API: a prompt that goes on as it
// stands, without the format of a conversation.
type CompletionRequest struct {
	Model       string
	Prompts     []Prompt
	Echo        bool
	Sampling    Sampling
	Stream      bool
	StreamUsage bool
	Ignored     []string
}

// Prompt is text, or token ids if there are any.
type Prompt struct {
	Text string
	IDs  []uint32
}

// maxPrompts bounds how many prompts one request may bring.
const maxPrompts = 128

// defaultCompletion is how many tokens the API generates when nobody says.
const defaultCompletion = 16

// ParseCompletionRequest reads a request body. Errors are *Error.
func ParseCompletionRequest(data []byte) (*CompletionRequest, error) {
	b := readBody(data)
	refused := unhonoured()
	refused["suffix"] = "not possible: gpt-oss was not made to fill in"
	refused["messages"] = "it belongs to Chat Completions; use prompt"
	r := &CompletionRequest{Ignored: b.unread(CompletionFields(), refused)}
	b.read("model", &r.Model)
	b.read("echo", &r.Echo)
	b.read("stream", &r.Stream)
	r.Sampling = readSampling(b)
	if r.Sampling.MaxTokens == 0 {
		r.Sampling.MaxTokens = defaultCompletion
	}
	if n := b.count("logprobs", 0, MaxTopLogprobs); n != nil {
		r.Sampling.Logprobs, r.Sampling.TopLogprobs = true, int(*n)
	}
	if n := b.count("best_of", 1, MaxChoices); n != nil && int(*n) != r.Sampling.Choices {
		b.fail(errorf("best_of", CodeUnsupported, "not supported; use n"))
	}
	if suffix := ""; b.read("suffix", &suffix) && suffix != "" {
		b.fail(errorf("suffix", CodeUnsupported, "%s", refused["suffix"]))
	}
	var stream struct {
		Usage bool `json:"include_usage"`
	}
	b.read("stream_options", &stream)
	r.StreamUsage = stream.Usage
	if r.Echo && r.Sampling.Logprobs {
		b.fail(errorf("echo", CodeUnsupported, "not possible with logprobs: those of a prompt are not computed"))
	}
	r.readPrompts(b)
	if b.err != nil {
		return nil, b.err
	}
	return r, nil
}

// readPrompts reads a text, a list of texts, a list of ids, or a list of such lists.
func (r *CompletionRequest) readPrompts(b *body) {
	var raw json.RawMessage
	if !b.read("prompt", &raw) {
		b.fail(errorf("prompt", CodeMissing, "a prompt is needed"))
		return
	}
	var text string
	var texts []string
	var ids []uint32
	var many [][]uint32
	switch {
	case json.Unmarshal(raw, &text) == nil:
		r.Prompts = []Prompt{{Text: text}}
	case json.Unmarshal(raw, &texts) == nil:
		for _, t := range texts {
			r.Prompts = append(r.Prompts, Prompt{Text: t})
		}
	case json.Unmarshal(raw, &ids) == nil:
		r.Prompts = []Prompt{{IDs: ids}}
	case json.Unmarshal(raw, &many) == nil:
		for _, list := range many {
			r.Prompts = append(r.Prompts, Prompt{IDs: list})
		}
	default:
		b.fail(errorf("prompt", CodeValue, "a text, a list of texts, or lists of token ids are expected"))
		return
	}
	if len(r.Prompts) == 0 || len(r.Prompts) > maxPrompts {
		b.fail(errorf("prompt", CodeValue, "%d prompts; 1 to %d are possible", len(r.Prompts), maxPrompts))
	}
	for _, p := range r.Prompts {
		if p.Text == "" && len(p.IDs) == 0 {
			b.fail(errorf("prompt", CodeValue, "a prompt is empty"))
		}
	}
}

// Completion is an answer or, while it streams, a piece of one.
type Completion struct {
	ID                string             `json:"id"`
	Object            string             `json:"object"` // text_completion
	Created           int64              `json:"created"`
	Model             string             `json:"model"`
	SystemFingerprint string             `json:"system_fingerprint"`
	Choices           []CompletionChoice `json:"choices"`
	Usage             *Usage             `json:"usage,omitempty"`
}

// CompletionChoice is one of the continuations.
type CompletionChoice struct {
	Text         string          `json:"text"`
	Index        int             `json:"index"`
	Logprobs     *LegacyLogprobs `json:"logprobs"`
	FinishReason *string         `json:"finish_reason"`
}

// LegacyLogprobs are log-probabilities as this API has them: lists side by side.
type LegacyLogprobs struct {
	Tokens     []string             `json:"tokens"`
	Logprobs   []float64            `json:"token_logprobs"`
	Top        []map[string]float64 `json:"top_logprobs"`
	TextOffset []int                `json:"text_offset"`
}

// CompletionWriter turns the events of a continuation into pieces of one choice, and keeps them joined.
type CompletionWriter struct {
	text     strings.Builder
	offset   int // of the next token, in code points
	logprobs *LegacyLogprobs
	top      int
	spell    Speller
}

// Writer makes a writer for a continuation of a prompt whose text is echoed if that was asked for.
func (r *CompletionRequest) Writer(prompt string, spell Speller) *CompletionWriter {
	w := &CompletionWriter{spell: spell, top: r.Sampling.TopLogprobs, offset: len([]rune(prompt))}
	if r.Sampling.Logprobs {
		w.logprobs = newLegacyLogprobs()
	}
	if r.Echo {
		w.text.WriteString(prompt)
	}
	return w
}

func newLegacyLogprobs() *LegacyLogprobs {
	return &LegacyLogprobs{Tokens: []string{}, Logprobs: []float64{}, Top: []map[string]float64{}, TextOffset: []int{}}
}

// Event takes one piece of news. ok says that there is something to send.
func (w *CompletionWriter) Event(e chat.Event) (c CompletionChoice, ok bool) {
	if e.Kind != chat.Answer {
		return c, false
	}
	c.Text = e.Text
	w.text.WriteString(e.Text)
	if w.logprobs != nil {
		c.Logprobs = newLegacyLogprobs()
		for _, t := range w.spell.logprobs(e.Tokens, w.top) {
			top := map[string]float64{}
			for _, a := range t.Top {
				top[a.Token] = a.Logprob
			}
			for _, l := range []*LegacyLogprobs{c.Logprobs, w.logprobs} {
				l.Tokens, l.Logprobs = append(l.Tokens, t.Token), append(l.Logprobs, t.Logprob)
				l.Top, l.TextOffset = append(l.Top, top), append(l.TextOffset, w.offset)
			}
			w.offset += len([]rune(t.Token))
		}
	}
	return c, true
}

// Choice is the whole continuation.
func (w *CompletionWriter) Choice(index int, t chat.Turn) CompletionChoice {
	reason := FinishReason(t)
	return CompletionChoice{Text: w.text.String(), Index: index, Logprobs: w.logprobs, FinishReason: &reason}
}
