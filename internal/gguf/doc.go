// Package gguf reads the GGUF container: a header of typed metadata, a list of named
// tensors, and their data. It follows the format document of ggml-org/ggml and its
// reader, versions 2 and 3, little endian, and refuses what they leave open: duplicate
// keys and names, nested arrays, holes, overlaps, overflowing shapes, counts larger than
// the file.
//
// It is separate because a header is untrusted input: this package bounds every count by
// bytes that are really there before taking memory, leaves long arrays in the file, and
// knows nothing of models. A File is immutable and may be read from several goroutines
// when its source may (os.File may).
package gguf
