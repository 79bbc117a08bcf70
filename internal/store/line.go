package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
)

// line is a record as it stands in the file: the checksum in hexadecimal, a space, this
// as JSON, a line break. Without data it says that the record is no more.
type line struct {
	Kind string          `json:"k"`
	ID   string          `json:"i"`
	Time int64           `json:"t"` // Unix seconds
	Data json.RawMessage `json:"d,omitempty"`
}

// sumLength is what stands before the JSON.
const sumLength = 8 + 1

func (l line) encode() ([]byte, error) {
	data, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("store: %s %s is not JSON: %w", l.Kind, l.ID, err)
	}
	return fmt.Appendf(nil, "%08x %s\n", checksum(data), data), nil
}

// decode reads a line without its end. ok is false if it is damaged or was cut off.
func decode(raw []byte) (l line, ok bool) {
	if len(raw) < sumLength || raw[sumLength-1] != ' ' {
		return l, false
	}
	sum, err := strconv.ParseUint(string(raw[:sumLength-1]), 16, 32)
	data := bytes.TrimSuffix(raw[sumLength:], []byte("\n"))
	if err != nil || uint32(sum) != checksum(data) {
		return l, false
	}
	return l, json.Unmarshal(data, &l) == nil
}

func checksum(data []byte) uint32 {
	return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
}
