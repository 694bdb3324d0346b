package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every verb has a description, and every example is a call that the verb accepts.
func TestVerbsAreDescribed(t *testing.T) {
	root := newRoot(&environment{stdout: io.Discard, stderr: io.Discard}, verbs)
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		// The texts of subcommands describe what their parent does.
		if cmd.Short == "" || cmd.Example == "" || cmd.Long == "" && !cmd.HasSubCommands() {
			t.Errorf("%s: has Short %v, Long %v, Example %v", cmd.CommandPath(), cmd.Short != "", cmd.Long != "", cmd.Example != "")
		}
		for line := range strings.Lines(cmd.Example) {
			checkExample(t, cmd, strings.TrimSpace(line))
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// checkExample parses the line "VARIABLE=value bench verb --flag value" as far as possible
// without running the verb.
func checkExample(t *testing.T, cmd *cobra.Command, line string) {
	_, call, ok := strings.Cut(line, "bench ")
	if !ok {
		t.Errorf("%s: example %q does not call bench", cmd.CommandPath(), line)
		return
	}
	root := newRoot(&environment{stdout: io.Discard, stderr: io.Discard}, verbs)
	found, rest, err := root.Find(strings.Fields(call))
	if err == nil {
		err = found.ParseFlags(rest)
	}
	if err == nil {
		err = found.ValidateArgs(found.Flags().Args())
	}
	if err == nil {
		err = found.ValidateRequiredFlags()
	}
	if err != nil {
		t.Errorf("%s: example %q: %v", cmd.CommandPath(), line, err)
	}
}

// The exit code distinguishes usage errors from failures.
func TestExitCodes(t *testing.T) {
	tests := []struct {
		args string
		code int
	}{
		{"", 0},
		{"help", 0},
		{"version", 0},
		{"data --help", 0},
		{"verify absent.json", exitFailure},
		{"verify", exitUsage},
		{"--frobnicate", exitUsage},
	}
	for _, test := range tests {
		var stderr bytes.Buffer
		code := run(strings.Fields(test.args), strings.NewReader(""), io.Discard, &stderr)
		if code != test.code {
			t.Errorf("bench %s: exit code %d, want %d", test.args, code, test.code)
		}
		if n := strings.Count(stderr.String(), "bench: "); code != 0 && n != 1 || code == 0 && n != 0 {
			t.Errorf("bench %s: printed %q", test.args, stderr.String())
		}
	}
}
