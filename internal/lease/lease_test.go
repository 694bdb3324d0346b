package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"infinibench/internal/atomicfile"
	"infinibench/internal/machine"
)

// try takes a directory or fails the test.
func try(t *testing.T, dir string) *Lease {
	t.Helper()
	l, err := Try(dir, &Sighting{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// names are the entries of a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// With and without kernel locks.
func each(t *testing.T, f func(t *testing.T)) {
	t.Run("flock", f)
	t.Run("without flock", func(t *testing.T) {
		t.Setenv(FlockVariable, "off")
		f(t)
	})
}

// One process holds a directory, and the others learn who. A released directory is free and
// contains nothing but the lock.
func TestOneHolder(t *testing.T) {
	each(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "cell")
		l := try(t, dir)
		_, err := Try(dir, &Sighting{})
		var held *Held
		if !errors.As(err, &held) || held.Owner.ID != os.Getpid() || held.Owner.Since.IsZero() {
			t.Errorf("a second attempt: %v, want who holds it", err)
		}
		if err := atomicfile.Write(filepath.Join(dir, "file"), []byte("1")); err != nil {
			t.Errorf("the holder cannot write: %v", err)
		}
		l.Release()
		if got := names(t, dir); got != "file" && got != LockFile+" file" {
			t.Errorf("after the release: %s", got)
		}
		if _, found := Holder(os.DirFS(dir), "."); found {
			t.Error("a free directory has a holder")
		}
		try(t, dir).Release()
	})
}

// Of many that ask at the same moment, again and again, one at a time gets the directory.
func TestContention(t *testing.T) {
	each(t, func(t *testing.T) {
		dir := t.TempDir()
		var holders, turns atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for n := 0; n < 20; {
					l, err := Try(dir, &Sighting{})
					var held *Held
					if errors.As(err, &held) {
						time.Sleep(time.Millisecond)
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if holders.Add(1) != 1 {
						t.Error("two holders")
					}
					n++
					turns.Add(1)
					holders.Add(-1)
					l.Release()
				}
			})
		}
		all.Wait()
		if got := turns.Load(); got != 160 {
			t.Errorf("%d turns", got)
		}
		if left := strings.TrimSpace(strings.Replace(names(t, dir), LockFile, "", 1)); left != "" {
			t.Errorf("left: %s", left)
		}
	})
}

