package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReportOfAReadOnlyRun: a run that is read-only by its permissions or its mount is
// reported on elsewhere and stays unchanged; without --out the error names the flag.
func TestReportOfAReadOnlyRun(t *testing.T) {
	const result = `{"version": 1, "status": "failed", "error": "disk full",
 "cell": {"experiment": "perplexity", "corpus": "novel", "model": "infini-linear", "length": 128, "seed": 1},"sum":"a54591ae196dc91b"}
`
	v := newVictim(t, "bench", 5)
	if os.Getuid() == 0 {
		v.drop()
	}
	run := filepath.Join(v.work, "runs", "mine")
	cell := filepath.Join(run, "cell")
	if err := os.MkdirAll(cell, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cell, "result.json"), []byte(result), 0o444); err != nil {
		t.Fatal(err)
	}
	bench := func(arguments ...string) (string, error) {
		cmd := exec.Command(v.bench, arguments...)
		cmd.Dir, cmd.SysProcAttr = v.work, v.user
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	check := func(why, out string) {
		t.Helper()
		said, err := bench("report", "--profile", "mine")
		if want := ": use bench report --out DIR to write the report of a read-only run elsewhere\n"; err == nil || strings.Count(said, "\n") != 1 || !strings.HasSuffix(said, why+want) {
			t.Errorf("%v, printed %q, want %q", err, said, why+want)
		}
		if said, err := bench("report", "--profile", "mine", "--out", out); err != nil || !strings.HasSuffix(said, "\n"+out+"/report.html\n") {
			t.Errorf("%v, printed %q", err, said)
		}
		for _, name := range []string{"report.html", "tables/summary.csv", "figures/memory.svg"} {
			if _, err := os.Stat(filepath.Join(v.work, out, name)); err != nil {
				t.Error(err)
			}
		}
		if left, err := os.ReadDir(run); err != nil || len(left) != 1 {
			t.Errorf("the run has %v, %v", left, err)
		}
	}
	for _, dir := range []string{cell, run, filepath.Dir(run)} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(dir, 0o755) })
	}
	check("permission denied", "by-permission")
	if err := unix.Mount(run, run, "", unix.MS_BIND, ""); err != nil {
		t.Logf("a read-only mount cannot be made here: %v", err)
		return
	}
	t.Cleanup(func() { unix.Unmount(run, unix.MNT_DETACH) })
	if err := unix.Mount("", run, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	check("read-only file system", "by-mount")
}
