package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitCut         = 3
	exitInterrupted = 130
)

// commands is the whole grammar.
type commands struct {
	offlineFlag
	Run        runCmd        `cmd:"" help:"Ask once and print the answer."`
	Serve      serveCmd      `cmd:"" help:"Answer OpenAI's API over HTTP."`
	Ps         psCmd         `cmd:"" help:"Show what a running server does."`
	Keys       keysCmd       `cmd:"" help:"Make, list and revoke the API keys of a server."`
	Chat       chatCmd       `cmd:"" help:"Talk with a model, turn by turn."`
	Show       showCmd       `cmd:"" help:"Show a model's architecture, sizes and memory needs."`
	Fit        fitCmd        `cmd:"" help:"Say whether a model fits this machine, how, and how fast it will be."`
	Tokens     tokensCmd     `cmd:"" help:"Turn text into token ids and back."`
	Logits     logitsCmd     `cmd:"" help:"Print what a model predicts after each token."`
	Bench      benchCmd      `cmd:"" help:"Measure speed, and how much of the machine's limits that is."`
	BenchServe benchServeCmd `cmd:"" name:"bench-serve" help:"Load a running server with many clients (also: bench serve)."`
	Synth      synthCmd      `cmd:"" help:"Write a checkpoint of published shape with random weights."`
	Pull       pullCmd       `cmd:"" help:"Fetch a model, or go on fetching it."`
	List       listCmd       `cmd:"" help:"List the models that are here."`
	Use        useCmd        `cmd:"" help:"Give a model that lies elsewhere a name, without copying it."`
	Verify     verifyCmd     `cmd:"" help:"Check a model against its published or recorded hashes, and repair it."`
	Rm         rmCmd         `cmd:"" help:"Remove a model."`
	airGap
	Egress  egressCmd  `cmd:"" help:"Show every connection this program made to another machine."`
	Doctor  doctorCmd  `cmd:"" help:"Look over this machine and the models here, and say what is wrong."`
	Version versionCmd `cmd:"" help:"Print version, platform and processor features."`
}

const description = "Runs OpenAI's gpt-oss models on this machine, offline. Without a model folder the small built-in " +
	"model answers: ossian run \"What is the capital of Japan?\""

// Main runs a command line (without the program's name) and returns the exit code.
// Cancelling ctx interrupts the command.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(ctx, args, newSystem(stdin, stdout, stderr))
}

func run(ctx context.Context, args []string, sys *system) int {
	helped := false
	cmds := &commands{}
	parser, err := kong.New(cmds, kong.Name("ossian"), kong.Description(description),
		kong.Writers(sys.stdout, sys.stderr), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(sys), kong.Resolvers(&settings{sys: sys}))
	if err != nil {
		return sys.fail(err)
	}
	if len(args) == 0 {
		parser.Stdout = sys.stderr
		_, _ = parser.Parse([]string{"--help"})
		return exitUsage
	}
	switch args[0] { // as people try first
	case "help":
		args = append(args[1:len(args):len(args)], "--help")
	case "bench":
		if len(args) > 1 && args[1] == "serve" {
			args = append([]string{"bench-serve"}, args[2:]...)
		}
	case "--version":
		args = append([]string{"version"}, args[1:]...)
	}
	parsed, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		return sys.fail(usageOf(args, err))
	}
	sys.offline = cmds.Offline
	return sys.fail(parsed.Run())
}

// usageError is a command line that makes no sense.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// usageOf says where the help for a misunderstood command line is.
func usageOf(args []string, err error) error {
	help := "ossian --help"
	var pe *kong.ParseError
	if errors.As(err, &pe) && pe.Context != nil && pe.Context.Selected() != nil {
		help = pe.Context.Selected().FullPath() + " --help"
	}
	text := err.Error()
	if ue := (*usageError)(nil); errors.As(err, &ue) {
		text = ue.text
	}
	if flag, _, is := strings.Cut(text, ": expected "); is && strings.Contains(text, `but got "EOL"`) {
		text = flag + " needs a value"
	}
	if rest, is := strings.CutPrefix(text, "unexpected argument "+args[0]); is && (rest == "" || rest[0] == ',') {
		text = fmt.Sprintf("there is no command %q%s", args[0], rest)
		if strings.Contains(args[0], " ") {
			text += fmt.Sprintf("; to ask that: ossian run %q", args[0])
		}
	}
	return usage("%s; see %q", text, help)
}

// coded is an outcome that is no failure but has its own exit code. Whatever there
// is to say has been said.
type coded int

func (c coded) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// fail prints an error as one line and returns the exit code it stands for.
func (s *system) fail(err error) int {
	if err == nil {
		return exitOK
	}
	if c := coded(0); errors.As(err, &c) {
		return int(c)
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(s.stderr, "ossian: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(s.stderr, "ossian: "+strings.TrimSpace(err.Error()))
	if ue := (*usageError)(nil); errors.As(err, &ue) {
		return exitUsage
	}
	return exitError
}
