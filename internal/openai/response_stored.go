package openai

import "encoding/json"

// ItemID is the id of an item, "" if it has none.
func ItemID(raw json.RawMessage) string {
	var item struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &item) != nil {
		return ""
	}
	return item.ID
}

// StoredItem is an item of a request as it is kept and listed: with a type, with an id,
// which newID ends where the client gave none, and with content in parts.
func StoredItem(raw json.RawMessage, newID func() string) (json.RawMessage, error) {
	var item map[string]json.RawMessage
	if err := json.Unmarshal(raw, &item); err != nil {
		return nil, err
	}
	text := func(name string) (s string, ok bool) {
		ok = json.Unmarshal(item[name], &s) == nil && item[name] != nil
		return s, ok && s != ""
	}
	put := func(name string, v any) {
		if data, err := json.Marshal(v); err == nil {
			item[name] = data
		}
	}
	kind, ok := text("type")
	if !ok {
		kind = "message"
		put("type", kind)
	}
	if _, ok := text("id"); !ok {
		prefix, known := map[string]string{"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "function_call_output": "fco_"}[kind]
		if !known {
			prefix = "item_"
		}
		put("id", prefix+newID())
	}
	if content, ok := text("content"); ok {
		part := Part{Type: "input_text", Text: content}
		if role, _ := text("role"); role == "assistant" {
			part.Type = "output_text"
		}
		put("content", []Part{part})
	}
	if _, ok := text("status"); !ok {
		put("status", StatusCompleted)
	}
	return json.Marshal(item)
}

// Cuts finds where a conversation that is too long may be cut: how many items at its
// beginning are instructions, and where turns of the user begin after the first.
func Cuts(items []json.RawMessage) (lead int, cuts []int) {
	roles := make([]string, len(items))
	for i, raw := range items {
		var item struct {
			Role string `json:"role"`
		}
		if json.Unmarshal(raw, &item) == nil {
			roles[i] = item.Role
		}
	}
	for lead < len(roles) && (roles[lead] == "system" || roles[lead] == "developer") {
		lead++
	}
	for i := lead + 1; i < len(roles); i++ {
		if roles[i] == "user" {
			cuts = append(cuts, i)
		}
	}
	return lead, cuts
}
