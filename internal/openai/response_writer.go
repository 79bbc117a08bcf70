package openai

import (
	"encoding/json"
	"slices"
	"strings"

	"ossian/internal/chat"
	"ossian/internal/harmony"
	"ossian/internal/sample"
)

// ResponseWriter turns the events of a turn into those of a Responses stream, in the
// documented order, and into the Response that the last of them carries.
type ResponseWriter struct {
	Response Response

	encrypted, logprobs bool
	top                 int
	spell               Speller
	newID               func() string

	events   []ResponseEvent
	sequence int
	message  int // the turn's message that the open item is
	open     *Item
	text     strings.Builder // of the open item
}

// Writer makes a writer for an answer to the request. params are what it is sampled with,
// newID gives the ends of ids.
func (r *ResponseRequest) Writer(id string, created int64, model string, params sample.Params, spell Speller, newID func() string) *ResponseWriter {
	effort, _ := harmony.ParseEffort(r.Effort) // it was checked
	echo := func(name, otherwise string) json.RawMessage {
		if raw, ok := r.echo[name]; ok && string(raw) != "null" {
			return raw
		}
		return json.RawMessage(otherwise)
	}
	res := Response{
		ID: id, Object: "response", CreatedAt: created, Status: StatusInProgress, Background: r.Background, Model: model,
		Output: []Item{}, ParallelToolCalls: string(echo("parallel_tool_calls", "true")) != "false",
		Instructions: orNull(r.Instructions), PreviousResponseID: orNull(r.Previous),
		MaxToolCalls: echo("max_tool_calls", "null"), PromptCacheKey: echo("prompt_cache_key", "null"),
		SafetyIdentifier: echo("safety_identifier", "null"), User: echo("user", "null"),
		Reasoning: ReasoningSettings{Effort: string(effort)}, ServiceTier: "default", Store: r.Store,
		Temperature: params.Temperature, TopP: params.TopP, TopLogprobs: r.Sampling.TopLogprobs,
		PresencePenalty: params.Presence, FrequencyPenalty: params.Frequency,
		Text: r.textSettings(), ToolChoice: echo("tool_choice", `"auto"`), Tools: echo("tools", "[]"),
		Truncation: "disabled", Metadata: r.Metadata,
	}
	if res.TopP == 0 {
		res.TopP = 1
	}
	if r.Truncate {
		res.Truncation = "auto"
	}
	if n := r.Sampling.MaxTokens; n > 0 {
		res.MaxOutputTokens = &n
	}
	if res.Metadata == nil {
		res.Metadata = map[string]string{}
	}
	return &ResponseWriter{Response: res, encrypted: r.Encrypted, logprobs: r.Logprobs, top: r.Sampling.TopLogprobs, spell: spell, newID: newID}
}

// textSettings repeats what was asked of the answer's form, with what was left out.
func (r *ResponseRequest) textSettings() json.RawMessage {
	settings := map[string]json.RawMessage{}
	_ = json.Unmarshal(r.echo["text"], &settings) // it was read before
	for name, otherwise := range map[string]string{"format": `{"type":"text"}`, "verbosity": `"medium"`} {
		if raw, ok := settings[name]; !ok || string(raw) == "null" {
			settings[name] = json.RawMessage(otherwise)
		}
	}
	out, err := json.Marshal(settings)
	if err != nil {
		return json.RawMessage(`{"format":{"type":"text"},"verbosity":"medium"}`)
	}
	return out
}

// emit adds an event to those that the caller is given.
func (w *ResponseWriter) emit(e ResponseEvent) {
	e.Sequence = w.sequence
	w.sequence++
	w.events = append(w.events, e)
}

// snapshot is the response as it is now: later changes do not show in it.
func (w *ResponseWriter) snapshot() *Response {
	res := w.Response
	res.Output = slices.Clone(res.Output)
	return &res
}

func (w *ResponseWriter) take() []ResponseEvent {
	events := w.events
	w.events = nil
	return events
}

// Start gives the events that begin a stream.
func (w *ResponseWriter) Start() []ResponseEvent {
	w.emit(ResponseEvent{Type: "response.created", Response: w.snapshot()})
	w.emit(ResponseEvent{Type: "response.in_progress", Response: w.snapshot()})
	return w.take()
}

// Event gives the events that a piece of news comes to.
func (w *ResponseWriter) Event(e chat.Event) []ResponseEvent {
	switch e.Kind {
	case chat.Reasoning, chat.Answer, chat.Preamble:
		if w.open == nil || w.message != e.Message {
			w.close(StatusCompleted)
			w.begin(e)
		}
		w.delta(e)
	case chat.CallStart:
		w.close(StatusCompleted)
		w.begin(e)
	case chat.CallText:
		w.delta(e)
	case chat.ToolCall:
		w.close(StatusCompleted)
	}
	return w.take()
}

// index is the place of the open item in the output.
func (w *ResponseWriter) index() *int { n := len(w.Response.Output); return &n }

