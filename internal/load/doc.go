// Package load is many clients at a running server at once, and what they saw: how long
// until the first word, between words, until the end, how many tokens a second came
// together, and what went wrong.
//
// It is separate from package bench, which measures a model in this process: here the
// server is somewhere behind a URL, and time is what a client feels. The HTTP client
// and the clock come from the caller. A run uses a goroutine for every client.
package load
