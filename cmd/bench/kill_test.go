package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"infinibench/experiments"
	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
	"infinibench/internal/results"
	"infinibench/internal/safetensors"
	"infinibench/internal/seal"
	"infinibench/reports"
)

// faulty is a bench that kills itself: with KILL=7 at its 7th change to a file. If TRACE
// names a file, every change is recorded there.
func faulty() {
	at, _ := strconv.Atoi(os.Getenv("KILL"))
	var trace *os.File
	if path := os.Getenv("TRACE"); path != "" {
		var err error
		if trace, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			panic(err)
		}
	}
	changes := make(chan int, 1)
	changes <- 0
	atomicfile.SetHook(func(change, path string) error {
		seen := 1 + <-changes
		if seen == at {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		if trace != nil {
			fmt.Fprintln(trace, change, path)
		}
		changes <- seen
		return nil
	})
	main()
}

// killProfile makes every kind of file in a second: models with and without memory,
// a trained tokenizer and a report.
const killProfile = `
name: kill
about: the smallest run that makes every kind of file
workers: 2
threads: 1
save_every: 2
seeds: [1]
model: {layers: 1, heads: 2, head_size: 4, ffn: 16, segment: 16, gate_init: 0, init_std: 0.3, memory_epsilon: 1e-6}
training: {batch: 2, optimizer: adamw, learning_rate: 1e-2, gate_learning_rate: 1e-2, steps: STEPS, warmup_steps: 1, final_learning_rate: 0.1, weight_decay: 0, clip_norm: 1, checkpoint_interval: 1}
corpora:
  novel: {tokenizer: word, split: test, documents: 3, document_tokens: 60}
  pg19: {tokenizer: bpe, vocabulary: 260, split: test, documents: 2, max_tokens: 400} # least work, so its cell comes last
perplexity:
  - {corpus: novel, models: [local-only, infini-delta], length: 48}
  - {corpus: pg19, models: [infini-delta], length: 32}
evaluation: {batch: 2, position_bucket: 16}
`

// victim is a runs directory in which bench is killed and started again.
type victim struct {
	t       *testing.T
	bench   string               // program
	profile string               // name, or the path of a file
	work    string               // holds runs/
	user    *syscall.SysProcAttr // the user that bench runs as; nil: the user of the test
	kills   int
	known   map[string]string // what was done before a kill
}

// newVictim creates a directory, on a RAM disk if there is one, with the profile above and
// four short books.
func newVictim(t *testing.T, bench string, steps int) *victim {
	t.Helper()
	work, err := os.MkdirTemp("/dev/shm", "infinibench")
	if err != nil {
		work = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(work) })
	put := func(name, text string) {
		path := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("kill.yaml", strings.Replace(killProfile, "STEPS", fmt.Sprint(steps), 1))
	put("slow.yaml", strings.Replace(killProfile, "STEPS", "100000", 1))
	var metadata strings.Builder
	for i, split := range []string{"train", "train", "validation", "test", "test"} {
		fmt.Fprintf(&metadata, "%d,Book %d,1900,u%d\n", i+1, i, i)
		put(fmt.Sprintf("data/pg19/%s/%d.txt", split, i+1), strings.Repeat(fmt.Sprintf("It rained on day %d of the %s. ", i, split), 6))
	}
	put("data/pg19/metadata.csv", metadata.String())
	return &victim{t: t, bench: bench, profile: "kill.yaml", work: work, known: map[string]string{}}
}

func (v *victim) runs() string {
	return filepath.Join(v.work, "runs", strings.TrimSuffix(v.profile, ".yaml"))
}

// start starts a reproduction; the buffer receives its stderr.
func (v *victim) start(env ...string) (*exec.Cmd, *bytes.Buffer) {
	v.t.Helper()
	cmd, said := exec.Command(v.bench, "reproduce", "--profile", v.profile, "--data", "data"), new(bytes.Buffer)
	cmd.Dir, cmd.Stderr, cmd.SysProcAttr = v.work, said, v.user
	cmd.Env = append(append(os.Environ(), "INFINIBENCH_BLAS=gonum"), env...)
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	return cmd, said
}

// outlives waits for a process and reports whether it succeeded before it was killed.
func (v *victim) outlives(cmd *exec.Cmd, said *bytes.Buffer) bool {
	v.t.Helper()
	err := cmd.Wait()
	v.remember()
	switch status := cmd.ProcessState.Sys().(syscall.WaitStatus); {
	case err == nil:
		return true
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		v.kills++
		return false
	}
	v.t.Fatalf("after %d kills: %v\n%s", v.kills, err, said)
	return false
}

// remember records finished work: results, scored documents and the steps before the last
// checkpoint, with their times. Everything recorded before must still exist unchanged, which
// proves that no work was repeated.
func (v *victim) remember() {
	v.t.Helper()
	now := map[string]string{}
	cells, _ := filepath.Glob(filepath.Join(v.runs(), "*", "config.yaml"))
	for _, cell := range cells {
		cell = filepath.Dir(cell)
		if info, err := os.Stat(filepath.Join(cell, "result.json")); err == nil {
			now[cell] = info.ModTime().String()
		}
		saved := savedSteps(v.t, filepath.Join(cell, "checkpoint"))
		for _, name := range []string{"metrics.jsonl", "samples.jsonl"} {
			data, _ := os.ReadFile(filepath.Join(cell, name))
			for line := range strings.Lines(string(data)) {
				var l struct {
					Step, Length int // of a book, a summary is scored at several lengths
					ID           string
				}
				if json.Unmarshal([]byte(line), &l) != nil || l.Step > saved {
					continue // torn, or to be trained again
				}
				key := fmt.Sprintf("%s/%s: %d %s %d", cell, name, l.Step, l.ID, l.Length)
				if _, twice := now[key]; twice {
					v.t.Errorf("twice: %s", key)
				}
				now[key] = line
			}
		}
	}
	for key, was := range v.known {
		if now[key] != was {
			v.t.Errorf("after %d kills: done again, or lost: %s\nwas %snow %s", v.kills, key, was, now[key])
		}
	}
	v.known = now
}

