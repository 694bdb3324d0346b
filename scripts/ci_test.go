package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ciMake is a make that fails for the targets named in $FAKE/broken, and says
// what the browser test will see.
const ciMake = `echo "REQUIRE=$INFINIBENCH_REQUIRE_BROWSER CI=$CI" >>"$FAKE/calls"
! grep -q "^$1\$" "$FAKE/broken"`

func TestCIRunsEveryTargetAndReportsFailure(t *testing.T) {
	tests := []struct {
		name    string
		broken  string
		id      string
		browser bool
		status  int
		require string
	}{
		{name: "all is well", id: root, browser: true, require: "1"},
		{name: "tests fail", broken: "test\n", id: root, browser: true, status: 1, require: "1"},
		{name: "lint fails", broken: "lint\n", id: root, browser: true, status: 1, require: "1"},
		{name: "the browser could not be installed", id: root, require: "1"},
		{name: "this user cannot install a browser", id: user, require: ""},
		{name: "this user has a browser", id: user, browser: true, require: "1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newFakeMachine(t, ".ci/run")
			m.write("broken", test.broken)
			m.quietCommand("id", test.id)
			m.quietCommand("apt-get", "exit 100")
			m.command("make", ciMake)
			m.write("scripts/setup-browser.sh", "#!/bin/sh\nexit 1\n")
			if test.browser {
				m.write("scripts/setup-browser.sh", "#!/bin/sh\nexit 0\n")
			}
			status, _, calls := m.run(".ci/run")
			if status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			saw := "\nREQUIRE=" + test.require + " CI=true"
			if want := "make lint" + saw + "\nmake test" + saw; calls != want {
				t.Errorf("called\n%s\nwant\n%s", calls, want)
			}
		})
	}
}

// test.sh runs a real go test, on a module with one test of each outcome.
func TestTestScriptShowsSkipsAndKeepsTheExitStatus(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skipf("test.sh needs bash: %v", err)
	}
	const header = "import \"testing\"\n"
	passing := map[string]string{
		"go.mod":       "module sample\n\ngo 1.26\n",
		"a/a_test.go":  "package a\n" + header + "func TestPass(t *testing.T) { t.Log(\"chatter\") }\n",
		"b/b_test.go":  "package b\n" + header + "func TestSkip(t *testing.T) { t.Skip(\"no ../shared here\") }\n",
		"none/none.go": "package none\n",
		"c/c_test.go":  "package c\n" + header + "func TestSub(t *testing.T) { t.Run(\"x\", func(t *testing.T) { t.Skip(\"no GPU\") }) }\n",
	}
	t.Run("passing", func(t *testing.T) {
		output, err := runTestScript(t, passing)
		if err != nil {
			t.Errorf("exit status: %v", err)
		}
		for _, want := range []string{
			"ok  \tsample/a\t",
			"--- SKIP: TestSkip (0.00s)\n    b_test.go:3: no ../shared here\n",
			"    --- SKIP: TestSub/x (0.00s)\n    c_test.go:3: no GPU\n",
			"4 packages: 2 tests passed, 2 skipped, 0 failed\n",
		} {
			if !strings.Contains(output, want) {
				t.Errorf("does not print %q but\n%s", want, output)
			}
		}
		if strings.Contains(output, "chatter") {
			t.Errorf("prints the log of a passing test:\n%s", output)
		}
	})
	t.Run("failing", func(t *testing.T) {
		passing["d/d_test.go"] = "package d\n" + header + "func TestFail(t *testing.T) { t.Error(\"got 1, want 2\") }\n"
		passing["e/e_test.go"] = "package e\n" + header + "func TestBuild(t *testing.T) { undefined() }\n"
		output, err := runTestScript(t, passing)
		if err == nil {
			t.Error("exit status 0, want a failure")
		}
		for _, want := range []string{
			"d_test.go:3: got 1, want 2\n--- FAIL: TestFail",
			"FAIL\tsample/d\t",
			"e_test.go:3:32: undefined: undefined\n", // columns counted by hand
			"FAIL\tsample/e [build failed]\n",
			"6 packages: 2 tests passed, 2 skipped, 1 failed; FAILED in 2 packages\n",
		} {
			if !strings.Contains(output, want) {
				t.Errorf("does not print %q but\n%s", want, output)
			}
		}
	})
}

func runTestScript(t *testing.T, files map[string]string) (output string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script, err := filepath.Abs("test.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(script, "./...")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
