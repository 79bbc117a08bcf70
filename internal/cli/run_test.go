package cli

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		args     []string
		stdin    string
		said     string
		code     int
		out, err string
		prompt   string
	}{
		"argument":       {args: []string{"What is 17 + 25?"}, said: reasoned + answered, out: "It is 42.\n", err: "reasoning: 17 + 25 = 42.\n", prompt: "What is 17 + 25?"},
		"words":          {args: []string{"What", "is", "it?"}, said: answered, out: "It is 42.\n", prompt: "What is it?"},
		"stdin alone":    {stdin: "What is it?\n\n", said: answered, out: "It is 42.\n", prompt: "What is it?"},
		"both":           {args: []string{"Sum up:"}, stdin: "a\nb\n", said: answered, out: "It is 42.\n", prompt: "Sum up:\n\na\nb"},
		"dashes":         {args: []string{"--", "-1 + 2?"}, said: answered, out: "It is 42.\n", prompt: "-1 + 2?"},
		"hidden":         {args: []string{"--hide-reasoning", "x"}, said: reasoned + answered, out: "It is 42.\n"},
		"line break":     {args: []string{"x"}, said: "<|channel|>final<|message|>a\nb\n<|return|>", out: "a\nb\n"},
		"no channel":     {args: []string{"x"}, said: "<|message|>Plain.<|return|>", out: "Plain.\n"},
		"preamble":       {args: []string{"x"}, said: "<|channel|>commentary<|message|>First.<|end|><|start|>assistant" + answered, out: "First.\nIt is 42.\n"},
		"two reasonings": {args: []string{"x"}, said: reasoned + reasoned + answered, out: "It is 42.\n", err: "reasoning: 17 + 25 = 42.\nreasoning: 17 + 25 = 42.\n"},
		"no answer":      {args: []string{"x"}, said: "<|channel|>analysis<|message|>Hm.<|return|>", err: "reasoning: Hm.\nossian: the model ended without an answer\n"},
		"call": {args: []string{"x"}, said: "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"a\":1}<|call|>",
			err: "call: functions.f {\"a\":1}\nossian: the model called a tool, but this command offers none\n"},
		"cut in reasoning": {args: []string{"--max-tokens", "6", "x"}, said: reasoned, code: 3,
			err: "reasoning: 17 + \nossian: cut after 6 tokens by --max-tokens while still reasoning\n"},
		"cut in answer": {args: []string{"--max-tokens", "5", "x"}, said: answered, code: 3, out: "It is\n",
			err: "ossian: cut after 5 tokens by --max-tokens within the answer\n"},
		"nothing asked": {code: 2, err: "ossian: nothing was asked; write the question: ossian run \"What is the capital of Japan?\"\n"},
		"blank":         {args: []string{"  "}, stdin: "\n", code: 2, err: "ossian: nothing was asked; write the question: ossian run \"What is the capital of Japan?\"\n"},
		"too long": {args: []string{"--max-tokens", "5000", "x"}, code: 1,
			err: "ossian: the prompt has 68 tokens and 5000 more are asked for; the context holds 2000 (the model's own limit is 2000); give a smaller --max-tokens or a shorter text\n"},
		"backend fails": {args: []string{"x"}, said: "<|channel|>final<|message|>It", code: 1, out: "It\n", err: "ossian: unexpected EOF\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.stdin, c.said)
			if code := w.run(t, append([]string{"run"}, c.args...)...); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if w.out.String() != c.out || w.err.String() != c.err {
				t.Errorf("standard output %q\nwant            %q\nstandard error  %q\nwant            %q", &w.out, c.out, &w.err, c.err)
			}
			if want := "<|start|>user<|message|>" + c.prompt + "<|end|><|start|>assistant"; c.prompt != "" && !strings.HasSuffix(w.prompt(t, 0), want) {
				t.Errorf("prompt %q", w.prompt(t, 0))
			}
		})
	}
}

func TestRunSettings(t *testing.T) {
	w := newWorld(t, "", answered)
	w.run(t, "run", "--effort", "high", "--system", "Be brief.", "--date", "2025-05-06", "--context", "500", "--threads", "2", "-m", "abc", "x")
	p := w.prompt(t, 0)
	for _, want := range []string{"Reasoning: high", "Current date: 2025-05-06", "# Instructions\n\nBe brief."} {
		if !strings.Contains(p, want) {
			t.Errorf("%q is not in the prompt %q", want, p)
		}
	}
	if w.flags.Context != 500 || w.flags.Threads != 2 || w.flags.Model != "abc" {
		t.Errorf("%+v", w.flags)
	}
	w = newWorld(t, "", answered)
	if w.run(t, "run", "x"); !strings.Contains(w.prompt(t, 0), "Current date: 2026-01-31\n\nReasoning: medium") {
		t.Errorf("prompt %q", w.prompt(t, 0))
	}
}

