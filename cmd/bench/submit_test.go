package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSubmitFullDisk submits to a runs folder on disks that are full at one step or another.
// Each time one line says so, no job is left that no file knows of, and the same command
// submits everything once there is room. A quota's error has its own words, see
// machine.TestAsFault.
func TestSubmitFullDisk(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the commands of Slurm are faked by shell scripts")
	}
	failed := 0
	for _, size := range []string{"4k", "8k", "16k", "24k"} {
		v := newVictim(t, "bench", 5)
		fakes := filepath.Join(v.work, "fakes")
		for name, script := range map[string]string{
			"sbatch":  "n=$(cat number); echo $((n + 1)) >number; echo $n >>queued; echo $n",
			"scancel": `for id in "$@"; do sed -i "/^$id\$/d" queued; done`,
			"squeue":  ":",
			"sacct":   "exit 1",
		} {
			putScript(t, filepath.Join(fakes, name), script)
		}
		if err := os.WriteFile(filepath.Join(v.work, "number"), []byte("101\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		runs := v.smallDisk(size)
		submit := func() (string, error) {
			cmd := exec.Command(v.bench, "submit", "--profile", v.profile, "--data", "data")
			var said bytes.Buffer
			cmd.Dir, cmd.Stderr = v.work, &said
			cmd.Env = append(os.Environ(), "INFINIBENCH_BLAS=gonum", "PATH="+fakes+string(os.PathListSeparator)+os.Getenv("PATH"))
			err := cmd.Run()
			return said.String(), err
		}
		said, err := submit()
		if err != nil {
			failed++
			lines := regexp.MustCompile(`(?m)^.*no space left on device.*$`).FindAllString(said, -1)
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "bench: ") || !strings.HasSuffix(lines[0], ": free some space, or name a directory on another disk") {
				t.Errorf("%s: %q", size, said)
			}
		}
		queued, _ := os.ReadFile(filepath.Join(v.work, "queued"))
		recorded, _ := filepath.Glob(filepath.Join(runs, "kill", "slurm", "*", "submission.json"))
		var known []byte
		for _, path := range recorded {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			known = append(known, raw...)
		}
		for id := range strings.FieldsSeq(string(queued)) {
			if !strings.Contains(string(known), fmt.Sprintf("%q", id)) {
				t.Errorf("%s: job %s is queued, and no file knows of it; printed %q", size, id, said)
			}
		}
		if err := unix.Mount("infinibench", runs, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
			t.Fatal(err)
		}
		if said, err := submit(); err != nil {
			t.Errorf("%s, with room again: %v, %s", size, err, said)
		}
	}
	if failed < 3 {
		t.Errorf("only %d of the disks were too small: the test does not reach the steps", failed)
	}
}

func putScript(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
