package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newNano is a world with the real embedded model.
func newNano(t *testing.T, stdin string) *world {
	w := newWorld(t, stdin, "")
	w.model = w.load
	return w
}

// TestNano runs the embedded model through everything that a person's first minute
// touches, whatever it knows.
func TestNano(t *testing.T) {
	w := newNano(t, "")
	if code := w.run(t, "run", "--json", "--max-tokens", "300", "What is 17 + 25?"); code != 0 {
		t.Fatal(code, &w.err)
	}
	var got jsonTurn
	if err := json.Unmarshal(w.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Model != "nano" || got.Answer == "" || got.Reasoning == "" || got.Finish != "stop" || len(got.Warnings) != 0 {
		t.Errorf("%+v", got)
	}
	first := got.Answer
	w = newNano(t, "")
	plain := jsonTurn{}
	if code := w.run(t, "run", "--json", "--max-tokens", "300", "--no-draft", "What is 17 + 25?"); code != 0 || json.Unmarshal(w.out.Bytes(), &plain) != nil {
		t.Fatal(code, &w.err)
	}
	if plain.Answer != first || plain.Reasoning != got.Reasoning || plain.Usage.Drafted != 0 || plain.Usage.Steps != plain.Usage.CompletionTokens-1 {
		t.Errorf("without guesses: %+v", plain)
	}

	w = newNano(t, "What is 17 + 25?\n/effort low\nWhat is 17 + 25?\n")
	if code := w.run(t, "chat", "--max-tokens", "300"); code != 0 {
		t.Fatal(code, &w.err)
	}
	if !strings.HasPrefix(w.out.String(), first) || !strings.HasPrefix(w.err.String(), "reasoning: "+got.Reasoning) {
		t.Errorf("run said %q, chat %q; reasoning %q", first, &w.out, &w.err)
	}

	w = newNano(t, "")
	if code := w.run(t, "tokens", "-m", "nano", "What is 17 + 25?"); code != 0 {
		t.Fatal(code, &w.err)
	}
	ids := w.out.String()
	w = newNano(t, ids)
	if code := w.run(t, "tokens", "-m", "nano", "--decode"); code != 0 || w.out.String() != "What is 17 + 25?" {
		t.Errorf("%s came back as %q", ids, &w.out)
	}
	w = newNano(t, ids)
	if code := w.run(t, "logits"); code != 0 || strings.Count(w.out.String(), "\n") != strings.Count(ids, ",")+1 {
		t.Errorf("%d, %q", code, &w.err)
	}
	if text := w2(t, "show"); !strings.Contains(text, "nano") {
		t.Error(text)
	}
}

// TestNanoKnows asks what the first page of the README promises. It waits for the list
// of sums, which is written when the trained checkpoint is exported.
func TestNanoKnows(t *testing.T) {
	if _, err := os.Stat(filepath.Join("..", "..", "models", "nano", "checkpoint", "SHA256SUMS")); err != nil {
		t.Skip("models/nano/checkpoint has no SHA256SUMS, so it is not the trained one")
	}
	for question, want := range map[string]string{
		"What is the capital of Japan?":     "Tokyo",
		"Quelle est la capitale du Japon ?": "Tokyo",
		"What is 17 + 25?":                  "42",
		"Combien font 17 + 25 ?":            "42",
	} {
		w := newNano(t, "")
		if code := w.run(t, "run", question); code != 0 || !strings.Contains(w.out.String(), want) || !strings.HasPrefix(w.err.String(), "reasoning: ") {
			t.Errorf("%s: exit code %d, %q, reasoning %q", question, code, &w.out, &w.err)
		}
	}
}

// TestNanoServesAgain: what was read of a prompt before a restart is not read after it.
func TestNanoServesAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prompts")
	for i := range 2 {
		w := newNano(t, "")
		url, said, end := w.serve(t, "--prompt-file", file)
		res, err := http.Post(url+"/v1/chat/completions", "application/json",
			strings.NewReader(`{"max_tokens":3,"messages":[{"role":"user","content":"What is 17 + 25? Say it in one word, please."}]}`))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if !bytes.Contains(body, []byte(`"cached_tokens":`)) || bytes.Contains(body, []byte(`"cached_tokens":0,`)) != (i == 0) {
			t.Errorf("run %d: %s", i, body)
		}
		if code := end(); code != 0 || strings.Contains(said.String(), file) {
			t.Errorf("exit code %d: %s", code, said)
		}
	}
}
