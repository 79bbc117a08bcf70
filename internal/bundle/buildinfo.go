package bundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime/debug"
)

// errNotGo is what buildInfo finds in other files.
var errNotGo = errors.New("it is no Go executable, or of a Go before 1.18")

// buildInfo reads what the Go toolchain wrote into an executable: behind a marker, the
// version and the module as counted strings. debug/buildinfo knows older forms too,
// and costs the readers of five kinds of executables.
func buildInfo(path string) (*debug.BuildInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const (
		align   = 16 // of the marker, so that it never lies across two reads
		header  = 32 // the marker and what belongs to older forms
		flags   = 15 // where in it
		counted = 2
		most    = 1 << 20
	)
	marker := append([]byte("\xff Go build"), "inf:"...) // in two parts, or this would be found
	buf := make([]byte, most)
	for at := int64(0); ; at += most {
		n, err := f.ReadAt(buf, at)
		for i := 0; ; i++ {
			next := bytes.Index(buf[i:n], marker)
			if next < 0 {
				break
			}
			if i += next; i%align != 0 || i+flags >= n || buf[i+flags]&counted == 0 {
				continue
			}
			n, err = f.ReadAt(buf, at+int64(i)+header)
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return moduleOf(buf[:n])
		}
		if errors.Is(err, io.EOF) {
			return nil, errNotGo
		}
		if err != nil {
			return nil, err
		}
	}
}

// moduleOf reads the second of two counted strings.
func moduleOf(b []byte) (*debug.BuildInfo, error) {
	var s []byte
	for range 2 {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return nil, errNotGo
		}
		s, b = b[k:k+int(n)], b[k+int(n):]
	}
	const sentinel = 16 // bytes on both sides, for programs that look into memory
	if len(s) < 2*sentinel {
		return nil, errNotGo
	}
	return debug.ParseBuildInfo(string(s[sentinel : len(s)-sentinel]))
}