func (w *ResponseWriter) begin(e chat.Event) {
	w.message = e.Message
	w.text.Reset()
	item := Item{Status: StatusInProgress}
	part := Part{}
	switch e.Kind {
	case chat.Reasoning:
		item.Type, item.ID, part.Type = "reasoning", "rs_"+w.newID(), "reasoning_text"
	case chat.CallStart:
		item.Type, item.ID, item.CallID = "function_call", "fc_"+w.newID(), "call_"+w.newID()
		item.Namespace, item.Name = splitName(e.Call.Name)
	default:
		item.Type, item.ID, part.Type, item.Phase = "message", "msg_"+w.newID(), "output_text", PhaseFinal
		if e.Kind == chat.Preamble {
			item.Phase = PhaseCommentary
		}
	}
	w.open = &item
	added := item
	w.emit(ResponseEvent{Type: "response.output_item.added", OutputIndex: w.index(), Item: &added})
	if part.Type != "" {
		w.emit(ResponseEvent{Type: "response.content_part.added", ItemID: item.ID, OutputIndex: w.index(), ContentIndex: new(int), Part: &part})
		item.Content = []Part{part}
	}
}

// splitName takes a recipient apart: a function of the application has no namespace, a
// function of a namespace has that, and a tool of the model's own keeps its whole name.
func splitName(recipient string) (namespace, name string) {
	space, rest, dotted := strings.Cut(recipient, ".")
	if dotted && space != harmony.FunctionsNamespace && plainName(space) && plainName(rest) {
		return space, rest
	}
	return "", WireName(recipient)
}

func (w *ResponseWriter) delta(e chat.Event) {
	w.text.WriteString(e.Text)
	d := ResponseEvent{ItemID: w.open.ID, OutputIndex: w.index(), Delta: &e.Text}
	switch w.open.Type {
	case "function_call":
		d.Type = "response.function_call_arguments.delta"
	case "reasoning":
		d.Type, d.ContentIndex = "response.reasoning_text.delta", new(int)
	default:
		d.Type, d.ContentIndex = "response.output_text.delta", new(int)
		probs := []TokenLogprob{}
		if w.logprobs {
			probs = w.spell.logprobs(e.Tokens, w.top)
			w.open.Content[0].Logprobs = append(w.open.Content[0].Logprobs, probs...)
		}
		d.Logprobs = &probs
	}
	w.emit(d)
}

// close ends the open item, if there is one.
func (w *ResponseWriter) close(status string) {
	item := w.open
	if item == nil {
		return
	}
	text := w.text.String()
	item.Status = status
	at := w.index()
	switch item.Type {
	case "function_call":
		item.Arguments = text
		w.emit(ResponseEvent{Type: "response.function_call_arguments.done", ItemID: item.ID, OutputIndex: at, Name: item.Name, Arguments: &text})
	case "reasoning":
		item.Content[0].Text = text
		if w.encrypted {
			item.Encrypted = seal(text)
		}
		w.emit(ResponseEvent{Type: "response.reasoning_text.done", ItemID: item.ID, OutputIndex: at, ContentIndex: new(int), Text: &text})
	default:
		item.Content[0].Text = text
		probs := item.Content[0].Logprobs
		if probs == nil {
			probs = []TokenLogprob{}
		}
		w.emit(ResponseEvent{Type: "response.output_text.done", ItemID: item.ID, OutputIndex: at, ContentIndex: new(int), Text: &text, Logprobs: &probs})
	}
	if item.Type != "function_call" {
		part := item.Content[0]
		w.emit(ResponseEvent{Type: "response.content_part.done", ItemID: item.ID, OutputIndex: at, ContentIndex: new(int), Part: &part})
	}
	done := *item
	w.emit(ResponseEvent{Type: "response.output_item.done", OutputIndex: at, Item: &done})
	w.Response.Output = append(w.Response.Output, done)
	w.open = nil
}

// End gives the events that end a stream after the turn.
func (w *ResponseWriter) End(t chat.Turn, now int64) []ResponseEvent {
	status := StatusCompleted
	if t.Finish == chat.FinishLength || t.Finish == chat.FinishContext {
		status = StatusIncomplete
		w.Response.IncompleteDetails = &Incomplete{Reason: "max_output_tokens"}
	}
	item := StatusCompleted
	if t.CutIn != 0 { // what is open has no end; else the end came between two messages
		item = status
	}
	w.close(item)
	w.count(t)
	if w.Response.Status = status; status == StatusCompleted {
		w.Response.CompletedAt = &now
	}
	w.emit(ResponseEvent{Type: "response." + status, Response: w.snapshot()})
	return w.take()
}

// Fail gives the events that end a stream with an error. Of what was written remains what there is.
func (w *ResponseWriter) Fail(e ErrorObject, t chat.Turn) []ResponseEvent {
	w.close(StatusIncomplete)
	w.count(t)
	w.Response.Status, w.Response.Error = StatusFailed, &ResponseError{Code: "server_error", Message: e.Message}
	if e.Type == TypeRate {
		w.Response.Error.Code = "rate_limit_exceeded"
	}
	w.emit(ResponseEvent{Type: "response.failed", Response: w.snapshot()})
	return w.take()
}

// Cancel ends a response because somebody asked for that.
func (w *ResponseWriter) Cancel(t chat.Turn) []ResponseEvent {
	w.close(StatusIncomplete)
	w.count(t)
	w.Response.Status = StatusCancelled
	w.emit(ResponseEvent{Type: "response.cancelled", Response: w.snapshot()})
	return w.take()
}

func (w *ResponseWriter) count(t chat.Turn) {
	u := &ResponseUsage{InputTokens: t.PromptTokens, OutputTokens: t.CompletionTokens, TotalTokens: t.PromptTokens + t.CompletionTokens}
	u.InputDetails.Cached, u.OutputDetails.Reasoning = t.CachedTokens, t.ReasoningTokens
	w.Response.Usage = u
}
