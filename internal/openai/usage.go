package openai

import "ossian/internal/chat"

// Usage counts tokens in the words of Chat Completions.
type Usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
	PromptDetails    struct {
		Cached int `json:"cached_tokens"`
		Audio  int `json:"audio_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		Reasoning int `json:"reasoning_tokens"`
		Audio     int `json:"audio_tokens"`
		Accepted  int `json:"accepted_prediction_tokens"`
		Rejected  int `json:"rejected_prediction_tokens"`
	} `json:"completion_tokens_details"`
}

// UsageOf counts the turns that answered one request. They share a prompt.
func UsageOf(turns ...chat.Turn) Usage {
	var u Usage
	for _, t := range turns {
		u.PromptTokens = t.PromptTokens
		u.PromptDetails.Cached = max(u.PromptDetails.Cached, t.CachedTokens)
		u.CompletionTokens += t.CompletionTokens
		u.CompletionDetails.Reasoning += t.ReasoningTokens
	}
	u.TotalTokens = u.PromptTokens + u.CompletionTokens
	return u
}
