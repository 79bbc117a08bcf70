// Package hub fetches published checkpoints and keeps them whole: a small catalogue,
// the Hugging Face hub's protocol, and the layout of its official cache, so that other
// tools on the machine use the same files.
//
// A file is read in chunks, several at a time, each resumed where it stopped. What is
// on the disk and hashed is written to a journal, so that a process killed at any
// moment loses at most the chunks it was reading. A file gets its final name when
// its hash is the published one; its chunks' hashes stay beside it, so that damage
// found later costs the damaged chunks only. Until then it lives in a folder of our
// own: the official tools would take a file of full length for a finished one.
//
// It is separate because everything a server says is untrusted: sizes, names, ranges
// and redirects are checked here before anything is believed. The HTTP client comes
// from outside (internal/egress makes it). A Hub may be used from several goroutines;
// a model is fetched or repaired by one process at a time, which a lock sees to.
package hub