// abandon leaves a token behind: its owner as modified by change, and a leftover file.
func abandon(t *testing.T, dir string, change func(o *Owner)) {
	t.Helper()
	o := self(time.Minute, device(t, dir))
	change(&o)
	token := filepath.Join(dir, ownerDir, "TOKEN")
	if err := prepare(token, o); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(token, ".file.1.tmp"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A holder that has ended on this machine is replaced at once.
func TestDeadHolder(t *testing.T) {
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Skip("no process to end: ", err)
	}
	each(t, func(t *testing.T) {
		dir := t.TempDir()
		abandon(t, dir, func(o *Owner) { o.ID, o.Start = child.Process.Pid, "" })
		l := try(t, dir)
		if o, found := Holder(os.DirFS(dir), "."); !found || o.ID != os.Getpid() {
			t.Errorf("the holder is %v, %v", o, found)
		}
		l.Release()
		if got := strings.TrimPrefix(names(t, dir), LockFile); got != "" {
			t.Errorf("left: %s", got)
		}
	})
	// The kernel lock alone says so of a process in another container of this machine.
	dir := t.TempDir()
	abandon(t, dir, func(o *Owner) { o.Namespace = "pid:[1]" })
	try(t, dir).Release()
	// But not on another mount, which may have locks of its own.
	abandon(t, dir, func(o *Owner) { o.Namespace = "pid:[1]"; o.Device++ })
	if _, err := Try(dir, &Sighting{}); err == nil {
		t.Error("a holder on another mount was replaced at once")
	}
}

// device is the mounted file system of a directory.
func device(t *testing.T, dir string) uint64 {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return deviceOf(f)
}

// Of a process elsewhere only its beat is known: it is left alone while that changes,
// whatever the clocks say, and replaced when it has not for a lease.
func TestSilentHolder(t *testing.T) {
	each(t, func(t *testing.T) {
		t.Setenv(PeriodVariable, "300ms")
		dir := t.TempDir()
		abandon(t, dir, func(o *Owner) {
			o.Host, o.Boot, o.LeaseSeconds = "elsewhere", "another", 0.3
			o.Since = time.Now().Add(10 * time.Minute) // its clock is ten minutes fast
		})
		path := filepath.Join(dir, ownerDir, "TOKEN", beatFile)
		var seen Sighting
		for n := range 8 { // twice the lease
			if err := os.WriteFile(path, beat(n+1), 0o644); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-10 * time.Minute) // the server's is slow
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
			if _, err := Try(dir, &seen); err == nil {
				t.Fatal("a living holder was replaced")
			}
			time.Sleep(75 * time.Millisecond)
		}
		start := time.Now()
		l, err := Try(dir, &seen)
		for ; err != nil; l, err = Try(dir, &seen) {
			var held *Held
			if !errors.As(err, &held) || held.Owner.Host != "elsewhere" {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		defer l.Release()
		if took := time.Since(start); took < 200*time.Millisecond {
			t.Errorf("replaced after %v", took)
		}
	})
}

// Take looks often enough to see that a holder is silent, however short the lease is.
func TestTakeFromSilentHolder(t *testing.T) {
	t.Setenv(PeriodVariable, "300ms")
	dir := t.TempDir()
	abandon(t, dir, func(o *Owner) { o.Host, o.Boot, o.LeaseSeconds = "elsewhere", "another", 0.3 })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l, err := Take(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Release()
}

// The steps of a sighting, with an invented clock.
func TestSighting(t *testing.T) {
	var s Sighting
	start := time.Now()
	for _, look := range []struct {
		at          int // seconds
		token, beat string
		silent      bool
		why         string
	}{
		{0, "a", "1", false, "nothing is known at first"},
		{29, "a", "1", false, "29 s"},
		{59, "a", "1", false, "59 s"},
		{60, "a", "1", true, "60 s without a change"},
		{61, "a", "2", false, "it lives"},
		{90, "a", "2", false, "29 s"},
		{119, "a", "2", false, "58 s"},
		{200, "a", "2", false, "this process did not look for 81 s, and may have been suspended"},
		{229, "a", "2", false, "29 s since it looks again"},
		{258, "a", "2", false, "58 s"},
		{260, "b", "2", false, "another holder"},
	} {
		if got := s.see(look.token, look.beat, start.Add(time.Duration(look.at)*time.Second), time.Minute); got != look.silent {
			t.Errorf("at %d s: silent is %v (%s)", look.at, got, look.why)
		}
	}
}

// A holder that was frozen and replaced can change nothing, finds out, and takes nothing
// from its successor.
func TestReplacedHolder(t *testing.T) {
	t.Setenv(FlockVariable, "off")
	t.Setenv(PeriodVariable, "300ms")
	dir := t.TempDir()
	l := try(t, dir)
	ctx, cancel := l.Context(t.Context())
	defer cancel()
	path := filepath.Join(dir, "file")
	if err := atomicfile.Write(path, []byte("1")); err != nil {
		t.Fatal(err)
	}
	// The successor, as another process would do it.
	if err := os.Rename(l.gate, filepath.Join(dir, goneDir+"x")); err != nil {
		t.Fatal(err)
	}
	abandon(t, dir, func(o *Owner) { o.Host, o.Boot = "elsewhere", "another" })
	if err := clear(dir); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("2")); !errors.Is(err, atomicfile.ErrFenced) || !l.Lost() {
		t.Errorf("a replaced holder writes: %v", err)
	}
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), atomicfile.ErrFenced) {
		t.Errorf("the cause is %v", context.Cause(ctx))
	}
	l.Release()
	if o, found := Holder(os.DirFS(dir), "."); !found || o.Host != "elsewhere" {
		t.Errorf("the successor lost the directory to %v, %v", o, found)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "1" {
		t.Errorf("the file is %q, %v", data, err)
	}
}

// Take waits for the holder, says once for whom, and stops waiting with its context.
func TestTakeWaits(t *testing.T) {
	dir := t.TempDir()
	l := try(t, dir)
	calls := make(chan string, 10)
	time.AfterFunc(2*Poll, l.Release)
	second, err := Take(t.Context(), dir, func(h *Held) { calls <- h.Owner.String() })
	if err != nil {
		t.Fatal(err)
	}
	defer second.Release()
	if want := fmt.Sprintf("process %d on %s, since ", os.Getpid(), machine.ThisProcess().Host); len(calls) != 1 || !strings.HasPrefix(<-calls, want) {
		t.Errorf("called %d times, want once: %s", len(calls), want)
	}
	ctx, cancel := context.WithTimeout(t.Context(), Poll/2)
	defer cancel()
	if _, err := Take(ctx, dir, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// What is read of an owner may be damaged, or hostile.
func TestHolderReadsAnything(t *testing.T) {
	for _, text := range []string{"", "{", `{"process": 0}`, `{"process": -1, "host": "a"}`, `{"process": "x"}`, strings.Repeat(" ", maxOwner+1)} {
		dir := t.TempDir()
		abandon(t, dir, func(*Owner) {})
		if err := os.WriteFile(filepath.Join(dir, ownerDir, "TOKEN", ownFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if o, found := Holder(os.DirFS(dir), "."); !found || o.ID != 0 || o.Gone() {
			t.Errorf("%.20q: %+v, %v, want an owner of whom nothing is known", text, o, found)
		}
	}
	var o Owner
	data, err := json.Marshal(self(time.Minute, 7))
	if err != nil || json.Unmarshal(data, &o) != nil || o.ID != os.Getpid() || o.Lease() != time.Minute || o.Device != 7 {
		t.Errorf("%s: %+v, %v", data, o, err)
	}
}

func TestPeriod(t *testing.T) {
	for _, test := range []struct {
		text string
		want time.Duration
	}{{"", time.Minute}, {"5m", 5 * time.Minute}, {"10", 0}, {"1ms", 0}, {"48h", 0}} {
		t.Setenv(PeriodVariable, test.text)
		got, err := Period()
		if got != test.want || (err == nil) != (test.want > 0) {
			t.Errorf("%q: %v, %v, want %v", test.text, got, err, test.want)
		}
		if _, err := Try(t.TempDir(), &Sighting{}); test.want == 0 && (err == nil || !strings.Contains(err.Error(), PeriodVariable)) {
			t.Errorf("%q: taken, or %v", test.text, err)
		}
	}
}

// By the documentation of each system.
func TestJob(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, ""},
		{map[string]string{"SLURM_JOB_ID": "7"}, "slurm 7"},
		{map[string]string{"SLURM_JOB_ID": "9", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}, "slurm 7_2"},
		{map[string]string{"PBS_JOBID": "3.server"}, "pbs 3.server"},
		{map[string]string{"JOB_COMPLETION_INDEX": "0"}, "kubernetes index 0"},
	} {
		if got := job(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: %q, want %q", test.env, got, test.want)
		}
	}
}
