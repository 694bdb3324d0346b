package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bench": main, "stubborn": stubborn, "faulty": faulty, "stuck": stuck})
}

// The scripts check what the command prints and its exit codes.
func TestScripts(t *testing.T) {
	profiles, err := filepath.Abs("../../experiments/profiles")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "hub": serveHub, "llama": writeLlama, "printf": printf, "truncate": truncate},
		Setup: func(e *testscript.Env) error {
			// The same BLAS on every machine, so that the output is the same.
			e.Setenv("INFINIBENCH_BLAS", "gonum")
			e.Setenv("PROFILES", profiles)
			return nil
		},
	})
}

// exits runs a program that must end with an exit code: exits 2 bench speed -z.
// The code of a program that a signal killed is "signal".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	code := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		if code = strconv.Itoa(exit.ExitCode()); exit.ExitCode() < 0 {
			code = "signal"
		}
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}
