package server

import (
	"crypto/rand"
	"encoding/binary"
)

// randomID is 24 letters and digits, as the ends of ids are.
func randomID() string { return rand.Text()[:24] }

// randomSeed is below 2^53, so that every client can read it as a number.
func randomSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:]) >> 11
}
