package openai

import (
	"encoding/json"
	"slices"
)

// body is a JSON object whose fields are read one by one, so that an error names
// its field. After the first error the rest is passed over.
type body struct {
	fields map[string]json.RawMessage
	err    error
}

func readBody(data []byte) *body {
	b := &body{}
	if err := json.Unmarshal(data, &b.fields); err != nil {
		b.err = errorf("", CodeJSON, "the request is not a JSON object: %v", err)
	} else if b.fields == nil {
		b.err = errorf("", CodeJSON, "the request is not a JSON object but null")
	}
	return b
}

// has reports whether a field is there and not null.
func (b *body) has(name string) bool {
	raw, ok := b.fields[name]
	return ok && string(raw) != "null"
}

// read decodes a field; one that is absent or null leaves into as it is.
func (b *body) read(name string, into any) bool {
	if b.err != nil || !b.has(name) {
		return false
	}
	if err := json.Unmarshal(b.fields[name], into); err != nil {
		b.err = wrong(name, err)
		return false
	}
	return true
}

// fail keeps the first error.
func (b *body) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// number reads a number that must lie between two others.
func (b *body) number(name string, low, high float64) *float64 {
	var x float64
	if !b.read(name, &x) {
		return nil
	}
	if !(x >= low && x <= high) {
		b.fail(errorf(name, CodeValue, "%v is not between %v and %v", x, low, high))
		return nil
	}
	return &x
}

// count reads a whole number that must lie between two others.
func (b *body) count(name string, low, high int64) *int64 {
	var x int64
	if !b.read(name, &x) {
		return nil
	}
	if x < low || x > high {
		b.fail(errorf(name, CodeValue, "%d is not between %d and %d", x, low, high))
		return nil
	}
	return &x
}

// unread sorts the fields that an endpoint does not read: those that are known to change
// the answer and cannot be honoured are refused, and so is what looks like a misspelling.
// Everything else changes nothing and is returned, so that it is not ignored in silence.
func (b *body) unread(known []string, refused map[string]string) (ignored []string) {
	if b.err != nil {
		return nil
	}
	for name := range b.fields {
		if b.has(name) && !slices.Contains(known, name) {
			ignored = append(ignored, name)
		}
	}
	slices.Sort(ignored)
	for _, name := range ignored {
		if why, ok := refused[name]; ok {
			b.fail(errorf(name, CodeUnsupported, "%s", why))
		}
		for _, near := range known {
			if alike(name, near) {
				b.fail(errorf(name, CodeUnknown, "unknown field; %s was probably meant", near))
			}
		}
	}
	return ignored
}

// alike reports whether a name is one slip of the pen away from another, two if it is long.
func alike(name, known string) bool {
	most := 1
	if len(known) >= 8 {
		most = 2
	}
	if d := len(name) - len(known); d > most || -d > most || len(known) < 4 {
		return false
	}
	row := make([]int, len(known)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(name) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(known) {
			cost := diagonal
			if name[i] != known[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(known)] <= most
}

// unhonoured are fields of other servers that change the answer in ways that are not
// possible here, and what to do instead.
func unhonoured() map[string]string {
	const grammar = "not supported; use response_format"
	return map[string]string{
		"functions": "deprecated; use tools and tool_choice", "function_call": "deprecated; use tools and tool_choice",
		"audio": "not possible: gpt-oss writes text only", "web_search_options": "not possible: the model is run offline",
		"guided_json": grammar, "guided_regex": grammar, "guided_choice": grammar, "guided_grammar": grammar,
		"grammar": grammar, "json_schema": grammar, "structured_outputs": grammar, "structural_tag": grammar,
		"chat_template": "not possible: the harmony format is built in", "chat_template_kwargs": "not possible: the harmony format is built in; use reasoning_effort",
		"min_tokens": "not supported", "ignore_eos": "not supported", "stop_token_ids": "not supported; use stop",
		"use_beam_search": "not supported", "best_of": "not supported; use n", "length_penalty": "not supported",
		"top_a": "not supported; use top_p or min_p", "typical_p": "not supported; use top_p or min_p", "tfs_z": "not supported; use top_p or min_p",
		"mirostat": "not supported", "dry_multiplier": "not supported", "xtc_probability": "not supported", "dynatemp_range": "not supported",
		"truncate_prompt_tokens": "not done: a prompt is never cut", "prompt_logprobs": "not supported",
		"continue_final_message": "not supported", "images": "not possible: gpt-oss reads text only",
	}
}
