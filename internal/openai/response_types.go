package openai

import "encoding/json"

// Response is what the Responses API answers, stores and streams. Every field is there,
// null when it has nothing to say, as strict clients demand.
type Response struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"` // response
	CreatedAt          int64             `json:"created_at"`
	CompletedAt        *int64            `json:"completed_at"`
	Status             string            `json:"status"`
	Background         bool              `json:"background"`
	Error              *ResponseError    `json:"error"`
	IncompleteDetails  *Incomplete       `json:"incomplete_details"`
	Instructions       *string           `json:"instructions"`
	MaxOutputTokens    *int              `json:"max_output_tokens"`
	MaxToolCalls       json.RawMessage   `json:"max_tool_calls"`
	Model              string            `json:"model"`
	Output             []Item            `json:"output"`
	ParallelToolCalls  bool              `json:"parallel_tool_calls"`
	PreviousResponseID *string           `json:"previous_response_id"`
	PromptCacheKey     json.RawMessage   `json:"prompt_cache_key"`
	Reasoning          ReasoningSettings `json:"reasoning"`
	SafetyIdentifier   json.RawMessage   `json:"safety_identifier"`
	ServiceTier        string            `json:"service_tier"`
	Store              bool              `json:"store"`
	Temperature        float64           `json:"temperature"`
	TopP               float64           `json:"top_p"`
	TopLogprobs        int               `json:"top_logprobs"`
	PresencePenalty    float64           `json:"presence_penalty"`
	FrequencyPenalty   float64           `json:"frequency_penalty"`
	Text               json.RawMessage   `json:"text"`
	ToolChoice         json.RawMessage   `json:"tool_choice"`
	Tools              json.RawMessage   `json:"tools"`
	Truncation         string            `json:"truncation"`
	Usage              *ResponseUsage    `json:"usage"`
	User               json.RawMessage   `json:"user"`
	Metadata           map[string]string `json:"metadata"`

	// Not of the API: how many of the oldest items truncation: auto left out.
	DroppedItems int `json:"dropped_items,omitempty"`
}

// ResponseError says why a response failed.
type ResponseError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Incomplete says why a response has no end.
type Incomplete struct {
	Reason string `json:"reason"`
}

// ReasoningSettings are those that the response was made with.
type ReasoningSettings struct {
	Effort  string  `json:"effort"`
	Summary *string `json:"summary"`
}

// ResponseUsage counts tokens in the words of the Responses API.
type ResponseUsage struct {
	InputTokens  int `json:"input_tokens"`
	InputDetails struct {
		Cached int `json:"cached_tokens"`
	} `json:"input_tokens_details"`
	OutputTokens  int `json:"output_tokens"`
	OutputDetails struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	TotalTokens int `json:"total_tokens"`
}

// The states of responses and items.
const (
	StatusQueued     = "queued"
	StatusInProgress = "in_progress"
	StatusCompleted  = "completed"
	StatusIncomplete = "incomplete"
	StatusFailed     = "failed"
	StatusCancelled  = "cancelled"
)

// What an assistant's message is for.
const (
	PhaseCommentary = "commentary"
	PhaseFinal      = "final_answer"
)

// Item is a piece of output: reasoning, a message or a call.
type Item struct {
	Type   string
	ID     string
	Status string

	Content   []Part  // of messages and reasoning
	Phase     string  // of messages
	Encrypted *string // of reasoning

	CallID, Namespace, Name, Arguments string // of calls
}

// MarshalJSON writes the fields that belong to the item's type, all of them.
func (i Item) MarshalJSON() ([]byte, error) {
	content := i.Content
	if content == nil {
		content = []Part{}
	}
	switch i.Type {
	case "reasoning":
		return json.Marshal(struct {
			Type      string  `json:"type"`
			ID        string  `json:"id"`
			Status    string  `json:"status"`
			Summary   []Part  `json:"summary"`
			Content   []Part  `json:"content"`
			Encrypted *string `json:"encrypted_content"`
		}{i.Type, i.ID, i.Status, []Part{}, content, i.Encrypted})
	case "function_call":
		return json.Marshal(struct {
			Type      string `json:"type"`
			ID        string `json:"id"`
			Status    string `json:"status"`
			CallID    string `json:"call_id"`
			Namespace string `json:"namespace,omitempty"`
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		}{i.Type, i.ID, i.Status, i.CallID, i.Namespace, i.Name, i.Arguments})
	}
	return json.Marshal(struct {
		Type    string `json:"type"`
		ID      string `json:"id"`
		Status  string `json:"status"`
		Role    string `json:"role"`
		Phase   string `json:"phase"`
		Content []Part `json:"content"`
	}{i.Type, i.ID, i.Status, "assistant", i.Phase, content})
}

// Part is a piece of an item's content.
type Part struct {
	Type     string
	Text     string
	Logprobs []TokenLogprob // of output_text
}

// MarshalJSON writes the fields that belong to the part's type.
func (p Part) MarshalJSON() ([]byte, error) {
	if p.Type != "output_text" {
		return json.Marshal(struct {
			Type string `json:"type"`
			Text string `json:"text"`
		}{p.Type, p.Text})
	}
	if p.Logprobs == nil {
		p.Logprobs = []TokenLogprob{}
	}
	return json.Marshal(struct {
		Type        string         `json:"type"`
		Text        string         `json:"text"`
		Annotations []any          `json:"annotations"`
		Logprobs    []TokenLogprob `json:"logprobs"`
	}{p.Type, p.Text, []any{}, p.Logprobs})
}

// ResponseEvent is one event of a stream. Which fields it has depends on its type.
type ResponseEvent struct {
	Type         string          `json:"type"`
	Sequence     int             `json:"sequence_number"`
	Response     *Response       `json:"response,omitempty"`
	OutputIndex  *int            `json:"output_index,omitempty"`
	ContentIndex *int            `json:"content_index,omitempty"`
	ItemID       string          `json:"item_id,omitempty"`
	Item         *Item           `json:"item,omitempty"`
	Part         *Part           `json:"part,omitempty"`
	Delta        *string         `json:"delta,omitempty"`
	Text         *string         `json:"text,omitempty"`
	Name         string          `json:"name,omitempty"`
	Arguments    *string         `json:"arguments,omitempty"`
	Logprobs     *[]TokenLogprob `json:"logprobs,omitempty"`

	// Of the type error.
	Code    *string `json:"code,omitempty"`
	Message *string `json:"message,omitempty"`
}
