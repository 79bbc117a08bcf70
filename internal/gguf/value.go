package gguf

import (
	"fmt"
	"math"
	"strconv"
)

// Kind is the type of a metadata value; the numbers are the format's.
type Kind uint32

// The kinds of metadata.
const (
	Uint8 Kind = iota
	Int8
	Uint16
	Int16
	Uint32
	Int32
	Float32
	Bool
	String
	Array
	Uint64
	Int64
	Float64
)

// size is the bytes of a value of fixed length; 0 for strings, arrays and what is unknown.
func (k Kind) size() int64 {
	switch k {
	case Uint8, Int8, Bool:
		return 1
	case Uint16, Int16:
		return 2
	case Uint32, Int32, Float32:
		return 4
	case Uint64, Int64, Float64:
		return 8
	}
	return 0
}

// Value is one metadata value. Of an array it holds the place only.
type Value struct {
	Kind Kind
	bits uint64 // numbers, sign-extended
	text string

	Elem  Kind // of an array
	Count int  // elements of an array
	at    int64
	end   int64
}

// Int is the value as a whole number; false if it is none, or does not fit.
func (v Value) Int() (int64, bool) {
	switch v.Kind {
	case Uint8, Uint16, Uint32, Int8, Int16, Int32, Int64:
		return int64(v.bits), true
	case Uint64:
		return int64(v.bits), v.bits <= math.MaxInt64
	}
	return 0, false
}

// Float is the value as a number. A float32 becomes the shortest decimal that stands
// for it, so that 1e-5 is 1e-5 whatever width it was written in.
func (v Value) Float() (float64, bool) {
	switch v.Kind {
	case Float32:
		f := float64(math.Float32frombits(uint32(v.bits)))
		if short, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64); err == nil {
			f = short
		}
		return f, true
	case Float64:
		return math.Float64frombits(v.bits), true
	}
	n, ok := v.Int()
	return float64(n), ok
}

// Text is the value as a string.
func (v Value) Text() (string, bool) { return v.text, v.Kind == String }

// Bool is the value as a truth value.
func (v Value) Bool() (val, ok bool) { return v.bits != 0, v.Kind == Bool }

// number widens the little-endian bytes of a value of fixed length.
func number(k Kind, p []byte) uint64 {
	var v uint64
	for i := len(p) - 1; i >= 0; i-- {
		v = v<<8 | uint64(p[i])
	}
	if k == Int8 || k == Int16 || k == Int32 {
		shift := 64 - 8*len(p)
		v = uint64(int64(v<<shift) >> shift)
	}
	return v
}

// value reads one of kind k.
func (s *scanner) value(k Kind) (Value, error) {
	v := Value{Kind: k}
	switch {
	case k == String:
		var err error
		v.text, err = s.text(maxText)
		return v, err
	case k == Array:
		return s.array()
	case k.size() == 0:
		return v, damaged(s.what, "its type is %d, which the format does not have", k)
	}
	p, err := s.peek(int(k.size()))
	if err != nil {
		return v, err
	}
	if v.bits = number(k, p); k == Bool && v.bits > 1 {
		return v, damaged(s.what, "a truth value is %d", v.bits)
	}
	return v, s.skip(k.size())
}

// array passes over one, checking that all of it is there.
func (s *scanner) array() (Value, error) {
	v := Value{Kind: Array}
	k, err := s.u32()
	if err != nil {
		return v, err
	}
	v.Elem = Kind(k)
	each := v.Elem.size()
	switch {
	case v.Elem == Array:
		return v, &Error{What: s.what, Why: "it is an array of arrays", Next: "no gpt-oss file has them; use another"}
	case v.Elem == String:
		each = 8
	case each == 0:
		return v, damaged(s.what, "its elements are of type %d, which the format does not have", k)
	}
	n, err := s.count("elements", each, maxArray)
	if err != nil {
		return v, err
	}
	v.Count, v.at = int(n), s.pos
	if v.Elem != String {
		err = s.skip(n * each)
	} else {
		for range n {
			var size int64
			if size, err = s.count("bytes of text", 1, maxText); err == nil {
				err = s.skip(size)
			}
			if err != nil {
				break
			}
		}
	}
	v.end = s.pos
	return v, err
}

func quantity(n uint64, of string, most int64) string {
	return fmt.Sprintf("it has %d %s, more than %d", n, of, most)
}
