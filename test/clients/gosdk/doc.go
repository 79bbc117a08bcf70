// Package gosdk runs OpenAI's official Go SDK, which decodes strictly, against a server
// that OSSIAN_URL names. It is a module of its own, so that the program's dependencies
// stay what the program needs.
package gosdk
