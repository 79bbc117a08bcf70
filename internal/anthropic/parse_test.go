package anthropic

import (
	"errors"
	"testing"

	"ossian/internal/openai"
)

// FuzzParse: any body gives a conversation or a typed error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}],"tool_choice":{"type":"any"}}`))
	f.Add([]byte(`{"messages":[{"role":"user","content":"u"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},{"role":"tool","content":"r"}],"options":{"stop":["a"],"num_predict":-1},"think":"low","format":{"type":"object"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, other := range []bool{false, true} {
			r, err := Parse(body, other)
			if err == nil {
				_ = r.Constraint()
				_, err = r.ToConversation()
			}
			if e := (*openai.Error)(nil); err != nil && !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
		}
	})
}
