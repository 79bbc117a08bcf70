package kv

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"ossian/internal/model"
)

// magic begins a file of blocks. It is followed by what the blocks belong to, and by records: the number of the
// parent's record, from 1, or 0; the number of tokens; 1 if there is a windowed part; the tokens; the full part; the
// windowed part; and the CRC-32C of all that. Parents come before children, what was used last before what was used
// earlier. A record of no tokens is the last. Numbers are little-endian uint32.
const magic = "ossian kv 1\n"

// maxOwner bounds the name of what blocks belong to.
const maxOwner = 1 << 12

// FileError says why a file of blocks is of no use, or of none from some record on.
type FileError struct {
	Record int // from 1; 0: the head
	Reason string
}

func (e *FileError) Error() string {
	if e.Record == 0 {
		return "kept keys and values: " + e.Reason
	}
	return fmt.Sprintf("kept keys and values, block %d: %s; what stood before it is used", e.Record, e.Reason)
}

// Save writes the latest used blocks, up to most bytes of keys and values. Owner names the model and everything
// else that its keys and values depend on.
func (c *Cache) Save(to io.Writer, owner string, most int64) error {
	w := &summed{w: bufio.NewWriterSize(to, 1<<20)}
	full, windowed := c.pager.BlockBytes(model.Full), c.pager.BlockBytes(model.Windowed)
	w.text(magic)
	w.number(uint32(len(owner)))
	w.text(owner)
	w.number(block)
	w.check()
	data := make([]byte, max(full, windowed))
	numbers := map[*node]uint32{&c.root: 0}
	for n := c.byUse.older; n != &c.byUse && w.err == nil; n = n.older {
		has := uint32(0)
		if n.windowed != 0 {
			has = 1
		}
		if most -= full + int64(has)*windowed; most < 0 {
			break
		}
		numbers[n] = uint32(len(numbers))
		w.number(numbers[n.parent])
		w.number(uint32(len(n.ids)))
		w.number(has)
		for _, id := range n.ids {
			w.number(id)
		}
		if err := c.pager.Save(n.full, data[:full]); err != nil {
			return err
		}
		w.bytes(data[:full])
		if has == 1 {
			if err := c.pager.Save(n.windowed, data[:windowed]); err != nil {
				return err
			}
			w.bytes(data[:windowed])
		}
		w.check()
	}
	for range 3 {
		w.number(0)
	}
	w.check()
	return errors.Join(w.err, w.w.Flush())
}

// Restore takes in what Save wrote for the same owner, as far as there is room. Each block is checked before it is used.
func (c *Cache) Restore(from io.Reader, owner string) error {
	r := &reader{r: bufio.NewReaderSize(from, 1<<20)}
	head := r.text(len(magic))
	n := r.number()
	if r.err != nil || head != magic || n > maxOwner {
		return &FileError{0, "this is no such file"}
	}
	if name := r.text(int(n)); name != owner {
		return &FileError{0, fmt.Sprintf("they belong to %q, not to %q", name, owner)}
	}
	if tokens := r.number(); tokens != block || !r.sound() {
		return &FileError{0, fmt.Sprintf("blocks are of %d tokens, or the head is damaged", tokens)}
	}
	nodes := []*node{&c.root}
	defer func() { // the latest used is touched last
		for _, n := range slices.Backward(nodes[1:]) {
			c.touch(n)
		}
	}()
	for {
		n, err := c.read(r, nodes)
		if n == nil {
			return err
		}
		nodes = append(nodes, n)
	}
}

// read takes in a record; nil without an error is the end, or of the room.
func (c *Cache) read(r *reader, nodes []*node) (*node, error) {
	bad := func(reason string) (*node, error) { return nil, &FileError{len(nodes), reason} }
	parent, count, has := r.number(), r.number(), r.number()
	if r.err != nil {
		return bad("the file ends too early")
	}
	if count > block || has > 1 || parent >= uint32(len(nodes)) || count > 0 && parent > 0 && len(nodes[parent].ids) < block {
		return bad("it is damaged")
	}
	ids := make([]uint32, count)
	for i := range ids {
		ids[i] = r.number()
	}
	var parts [2][]byte
	if count > 0 {
		parts[model.Full] = r.bytes(c.pager.BlockBytes(model.Full))
		if has == 1 {
			parts[model.Windowed] = r.bytes(c.pager.BlockBytes(model.Windowed))
		}
	}
	if !r.sound() {
		return bad("it is damaged")
	}
	if count == 0 {
		return nil, nil
	}
	for _, k := range nodes[parent].children {
		if m := common(k.ids, ids); m == min(len(k.ids), len(ids)) {
			return bad("it is there twice")
		}
	}
	full, err := c.pager.Load(model.Full, parts[model.Full])
	if err != nil {
		return nil, noRoom(err)
	}
	n := c.add(nodes[parent], ids, full)
	c.touch(n)
	if has == 1 {
		windowed, err := c.pager.Load(model.Windowed, parts[model.Windowed])
		if err != nil {
			return nil, noRoom(err)
		}
		c.setWindowed(n, windowed)
	}
	return n, nil
}

// noRoom takes a lack of room for the end of the file.
func noRoom(err error) error {
	if errors.Is(err, model.ErrNoRoom) {
		return nil
	}
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summed writes numbers and bytes, and their sum now and then.
type summed struct {
	w   *bufio.Writer
	sum uint32
	err error
}

func (w *summed) bytes(b []byte) {
	w.sum = crc32.Update(w.sum, castagnoli, b)
	if _, err := w.w.Write(b); w.err == nil {
		w.err = err
	}
}

func (w *summed) text(s string)   { w.bytes([]byte(s)) }
func (w *summed) number(n uint32) { w.bytes(binary.LittleEndian.AppendUint32(nil, n)) }

func (w *summed) check() {
	w.number(w.sum)
	w.sum = 0
}

// reader reads what summed wrote.
type reader struct {
	r   *bufio.Reader
	sum uint32
	err error
}

func (r *reader) bytes(n int64) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(r.r, b); err != nil {
		r.err = err
	}
	r.sum = crc32.Update(r.sum, castagnoli, b)
	return b
}

func (r *reader) text(n int) string { return string(r.bytes(int64(n))) }
func (r *reader) number() uint32    { return binary.LittleEndian.Uint32(r.bytes(4)) }

// sound compares the sum of what was read with the one that is written there.
func (r *reader) sound() bool {
	sum := r.sum
	ok := r.number() == sum && r.err == nil
	r.sum = 0
	return ok
}
