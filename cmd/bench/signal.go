package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// interruption is the cause of a context that a signal ended.
type interruption struct{ Signal syscall.Signal }

func (i interruption) Error() string {
	if i.Signal == syscall.SIGTERM {
		return "terminated"
	}
	return "interrupted"
}

// untilSignal is a context that the first SIGINT or SIGTERM ends. The second one
// finds nobody who listens and ends the process as if it had never been caught.
func untilSignal(stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			if isTerminal(stderr) {
				fmt.Fprintln(stderr) // after the ^C that it shows
			}
			fmt.Fprintln(stderr, "bench: stopping; once more to stop at once")
			cancel(interruption{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// afterInterruption says what happened and how to go on.
func afterInterruption(cmd *cobra.Command, err error, i interruption) string {
	hint := "the same command starts again from the beginning"
	if _, ok := cmd.Annotations[continues]; ok {
		hint = "the same command goes on from here"
	}
	if errors.Is(err, i) || errors.Is(err, context.Canceled) {
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
