package grammar

import (
	"fmt"

	"ossian/internal/regular"
	"ossian/internal/schema"
)

// FromSchema is the grammar of the JSON texts that satisfy a schema. Errors are
// *schema.Error or *Error.
//
// Members come in the order of the schema, those it does not name last. Names, and
// values of enum and const, have one spelling: no escape that is not needed. Integers
// have no point, numbers at most 100 digits on either side of it, and an exponent, of
// two digits, only where nothing is said about them. White space is one space, or one line
// break and at most 40 spaces or 10 tabs: behind a brace, bracket, comma or colon, and
// before what closes.
func FromSchema(raw []byte) (*Grammar, error) {
	s, err := schema.Compile(raw)
	if err != nil {
		return nil, err
	}
	d := &draft{}
	start, err := d.schema(s)
	if err != nil {
		return nil, err
	}
	return d.finish(start)
}

// JSONObject is the grammar of any JSON object.
func JSONObject() (*Grammar, error) { return FromSchema([]byte(`{"type":"object"}`)) }

// jsonDraft writes the rules of a schema.
type jsonDraft struct {
	*draft
	rules map[*schema.Node]uint32
	queue []*schema.Node
	space uint32 // terminal: behind punctuation
}

const whiteSpace = `( |\n( {0,40}|\t{0,10}))?`

func (d *draft) schema(s *schema.Schema) (uint32, error) {
	j := &jsonDraft{draft: d, rules: map[*schema.Node]uint32{}}
	space, err := regular.Full(whiteSpace, regular.Flags{}, regular.NewBudget(10_000))
	if err != nil {
		return 0, err
	}
	if j.space, err = d.terminal(space, false); err != nil {
		return 0, err
	}
	start := j.value(s.Root)
	for i := 0; i < len(j.queue); i++ {
		if err := j.write(j.queue[i]); err != nil {
			return 0, err
		}
	}
	return start, nil
}

// value is the rule of a node; it is written later.
func (j *jsonDraft) value(n *schema.Node) uint32 {
	r, ok := j.rules[n]
	if !ok {
		at := n.At
		if at == "" {
			at = "the schema"
		}
		r = j.rule(at)
		j.rules[n] = r
		j.queue = append(j.queue, n)
	}
	return r
}

func (j *jsonDraft) write(n *schema.Node) error {
	start := j.draft.rules[j.rules[n]].start
	end := j.state()
	j.final[end] = true
	for _, word := range []struct {
		text string
		may  bool
	}{{"null", n.Null}, {"true", n.True}, {"false", n.False}} {
		if word.may {
			j.skip(j.bytes(start, word.text), end)
		}
	}
	for i, list := range [2][]*regular.DFA{n.Numbers, n.Strings} {
		for _, d := range list {
			t, err := j.terminal(d, i == 1)
			if err != nil {
				return at(n, err)
			}
			j.skip(j.term(start, t), end)
		}
	}
	for _, a := range n.Arrays {
		if err := j.array(start, end, a); err != nil {
			return at(n, err)
		}
	}
	for _, o := range n.Objects {
		if err := j.object(start, end, o); err != nil {
			return at(n, err)
		}
	}
	return nil
}

// at gives an error its place in the schema.
func at(n *schema.Node, err error) error {
	if e, ok := err.(*Error); ok && e.Where == "" {
		return &schema.Error{At: n.At, Reason: e.Reason, Limit: e.Limit}
	}
	return err
}

// room refuses to write more states than a grammar may have.
func (j *jsonDraft) room() error {
	if len(j.final) > maxGrammar {
		return &Error{Reason: "it takes more than 524,288 states; make bounds, lists and alternatives smaller", Limit: true}
	}
	return nil
}

