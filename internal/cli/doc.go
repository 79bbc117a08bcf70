// Package cli is the command line: the grammar as one struct, a file per command.
//
// It is where everything is put together, so it may import anything below it and
// nothing imports it but the program. It holds no state outside a call of Main: what
// a command knows of the outside (streams, clock, environment, interrupts) comes in a
// system value, so every command is tested as it is typed.
//
// Streams: standard output holds the answer and nothing else; reasoning, progress,
// figures and errors go to standard error. Escape sequences are only ever written
// to a terminal, and a model's own control characters never are.
//
// Exit codes: 0 done; 1 it failed; 2 the command line makes no sense; 3 the answer
// was cut by --max-tokens or by the context's end; 130 interrupted.
package cli