// savedSteps is the number of training steps that need not be repeated.
func savedSteps(t *testing.T, checkpoint string) int {
	t.Helper()
	if _, err := os.Stat(filepath.Join(checkpoint, "model.safetensors")); err == nil {
		return 1 << 30
	}
	for _, name := range []string{"training.safetensors", "training.previous.safetensors"} {
		metadata, _, err := safetensors.Read(filepath.Join(checkpoint, name))
		if err != nil {
			continue
		}
		var p struct{ Step int }
		if err := json.Unmarshal([]byte(metadata["progress"]), &p); err != nil {
			t.Fatal(err)
		}
		return p.Step
	}
	return 0
}

// plainReport is the prefix of the files of a report without times.
const plainReport = "report without times: "

// outcome is every file that must not depend on interruptions. Only times depend on them:
// they are removed from the log, timing.json is left out, and the report is written again
// without them.
func (v *victim) outcome(report bool) map[string]string {
	v.t.Helper()
	files, plain := map[string]string{}, filepath.Join(v.t.TempDir(), "run")
	err := filepath.WalkDir(v.runs(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(v.runs(), path)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch {
		case d.Name() == lease.LockFile:
			return nil
		case strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), ".tmp"):
			v.t.Errorf("left behind: %s", path)
		case d.Name() == "timing.json" || strings.HasPrefix(name, "report"):
			files[name] = "" // only its existence counts
			return nil
		case strings.HasPrefix(d.Name(), "metrics"), d.Name() == "pretraining.jsonl":
			data = withoutTimes(v.t, data)
		}
		files[name] = string(data)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(plain, name)), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(plain, name), data, 0o644)
	})
	if err != nil {
		v.t.Fatal(err)
	}
	if !report {
		return files
	}
	run, err := reports.Load(plain)
	if err != nil {
		v.t.Fatal(err)
	}
	if len(run.Warnings) > 0 {
		v.t.Errorf("the report warns: %q", run.Warnings)
	}
	if run.Ledger, err = experiments.PaperLedger(); err != nil {
		v.t.Fatal(err)
	}
	document, err := reports.New(run)
	if err != nil {
		v.t.Fatal(err)
	}
	paths, err := document.Write(filepath.Join(v.t.TempDir(), "report"))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			v.t.Fatal(err)
		}
		files[plainReport+filepath.Base(path)] = string(data)
	}
	return files
}

// same compares an outcome with an uninterrupted run's.
func (v *victim) same(want map[string]string, report bool) {
	v.t.Helper()
	got := v.outcome(report)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if strings.HasPrefix(name, plainReport) && !report {
			continue
		}
		if data, ok := got[name]; !ok || data != want[name] {
			v.t.Errorf("after %d kills: %s differs from an uninterrupted run's", v.kills, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			v.t.Errorf("after %d kills: %s is left over", v.kills, name)
		}
	}
}

// leftAlone returns an uninterrupted run and its duration.
func leftAlone(t *testing.T, v *victim, env ...string) (want map[string]string, took time.Duration) {
	t.Helper()
	start := time.Now()
	if !v.outlives(v.start(env...)) {
		t.Fatal("killed")
	}
	took = time.Since(start)
	return v.outcome(true), took
}

// killAtChanges kills a run at its n-th file change and resumes it, with n growing by
// step, until it is done.
func (v *victim) killAtChanges(step int) {
	v.t.Helper()
	for n := step; !v.outlives(v.start(fmt.Sprintf("KILL=%d", n))); n += step {
	}
}

// killAtRandom kills a run at random moments within half its duration until it is done.
// The limit grows a little each time, so that the run ends.
func (v *victim) killAtRandom(r *rand.Rand, takes time.Duration) {
	v.t.Helper()
	for {
		cmd, said := v.start()
		within := takes/2 + takes*time.Duration(v.kills)/20
		timer := time.AfterFunc(time.Duration(r.Int64N(int64(within))), func() { cmd.Process.Kill() })
		done := v.outlives(cmd, said)
		timer.Stop()
		if done {
			return
		}
	}
}

// TestKills: however often bench is killed, at a file change or at any moment, the outcome
// equals an uninterrupted run's, and no finished work is repeated.
func TestKills(t *testing.T) {
	want, took := leftAlone(t, newVictim(t, "faulty", 5))
	if len(want) < 60 {
		t.Fatalf("only %d files: %q", len(want), slices.Sorted(maps.Keys(want)))
	}
	v := newVictim(t, "faulty", 5)
	v.killAtChanges(12)
	v.same(want, true)
	t.Logf("%d kills at a change of a file", v.kills)
	if v.kills < 10 {
		t.Error("too few kills to prove anything")
	}
	kills, r := 0, rand.New(rand.NewPCG(1, 2))
	for kills < 12 {
		v := newVictim(t, "bench", 5)
		v.killAtRandom(r, took)
		v.same(want, kills == 0)
		kills += v.kills
	}
	t.Logf("%d kills at random moments of %v", kills, took)
}

// steps is the number of complete lines in a log.
func steps(path string) int {
	data, _ := os.ReadFile(path)
	return bytes.Count(data, []byte("\n"))
}

// withoutTimes sets the seconds in a training log to 0.
func withoutTimes(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	for line := range bytes.Lines(data) {
		var l results.LogLine
		if err := seal.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		l.Seconds = 0
		plain, err := seal.Line(l)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(plain)
	}
	return b.Bytes()
}
