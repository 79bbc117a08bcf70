// Package safetensors reads and writes the safetensors container: a JSON header that
// places named tensors in one run of bytes, and the index of a checkpoint in several
// files. It follows the format document of huggingface/safetensors and its Rust reader,
// and refuses what they leave to the reader's mercy: duplicate keys, holes, overlaps,
// overflowing shapes, headers longer than their file.
//
// It is separate because a header is untrusted input: this package bounds every count
// by bytes that are really there before taking memory, and knows nothing of models.
// A File is immutable and may be read from several goroutines when its source may
// (os.File may). A Writer belongs to one goroutine.
package safetensors