func TestRunTerminal(t *testing.T) {
	w := newWorld(t, "", "<|channel|>analysis<|message|>Hm\x1b[31m.<|end|><|start|>assistant<|channel|>final<|message|>Red \x1b]0;x\x07é\u009b<|return|>")
	w.inTerminal, w.outTerminal, w.errTerminal = true, true, true
	if code := w.run(t, "run", "x"); code != 0 {
		t.Fatal(code, &w.err)
	}
	if want := "\x1b[2mHm[31m.\x1b[22m\n\n"; w.err.String() != want {
		t.Errorf("standard error %q, want %q", &w.err, want)
	}
	if want := "Red ]0;xé\n"; w.out.String() != want {
		t.Errorf("standard output %q, want %q", &w.out, want)
	}
}

func TestRunJSON(t *testing.T) {
	w := newWorld(t, "", reasoned+answered)
	if code := w.run(t, "run", "--json", "--temperature", "1", "--top-k", "1", "x"); code != 0 || w.err.Len() != 0 {
		t.Fatal(code, &w.err)
	}
	var got jsonTurn
	if err := json.Unmarshal(w.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Answer != "It is 42." || got.Reasoning != "17 + 25 = 42." || got.Finish != "stop" || got.Seed != 99 || got.Model != "scripted" {
		t.Errorf("%+v", got)
	}
	if u := got.Usage; u.PromptTokens != len(w.script.prompts[0]) || u.CompletionTokens != w.script.said || u.ReasoningTokens == 0 || u.LoadSeconds != 1 || u.Steps != u.CompletionTokens-1 {
		t.Errorf("%+v", u)
	}
	w = newWorld(t, "", reasoned)
	if code := w.run(t, "run", "--json", "--max-tokens", "4", "x"); code != 3 || !strings.Contains(w.out.String(), `"cut_in": "reasoning"`) {
		t.Error(code, &w.out)
	}
}

func TestRunStats(t *testing.T) {
	w := newWorld(t, "", answered)
	if code := w.run(t, "run", "--stats", "--seed", "5", "x"); code != 0 {
		t.Fatal(code)
	}
	for _, want := range []string{"prompt ", "generated ", "8 tokens", "tokens/s", "load 1.000 s", "peak memory", "seed 5", "finish stop"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("%q is not in %q", want, &w.err)
		}
	}
	if w.out.String() != "It is 42.\n" {
		t.Errorf("%q", &w.out)
	}
}

// TestRunInterrupted presses Ctrl-C within the answer.
func TestRunInterrupted(t *testing.T) {
	w := newWorld(t, "", answered)
	w.script.say = func(n int) {
		if n == 4 {
			w.break_()
		}
	}
	if code := w.run(t, "run", "x"); code != 130 {
		t.Errorf("exit code %d", code)
	}
	if w.out.String() != "It is\n" || w.err.String() != "ossian: interrupted within the answer\n" {
		t.Errorf("standard output %q, standard error %q", &w.out, &w.err)
	}
}

// TestInterruptedInput: nobody ends standard input.
func TestInterruptedInput(t *testing.T) {
	r, _ := io.Pipe()
	w := newWorld(t, "", "")
	w.stdin = r
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, []string{"run", "x"}, w.system); code != 130 || w.err.String() != "ossian: interrupted\n" {
		t.Errorf("%d, %q", code, &w.err)
	}
}

func TestRunUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--top-p", "0"}, {"--top-p", "1.5"}, {"--temperature", "-1"}, {"--temperature", "warm"}, {"--temperature", "NaN"}, {"--min-p", "2"}, {"--top-k", "-1"},
		{"--max-tokens", "-1"}, {"--effort", "extreme"}, {"--date", "tomorrow"}, {"--context", "-5"}, {"--threads", "-1"}, {"--nonsense"}, {"--seed", "-1"},
	} {
		w := newWorld(t, "", answered)
		if code := w.run(t, append(append([]string{"run"}, args...), "x")...); code != 2 {
			t.Errorf("%v: exit code %d", args, code)
		}
		e := w.err.String()
		if !strings.HasPrefix(e, "ossian: ") || strings.Count(e, "\n") != 1 || !strings.Contains(e, `see "ossian run --help"`) {
			t.Errorf("%v: %q", args, e)
		}
	}
}
