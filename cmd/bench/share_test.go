package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
)

// frozen is a bench that stops itself just before its FREEZE-th file change, like a suspended
// machine.
func frozen() {
	at, _ := strconv.ParseInt(os.Getenv("FREEZE"), 10, 64)
	var changes atomic.Int64
	atomicfile.SetHook(func(string, string) error {
		if changes.Add(1) == at {
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
		return nil
	})
	main()
}

// share starts a run of the victim's profile in one of several processes.
func (v *victim) share(program, runs string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	v.t.Helper()
	cmd, said := exec.Command(program, "run", "--profile", v.profile, "--data", "data", "--runs", runs), new(bytes.Buffer)
	cmd.Dir, cmd.Stdout, cmd.Stderr = v.work, said, said
	cmd.Env = append(append(os.Environ(), "INFINIBENCH_BLAS=gonum"), env...)
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	return cmd, said
}

// isStopped reports whether a process is stopped by a signal (man 5 proc).
func isStopped(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(state, "T")
}

// identities maps every file of a run to the metadata that reveals a change.
func (v *victim) identities() map[string]string {
	v.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(v.runs(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if lease.IsHidden(d.Name()) { // who holds a directory may change
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files[path] = fmt.Sprint(info.Sys().(*syscall.Stat_t).Ino, info.Size(), info.ModTime())
		return nil
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return files
}

// freezeAt freezes a process before its n-th change, lets another one finish the run, and
// wakes the first one up. It must then change nothing; frozen is false if it made fewer
// changes.
func (v *victim) freezeAt(n int) (frozen bool) {
	v.t.Helper()
	const period = 300 * time.Millisecond
	env := []string{lease.FlockVariable + "=off", lease.PeriodVariable + "=" + period.String()}
	late, said := v.share("frozen", "runs", append(env, fmt.Sprintf("FREEZE=%d", n))...)
	ended := make(chan error, 1)
	go func() { ended <- late.Wait() }()
	for !isStopped(late.Process.Pid) {
		select {
		case err := <-ended:
			if err != nil {
				v.t.Fatalf("change %d: %v\n%s", n, err, said)
			}
			return false
		case <-time.After(time.Millisecond):
		}
	}
	defer late.Process.Kill()
	second, heard := v.share("bench", "runs", env...)
	if err := second.Wait(); err != nil {
		v.t.Fatalf("change %d: the second process: %v\n%s", n, err, heard)
	}
	before := v.identities()
	late.Process.Signal(syscall.SIGCONT)
	if err := <-ended; err != nil {
		v.t.Fatalf("change %d: the late process: %v\n%s", n, err, said)
	}
	after := v.identities()
	for path, was := range before {
		if after[path] != was {
			v.t.Errorf("change %d: the late process has touched %s", n, path)
		}
	}
	for path := range after {
		if before[path] == "" {
			v.t.Errorf("change %d: the late process has left %s", n, path)
		}
	}
	return true
}

// TestFrozenWriter: a process that is frozen just before a change, whichever it is, changes
// nothing when it wakes up after another one has done its work. Without the tag long, some
// changes are left out.
func TestFrozenWriter(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("whether a process is stopped is not known here: ", err)
	}
	quiet := newVictim(t, "bench", 5)
	first, said := quiet.share("bench", "runs")
	if err := first.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	want := quiet.outcome(false)
	step := 67
	if long {
		step = 3
	}
	freezes := 0
	for n := 1; ; n += step {
		v := newVictim(t, "bench", 5)
		if !v.freezeAt(n) {
			break
		}
		freezes++
		v.same(want, false)
	}
	t.Logf("%d freezes", freezes)
	if freezes < 5 {
		t.Error("too few freezes to prove anything")
	}
}
