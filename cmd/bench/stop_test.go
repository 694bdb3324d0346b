package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/spf13/cobra"

	"infinibench/internal/results"
	"infinibench/internal/seal"
)

// training is a running reproduction with enough steps to outlast the test.
type training struct {
	*exec.Cmd
	*victim
	said  *bytes.Buffer
	log   string // of its first cell
	ended chan error
}

func (v *victim) train(t *testing.T) *training {
	cmd, said := v.start()
	return v.watch(cmd, said)
}

func (v *victim) watch(cmd *exec.Cmd, said *bytes.Buffer) *training {
	run := &training{
		Cmd: cmd, victim: v, said: said, ended: make(chan error, 1),
		log: filepath.Join(v.runs(), "perplexity-novel-infini-delta-48-seed1", "metrics.jsonl"),
	}
	go func() { run.ended <- cmd.Wait() }()
	v.t.Cleanup(func() { cmd.Process.Kill() })
	return run
}

// reaches waits until this many steps are logged.
func (r *training) reaches(n int) {
	r.t.Helper()
	for steps(r.log) < n {
		select {
		case err := <-r.ended:
			r.t.Fatalf("ended by itself: %v\n%s", err, r.said)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// saved checks the last step of the checkpoint against the log and returns it.
func (r *training) saved(before int) int {
	r.t.Helper()
	r.remember()
	saved, logged := savedSteps(r.t, filepath.Join(filepath.Dir(r.log), "checkpoint")), steps(r.log)
	if saved != logged || saved <= before {
		r.t.Errorf("the checkpoint is of step %d, the log of %d; before it was %d", saved, logged, before)
	}
	return saved
}

// Every signal that asks a program to end saves the last state, says how to resume and
// exits with 128 plus its number, or 75 if only a scheduler sends it; the next start resumes
// from there.
func TestStop(t *testing.T) {
	heedHangups(t)
	v := newVictim(t, "bench", 100_000)
	reached := 0
	for _, test := range []struct {
		signal syscall.Signal
		code   int // by signal(7): HUP 1, INT 2, TERM 15, XCPU 24; shells add 128
		said   string
	}{
		{syscall.SIGINT, 130, "bench: interrupted; the same command resumes from here\n"},
		{syscall.SIGTERM, 143, "bench: terminated; the same command resumes from here\n"},
		{syscall.SIGHUP, 129, "bench: the terminal was closed (SIGHUP); the same command resumes from here\n"},
		{syscall.SIGXCPU, 75, "bench: the limit on processor time was reached (SIGXCPU); the same command resumes from here\n"},
	} {
		run := v.train(t)
		run.reaches(reached + 4)
		for range 3 { // a closing terminal sends SIGHUP more than once, timeout(1) SIGTERM twice
			run.Process.Signal(test.signal)
		}
		<-run.ended
		if code := run.ProcessState.ExitCode(); code != test.code || !strings.HasSuffix(run.said.String(), test.said) {
			t.Errorf("%v: exit code %d, want %d; printed %q", test.signal, code, test.code, run.said)
		}
		reached = run.saved(reached)
	}
}

// stuck is a bench in which every thread hangs in a library, on a lock that it already holds.
func stuck() {
	work := func(env *environment) *cobra.Command {
		return &cobra.Command{Use: "work", RunE: func(*cobra.Command, []string) error {
			libc, err := purego.Dlopen("libc.so.6", purego.RTLD_NOW)
			if err != nil {
				return err
			}
			lock, err := purego.Dlsym(libc, "pthread_mutex_lock")
			if err != nil {
				return err
			}
			hang := func() {
				mutex := new([64]byte) // zeros are PTHREAD_MUTEX_INITIALIZER
				for {
					purego.SyscallN(lock, uintptr(unsafe.Pointer(mutex)))
				}
			}
			for range 2 * runtime.NumCPU() {
				go hang()
			}
			fmt.Fprintln(env.stderr, "stuck")
			hang()
			return nil
		}}
	}
	os.Exit(execute([]func(*environment) *cobra.Command{work}, []string{"work"}, os.Stdin, os.Stdout, os.Stderr))
}

// The second SIGTERM ends a program whose library never returns.
func TestStopOfStuckLibrary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the C library has another name")
	}
	cmd := exec.Command("stuck")
	messages, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	for line := range printed(messages) {
		switch line {
		case "stuck":
			cmd.Process.Signal(syscall.SIGTERM)
		case "bench: stopping; once more to stop at once":
			go func() {
				for cmd.Process.Signal(syscall.SIGTERM) == nil { // one too soon counts as the same
					time.Sleep(20 * time.Millisecond)
				}
			}()
		default:
			t.Skip(line) // another C library
		}
	}
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v, want the signal", cmd.ProcessState)
	}
}

// printed returns all lines until the writer ends.
func printed(r io.Reader) iter.Seq[string] {
	return func(yield func(string) bool) {
		for s := bufio.NewScanner(r); s.Scan() && yield(s.Text()); {
		}
	}
}

// Under nohup, SIGHUP is ignored from the start and stays ignored.
func TestNohup(t *testing.T) {
	v := newVictim(t, "bench", 100_000)
	said := new(bytes.Buffer)
	cmd := exec.Command("sh", "-c", "trap '' HUP; exec bench reproduce --profile kill.yaml --data data")
	cmd.Dir, cmd.Stderr, cmd.Env = v.work, said, append(os.Environ(), "INFINIBENCH_BLAS=gonum")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	run := v.watch(cmd, said)
	run.reaches(1)
	run.Process.Signal(syscall.SIGHUP)
	run.reaches(steps(run.log) + 4)
	run.Process.Signal(syscall.SIGTERM)
	<-run.ended
	if code := run.ProcessState.ExitCode(); code != 143 {
		t.Errorf("exit code %d, want 143 of the SIGTERM after the SIGHUP", code)
	}
	run.saved(0)
}

// Time spent suspended does not count as training time.
func TestStoppedTime(t *testing.T) {
	v := newVictim(t, "bench", 100_000)
	run := v.train(t)
	run.reaches(4)
	stopped := time.Now()
	run.Process.Signal(syscall.SIGSTOP)
	time.Sleep(1500 * time.Millisecond)
	away := time.Since(stopped)
	run.Process.Signal(syscall.SIGCONT)
	run.reaches(steps(run.log) + 4)
	run.Process.Signal(syscall.SIGINT)
	<-run.ended
	data, err := os.ReadFile(run.log)
	if err != nil {
		t.Fatal(err)
	}
	longest, before := 0., 0.
	for line := range bytes.Lines(data) {
		var l results.LogLine
		if err := seal.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		longest, before = max(longest, l.Seconds-before), l.Seconds
	}
	if share := longest / away.Seconds(); share > 0.5 {
		t.Errorf("the longest step counts %.2f s, %.0f %% of a stop of %.2f s", longest, 100*share, away.Seconds())
	}
}

// A broken connection sends SIGHUP and closes the output: the message about the signal
// cannot be written, but training is still saved.
func TestHangupWithoutReader(t *testing.T) {
	heedHangups(t)
	v := newVictim(t, "bench", 100_000)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bench", "reproduce", "--profile", "kill.yaml", "--data", "data")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = v.work, w, w, append(os.Environ(), "INFINIBENCH_BLAS=gonum")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	run := v.watch(cmd, new(bytes.Buffer))
	run.reaches(1)
	r.Close()
	run.Process.Signal(syscall.SIGHUP)
	<-run.ended
	if code := run.ProcessState.ExitCode(); code != 129 {
		t.Errorf("exit code %d, want 129", code)
	}
	run.saved(0)
}
