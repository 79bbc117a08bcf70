package openai

import "slices"

// Fields of the requests that are read or that change nothing, for the description of
// the API. Others are refused, or named in the answer as ignored.
func ChatFields() []string { return sorted(chatFields()) }

// ResponseFields are those of the Responses API.
func ResponseFields() []string { return sorted(append(responseFields(), "text")) }

// CompletionFields are those of the Completions API.
func CompletionFields() []string {
	return sorted(append(samplingFields(), "model", "prompt", "echo", "stream", "stream_options", "logprobs", "user", "best_of", "suffix"))
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
