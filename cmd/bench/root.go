package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"infinibench/internal/machine"
	"infinibench/reports/table"
)

// verbs are the constructors of the verbs, in the order of help.
var verbs = []func(*environment) *cobra.Command{
	reproduceCommand,
	runCommand,
	statusCommand,
	submitCommand,
	cancelCommand,
	planCommand,
	profileCommand,
	reportCommand,
	serveCommand,
	compareCommand,
	dataCommand,
	modelCommand,
	tokenizerCommand,
	passkeyCommand,
	trainCommand,
	evalCommand,
	generateCommand,
	exportCommand,
	rougeCommand,
	verifyCommand,
	memoryCommand,
	recallCommand,
	speedCommand,
	completionCommand,
	versionCommand,
}

// environment is a verb's view of the process: streams, clock and cancellation.
type environment struct {
	ctx            context.Context // cancelled by the first of stopSignals
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool                 // whether stderr is one
	screen         table.Screen         // what stdout is read on
	clock          func() time.Duration // nil for machine.WorkTime

	working bool // a verb has started, so an error is no longer a usage error
}

// workTime is the clock that measures the work of a verb.
func (env *environment) workTime() func() time.Duration {
	if env.clock != nil {
		return env.clock
	}
	return machine.WorkTime
}

// usageError is a usage error that a verb finds after it has started.
type usageError struct{ error }

// The exit codes beside 0; a signal adds its number to 128.
const (
	exitFailure = 1
	exitUsage   = 2
	exitAgain   = 75 // EX_TEMPFAIL of sysexits.h: a scheduler asked to stop, and may ask again
	exitSignal  = 128
)

// continues is the key in a command's Annotations that marks a verb which resumes an
// interrupted run when called again.
const continues = "continues"

// run is the program. The arguments exclude the program's name; the result is the exit
// code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return execute(verbs, args, stdin, stdout, stderr)
}

func execute(verbs []func(*environment) *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, end, stop := untilSignal(stderr)
	defer stop()
	out, messages := &checkedWriter{Writer: stdout, end: end}, &checkedWriter{Writer: stderr, end: end}
	env := &environment{ctx: ctx, stdin: stdin, stdout: out, stderr: messages, terminal: isTerminal(stderr), screen: screenOf(stdout, os.Getenv)}
	root := newRoot(env, verbs)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = out.err // a table truncated by a full disk is a failure
	}
	if err == nil {
		return 0
	}
	var usage usageError
	var signal interruption
	switch {
	case errors.As(context.Cause(ctx), &signal):
		if _, ok := cmd.Annotations[continues]; !ok && signal.Signal == syscall.SIGPIPE {
			return exitSignal + int(signal.Signal) // as any program piped into `head`
		}
		fmt.Fprintf(stderr, "bench: %s\n", afterInterruption(cmd, err, signal))
		if _, ok := cmd.Annotations[continues]; ok && slices.Contains(schedulers, signal.Signal) {
			return exitAgain
		}
		return exitSignal + int(signal.Signal)
	case !env.working || errors.As(err, &usage):
		fmt.Fprintf(stderr, "bench: %v; see \"%s --help\"\n", err, cmd.CommandPath())
		return exitUsage
	}
	if fault := machine.AsFault(err); fault != nil {
		err = fault
	}
	fmt.Fprintf(stderr, "bench: %v\n", err)
	return exitFailure
}

func newRoot(env *environment, verbs []func(*environment) *cobra.Command) *cobra.Command {
	cobra.EnableCommandSorting = false
	root := &cobra.Command{
		Use:   "bench",
		Short: "Reproduce the experiments of the Infini-attention paper",
		Long: `bench trains and evaluates Infini-Transformers and their baselines, reproduces the
experiments of "Leave No Context Behind: Efficient Infinite Context Transformers
with Infini-attention" (arXiv 2404.07143) and reports how far each was reproduced.

A flag of type "tokens" accepts K for 1,024 and M for 1,048,576: 64K is 65536. Profiles
need plain numbers. Wherever a verb reads a text or a list of pairs from a FILE, - means
standard input.`,
		Example: `  bench plan
  bench reproduce
  bench help speed`,
		Version:       buildVersion(),
		SilenceErrors: true, // execute prints them, once
		SilenceUsage:  true,
	}
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetVersionTemplate("bench {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	for _, verb := range verbs {
		root.AddCommand(verb(env))
	}
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultHelpCmd()
	prepare(env, root)
	completeValues(root)
	return root
}

// prepare applies the common settings to a command and its subcommands.
func prepare(env *environment, cmd *cobra.Command) {
	if cmd.HasSubCommands() {
		for _, sub := range cmd.Commands() {
			prepare(env, sub)
		}
		cmd.Flags().SetInterspersed(false) // so that an unknown verb is reported before its flags
		cmd.Args = knownVerb
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		return
	}
	if cmd.Args == nil {
		cmd.Args = noArguments
	}
	work := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		env.working = true
		return work(cmd, args)
	}
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [VERB]",
		Short:   "Describe a verb and its options",
		Long:    "help describes a verb and its options, or lists the verbs.",
		Example: "  bench help data verify",
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			target, rest, err := root.Find(args)
			if err == nil {
				err = knownVerb(target, rest)
			}
			if err != nil {
				return usageError{err}
			}
			target.InitDefaultHelpFlag() // so that it is listed
			return target.Help()
		},
	}
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = nearDistance
	return fmt.Errorf("unknown verb %q%s", args[0], didYouMean(cmd.SuggestionsFor(args[0])))
}

// flagError adds suggestions to the error about an unknown flag.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return err
	}
	name := strings.ToLower(unknown.GetSpecifiedName())
	var near []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		// The rule by which cobra suggests verbs.
		if levenshtein.ComputeDistance(name, f.Name) <= nearDistance || strings.HasPrefix(f.Name, name) {
			near = append(near, "--"+f.Name)
		}
	})
	return fmt.Errorf("%w%s", err, didYouMean(near))
}

// nearDistance is the most letters that a misspelt verb or flag may have wrong for the
// right one to be suggested.
const nearDistance = 2

func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(names, " or ") + "?)"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// checkedWriter remembers the first error, so that verbs need not check every line they
// print. When the reader has exited, as with "| head", it cancels the context as a signal
// would, so that training is saved.
type checkedWriter struct {
	io.Writer
	end context.CancelCauseFunc
	err error
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		w.end(interruption{syscall.SIGPIPE})
	}
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write the output: %w", err)
	}
	return n, err
}
