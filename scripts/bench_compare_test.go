package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeSpeed pops the next line of a list of "SPEED MEMORY" pairs, one list for each size,
// mode and interval, and prints it as the JSON line of the program that it replaces.
const fakeSpeed = `read -r speed memory <"$list" && sed -i 1d "$list"
[ -n "$speed" ] || { echo "nothing left in $list" >&2; exit 1; }
`

const fakeBench = `#!/bin/bash
# speed --config SIZE --mode MODE --model MODEL [--interval N] --json
list=$FAKE/bench-$3-$5; [ "$8" != --interval ] || list=$list-$9
` + fakeSpeed + `echo "speed: 100% (4/4) in 3s" >&2
echo "{\"impl\":\"infinibench\",\"threads\":2,\"tokens_per_second\":$speed,\"peak_rss_mb\":$memory,\"interval\":0}"
`

const fakePython = `#!/bin/bash
if [ "$1" = -c ]; then [ -e "$FAKE/torch" ]; exit; fi
echo "$*" >>"$FAKE/calls"
list=$FAKE/torch-$2-$3
` + fakeSpeed + `echo "{\"impl\": \"pytorch\", \"threads\": 1, \"tokens_per_second\": $speed, \"peak_rss_mb\": $memory}"
`

func newSpeedMachine(t *testing.T, env ...string) *fakeMachine {
	m := newFakeMachine(t, "scripts/bench-compare.sh")
	for _, name := range []string{"awk"} {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("the script needs %s: %v", name, err)
		}
		if err := os.Symlink(real, filepath.Join(m.dir, "bin-fake", name)); err != nil {
			t.Fatal(err)
		}
	}
	m.write("bin/bench", fakeBench)
	m.write("python", fakePython)
	m.write("speed.py", "")
	m.env = append(m.env, "PYTHON="+filepath.Join(m.dir, "python"))
	m.env = append(m.env, env...)
	return m
}

// Three rounds. By hand, all segments: medians 20 and 10, ratios of the rounds 20/10,
// 30/8, 10/20; memory 100, 300. Interval 1: 15 over 10, from 14/8, 15/10 and 16/20.
func TestBenchCompare(t *testing.T) {
	m := newSpeedMachine(t, "CONFIGS=medium", "PAIRS=3", "ANCHOR=speed.py")
	m.write("torch", "")
	m.write("torch-medium-train", "10 300\n8 300\n20 300\n")
	m.write("bench-medium-train-0", "20 100\n30 100\n10 150\n")
	m.write("bench-medium-train-2", "17 80\n17 80\n17 80\n")
	m.write("bench-medium-train-1", "15 60\n14 75\n16 60\n")
	m.write("torch-medium-eval", "100 50\n100 50\n100 50\n")
	m.write("bench-medium-eval", "150 25\n150.5 25\n149.5 25\n")
	status, output, calls := m.run("scripts/bench-compare.sh")
	if status != 0 || calls != strings.Repeat("speed.py medium train\n", 3)+strings.TrimSpace(strings.Repeat("speed.py medium eval\n", 3)) {
		t.Errorf("exit status %d, called\n%s", status, calls)
	}
	words := strings.Join(strings.Fields(output), " ")
	for _, want := range []string{
		"medium, train tokens/s over PyTorch peak MB over PyTorch PyTorch, 1 threads 10 300 bench, interval all, 2 threads 20 2.00 [0.50, 3.75] 100 0.33 [0.33, 0.50]",
		"bench, interval 1, 2 threads 15 1.50 [0.80, 1.75] 60 0.20 [0.20, 0.25]",
		"fastest interval: all",
		"PyTorch, 1 threads 100 50 bench, 2 threads 150 1.50 [1.50, 1.50] 25 0.50 [0.50, 0.50]",
		"PyTorch does not count the threads of its BLAS",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in\n%s", want, output)
		}
	}
	if strings.Contains(output, "100%") {
		t.Errorf("progress of single runs in\n%s", output)
	}
}

func TestBenchCompareWithoutPyTorch(t *testing.T) {
	for _, test := range []struct{ anchor, want string }{
		{"speed.py", "PyTorch is not compared: PYTHON cannot import torch (on Debian: apt-get install python3-torch)\n"},
		{"", "long: PyTorch is not compared: ../shared/anchor/speed.py does not exist; name the program with ANCHOR=path\n"},
	} {
		m := newSpeedMachine(t, "CONFIGS=long", "PAIRS=1", "ANCHOR="+test.anchor)
		if test.anchor == "" {
			m.write("torch", "")
		}
		m.write("bench-long-train-0", "20 100\n")
		m.write("bench-long-train-2", "23 100\n")
		m.write("bench-long-train-1", "21 100\n")
		m.write("bench-long-eval", "41 100\n")
		status, output, calls := m.run("scripts/bench-compare.sh")
		want := strings.ReplaceAll(test.want, "PYTHON", filepath.Join(m.dir, "python"))
		if status != 0 || calls != "" || !strings.Contains(output, want) || strings.Contains(output, "over") ||
			!strings.Contains(output, "fastest interval: 2\n") || strings.Count(output, "\n  bench, ") != 4 {
			t.Errorf("exit status %d, called %q, printed\n%s", status, calls, output)
		}
	}
}

func TestBenchCompareFails(t *testing.T) {
	for _, test := range []struct {
		reason, env string
		status      int
		want        string
	}{
		{"no such program", "ANCHOR=absent.py", 2, "bench-compare: ANCHOR is absent.py, which is not a file\n"},
		{"no number of rounds", "PAIRS=0", 2, "bench-compare: PAIRS is \"0\", must be at least 1\n"},
		{"a run that fails", "CONFIGS=small", 1, "nothing left in"},
	} {
		m := newSpeedMachine(t, test.env)
		m.write("bench-small-train-0", "")
		if status, output, _ := m.run("scripts/bench-compare.sh"); status != test.status || !strings.Contains(output, test.want) {
			t.Errorf("%s: exit status %d, printed\n%s", test.reason, status, output)
		}
	}
}
