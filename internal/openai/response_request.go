package openai

import (
	"encoding/json"
	"fmt"

	"ossian/internal/harmony"
)

// ResponseRequest is a request of the Responses API.
type ResponseRequest struct {
	Model        string
	Instructions string
	Input        []json.RawMessage // items; a plain text has become a user's message
	Previous     string            // id of the response that this one goes on from
	Tools        []ResponseTool
	ToolChoice   ToolChoice
	Format       ResponseFormat
	Effort       string
	Sampling     Sampling
	Truncate     bool // drop the oldest turns if the conversation does not fit
	Store        bool
	StoreAsked   bool // store: true was written, not assumed
	Stream       bool
	Background   bool
	Encrypted    bool // reasoning items carry their text also as encrypted_content
	Logprobs     bool
	Metadata     map[string]string
	Date         string
	User         json.RawMessage
	Ignored      []string

	echo map[string]json.RawMessage // fields that the response repeats as they came
}

// ResponseTool is a tool on offer: a function, or a namespace of functions. Others are
// tools of a service that this server is not; the model is not told of them.
type ResponseTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      bool            `json:"strict"`
	Tools       []ResponseTool  `json:"tools"` // of a namespace
}

// responseFields are the fields that are read, and those of the API that change nothing here.
func responseFields() []string {
	return append(samplingFields(), "model", "instructions", "input", "previous_response_id", "tools", "tool_choice", "text", "reasoning",
		"reasoning_effort", "max_output_tokens", "truncation", "store", "stream", "stream_options", "background", "include", "top_logprobs",
		"metadata", "date", "user", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
		"max_tool_calls", "client_metadata")
}

// ParseResponseRequest reads a request body. Errors are *Error.
func ParseResponseRequest(data []byte) (*ResponseRequest, error) {
	b := readBody(data)
	refused := unhonoured()
	refused["conversation"] = "not supported; use previous_response_id"
	refused["prompt"] = "not supported: there are no stored prompts; use instructions and input"
	refused["response_format"] = "it belongs to Chat Completions; use text.format"
	refused["messages"] = "it belongs to Chat Completions; use input"
	r := &ResponseRequest{Store: true, Ignored: b.unread(responseFields(), refused), echo: b.fields}
	b.read("model", &r.Model)
	b.read("instructions", &r.Instructions)
	b.read("previous_response_id", &r.Previous)
	r.readInput(b)
	readList(b, "tools", &r.Tools)
	for i, t := range r.Tools {
		if t.Type != "" && t.Type != "function" && t.Type != "namespace" {
			r.Ignored = append(r.Ignored, fmt.Sprintf("tools[%d]:%s", i, t.Type))
		}
	}
	b.read("tool_choice", &r.ToolChoice)
	r.Sampling = readSampling(b)
	if r.Sampling.Choices > 1 {
		b.fail(errorf("n", CodeUnsupported, "a response is one answer; send several requests"))
	}
	if n := b.count("max_output_tokens", 1, maxTokensAsked); n != nil {
		r.Sampling.MaxTokens = int(*n)
	}
	if n := b.count("top_logprobs", 0, MaxTopLogprobs); n != nil {
		r.Sampling.TopLogprobs = int(*n)
	}
	r.StoreAsked = b.read("store", &r.Store) && r.Store
	b.read("stream", &r.Stream)
	b.read("background", &r.Background)
	b.read("date", &r.Date)
	b.read("user", &r.User)
	r.readForm(b)
	r.readInclude(b)
	r.readMetadata(b)
	truncation := "disabled"
	if b.read("truncation", &truncation); truncation != "disabled" && truncation != "auto" {
		b.fail(errorf("truncation", CodeValue, "unknown choice %q; use disabled or auto", truncation))
	}
	r.Truncate = truncation == "auto"
	if r.Background && (!r.Store || r.Stream) {
		b.fail(errorf("background", CodeUnsupported, "it goes with store: true and without stream"))
	}
	readTier(b)
	if b.err != nil {
		return nil, b.err
	}
	return r, nil
}

// readInput takes a text or a list of items. Items are kept as they came, because that is
// how they are stored; what they mean is decided when they are put together.
func (r *ResponseRequest) readInput(b *body) {
	var raw json.RawMessage
	if !b.read("input", &raw) {
		if b.err == nil && r.Previous == "" {
			b.fail(errorf("input", CodeMissing, "a text or a list of items is needed"))
		}
		return
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		item, err := json.Marshal(map[string]any{"type": "message", "role": "user", "content": []Part{{Type: "input_text", Text: text}}})
		if err != nil {
			b.fail(err)
		}
		r.Input = []json.RawMessage{item}
		return
	}
	if err := json.Unmarshal(raw, &r.Input); err != nil {
		b.fail(errorf("input", CodeValue, "a text or a list of items is expected"))
	}
}

