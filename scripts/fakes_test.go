package scripts_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A fakeMachine is a directory with one of the project's scripts in it and a
// PATH on which every command that could change a real machine is a fake. The
// fakes write what they are asked into the file calls.
type fakeMachine struct {
	t   *testing.T
	dir string
	env []string
}

// newFakeMachine copies script, a path below the repository's root, to the same
// path of a new machine, which has no commands but harmless ones.
func newFakeMachine(t *testing.T, script string) *fakeMachine {
	t.Helper()
	m := &fakeMachine{t: t, dir: t.TempDir()}
	text, err := os.ReadFile(filepath.Join("..", script))
	if err != nil {
		t.Fatal(err)
	}
	m.write(script, string(text))
	m.write("bin-fake/.keep", "")
	for _, name := range []string{"sh", "bash", "env", "dirname", "grep", "sed", "mkdir", "cp", "mv", "cat", "touch"} {
		m.link(name)
	}
	// OPENBLAS_PLACES is empty, so that the libraries of the real machine do not count.
	m.env = []string{"PATH=" + filepath.Join(m.dir, "bin-fake"), "OPENBLAS_PLACES=", "FAKE=" + m.dir}
	return m
}

// link adds a command of the real machine.
func (m *fakeMachine) link(name string) {
	m.t.Helper()
	real, err := exec.LookPath(name)
	if err != nil {
		m.t.Skipf("the script needs %s: %v", name, err)
	}
	if err := os.Symlink(real, filepath.Join(m.dir, "bin-fake", name)); err != nil {
		m.t.Fatal(err)
	}
}

// command adds a fake command; body is what it does beside writing down its call.
func (m *fakeMachine) command(name, body string) {
	m.write(filepath.Join("bin-fake", name), "#!/bin/sh\necho \""+name+" $*\" >>\"$FAKE/calls\"\n"+body+"\n")
}

// quietCommand adds a fake command that does not write down its calls.
func (m *fakeMachine) quietCommand(name, body string) {
	m.write(filepath.Join("bin-fake", name), "#!/bin/sh\n"+body+"\n")
}

func (m *fakeMachine) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// run runs the script with its arguments and returns its exit status, all it printed, and the calls
// of the fakes.
func (m *fakeMachine) run(script string, args ...string) (status int, output, calls string) {
	m.t.Helper()
	if err := os.RemoveAll(filepath.Join(m.dir, "calls")); err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(m.dir, script), args...)
	cmd.Env = m.env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(m.dir, "calls"))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out), strings.TrimSuffix(string(text), "\n")
}
