package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// interruption is the cancellation cause of a context that a signal ended.
type interruption struct{ Signal syscall.Signal }

func (i interruption) Error() string {
	for _, s := range stopSignals {
		if s.signal == i.Signal {
			return s.meaning
		}
	}
	return "the reader of the output has exited" // SIGPIPE, detected by checkedWriter
}

// stopSignals are the signals by which a person, a terminal or a scheduler ends a program;
// each kills a program that does not catch it. SIGQUIT is left to Go, whose dump of all
// goroutines helps to debug a program that hangs.
var stopSignals = []struct {
	signal  syscall.Signal
	meaning string
}{
	{syscall.SIGINT, "interrupted"},
	{syscall.SIGTERM, "terminated"},
	{syscall.SIGHUP, "the terminal was closed (SIGHUP)"},
	{syscall.SIGXCPU, "the limit on processor time was reached (SIGXCPU)"},
	{syscall.SIGUSR1, "stopped by SIGUSR1"}, // Slurm's --signal and SGE's -notify
	{syscall.SIGUSR2, "stopped by SIGUSR2"},
}

// schedulers are the signals by which batch systems announce the end of a job's time.
var schedulers = []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGXCPU}

// repetition is the time within which a second signal counts as the same: timeout(1) and
// sudo send SIGTERM to a process and then to its group.
const repetition = 50 * time.Millisecond

// untilSignal returns a context that the first of stopSignals cancels. From then on SIGINT
// and SIGTERM are no longer caught, so the next one ends the process at once, whatever its
// goroutines and libraries do. The others stay caught: a terminal that closes sends SIGHUP
// more than once, and the kernel sends SIGXCPU every second.
//
// A SIGHUP that was ignored when the program started, as by nohup, stays ignored. A SIGINT
// does not: a script that starts the program with & ignores it for it, and may still send
// one. Only then is the second SIGINT ignored, and SIGTERM needed.
func untilSignal(stderr io.Writer) (ctx context.Context, end context.CancelCauseFunc, stop func()) {
	ctx, end = context.WithCancelCause(context.Background())
	urgent, others := make(chan os.Signal, 1), make(chan os.Signal, 1)
	for _, s := range stopSignals {
		switch {
		case s.signal == syscall.SIGHUP && signal.Ignored(s.signal):
		case s.signal == syscall.SIGINT || s.signal == syscall.SIGTERM:
			signal.Notify(urgent, s.signal)
		default:
			signal.Notify(others, s.signal)
		}
	}
	// Caught, so that writing to a pipe without a reader is an error and does not kill us.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		var s os.Signal
		select {
		case s = <-urgent:
		case s = <-others:
		case <-ctx.Done():
			return
		}
		time.AfterFunc(repetition, func() { signal.Stop(urgent) }) // before printing, which may block
		if isTerminal(stderr) {
			fmt.Fprintln(stderr) // end the line that shows ^C
		}
		fmt.Fprintln(stderr, "bench: stopping; once more to stop at once")
		end(interruption{s.(syscall.Signal)})
	}()
	return ctx, end, func() {
		signal.Stop(urgent)
		signal.Stop(others)
		end(nil)
	}
}

// afterInterruption is the message that says what happened and how to resume.
func afterInterruption(cmd *cobra.Command, err error, i interruption) string {
	hint := "the same command starts from the beginning"
	if _, ok := cmd.Annotations[continues]; ok {
		hint = "the same command resumes from here"
	}
	if errors.Is(err, i) || errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
		return fmt.Sprintf("%v; %s", i, hint)
	}
	return fmt.Sprintf("%v, and: %v; %s", i, err, hint) // something failed on the way out
}

// await runs work that cannot be interrupted and abandons it when the context is cancelled.
// The process then exits, so the work must not leave anything half written.
func await[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
