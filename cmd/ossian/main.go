// Command ossian runs OpenAI's gpt-oss models on this machine, offline. All it does
// is hand the process's arguments and streams to internal/cli, so that everything a
// person can type is testable there.
package main

import (
	"context"
	"os"

	"ossian/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
