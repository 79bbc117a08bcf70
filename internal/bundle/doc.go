// Package bundle carries a model and the program over an air gap: a folder or a stick
// with plain files, a manifest of their sizes and hashes, and a signature of the
// manifest.
//
//	DIR/manifest.json          what the bundle holds; see Manifest
//	    manifest.sig           whose it is: an ed25519 signature of manifest.json
//	    README.txt             what to do with it
//	    model/...              the model's files, as they were published
//	    program/OS-ARCH/...    this program, for each platform
//
// It is separate from hub because it needs neither a network nor a cache, and because
// everything on a stick is untrusted: nothing of a bundle is believed before its
// signature is checked, and nothing is installed before every byte is. Files are read
// and written chunk by chunk with the chunks' hashes in the manifest; so damage has a
// place, an interrupted copy goes on where it stopped, and 16 MiB of memory do.
//
// The same hashes of a folder that no bundle brought are a Record, with which it can
// be verified later.
//
// There is no state outside a call. A model is installed by one process at a time,
// which a lock sees to.
package bundle
