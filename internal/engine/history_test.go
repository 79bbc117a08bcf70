package engine

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ossian/internal/sample"
)

var update = flag.Bool("update", false, "rewrite what testdata/*.txt expect")

// TestHistories runs the histories of testdata: commands, a line of ----, what they print, an empty line. The
// scheduler is stepped by hand over a mock, so that every step is the same each time.
//
//	open [chunk= shared= running= context= memory= window= draft=] [nocache]
//	ask NAME prompt=s100+a20 [max=] [key=] [slow]  s100 is 100 tokens of a text called s
//	step [N]    prints what each step holds, and what was told of the queue and of ends
//	take NAME   a slow consumer takes all its news
//	leave NAME  the caller goes
//	fail N      the next N steps of the backend fail
//	state
func TestHistories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := runHistory(t, string(data))
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(data) {
				t.Errorf("%s went otherwise; go test -update writes what came. It is\n%s", name, got)
			}
		})
	}
}

// runHistory runs a file and gives it back with what was printed.
func runHistory(t *testing.T, text string) string {
	var out strings.Builder
	h := &history{t: t, byName: map[string]*sequence{}}
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, _, tested := strings.Cut(block, "\n----")
		out.WriteString(commands + "\n")
		if tested || !strings.HasPrefix(commands, "#") {
			out.WriteString("----\n")
			for line := range strings.Lines(commands) {
				if !strings.HasPrefix(line, "#") {
					h.command(&out, strings.Fields(line))
				}
			}
		}
		out.WriteString("\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}

type history struct {
	t      *testing.T
	m      *pagedMock
	e      *Engine
	now    time.Time
	names  []string
	byName map[string]*sequence
	slow   map[string]bool
	fails  int
}

// args are the words of a command: name=value, or a name alone.
type args []string

func (a args) text(name string) string {
	for _, w := range a {
		if v, ok := strings.CutPrefix(w, name+"="); ok {
			return v
		}
	}
	return ""
}

func (a args) number(name string) int { n, _ := strconv.Atoi(a.text(name)); return n }

func (h *history) command(out *strings.Builder, words []string) {
	a := args(words)
	switch words[0] {
	case "open":
		h.open(a)
	case "ask":
		h.ask(out, a)
	case "take":
		h.hear(out, words[1])
	case "leave":
		h.byName[words[1]].left.Store(true)
	case "fail":
		h.fails, _ = strconv.Atoi(words[1])
	case "step":
		n := 1
		if len(words) > 1 {
			n, _ = strconv.Atoi(words[1])
		}
		h.steps(out, n)
	case "state":
		s := &h.e.s
		fmt.Fprintf(out, "running %d, waiting %d, %d blocks kept, %d of %d positions free, %d put back\n",
			len(s.running), len(s.queue.waiting), s.cache.Blocks(), h.m.Free(), h.m.bound, s.stats.PutBack)
	default:
		h.t.Fatalf("unknown command %q", words)
	}
}

func (h *history) open(a args) {
	h.m = newPaged(50, 100000, a.number("window"))
	h.m.before = func(context.Context, int) error {
		h.now = h.now.Add(time.Second)
		if h.fails > 0 {
			h.fails--
			return errors.New("broken")
		}
		return nil
	}
	h.e = New(h.m, Options{
		Context: a.number("context"), Chunk: a.number("chunk"), Shared: a.number("shared"), Running: a.number("running"),
		Memory: int64(a.number("memory")), Draft: a.number("draft"), NoCache: slices.Contains(a, "nocache"),
		Now: func() time.Time { return h.now },
	})
	h.names, h.byName, h.slow = nil, map[string]*sequence{}, map[string]bool{}
}

// written makes the tokens of s100+a20.
func written(spec string) (ids []uint32) {
	for part := range strings.SplitSeq(spec, "+") {
		n, _ := strconv.Atoi(part[1:])
		for i := range n {
			ids = append(ids, uint32(int(part[0])*7+i*i*3+i)%50)
		}
	}
	return ids
}

func (h *history) ask(out *strings.Builder, a args) {
	req := Request{Prompt: written(a.text("prompt")), MaxTokens: a.number("max"), Key: a.text("key"), Sampling: sample.Params{Temperature: 1, Seed: 9}}
	most, err := h.e.Fit(len(req.Prompt), req.MaxTokens)
	if err != nil {
		fmt.Fprintln(out, err)
		return
	}
	sampler, err := sample.New(req.Sampling, h.e.vocab)
	if err != nil {
		h.t.Fatal(err)
	}
	q := newSequence(req, most, sampler, h.now)
	q.ctx = h.t.Context()
	name := a[1]
	h.names, h.byName[name] = append(h.names, name), q
	h.slow[name] = slices.Contains(a, "slow")
	h.e.s.add(q)
}

// steps prints what each step held and what was told then. Of steps in which the same sequences go on
// writing the first and the last stand for all.
func (h *history) steps(out *strings.Builder, n int) {
	before, skipped := "", ""
	for range n {
		line, who, news := h.step()
		if who != "" && who == before && news == "" {
			if skipped == "" {
				out.WriteString("...\n")
			}
			skipped = line
			continue
		}
		out.WriteString(skipped + line + news)
		if skipped = ""; news != "" {
			who = ""
		}
		before = who
	}
	out.WriteString(skipped)
}

// step gives a line about a step, who wrote if nobody read, and what was told.
func (h *history) step() (line, who, news string) {
	var words []string
	reads := false
	worked := h.e.s.step(h.t.Context(), func(part []*sequence) {
		for _, q := range part {
			does := fmt.Sprintf("reads %d to %d of %d", q.step, q.read+q.step, len(q.ids))
			if q.writes() {
				does = fmt.Sprintf("writes %d", q.written())
				who += h.nameOf(q) + " "
			} else {
				reads = true
			}
			if q.guess > 0 {
				does += fmt.Sprintf(" and guesses %d", q.guess)
			}
			words = append(words, h.nameOf(q)+" "+does)
		}
	})
	if !worked {
		words = append(words, "nothing to do")
	}
	if reads {
		who = ""
	}
	h.e.s.settle()
	var told strings.Builder
	for _, name := range slices.Clone(h.names) {
		if !h.slow[name] {
			h.hear(&told, name)
		}
	}
	return strings.Join(words, "; ") + "\n", who, told.String()
}

func (h *history) nameOf(q *sequence) string {
	for name, other := range h.byName {
		if other == q {
			return name
		}
	}
	return "?"
}

// hear takes all news of a sequence and prints what is not a token or progress.
func (h *history) hear(out *strings.Builder, name string) {
	q := h.byName[name]
	for {
		e, kind := q.news.next()
		switch kind {
		case nothing:
			return
		case place:
			fmt.Fprintf(out, "  %s is number %d in the queue\n", name, e.Queue)
		case fromRing:
			q.news.taken()
		case over:
			if i := slices.Index(h.names, name); i >= 0 && closed(q.freed) {
				h.names = slices.Delete(h.names, i, i+1)
				fmt.Fprintf(out, "  %s ends: %d tokens, %s%s\n", name, q.written(), ending(q), known(q.res.Prefix, q.req.Prompt))
			}
			return
		}
	}
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func ending(q *sequence) string {
	switch {
	case q.err != nil:
		return q.err.Error()
	case q.gone():
		return "its caller has left"
	}
	return string(q.res.Finish)
}

func known(p Prefix, prompt []uint32) string {
	if p == (Prefix{}) {
		return ""
	}
	s := fmt.Sprintf("; %d of its prompt were known", p.Known)
	if p.Cached != p.Known {
		s += fmt.Sprintf(", %d of use", p.Cached)
	}
	if p.Differs {
		s += fmt.Sprintf(", then came %d for %d", prompt[p.Known], p.Was)
	}
	return s
}
