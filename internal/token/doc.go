// Package token turns text into the ids a gpt-oss model reads, and ids back
// into text: the o200k_harmony vocabulary, built in, and any tokenizer.json of
// the same family (byte-level BPE behind the o200k splitting rule).
//
// It is separate because everything above it speaks ids: it knows neither
// messages nor models, and must be exact, since one wrong id is invisible in
// the output and wrong for ever.
//
// Three steps, a file each: scan.go cuts text into pieces, merge.go merges the
// bytes of a piece, decode.go goes back. Ordinary text never becomes a special
// token, whatever it spells; only EncodeSpecial makes them.
//
// Text that is not UTF-8 is accepted: an invalid byte counts as a symbol when
// text is cut, as U+FFFD would, and is encoded as the byte it is, so that
// the bytes of Encode(x) are always x.
//
// A Tokenizer never changes after it is made and may be used from any number
// of goroutines. O200kHarmony keeps about 6 MB; make it once. Encode allocates
// only when dst has no room and for pieces of more than 128 bytes (some 30
// bytes of scratch for each byte of such a piece). A Decoder belongs to one
// stream.
package token
