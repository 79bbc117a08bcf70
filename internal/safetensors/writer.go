package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// TensorSpec announces a tensor to be written.
type TensorSpec struct {
	Name  string
	DType DType
	Shape []int64
}

// Bytes is the length of the tensor's data; ok is false when it does not fit 63 bits.
func (t TensorSpec) Bytes() (n int64, ok bool) { return byteSize(t.DType, t.Shape) }

// Writer writes a container front to back: the header at once, then the data of the
// tensors in the order of their specs, in pieces of any size.
type Writer struct {
	w    io.Writer
	left int64
	err  error
}

// NewWriter writes the header.
func NewWriter(w io.Writer, specs []TensorSpec, metadata map[string]string) (*Writer, error) {
	head, data, err := Header(specs, metadata)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(head); err != nil {
		return nil, &Error{What: "header", Why: "writing it", Err: err}
	}
	return &Writer{w: w, left: data}, nil
}

// Header encodes the length prefix and the header, padded to a multiple of 8, and
// gives the bytes of data that follow it.
func Header(specs []TensorSpec, metadata map[string]string) (head []byte, data int64, err error) {
	head = append(make([]byte, 8, 8+128*(len(specs)+1)), '{')
	if len(metadata) > 0 {
		m, err := json.Marshal(metadata)
		if err != nil {
			return nil, 0, &Error{What: "metadata", Why: "encoding it", Err: err}
		}
		head = append(append(head, `"__metadata__":`...), m...)
	}
	seen := make(map[string]bool, len(specs))
	for i, t := range specs {
		n, ok := t.Bytes()
		if !ok || t.DType.Size() == 0 || len(t.Shape) > MaxRank || n > 1<<62-data {
			return nil, 0, &Error{What: quoted("tensor", t.Name), Why: fmt.Sprintf("%s %v cannot be stored", t.DType, t.Shape)}
		}
		if t.Name == "" || t.Name == "__metadata__" || seen[t.Name] {
			return nil, 0, &Error{What: quoted("tensor", t.Name), Why: "the name is empty, reserved or used twice"}
		}
		seen[t.Name] = true
		if i > 0 || len(metadata) > 0 {
			head = append(head, ',')
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, 0, &Error{What: quoted("tensor", t.Name), Why: "encoding its name", Err: err}
		}
		shape := t.Shape
		if shape == nil {
			shape = []int64{}
		}
		dims, err := json.Marshal(shape)
		if err != nil {
			return nil, 0, &Error{What: quoted("tensor", t.Name), Why: "encoding its shape", Err: err}
		}
		head = fmt.Appendf(head, `%s:{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}`, name, t.DType, dims, data, data+n)
		data += n
	}
	head = append(head, '}')
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	if len(head)-8 > MaxHeader || len(specs) > MaxTensors {
		return nil, 0, &Error{What: "header", Why: fmt.Sprintf("%d tensors make it too long for the format", len(specs))}
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, data, nil
}

// Write appends data. More than announced is refused whole.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if int64(len(p)) > w.left {
		w.err = &Error{What: "data", Why: fmt.Sprintf("%d bytes more than the header announced", int64(len(p))-w.left)}
		return 0, w.err
	}
	n, err := w.w.Write(p)
	w.left -= int64(n)
	if err != nil {
		w.err = &Error{What: "data", Why: "writing it", Err: err}
	}
	return n, w.err
}

// Close checks that everything announced was written. It does not close the
// underlying writer.
func (w *Writer) Close() error {
	if w.err == nil && w.left != 0 {
		w.err = &Error{What: "data", Why: fmt.Sprintf("%d bytes fewer than the header announced", w.left)}
	}
	return w.err
}
