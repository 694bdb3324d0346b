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

// interruption is the cause of a context that a signal ended.
type interruption struct{ Signal syscall.Signal }

func (i interruption) Error() string {
	for _, s := range stopSignals {
		if s.signal == i.Signal {
			return s.meaning
		}
	}
	return "nobody reads the output any more" // SIGPIPE, which checkedWriter finds
}

// stopSignals are what a person, a terminal or a scheduler sends to end a program; each
// would kill a program that does not catch it. SIGQUIT is left to Go, whose dump of all
// goroutines is what one wants of a program that hangs.
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

// repetition is how long after a signal another one is the same: timeout(1) and sudo
// send SIGTERM to a process and then to its group.
const repetition = 50 * time.Millisecond

// untilSignal is a context that the first of stopSignals ends. After that, SIGINT and
// SIGTERM are no longer caught, and the next one ends the process from within the signal
// handler, whatever its goroutines and libraries do. The others stay caught: a terminal
// that closes sends SIGHUP more than once, and the kernel sends SIGXCPU every second.
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
	// Caught, so that writing to a pipe without a reader is an error and no sudden death.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		var s os.Signal
		select {
		case s = <-urgent:
		case s = <-others:
		case <-ctx.Done():
			return
		}
		time.AfterFunc(repetition, func() { signal.Stop(urgent) }) // first: printing may block
		if isTerminal(stderr) {
			fmt.Fprintln(stderr) // after the ^C that it shows
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

// afterInterruption says what happened and how to go on.
func afterInterruption(cmd *cobra.Command, err error, i interruption) string {
	hint := "the same command starts again from the beginning"
	if _, ok := cmd.Annotations[continues]; ok {
		hint = "the same command goes on from here"
	}
	if errors.Is(err, i) || errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
		return fmt.Sprintf("%v; %s", i, hint)
	}
	return fmt.Sprintf("%v, and: %v; %s", i, err, hint) // something failed on the way out
}

// await does work that cannot be stopped, and turns away from it when the context
// ends. Only for work that leaves nothing half done, because the process exits then.
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
