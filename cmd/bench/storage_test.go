package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"infinibench/internal/lease"
	"infinibench/internal/machine"
)

// fails runs a reproduction that must fail with exit code 1 and a message that matches
// want.
func (v *victim) fails(want string, env ...string) {
	v.t.Helper()
	cmd, said := v.start(env...)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailure || !regexp.MustCompile(want).MatchString(said.String()) {
		v.t.Errorf("exit code %d, want %d; printed %q, want %s", code, exitFailure, said, want)
	}
}

// smallDisk mounts a disk of a size on the directory runs and returns its path; it skips the
// test where that is not possible.
func (v *victim) smallDisk(size string) string {
	v.t.Helper()
	runs := filepath.Join(v.work, "runs")
	if err := os.Mkdir(runs, 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := unix.Mount("infinibench", runs, "tmpfs", 0, "size="+size); err != nil {
		v.t.Skipf("a small disk cannot be made here: mount: %v", err)
	}
	v.t.Cleanup(func() { unix.Unmount(runs, unix.MNT_DETACH) })
	return runs
}

// TestFullDisk runs out of space on small disks of several sizes, and resumes when the disk
// has grown.
func TestFullDisk(t *testing.T) {
	want, _ := leftAlone(t, newVictim(t, "bench", 5))
	for _, size := range []string{"16k", "80k", "160k", "240k"} {
		v := newVictim(t, "bench", 5)
		runs := v.smallDisk(size)
		v.fails("no space left on device")
		if err := unix.Mount("infinibench", runs, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
			t.Fatal(err)
		}
		if !v.outlives(v.start()) {
			t.Fatal("killed")
		}
		v.same(want, false)
	}
}

// TestNoPermission: a directory without write permission, from the start or midway, is
// named, and the run resumes once the permission is back.
func TestNoPermission(t *testing.T) {
	v := newVictim(t, "bench", 5)
	if os.Getuid() == 0 {
		v.drop()
	}
	want, _ := leftAlone(t, newVictim(t, "bench", 5))
	runs := filepath.Join(v.work, "runs")
	allow := func(mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(runs, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(runs, 0o777); err != nil {
		t.Fatal(err)
	}
	allow(0o555)
	v.fails(`(?m)^bench: experiments: cannot create the runs directory: mkdir runs/kill: permission denied$`)
	allow(0o777)
	v.profile = "slow.yaml" // of 100,000 steps
	cmd, said := v.start()
	cell := filepath.Join(runs, "kill", "perplexity-novel-infini-delta-48-seed1")
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for steps(filepath.Join(cell, "metrics.jsonl")) < 5 {
		select {
		case err := <-ended:
			t.Fatalf("ended by itself: %v\n%s", err, said)
		case <-time.After(5 * time.Millisecond):
		}
	}
	checkpoint := filepath.Join(cell, "checkpoint")
	if err := os.Chmod(checkpoint, 0o555); err != nil {
		t.Fatal(err)
	}
	for exists := false; !exists; time.Sleep(5 * time.Millisecond) { // until the cell has failed
		_, err := os.Stat(filepath.Join(cell, "result.json"))
		exists = err == nil
	}
	cmd.Process.Signal(syscall.SIGINT)
	<-ended
	if !regexp.MustCompile(`(?m)^failed: perplexity-novel-infini-delta-48-seed1: train: checkpoint: .*training.*permission denied$`).MatchString(said.String()) {
		t.Errorf("printed %q", said)
	}
	if savedSteps(t, checkpoint) == 0 {
		t.Error("the last checkpoint is gone")
	}
	if err := os.Chmod(checkpoint, 0o755); err != nil {
		t.Fatal(err)
	}
	v.profile, v.known = "kill.yaml", map[string]string{} // other settings: run again
	if !v.outlives(v.start()) {
		t.Fatal("killed")
	}
	v.same(want, false)
}

// drop makes bench run as the user nobody, who is subject to permissions.
func (v *victim) drop() {
	v.t.Helper()
	path, err := exec.LookPath(v.bench)
	if err != nil {
		v.t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		v.t.Fatal(err)
	}
	v.bench = filepath.Join(v.work, "bench") // where the user nobody can reach it
	if err := os.WriteFile(v.bench, data, 0o755); err != nil {
		v.t.Fatal(err)
	}
	// The umask may have kept all of it to its owner.
	if err := filepath.WalkDir(v.work, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, 0o777)
	}); err != nil {
		v.t.Fatal(err)
	}
	v.user = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

// TestTwoAtOnce: a second bench on the same directory runs the other cells, reports who holds
// the first ones, and takes them over when that process is killed.
func TestTwoAtOnce(t *testing.T) {
	want, _ := leftAlone(t, newVictim(t, "bench", 200))
	v := newVictim(t, "bench", 200)
	first := v.train(t)
	first.reaches(1)
	first.Process.Signal(syscall.SIGSTOP)
	second, said := v.start()
	ended := make(chan error, 1)
	go func() { ended <- second.Wait() }()
	other := filepath.Join(v.runs(), "perplexity-pg19-infini-delta-32-seed1", "result.json")
	for {
		if _, err := os.Stat(other); err == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("ended by itself: %v\n%s", err, said)
		case <-time.After(5 * time.Millisecond):
		}
	}
	select {
	case <-ended:
		t.Errorf("did not wait for the cells of the other: %s", said)
	case <-time.After(2 * lease.Poll):
	}
	status := exec.Command("bench", "status", "--profile", v.profile)
	status.Dir = v.work
	out, err := status.CombinedOutput()
	running := fmt.Sprintf(`(?m)^Running, as process %d on .*\n1 of 3 cells done, 2 running, 0 failed, 0 to come(?s:.*)perplexity-novel-infini-delta-48-seed1 │ training .* of 200 │ .*process %d on`, first.Process.Pid, first.Process.Pid)
	if err != nil || !regexp.MustCompile(running).Match(out) {
		t.Errorf("%v; the status is\n%s, want %s", err, out, running)
	}
	first.Process.Kill()
	if err := <-ended; err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	who := fmt.Sprintf(`(?m)^perplexity-novel-infini-delta-48-seed1 is being run by process %d on %s, since 20\d\d-\d\d-\d\dT[0-9:]+(Z|[+-]\d\d:\d\d)$`, first.Process.Pid, regexp.QuoteMeta(machine.ThisProcess().Host))
	if n := len(regexp.MustCompile(who).FindAllString(said.String(), -1)); n != 1 {
		t.Errorf("said %d times, want once, who has the cell: %s", n, said)
	}
	v.same(want, true)
}
