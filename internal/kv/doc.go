// Package kv keeps the keys and values of token sequences beyond their end, so that what begins alike
// is read once: a system prompt of many conversations, the turns of one.
//
// The cache is a tree. A node is a block of model.BlockTokens tokens behind all those above it; only a leaf
// may have fewer. The pages belong to the backend, which counts their holders: the cache copies
// nothing, two sequences that say the same hold the same pages, and what a running one holds is
// taken once.
//
// Layers with a window are why caches of this model miss elsewhere. They need the last positions before
// the place where a sequence goes on, and no others, so a block has two parts. The full part is kept
// for every block. The windowed part is kept where somebody is likely to go on: around the end of
// a prompt (the next turn leaves out the reasoning and so parts from this one there), at the end of
// a sequence, where two prompts once parted, and every few blocks, as a place to fall back to. A
// sequence can begin at any position whose windows are there, in the middle of a block too; what it then
// shares of that block is copied by the backend when it writes.
//
// What was used least recently goes first, leaf by leaf, never what a running sequence stands on;
// when there is nothing else, windowed parts below running sequences. Match says how far a
// prompt is known and which token came there instead, so that who wonders why nothing was found can be told.
//
// Save and Restore carry the tree over a restart: a file bounded in bytes, named for the model and settings that it
// belongs to, every block with a checksum and checked before it is used.
//
// A Cache belongs to one goroutine, that of its backend.
package kv
