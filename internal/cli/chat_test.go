package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "talk.json")
	w := newWorld(t, strings.Join([]string{
		"What is 17 + 25?", "", "/effort high", "/system Be brief.", "Go\\", "on.", "/show", "/stats", "/save " + file, "/save " + file,
		"/reset", "/effort extreme", "/show off", "/what", "/help", "Again", "/exit", "never sent",
	}, "\n"), reasoned+answered+reasoned+answered+reasoned+answered)
	if code := w.run(t, "chat"); code != 0 {
		t.Fatal(code, &w.err)
	}
	if w.out.String() != "It is 42.\nIt is 42.\nIt is 42.\n" {
		t.Errorf("standard output %q", &w.out)
	}
	second := w.prompt(t, 1)
	if !strings.Contains(second, "Reasoning: high") || !strings.Contains(second, "Be brief.") ||
		!strings.HasSuffix(second, "<|start|>user<|message|>What is 17 + 25?<|end|><|start|>assistant<|channel|>final<|message|>It is 42.<|end|>"+
			"<|start|>user<|message|>Go\non.<|end|><|start|>assistant") {
		t.Errorf("second prompt %q", second)
	}
	if third := w.prompt(t, 2); strings.Contains(third, "17") || !strings.Contains(third, "Reasoning: high") {
		t.Errorf("third prompt %q", third)
	}
	if len(w.script.prompts) != 3 {
		t.Errorf("%d prompts", len(w.script.prompts))
	}
	e := w.err.String()
	for _, want := range []string{"effort: high", "instructions set", "model scripted, context 2000, effort high", "tokens/s", "saved 6 messages",
		"exists; choose another name", "the conversation is empty", "needs low, medium or high; it is high", "there is no command /what", "/help   "} {
		if !strings.Contains(e, want) {
			t.Errorf("%q is not in %q", want, e)
		}
	}
	if n := strings.Count(e, "reasoning: "); n != 2 {
		t.Errorf("reasoning shown %d times, want 2: %q", n, e)
	}
	var talk struct {
		Effort   string `json:"reasoning_effort"`
		Messages []savedMessage
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &talk)
	}
	if err != nil || talk.Effort != "high" || len(talk.Messages) != 5 || talk.Messages[2] != (savedMessage{"assistant", "It is 42.", "17 + 25 = 42."}) {
		t.Errorf("%s, %v", data, err)
	}
}

// TestChatInterrupted presses Ctrl-C before any answer, then within one; the
// conversation goes on.
func TestChatInterrupted(t *testing.T) {
	w := newWorld(t, "One\nTwo\nThree\n", reasoned+answered+answered)
	at := map[int]bool{3: true, 8: true}
	w.script.say = func(n int) {
		if at[n] {
			w.break_()
		}
		if n == 4 && len(w.script.prompts) == 1 {
			t.Error("went on after the interrupt")
		}
	}
	tok, _ := builtinVocabulary()
	first := tok.EncodeSpecial(nil, reasoned, nil)[:4]
	w.script.ids = append(append(first, tok.EncodeSpecial(nil, answered, nil)[:5]...), tok.EncodeSpecial(nil, answered, nil)...)
	if code := w.run(t, "chat", "--hide-reasoning"); code != 0 {
		t.Fatal(code, &w.err)
	}
	if w.out.String() != "It is\nIt is 42.\n" && w.out.String() != "It is \nIt is 42.\n" {
		t.Errorf("standard output %q", &w.out)
	}
	if want := "ossian: interrupted while still reasoning\nossian: the question was taken back\nossian: interrupted within the answer\n"; w.err.String() != want {
		t.Errorf("standard error %q", &w.err)
	}
	if p := w.prompt(t, 2); strings.Contains(p, "One") || !strings.Contains(p, "Two<|end|><|start|>assistant<|channel|>final<|message|>It is") {
		t.Errorf("third prompt %q", p)
	}
}

func TestChatContextFull(t *testing.T) {
	w := newWorld(t, strings.Repeat("word ", 2500)+"\nShort\n", answered)
	if code := w.run(t, "chat"); code != 0 || w.out.String() != "It is 42.\n" || !strings.Contains(w.err.String(), "/reset starts afresh") {
		t.Errorf("%d, %q, %q", code, &w.out, &w.err)
	}
}

func TestChatFails(t *testing.T) {
	w := newWorld(t, "One\nTwo\n", "<|channel|>final")
	if code := w.run(t, "chat"); code != 1 || w.err.String() != "ossian: unexpected EOF\n" {
		t.Errorf("%d, %q", code, &w.err)
	}
}
