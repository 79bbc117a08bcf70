package cli

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"ossian/internal/disk"
	"ossian/internal/mem"
)

// system is what a command sees of the world outside.
type system struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	// Whether the streams are a person's terminal.
	inTerminal, outTerminal, errTerminal bool
	// Whether the command line forbids connections.
	offline bool

	now    func() time.Time
	seed   func() uint64
	getenv func(string) string
	home   func() (string, error)
	// survey is what memory there is, as far as that is known.
	survey func() mem.Survey
	// diskFree is the room on a folder's disk.
	diskFree func(dir string) (bytes int64, known bool)
	// holders are the programs that hold most of it.
	holders func(most int) []mem.Holder
	// setHeapLimit bounds what the Go runtime holds; the process's own, so tests leave it alone.
	setHeapLimit func(bytes int64)
	// interrupt gives a context that an interrupt from the keyboard cancels, until
	// stop is called. A second interrupt ends the program the hard way.
	interrupt func(ctx context.Context) (_ context.Context, stop func())
	// model makes a model ready; tests put one without weights here.
	model func(ctx context.Context, f *loadFlags) (*loaded, error)
	// executable is the file of this program, program the package it is built from.
	executable func() (string, error)
	program    string
	// prober measures the machine's limits with so many threads.
	prober func(threads int) (prober, error)
}

func newSystem(stdin io.Reader, stdout, stderr io.Writer) *system {
	s := &system{
		stdin: stdin, stdout: stdout, stderr: stderr,
		inTerminal: isTerminal(stdin), outTerminal: isTerminal(stdout), errTerminal: isTerminal(stderr),
		now:          time.Now,
		seed:         func() uint64 { return rand.Uint64N(1 << 32) },
		getenv:       os.Getenv,
		home:         os.UserHomeDir,
		survey:       mem.Look,
		holders:      mem.Holders,
		diskFree:     disk.Free,
		interrupt:    interruptible,
		setHeapLimit: func(n int64) { debug.SetMemoryLimit(n) },
		prober:       newMachine,
		executable:   os.Executable,
		program:      "ossian/cmd/ossian",
	}
	s.model = s.load
	return s
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// today is the date a conversation is told.
func (s *system) today() string { return s.now().Format(time.DateOnly) }

// ossianHome is where the program keeps what is its own.
func (s *system) ossianHome() (string, error) {
	if dir := s.getenv("OSSIAN_HOME"); dir != "" {
		return dir, nil
	}
	home, err := s.home()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".ossian"), nil
}

// modelsDir is where models are looked up by name.
func (s *system) modelsDir() (string, error) {
	dir, err := s.ossianHome()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "models"), nil
}
