package token

import "fmt"

// Parse reads a tokenizer.json of the o200k family: byte-level BPE behind the o200k
// splitting rule, whose added tokens are all special. Ids need not be ranks: what merges,
// and in which order, is the file's list of merges. Whatever else the file asks for that
// would change an id is refused with an *Error; its truncation, padding and post-processor
// are about whole prompts and ignored, as Encode adds and cuts nothing.
func Parse(tokenizerJSON []byte) (*Tokenizer, error) {
	f, err := readFile(tokenizerJSON)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{whole: f.whole, classes: newClasses(), specials: map[string]uint32{}, names: map[uint32]string{}}
	if err := t.addSpecials(f.added); err != nil {
		return nil, err
	}
	alpha := newAlphabet()
	if err := t.addVocab(f.vocab, alpha); err != nil {
		return nil, err
	}
	if err := t.addMerges(f.merges, alpha); err != nil {
		return nil, err
	}
	t.index()
	return t, nil
}

func (t *Tokenizer) addSpecials(added []addedToken) error {
	for i, a := range added {
		where := fmt.Sprintf("added_tokens[%d]", i)
		if a.ID == nil || *a.ID >= maxIDs {
			return damaged(where, "%.100q has no id below %d", a.Content, maxIDs)
		}
		_, known := t.specials[a.Content]
		_, taken := t.names[*a.ID]
		switch {
		case a.Content == "" || len(a.Content) > maxToken:
			return damaged(where, "content of %d bytes", len(a.Content))
		case known || taken:
			return damaged(where, "%.100q, id %d, is there already", a.Content, *a.ID)
		case !a.Special:
			return unsupported(where, "%.100q is not special, so it would be cut out of ordinary text", a.Content)
		case a.SingleWord || a.LStrip || a.RStrip:
			return unsupported(where, "%.100q has single_word, lstrip or rstrip", a.Content)
		}
		t.specials[a.Content], t.names[*a.ID] = *a.ID, a.Content
	}
	return nil
}

func (t *Tokenizer) addVocab(entries []entry, alpha alphabet) error {
	const where = "model.vocab"
	size := uint32(0)
	for id := range t.names {
		size = max(size, id+1)
	}
	for _, e := range entries {
		size = max(size, e.id+1)
	}
	spelling := make([]string, size)
	for id, name := range t.names {
		spelling[id] = name
	}
	total := 0
	for _, e := range entries {
		if id, ok := t.specials[e.text]; ok && id == e.id {
			continue // listed here too
		}
		b, ok := alpha.decode(nil, e.text)
		switch {
		case !ok || len(b) == 0 || len(b) > maxToken:
			return damaged(where, "%.100q is not 1 to %d bytes in the byte-level alphabet", e.text, maxToken)
		case spelling[e.id] != "":
			return damaged(where, "id %d, of %.100q, is taken already", e.id, e.text)
		}
		spelling[e.id] = string(b)
		total += len(b)
	}
	for _, name := range t.names {
		total += len(name)
	}
	arena, off := make([]byte, 0, total), make([]uint32, 1, size+1)
	for _, s := range spelling {
		arena = append(arena, s...)
		off = append(off, uint32(len(arena)))
	}
	v, twin, ok := newVocab(arena, off, t.IsSpecial)
	if !ok {
		return damaged(where, "ids %d and %d are the same token", twin[0], twin[1])
	}
	t.vocab = v
	for b := range t.bytes {
		if t.bytes[b], ok = v.lookup(string([]byte{byte(b)})); !ok {
			return unsupported(where, "no token for byte %#02x, so that some text could not be encoded", b)
		}
	}
	return nil
}

func (t *Tokenizer) addMerges(merges [][2]string, alpha alphabet) error {
	t.pairs = newPairs(len(merges))
	var buf []byte
	for rank, m := range merges {
		var okA, okB, okL, okR bool
		var left, right uint32
		buf, okA = alpha.decode(buf[:0], m[0])
		n := len(buf)
		buf, okB = alpha.decode(buf, m[1])
		left, okL = t.vocab.lookup(string(buf[:n]))
		right, okR = t.vocab.lookup(string(buf[n:]))
		into, ok := t.vocab.lookup(string(buf))
		where := func() string { return fmt.Sprintf("model.merges[%d]", rank) }
		switch {
		case !okA || !okB || !okL || !okR:
			return damaged(where(), "%.100q and %.100q are not both tokens of the vocabulary", m[0], m[1])
		case !ok:
			return damaged(where(), "%.100q and %.100q make no token of the vocabulary", m[0], m[1])
		case !t.pairs.add(left, right, uint32(rank), into):
			return damaged(where(), "%.100q and %.100q are there already", m[0], m[1])
		}
	}
	return nil
}

// alphabet maps the characters that stand for bytes in the file to those bytes, +1.
type alphabet [0x144]uint16

// newAlphabet is GPT-2's: printable Latin-1 stands for itself, the other 68 bytes are
// U+0100 and up in order.
func newAlphabet() alphabet {
	var a alphabet
	next := 0x100
	for b := range 0x100 {
		if b > ' ' && b < 0x7F || b > 0xA0 && b != 0xAD {
			a[b] = uint16(b) + 1
		} else {
			a[next] = uint16(b) + 1
			next++
		}
	}
	return a
}

// decode appends the bytes that text stands for; false if it has any other character.
func (a *alphabet) decode(dst []byte, text string) ([]byte, bool) {
	for _, r := range text {
		if int(r) >= len(a) || a[r] == 0 {
			return dst, false
		}
		dst = append(dst, byte(a[r]-1))
	}
	return dst, true
}