// array writes the elements. A place is how many there have been, as far as it matters,
// and how many counted for contains.
func (j *jsonDraft) array(start, end uint32, a *schema.Array) error {
	type place struct{ n, hits int }
	most := max(1, len(a.Prefix), a.Min)
	if a.Max >= 0 {
		most = max(most, a.Max)
	}
	least, highest := 0, 0
	if a.Contains != nil {
		least, highest = a.Contains.Min, max(a.Contains.Min, a.Contains.Max)
	}
	at := map[place]uint32{}
	var work []place
	visit := func(p place) uint32 {
		if a.Max < 0 {
			p.n = min(p.n, most)
		}
		if a.Contains == nil || a.Contains.Max < 0 {
			p.hits = min(p.hits, least)
		}
		s, ok := at[p]
		if !ok {
			s = j.state()
			at[p] = s
			work = append(work, p)
		}
		return s
	}
	closing := j.state()
	j.skip(j.bytes(closing, "]"), end)
	first := j.term(j.bytes(start, "["), j.space)
	behind := j.state() // an element: what closes, and the white space before it
	j.skip(j.term(behind, j.space), closing)
	visit(place{})
	for i := 0; i < len(work); i++ {
		p := work[i]
		s := at[p]
		if err := j.room(); err != nil {
			return err
		}
		begin := s // of an element
		if i == 0 {
			j.skip(first, s)
			if a.Min == 0 && least == 0 {
				j.skip(first, closing)
			}
		} else {
			begin = j.term(j.bytes(s, ","), j.space)
			if p.n >= a.Min && p.hits >= least {
				j.skip(s, behind)
			}
		}
		if a.Max >= 0 && p.n >= a.Max {
			continue
		}
		item := a.Items
		if p.n < len(a.Prefix) {
			item = a.Prefix[p.n]
		}
		c := a.Contains
		if c == nil {
			j.skip(j.call(begin, j.value(item)), visit(place{p.n + 1, 0}))
			continue
		}
		match, other := c.Match, item
		if p.n < len(c.MatchPrefix) {
			match = c.MatchPrefix[p.n]
		}
		if c.Max >= 0 {
			other = c.Other[min(p.n, len(c.Other)-1)]
		}
		if c.Max < 0 || p.hits < highest && p.hits < c.Max {
			j.skip(j.call(begin, j.value(match)), visit(place{p.n + 1, p.hits + 1}))
		}
		j.skip(j.call(begin, j.value(other)), visit(place{p.n + 1, p.hits}))
	}
	return nil
}

// object writes the members in their order.
func (j *jsonDraft) object(start, end uint32, o *schema.Object) error {
	w := &members{jsonDraft: j, Object: o, places: map[place]uint32{}, closing: j.state(), behind: j.state()}
	j.skip(j.bytes(w.closing, "}"), end)
	j.skip(j.term(w.behind, j.space), w.closing)
	w.must = make([]bool, len(o.Props)+1)
	for i := len(o.Props) - 1; i >= 0; i-- {
		w.must[i] = w.must[i+1] || o.Props[i].Required
	}
	j.skip(j.term(j.bytes(start, "{"), j.space), w.visit(place{}))
	for i := 0; i < len(w.work); i++ {
		if err := j.room(); err != nil {
			return err
		}
		p := w.work[i]
		if !p.name {
			w.between(p)
		} else if err := w.names(p); err != nil {
			return err
		}
	}
	return nil
}

// members writes one object.
type members struct {
	*jsonDraft
	*schema.Object
	must    []bool // of a property: it or one behind it is required
	places  map[place]uint32
	work    []place
	closing uint32 // before the brace
	behind  uint32 // and before white space and the brace
}

// place is where the writing of an object stands: which property may come next, how many
// members there are, as far as that is counted, whether there is any, and whether a name
// must follow.
type place struct {
	next, count int
	any, name   bool
}

func (w *members) visit(p place) uint32 {
	switch {
	case w.Min == 0 && w.Max < 0:
		p.count = 0
	case w.Max < 0:
		p.count = min(p.count, w.Min)
	}
	s, ok := w.places[p]
	if !ok {
		s = w.state()
		w.places[p] = s
		w.work = append(w.work, p)
	}
	return s
}

// between writes what may follow a member, or the opening brace.
func (w *members) between(p place) {
	s := w.places[p]
	if !w.must[p.next] && p.count >= w.Min {
		if p.any {
			w.skip(s, w.behind)
		} else {
			w.skip(s, w.closing)
		}
	}
	if w.Max >= 0 && p.count >= w.Max {
		return
	}
	if p.any {
		s = w.term(w.bytes(s, ","), w.space)
	}
	w.skip(s, w.visit(place{next: p.next, count: p.count, name: true}))
}

// names writes the names that may come: of the next property, of those behind it while
// they can be left out, and free ones at the end.
func (w *members) names(p place) error {
	s := w.places[p]
	if p.next < len(w.Props) {
		prop := w.Props[p.next]
		w.member(w.bytes(s, quote(prop.Name)), place{next: p.next + 1, count: p.count + 1, any: true}, prop.Value)
		if !prop.Required {
			w.skip(s, w.visit(place{next: p.next + 1, count: p.count, name: true}))
		}
		return nil
	}
	for _, e := range w.Extra {
		t, err := w.terminal(e.Names, true)
		if err != nil {
			return err
		}
		w.member(w.term(s, t), place{next: p.next, count: p.count + 1, any: true}, e.Value)
	}
	return nil
}

func (w *members) member(from uint32, p place, value *schema.Node) {
	colon := w.term(w.bytes(from, ":"), w.space)
	w.skip(w.call(colon, w.value(value)), w.visit(p))
}

// quote spells a text as JSON, with no escape that is not needed.
func quote(s string) string {
	out := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\b':
			out = append(out, `\b`...)
		case c == '\f':
			out = append(out, `\f`...)
		case c < ' ':
			out = append(out, fmt.Sprintf(`\u%04x`, c)...)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
