package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"infinibench/internal/lease"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/seal"
)

// runDir is a made-up runs/<profile>, written file by file.
type runDir struct {
	t     *testing.T
	path  string
	start time.Time // of the files' times, which tests count in seconds
}

func newRunDir(t *testing.T) *runDir {
	return &runDir{t, filepath.Join(t.TempDir(), "mine"), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
}

// put writes a file, in place of another of that name, as of a second.
func (d *runDir) put(name string, at int, data []byte) {
	d.t.Helper()
	path := filepath.Join(d.path, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		d.t.Fatal(err)
	}
	d.touch(name, at)
}

func (d *runDir) touch(name string, at int) {
	d.t.Helper()
	when := d.start.Add(time.Duration(at) * time.Second)
	if err := os.Chtimes(filepath.Join(d.path, name), when, when); err != nil {
		d.t.Fatal(err)
	}
}

// grow adds to a file.
func (d *runDir) grow(name string, at int, data []byte) {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.path, name), os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		d.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.touch(name, at)
}

func (d *runDir) object(name string, at int, v any) {
	d.t.Helper()
	data, err := seal.Indent(v)
	if err != nil {
		d.t.Fatal(err)
	}
	d.put(name, at, data)
}

// steps returns the log of steps from..to, each taking the given seconds; the loss of step n
// is 10 - n/100.
func steps(t *testing.T, from, to int, seconds float64) []byte {
	t.Helper()
	var log bytes.Buffer
	for n := from; n <= to; n++ {
		line, err := seal.Line(results.LogLine{Step: n, Loss: 10 - float64(n)/100, Seconds: seconds * float64(n)})
		if err != nil {
			t.Fatal(err)
		}
		log.Write(line)
	}
	return log.Bytes()
}

func (d *runDir) config(key string, at int, hash string) {
	d.put(key+"/config.yaml", at, []byte("version: 1\n# sha256 of the lines above: "+hash+"\n"))
}

// alive is the process of the test; change makes it another one.
func alive(change func(o *lease.Owner)) lease.Owner {
	o := lease.Owner{Process: machine.ThisProcess(), LeaseSeconds: 60}
	if change != nil {
		change(&o)
	}
	return o
}

// thisProcess is what the page calls the process of the test.
func thisProcess() string {
	return fmt.Sprintf("process %d on %s", os.Getpid(), machine.ThisProcess().Host)
}

// hold gives a cell to a process, which has just shown a sign of life.
func (d *runDir) hold(key string, o lease.Owner) {
	d.t.Helper()
	if o.Began.IsZero() {
		o.Began = d.start
	}
	data, err := json.Marshal(o)
	if err != nil {
		d.t.Fatal(err)
	}
	d.free(key)
	d.put(key+"/.owner/T/owner.json", 0, data)
	d.put(key+"/.owner/T/beat", 24, []byte("1"))
}

// free removes the lease of a cell.
func (d *runDir) free(key string) {
	d.t.Helper()
	if err := os.RemoveAll(filepath.Join(d.path, key, ".owner")); err != nil {
		d.t.Fatal(err)
	}
}

func perplexity(model string, seed uint64) results.Cell {
	return results.Cell{Experiment: "perplexity", Corpus: "novel", Model: model, Length: 64, Seed: seed}
}

// size is a training of 100 steps of 100 tokens and an evaluation of 5,000.
func size(hash string) results.Size {
	return results.Size{
		ConfigHash: hash, EvaluateTokens: 5000, Trainings: []results.TrainingSize{{Log: "metrics.jsonl", Steps: 100, Tokens: 10_000}},
	}
}

// halfway is a run of two workers, small enough to derive every expected number by hand:
// infini-linear is done, local-only trains, and another seed of infini-linear and the cost
// wait.
func halfway(t *testing.T) *runDir {
	d := newRunDir(t)
	cost := results.Cell{Experiment: "cost", Model: "infini-linear", Length: 256}
	d.object("plan.json", 0, results.Plan{
		Cells:   []results.Cell{perplexity("infini-linear", 1), perplexity("local-only", 1), perplexity("infini-linear", 2), cost},
		Sizes:   []results.Size{size("a"), size("b"), size("c"), {ConfigHash: "d", EvaluateTokens: 2000}},
		Workers: 2,
	})
	key := perplexity("infini-linear", 1).Key()
	d.config(key, 1, "a")
	d.put(key+"/metrics.jsonl", 11, steps(t, 1, 100, 0.1))
	d.put(key+"/samples.jsonl", 21, []byte("{}\n{}\n{}\n"))
	d.object(key+"/timing.json", 21, results.Timing{EvalTokens: 5000, EvalSeconds: 10})
	d.object(key+"/result.json", 22, results.Result{Version: 1, Status: results.StatusDone, ConfigHash: "a"})
	key = perplexity("local-only", 1).Key()
	d.config(key, 1, "b")
	d.put(key+"/metrics.jsonl", 23, steps(t, 1, 40, 0.2))
	d.hold(key, alive(nil))
	return d
}

// watch returns a Watch that rereads the directory on every call.
func (d *runDir) watch() *Watch {
	w := NewWatch(d.path, "mine")
	now := d.start
	w.now = func() time.Time {
		now = now.Add(freshness)
		return now
	}
	return w
}
