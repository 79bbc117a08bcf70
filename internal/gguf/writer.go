package gguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// KV is a metadata entry to write: bool, uint32, uint64, float32, string, or a slice of
// int32 or string.
type KV struct {
	Key   string
	Value any
}

// Spec is a tensor to write; Shape is outermost first.
type Spec struct {
	Name  string
	Type  Type
	Shape []int64
}

const alignment = 32 // the format's default

// Header makes what precedes the data of tensors, in version 3, and says where in the
// file each begins and where the file ends. The gaps between tensors are zeros.
func Header(metadata []KV, tensors []Spec) (head []byte, begin []int64, end int64, err error) {
	var b bytes.Buffer
	b.WriteString("GGUF")
	put32(&b, 3)
	put64(&b, uint64(len(tensors)))
	put64(&b, uint64(len(metadata)))
	for _, kv := range metadata {
		putText(&b, kv.Key)
		if err := putValue(&b, kv.Value); err != nil {
			return nil, nil, 0, err
		}
	}
	next := int64(0)
	for _, t := range tensors {
		n, ok := byteSize(t.Type, t.Shape)
		if !ok || len(t.Shape) > maxRank || len(t.Name) > maxName {
			return nil, nil, 0, &Error{What: quoted("tensor", t.Name), Why: fmt.Sprintf("%v of %s cannot be written", t.Shape, t.Type)}
		}
		putText(&b, t.Name)
		put32(&b, uint32(len(t.Shape)))
		for i := len(t.Shape) - 1; i >= 0; i-- {
			put64(&b, uint64(t.Shape[i]))
		}
		put32(&b, uint32(t.Type))
		put64(&b, uint64(next))
		begin = append(begin, next)
		next = (next + n + alignment - 1) &^ (alignment - 1)
	}
	for b.Len()%alignment != 0 {
		b.WriteByte(0)
	}
	for i := range begin {
		begin[i] += int64(b.Len())
	}
	return b.Bytes(), begin, int64(b.Len()) + next, nil
}

func putValue(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case bool:
		put32(b, uint32(Bool))
		b.WriteByte(map[bool]byte{true: 1}[v])
	case uint32:
		put32(b, uint32(Uint32))
		put32(b, v)
	case uint64:
		put32(b, uint32(Uint64))
		put64(b, v)
	case float32:
		put32(b, uint32(Float32))
		put32(b, math.Float32bits(v))
	case string:
		put32(b, uint32(String))
		putText(b, v)
	case []int32:
		putArray(b, Int32, len(v))
		for _, n := range v {
			put32(b, uint32(n))
		}
	case []string:
		putArray(b, String, len(v))
		for _, s := range v {
			putText(b, s)
		}
	default:
		return &Error{What: "metadata", Why: fmt.Sprintf("a %T cannot be written", v)}
	}
	return nil
}

func putArray(b *bytes.Buffer, elem Kind, n int) {
	put32(b, uint32(Array))
	put32(b, uint32(elem))
	put64(b, uint64(n))
}

func putText(b *bytes.Buffer, s string) {
	put64(b, uint64(len(s)))
	b.WriteString(s)
}

func put32(b *bytes.Buffer, v uint32) { b.Write(binary.LittleEndian.AppendUint32(nil, v)) }
func put64(b *bytes.Buffer, v uint64) { b.Write(binary.LittleEndian.AppendUint64(nil, v)) }
