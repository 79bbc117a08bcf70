package token

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"
)

// TestNano reads the tokenizer.json of the embedded model: a cut of o200k_harmony with ids
// of its own.
func TestNano(t *testing.T) {
	data, err := os.ReadFile("../../models/nano/checkpoint/tokenizer.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the embedded model is not there yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	tok, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"<|startoftext|>", "<|endoftext|>", "<|return|>", "<|constrain|>", "<|channel|>", "<|start|>", "<|end|>", "<|message|>", "<|call|>"} {
		id, ok := tok.Special(name)
		if got := tok.EncodeSpecial(nil, name, nil); !ok || !slices.Equal(got, []uint32{id}) {
			t.Errorf("%s: %d, %v, %d", name, id, ok, got)
		}
		if got := tok.Encode(nil, name); len(got) < 2 || tok.Decode(got) != name {
			t.Errorf("Encode(%q) = %d", name, got)
		}
	}
	own := harmony(t)
	for id := range uint32(tok.Size()) {
		b, ok := tok.Bytes(id)
		if !ok {
			t.Errorf("id %d is no token", id)
		}
		if _, ok := own.vocab.lookup(string(b)); !ok && !tok.IsSpecial(id) {
			t.Errorf("%d, %q, is no token of o200k", id, b)
		}
	}
	texts(5000, func(text string) {
		ids := tok.Encode(nil, text)
		if got := string(slices.Concat(all(tok, ids)...)); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}
		checkStream(t, tok, ids)
	})
}
