// Package mem gives memory outside the Go heap and says how much there is.
//
// An Arena is one anonymous mapping for data that lives as long as a model: the
// garbage collector neither scans nor counts it, and on Linux it asks for huge pages,
// which a decoder streaming gigabytes per token needs for its TLB. It is separate
// because only here do platforms differ. An Arena's Alloc may be called from several
// goroutines; slices of an Arena must not be used after its Close. A Mapping is a file in the address
// space instead, for weights that stay where they are.
package mem
