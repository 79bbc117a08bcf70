// Package disk is what the file system under a folder allows: how much room is left, how
// large a file may be, and the few steps that outlive a crash, as replacing a small file
// and holding a lock that ends with its process.
//
// It is separate because each of these differs by system, and several packages need the
// same answer. It keeps nothing; all of it may be used from several goroutines.
package disk
