package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// interrupted makes a verb that receives a signal while it works and returns the result of
// `after`, called with the cancelled context.
func interrupted(number syscall.Signal, annotations map[string]string, after func(context.Context) error) func(*environment) *cobra.Command {
	return func(env *environment) *cobra.Command {
		return &cobra.Command{Use: "work", Annotations: annotations, RunE: func(*cobra.Command, []string) error {
			if err := syscall.Kill(os.Getpid(), number); err != nil {
				return err
			}
			<-env.ctx.Done()
			return after(env.ctx)
		}}
	}
}

// heedHangups undoes nohup, for tests that run under it.
func heedHangups(t *testing.T) {
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(ignored) })
}

func TestSignals(t *testing.T) {
	heedHangups(t)
	goesOn := map[string]string{continues: ""}
	tests := []struct {
		reason      string
		signal      syscall.Signal
		annotations map[string]string
		after       func(context.Context) error
		code        int
		message     string
	}{
		{"Ctrl-C", syscall.SIGINT, goesOn, context.Cause, 130,
			"bench: interrupted; the same command resumes from here\n"},
		{"SIGTERM", syscall.SIGTERM, goesOn, context.Cause, 143,
			"bench: terminated; the same command resumes from here\n"},
		{"a terminal that closes", syscall.SIGHUP, goesOn, context.Cause, 129,
			"bench: the terminal was closed (SIGHUP); the same command resumes from here\n"},
		{"a scheduler's limit", syscall.SIGXCPU, goesOn, context.Cause, 75,
			"bench: the limit on processor time was reached (SIGXCPU); the same command resumes from here\n"},
		{"a scheduler's warning", syscall.SIGUSR1, goesOn, context.Cause, 75,
			"bench: stopped by SIGUSR1; the same command resumes from here\n"},
		{"a warning to a verb that keeps nothing", syscall.SIGUSR1, nil, context.Cause, 128 + int(syscall.SIGUSR1),
			"bench: stopped by SIGUSR1; the same command starts from the beginning\n"},
		{"a verb that keeps nothing", syscall.SIGINT, nil, context.Cause, 130,
			"bench: interrupted; the same command starts from the beginning\n"},
		{"a library that wraps the plain error", syscall.SIGINT, goesOn,
			func(ctx context.Context) error { return fmt.Errorf("get: %w", ctx.Err()) }, 130,
			"bench: interrupted; the same command resumes from here\n"},
		{"a failure on the way out is not hidden", syscall.SIGINT, goesOn,
			func(context.Context) error { return errors.New("save: disk full") }, 130,
			"bench: interrupted, and: save: disk full; the same command resumes from here\n"},
		{"work that was done when the signal came", syscall.SIGINT, goesOn,
			func(context.Context) error { return nil }, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			var stderr bytes.Buffer
			verbs := []func(*environment) *cobra.Command{interrupted(test.signal, test.annotations, test.after)}
			code := execute(verbs, []string{"work"}, nil, new(bytes.Buffer), &stderr)
			want := "bench: stopping; once more to stop at once\n" + test.message
			if code != test.code || stderr.String() != want {
				t.Errorf("exit code %d, want %d; printed %q, want %q", code, test.code, stderr.String(), want)
			}
		})
	}
}

// A reader that exits, like head, ends the verb as a signal would. A verb that can resume
// says so; any other is silent, like programs piped into head. SIGPIPE is signal 13.
func TestNobodyReads(t *testing.T) {
	for _, test := range []struct {
		reason      string
		annotations map[string]string
		message     string
	}{
		{"a training", map[string]string{continues: ""}, "bench: the reader of the output has exited; the same command resumes from here\n"},
		{"a table", nil, ""},
	} {
		var stderr bytes.Buffer
		work := func(env *environment) *cobra.Command {
			return &cobra.Command{Use: "work", Annotations: test.annotations, RunE: func(*cobra.Command, []string) error {
				fmt.Fprintln(env.stdout, "a line")
				<-env.ctx.Done()
				return context.Cause(env.ctx)
			}}
		}
		code := execute([]func(*environment) *cobra.Command{work}, []string{"work"}, nil, brokenPipe{}, &stderr)
		if code != 141 || stderr.String() != test.message {
			t.Errorf("%s: exit code %d, want 141; printed %q, want %q", test.reason, code, stderr.String(), test.message)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// stubborn is a bench whose verb ignores its context, for the script signal.txt: a second
// signal must end it.
func stubborn() {
	work := interrupted(syscall.SIGINT, nil, func(context.Context) error {
		for range 1000 { // one soon after the first counts as the same
			syscall.Kill(os.Getpid(), syscall.SIGTERM) // SIGINT may be ignored
			time.Sleep(20 * time.Millisecond)
		}
		return nil
	})
	os.Exit(execute([]func(*environment) *cobra.Command{work}, []string{"work"}, os.Stdin, os.Stdout, os.Stderr))
}

func TestAwait(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	failure := errors.New("failed")
	n, err := await(ctx, func() (int, error) { return 7, failure })
	if n != 7 || err != failure {
		t.Errorf("got %d, %v, want what the work returned", n, err)
	}
	forever := make(chan struct{})
	defer close(forever)
	cause := interruption{syscall.SIGINT}
	time.AfterFunc(time.Millisecond, func() { cancel(cause) })
	if n, err := await(ctx, func() (int, error) { <-forever; return 7, nil }); n != 0 || err != cause {
		t.Errorf("got %d, %v, want 0 and the cause", n, err)
	}
}

// A full disk must not look like success.
func TestOutputThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	if code := run([]string{"version"}, nil, fullDisk{}, &stderr); code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "bench: ") || !strings.Contains(got, "no space left on device") {
		t.Errorf("printed %q", got)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
