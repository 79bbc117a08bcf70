// Package keys holds the API keys of a server in a file: whose they are, what they
// may use, and a hash of each, never the key.
//
// It is separate from the server because the command line makes, lists and revokes
// keys while a server runs; the server looks at the file again when it has changed.
// The hash is plain SHA-256: a key is 256 random bits, which no dictionary holds, so
// a slow hash would only slow the server down.
//
// A File may be used by several goroutines, and the file by several processes: it is
// replaced as a whole, never written in place.
package keys
