//go:build !linux && !darwin

package bench

import "os"

// processorName is something on Windows only: "AMD64 Family 25 Model 1 Stepping 1, AuthenticAMD".
func processorName() string { return os.Getenv("PROCESSOR_IDENTIFIER") }
