package token

import (
	"compress/flate"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

//go:generate go run ./gen

// o200k is the 199,998 ordinary tokens, 0.7 MB: see gen for the recipe. Inflated, it
// is the 256 single bytes in order of id, then for each further token the ids of two
// earlier ones that spell it, as six planes of bytes: left low, middle, high, then right.
//
//go:embed o200k.bin
var o200k string

const (
	o200kTokens = 199_998
	o200kBytes  = 1_397_670
	harmonySize = 201_089 // the harmony library's reserved names end with 201088, one past the model's last row
)

// O200kHarmony is the vocabulary of the gpt-oss models, built in. It takes some tens of
// milliseconds; keep the result. An error means the executable is damaged.
//
// Ids 200013 to 201088 are the reserved names of the harmony library. The older spelling
// of 200018, <|endofprompt|>, is recognised too.
func O200kHarmony() (*Tokenizer, error) {
	t, err := o200kHarmony()
	if err != nil {
		return nil, fmt.Errorf("built-in o200k_harmony vocabulary: %w (the executable is damaged; install it again)", err)
	}
	return t, nil
}

func o200kHarmony() (*Tokenizer, error) {
	arena, off, err := inflate(o200k)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{whole: true, classes: newClasses(), specials: map[string]uint32{}, names: map[uint32]string{}}
	for id := uint32(o200kTokens); id < harmonySize; id++ {
		name := harmonyName(id)
		t.specials[name], t.names[id] = id, name
		arena = append(arena, name...)
		off = append(off, uint32(len(arena)))
	}
	t.specials["<|endofprompt|>"] = 200018
	t.index()
	v, twin, ok := newVocab(arena, off, func(id uint32) bool { return id >= o200kTokens })
	if !ok {
		return nil, fmt.Errorf("tokens %d and %d are the same", twin[0], twin[1])
	}
	t.vocab = v
	for b := range t.bytes {
		t.bytes[b], ok = v.lookup(string([]byte{byte(b)}))
		if !ok {
			return nil, fmt.Errorf("no token for byte %#x", b)
		}
	}
	return t, nil
}

// inflate unpacks the blob. off[id] to off[id+1] is token id in the arena.
func inflate(blob string) (arena []byte, off []uint32, err error) {
	const n = o200kTokens - 256
	data := make([]byte, 256+6*n)
	in := flate.NewReader(strings.NewReader(blob))
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, nil, err
	}
	if _, err := io.ReadFull(in, make([]byte, 1)); err != io.EOF {
		return nil, nil, fmt.Errorf("no end where it should be: %w", err)
	}
	arena = append(make([]byte, 0, o200kBytes+32*(harmonySize-o200kTokens)), data[:256]...)
	off = make([]uint32, 257, harmonySize+1)
	for i := range off {
		off[i] = uint32(i)
	}
	p := data[256:]
	for i := range uint32(n) {
		left := uint32(p[i]) | uint32(p[n+i])<<8 | uint32(p[2*n+i])<<16
		right := uint32(p[3*n+i]) | uint32(p[4*n+i])<<8 | uint32(p[5*n+i])<<16
		if left >= 256+i || right >= 256+i {
			return nil, nil, fmt.Errorf("token %d is made of later ones", 256+i)
		}
		arena = append(arena, arena[off[left]:off[left+1]]...)
		arena = append(arena, arena[off[right]:off[right+1]]...)
		off = append(off, uint32(len(arena)))
	}
	if len(arena) != o200kBytes {
		return nil, nil, fmt.Errorf("%d bytes of tokens instead of %d", len(arena), o200kBytes)
	}
	return arena, off, nil
}

// harmonyName is the spelling of a special token.
func harmonyName(id uint32) string {
	switch id {
	case 199998:
		return "<|startoftext|>"
	case 199999:
		return "<|endoftext|>"
	case 200002:
		return "<|return|>"
	case 200003:
		return "<|constrain|>"
	case 200005:
		return "<|channel|>"
	case 200006:
		return "<|start|>"
	case 200007:
		return "<|end|>"
	case 200008:
		return "<|message|>"
	case 200012:
		return "<|call|>"
	}
	return fmt.Sprintf("<|reserved_%d|>", id)
}
