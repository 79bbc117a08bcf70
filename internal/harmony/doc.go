// Package harmony turns conversations into the token ids that gpt-oss was trained
// on, and token ids back into messages: the harmony response format.
//
// Three things live here. The conversation model (Message, SystemContent,
// DeveloperContent, Function) says what can be said. The renderer writes it, token
// for token as the openai-harmony library does: every header part and every content
// item is encoded on its own, as ordinary text, so no text can become a control
// token. The Parser reads what a model wrote; it is total: any sequence of ids gives
// messages and warnings, never an error, and no text is lost.
//
// It is separate from the tokenizer because it needs three methods of it
// (Vocabulary), and from the engine because the engine knows ids only.
//
// An Encoding is immutable and may be shared by goroutines when its Vocabulary may.
// A Parser belongs to one goroutine; its memory grows with the text it has read.
package harmony
