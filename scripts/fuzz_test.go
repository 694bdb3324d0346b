package scripts_test

import (
	"strings"
	"testing"
)

// The script finds the fuzz targets of all packages, runs each, continues after a failure
// and fails at the end.
func TestFuzzTriesEveryTarget(t *testing.T) {
	m := newFakeMachine(t, "scripts/fuzz.sh")
	for _, name := range []string{"mktemp", "find", "sort", "rm", "tail", "wc", "nice"} {
		m.link(name)
	}
	m.write("a/x_test.go", "package a\n\nfunc FuzzOne(f *testing.F) {\n")
	m.write("a/b/y_test.go", "package b\n\nfunc FuzzTwo(f *testing.F) {\nfunc FuzzThree(f *testing.F) {\n\t// func FuzzNone(\n")
	m.write("node_modules/z_test.go", "func FuzzForeign(f *testing.F) {\n")
	m.command("go", `echo "fuzz: elapsed: 0s, execs: 7 (1/sec)"; echo "fuzz: elapsed: 3s, execs: 42 (14/sec), new interesting: 3 (total: 5)"
case "$*" in
*FuzzTwo*) echo "--- FAIL: FuzzTwo"; exit 1;;
*FuzzThree*) printf -- '--- FAIL: FuzzThree (3.01s)\n    context deadline exceeded\n'; exit 1;; # go.dev/issue/75804
esac`)

	status, output, calls := m.run("scripts/fuzz.sh")
	if status != 1 || !strings.HasSuffix(output, "3 targets, 1 failed\n") || !strings.Contains(output, "    --- FAIL: FuzzTwo\n") {
		t.Errorf("status %d, output\n%s", status, output)
	}
	if n := strings.Count(output, " 42  "); n != 3 {
		t.Errorf("%d numbers of inputs in\n%s", n, output)
	}
	want := []string{"-fuzz ^FuzzOne$ -fuzztime 10m ", "-fuzz ^FuzzThree$ ", "-fuzz ^FuzzTwo$ "}
	lines := strings.Split(calls, "\n")
	if len(lines) != len(want) {
		t.Fatalf("calls\n%s", calls)
	}
	for _, w := range want {
		if !strings.Contains(calls, w) {
			t.Errorf("no call with %q in\n%s", w, calls)
		}
	}

	m.env = append(m.env, "FUZZ=One|Three", "FUZZTIME=3s")
	if status, output, calls := m.run("scripts/fuzz.sh"); status != 0 || strings.Count(calls, "-fuzztime 3s ") != 2 {
		t.Errorf("status %d, output\n%s\ncalls\n%s", status, output, calls)
	}
	m.env = append(m.env, "FUZZ=Nothing")
	if status, output, _ := m.run("scripts/fuzz.sh"); status != 1 || output != "fuzz: no target matches Nothing\n" {
		t.Errorf("status %d, output %q", status, output)
	}
}
