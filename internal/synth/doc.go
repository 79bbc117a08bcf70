// Package synth writes checkpoints of the exact shape and layout of the published
// gpt-oss models, with random weights: the same tensor names, types and files, so that
// loading, memory and speed can be measured, and the program tried, without 13 or 65
// gigabytes of download.
//
// The weights keep activations sane: every projection has variance one over its inputs,
// so the residual stream grows by a factor of three to four over all layers, and the
// router spreads tokens over all experts, unevenly. The text such a model writes is noise.
//
// It is separate because it is the only writer of checkpoints. A file's bytes follow
// from seed and shape alone, whatever the number of processors. Memory: a few buffers
// of 4 MiB per processor.
package synth
