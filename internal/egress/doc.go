// Package egress is the one door through which the program reaches other machines.
// A Guard makes the HTTP clients and dialers; internal/lint sees to it that nobody
// else makes one. While offline it refuses everything but loopback, before a name
// is looked up. Each connection is written to a log before it is made, and a
// connection that cannot be written down is not made.
//
// It is separate so that "nothing leaves this machine" is a property of one small
// package. A Guard may be used from several goroutines; the log is
// appended to line by line, so several processes may share it.
package egress
