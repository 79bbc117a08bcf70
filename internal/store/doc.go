// Package store keeps what a server has promised to keep: stored responses, files,
// batches. It is one file to which lines are appended, each with a checksum; a record
// is acknowledged when the disk has it, and what was acknowledged is there after a
// crash at any moment.
//
// It is separate so that the server does not know how records are kept, and a file of
// lines because nothing here is searched but by name: a database would take longer to
// build than the rest of the program (see RATIONALE.md). The index is in memory, some
// hundred bytes a record; texts are read from the file when they are asked for. The
// file is rewritten without what was deleted when that is more than half of it.
//
// A Store may be used by several goroutines, its file by one process, which holds a lock.
package store