// readForm reads what is wanted of the answer's form and of the reasoning.
func (r *ResponseRequest) readForm(b *body) {
	var text struct {
		Format struct {
			Type        string          `json:"type"`
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Schema      json.RawMessage `json:"schema"`
			Strict      bool            `json:"strict"`
		} `json:"format"`
		Verbosity string `json:"verbosity"`
	}
	b.read("text", &text)
	if v := text.Verbosity; v != "" && v != "medium" {
		b.fail(errorf("text.verbosity", CodeUnsupported, "gpt-oss has no such switch; say in the instructions how long the answer shall be"))
	}
	r.Format.Type = text.Format.Type
	s := &r.Format.JSONSchema
	s.Name, s.Description, s.Schema, s.Strict = text.Format.Name, text.Format.Description, text.Format.Schema, text.Format.Strict

	var reasoning struct {
		Effort          string `json:"effort"`
		Summary         string `json:"summary"`
		GenerateSummary string `json:"generate_summary"`
	}
	b.read("reasoning", &reasoning)
	if b.read("reasoning_effort", &r.Effort); reasoning.Effort != "" {
		r.Effort = reasoning.Effort
	}
	if s := reasoning.Summary + reasoning.GenerateSummary; s != "" && s != "auto" {
		r.Ignored = append(r.Ignored, "reasoning.summary") // the reasoning itself is there
	}
}

// readInclude takes what can be included, and what there is never anything of.
func (r *ResponseRequest) readInclude(b *body) {
	var include []string
	b.read("include", &include)
	for _, what := range include {
		switch what {
		case "reasoning.encrypted_content":
			r.Encrypted = true
		case "message.output_text.logprobs":
			r.Logprobs, r.Sampling.Logprobs = true, true
		case "web_search_call.results", "web_search_call.action.sources", "file_search_call.results", "code_interpreter_call.outputs",
			"computer_call_output.output.image_url", "message.input_image.image_url":
		default:
			b.fail(errorf("include", CodeValue, "%q is nothing that can be included", what))
		}
	}
}

// Bounds of metadata, as the API has them.
const (
	maxMetadata      = 16
	maxMetadataKey   = 64
	maxMetadataValue = 512
)

func (r *ResponseRequest) readMetadata(b *body) {
	b.read("metadata", &r.Metadata)
	if len(r.Metadata) > maxMetadata {
		b.fail(errorf("metadata", CodeValue, "%d entries; at most %d are possible", len(r.Metadata), maxMetadata))
	}
	for k, v := range r.Metadata {
		if len(k) > maxMetadataKey || len(v) > maxMetadataValue {
			b.fail(errorf("metadata", CodeValue, "keys have at most %d bytes, values %d", maxMetadataKey, maxMetadataValue))
		}
	}
}

// developer is what the model is told before the conversation: functions, namespaces, formats.
func (r *ResponseRequest) developer() (d harmony.DeveloperContent, err error) {
	chat := ChatRequest{ToolChoice: r.ToolChoice, ResponseFormat: &r.Format}
	if r.Format.Type == "" {
		chat.ResponseFormat = nil
	}
	at := make([]string, 0, len(r.Tools)) // where the functions came from
	add := func(where string, t ResponseTool) {
		c := ChatTool{Type: "function"}
		c.Function.Name, c.Function.Description, c.Function.Parameters, c.Function.Strict = t.Name, t.Description, t.Parameters, t.Strict
		chat.Tools, at = append(chat.Tools, c), append(at, where)
	}
	for i, t := range r.Tools {
		where := fmt.Sprintf("tools[%d]", i)
		switch {
		case t.Type == "function":
			add(where, t)
		case t.Type == "namespace" && t.Name == harmony.FunctionsNamespace:
			for _, f := range t.Tools {
				add(where, f)
			}
		case t.Type == "namespace":
			ns, err := t.namespace(where)
			if err != nil {
				return d, err
			}
			if len(ns.Functions) > 0 && r.ToolChoice.Mode != "none" {
				d.Namespaces = append(d.Namespaces, ns)
			}
		case t.Type == "":
			return d, errorf(where+".type", CodeMissing, "a tool needs a type")
		}
	}
	if d.Tools, err = chat.functions(); err != nil {
		return d, moved(err, at)
	}
	d.ResponseFormats, err = chat.formats()
	return d, err
}

// namespace is a group of functions as the model is told of it.
func (t *ResponseTool) namespace(where string) (ns harmony.Namespace, err error) {
	if !plainName(t.Name) {
		return ns, errorf(where+".name", CodeValue, "%q is no name; use 1 to 64 letters, digits, _ and -", t.Name)
	}
	chat := ChatRequest{}
	for _, f := range t.Tools {
		if f.Type != "function" {
			continue
		}
		c := ChatTool{Type: "function"}
		c.Function.Name, c.Function.Description, c.Function.Parameters = f.Name, f.Description, f.Parameters
		chat.Tools = append(chat.Tools, c)
	}
	functions, err := chat.functions()
	if err != nil {
		return ns, moved(err, []string{where + ".tools"})
	}
	return harmony.Namespace{Name: t.Name, Description: t.Description, Functions: functions}, nil
}

// moved makes an error about a Chat tool one about the tool that it was made from.
func moved(err error, at []string) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	var i int
	if n, _ := fmt.Sscanf(e.Param, "tools[%d]", &i); n == 1 && len(at) > 0 {
		return errorf(at[min(i, len(at)-1)], e.Code, "%s", e.Message)
	}
	return e
}

// Constraint is nil when nothing is demanded of the answer's form.
func (r *ResponseRequest) Constraint() *Constraint {
	c := &Constraint{}
	c.answer(&r.Format, "text.format", "text.format.schema")
	for i, t := range r.Tools {
		space, functions := "", []ResponseTool{t}
		if t.Type == "namespace" {
			space, functions = t.Name, t.Tools
		}
		for _, f := range functions {
			if f.Type == "function" {
				c.tool(&r.ToolChoice, space, f.Name, f.Parameters, f.Strict, fmt.Sprintf("tools[%d].parameters", i))
			}
		}
	}
	return c.orNil(&r.ToolChoice)
}
