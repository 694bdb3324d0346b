package experiments

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"infinibench/internal/lease"
	"infinibench/internal/results"
)

// miniature is the smoke profile cut down to a second.
func miniature(t *testing.T) *Profile {
	t.Helper()
	p, err := LoadProfile("smoke")
	if err != nil {
		t.Fatal(err)
	}
	p.Seeds, p.Training.Steps, p.Training.WarmupSteps, p.SaveEvery = []uint64{1}, 6, 2, 2
	p.Perplexity, p.Passkey, p.Booksum, p.Recall, p.Cost = p.Perplexity[:1], results.PasskeySettings{}, results.BooksumSettings{}, results.RecallSettings{}, results.CostSettings{}
	p.Adapt = results.AdaptSettings{}
	p.Perplexity[0].Models = []string{"local-only", "memorizing", "infini-delta"}
	p.Baselines = results.BaselineSettings{
		TransformerXL: results.TransformerXLSettings{Cache: 16, EvaluationCache: 40, T5: true}, Memorizing: results.MemorizingSettings{Entries: 48, K: 3},
	}
	return p
}

// outcome returns all files that must not depend on interruptions.
func outcome(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"*/result.json", "*/config.yaml", "*/checkpoint/*", "plan.json"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[strings.TrimPrefix(path, dir)] = string(data)
		}
	}
	return files
}

// TestInterruptedRuns interrupts a run at its n-th event, for many n, and again at every
// further one, until it is done. Weights and results equal an uninterrupted run's, byte for
// byte.
func TestInterruptedRuns(t *testing.T) {
	p := miniature(t)
	quiet := Options{Profile: p, Runs: t.TempDir(), Version: "test"}
	if _, err := Run(context.Background(), quiet); err != nil {
		t.Fatal(err)
	}
	want := outcome(t, quiet.Directory())
	if len(want) != 1+3*4 { // plan; for each model config, result, weights and tokenizer
		t.Fatalf("%d files: %v", len(want), want)
	}
	for _, after := range []int{1, 2, 4, 5, 9} {
		o := Options{Profile: p, Runs: t.TempDir(), Version: "test"}
		interruptions := 0
		for {
			ctx, cancel := context.WithCancel(context.Background())
			events := 0
			o.Observe = func(Event) {
				if events++; events == after+interruptions {
					cancel()
				}
			}
			summary, err := Run(ctx, o)
			cancel()
			if err == nil {
				if summary.Failed != 0 || summary.Done+summary.Skipped != 3 {
					t.Fatalf("summary %+v", summary)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if interruptions++; interruptions > 100 {
				t.Fatal("does not get on")
			}
		}
		if interruptions == 0 {
			t.Errorf("not interrupted after %d events", after)
		}
		got := outcome(t, o.Directory())
		for name, data := range want {
			if got[name] != data {
				t.Errorf("broken off after %d events, %d times: %s differs from an uninterrupted run", after, interruptions, name)
			}
		}
		leftover, _ := filepath.Glob(filepath.Join(o.Directory(), "*", ".*"))
		leftover = slices.DeleteFunc(leftover, func(path string) bool { return filepath.Base(path) == lease.LockFile })
		if len(leftover) > 0 {
			t.Errorf("left behind: %v", leftover)
		}
	}
}

func TestRunSkipsWhatIsDone(t *testing.T) {
	p := miniature(t)
	o := Options{Profile: p, Runs: t.TempDir()}
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	summary, err := Run(context.Background(), o)
	if err != nil || summary.Skipped != 3 || summary.Done != 0 {
		t.Errorf("second run: %+v, %v", summary, err)
	}
	p.Training.Steps++ // other settings: everything runs again
	if summary, err = Run(context.Background(), o); err != nil || summary.Done != 3 {
		t.Errorf("after a change of settings: %+v, %v", summary, err)
	}
	log, err := results.ReadLog[results.LogLine](filepath.Join(o.Directory(), p.Cells()[0].Key(), "metrics.jsonl"))
	if err != nil || len(log) != 7 {
		t.Errorf("training log has %d lines, want the 7 of the new settings; %v", len(log), err)
	}
}

// TestFailedCell: a failed cell records the reason in its result, the other cells run, and the
// next run retries it.
func TestFailedCell(t *testing.T) {
	p := miniature(t)
	o := Options{Profile: p, Runs: t.TempDir()}
	if err := os.MkdirAll(o.Directory(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.Identify(""); err != nil {
		t.Fatal(err)
	}
	bad := p.Cells()[1]
	files := cellFiles(filepath.Join(o.Directory(), bad.Key()))
	if _, err := files.prepare(configOf(bad.Settings)); err != nil {
		t.Fatal(err)
	}
	// A directory in the place of a file is no damage: it is left for somebody to look at.
	if err := os.Mkdir(filepath.Join(files.checkpoint(), "model.safetensors"), 0o755); err != nil {
		t.Fatal(err)
	}
	var failure error
	o.Observe = func(e Event) {
		if e.Kind == Failed {
			failure = e.Err
		}
	}
	summary, err := Run(context.Background(), o)
	if err != nil || summary.Failed != 1 || summary.Done != 2 {
		t.Fatalf("%+v, %v", summary, err)
	}
	if failure == nil || !strings.Contains(failure.Error(), "model.safetensors") {
		t.Errorf("the failure does not name the file: %v", failure)
	}
	result, found := files.result(hashOf(bad.Settings))
	if !found || result.Status != results.StatusFailed || result.Error != failure.Error() {
		t.Errorf("result %+v", result)
	}
	if err := os.Remove(filepath.Join(files.checkpoint(), "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if summary, err = Run(context.Background(), o); err != nil || summary.Done != 1 || summary.Skipped != 2 {
		t.Errorf("after the file was deleted: %+v, %v", summary, err)
	}
}

// TestMissingCorpusTouchesNothing: a run that cannot open one corpus leaves the
// results of the others as they are.
func TestMissingCorpusTouchesNothing(t *testing.T) {
	p := miniature(t)
	o := Options{Profile: p, Runs: t.TempDir()}
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	want := outcome(t, o.Directory())
	p.Corpora["pg19"] = results.CorpusSettings{Tokenizer: "bytes", Split: "test"}
	p.Perplexity = append(p.Perplexity, results.PerplexitySettings{Corpus: "pg19", Models: []string{"local-only"}, Length: p.Perplexity[0].Length})
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "pg19 is read from files") {
		t.Errorf("a corpus without a directory: %v", err)
	}
	got := outcome(t, o.Directory())
	for name, data := range want {
		if got[name] != data {
			t.Errorf("%s was touched", name)
		}
	}
}

// Two runs on the same directory share its cells: each cell runs once, both runs end when all
// cells have a result, and the results equal a single run's.
func TestTwoRuns(t *testing.T) {
	for _, flock := range []string{"", "off"} {
		t.Setenv(lease.FlockVariable, flock)
		o := Options{Profile: miniature(t), Runs: t.TempDir()}
		if _, err := Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		want := outcome(t, o.Directory())
		o.Runs = t.TempDir()
		var summaries [2]Summary
		var runs sync.WaitGroup
		for i := range summaries {
			runs.Go(func() {
				mine := o
				mine.Profile = miniature(t) // a run identifies the files of its own
				var err error
				if summaries[i], err = Run(t.Context(), mine); err != nil {
					t.Error(err)
				}
			})
		}
		runs.Wait()
		cells := len(o.Profile.Cells())
		if a, b := summaries[0], summaries[1]; a.Done+b.Done != cells || a.Done+a.Skipped != cells || b.Done+b.Skipped != cells || a.Failed+b.Failed != 0 {
			t.Errorf("of %d cells, the runs made %+v and %+v", cells, a, b)
		}
		same(t, "two runs", want, outcome(t, o.Directory()))
	}
}

// A cell that fails in one of two runs is not tried by the other.
func TestFailureElsewhere(t *testing.T) {
	o := Options{Profile: miniature(t), Runs: t.TempDir()}
	var all queue
	for _, c := range o.Profile.Cells()[:1] {
		all.add(o, c)
	}
	c := o.Profile.Cells()[0]
	files := cellFiles(filepath.Join(o.Directory(), c.Key()))
	if err := os.MkdirAll(string(files), 0o755); err != nil {
		t.Fatal(err)
	}
	failed := results.Result{Version: results.Version, Cell: c.Cell, ConfigHash: hashOf(c.Settings), Status: results.StatusFailed, Error: "no luck"}
	if err := results.WriteJSON(files.path("result.json"), failed); err != nil {
		t.Fatal(err)
	}
	var said error
	o.Observe = func(e Event) { said = e.Err }
	r := &runner{options: o}
	if !r.cell(t.Context(), all.turns[0]) || r.summary.Failed != 1 || said == nil || said.Error() != "no luck (in another process)" {
		t.Errorf("%+v, %v", r.summary, said)
	}
	if _, err := os.Stat(files.path("config.yaml")); err == nil {
		t.Error("the cell was tried")
	}
}

// A cell that another process takes over does not fail; it runs once it is free.
func TestLostCell(t *testing.T) {
	t.Setenv(lease.FlockVariable, "off")
	p := speck(t)
	o := Options{Profile: p, Runs: t.TempDir(), Version: "test"}
	key := p.Cells()[0].Key()
	var notes []string
	taken := false
	o.Observe = func(e Event) {
		if e.Kind == Note {
			notes = append(notes, e.Text)
		}
		if e.Kind == Progress && e.Phase == "train" && !e.Before && !taken {
			taken = true
			if err := os.RemoveAll(filepath.Join(o.Directory(), key, ".owner")); err != nil { // as by a process that dies at once
				t.Error(err)
			}
		}
	}
	summary, err := Run(t.Context(), o)
	if err != nil || summary.Done != 1 || summary.Failed != 0 {
		t.Errorf("%+v, %v", summary, err)
	}
	if len(notes) != 1 || notes[0] != key+" was taken over by another process, as this one showed no sign of life" {
		t.Errorf("%q", notes)
	}
	clean := Options{Profile: speck(t), Runs: t.TempDir(), Version: "test"}
	if _, err := Run(t.Context(), clean); err != nil {
		t.Fatal(err)
	}
	same(t, "a lost cell", finished(t, clean.Directory(), false), finished(t, o.Directory(), false))
}

func TestUnwritableRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	// A file where a directory should be stops root as well.
	_, err := Run(context.Background(), Options{Profile: miniature(t), Runs: file})
	want := "experiments: cannot create the runs directory: mkdir " + file + ": not a directory"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTornLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	var torn bytes.Buffer
	if err := appendLine(&torn, results.LogLine{Step: 1}, results.LogLine{Step: 2}); err != nil {
		t.Fatal(err)
	}
	torn.WriteString(`{"st`)
	if err := os.WriteFile(path, torn.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	lines, err := results.ReadLog[results.LogLine](path)
	if err != nil || len(lines) != 2 || lines[1].Step != 2 {
		t.Fatalf("%+v, %v", lines, err)
	}
	f, err := openLog(path, lines[:1])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := appendLine(f, results.LogLine{Step: 7}); err != nil {
		t.Fatal(err)
	}
	if lines, err = results.ReadLog[results.LogLine](path); err != nil || len(lines) != 2 || lines[0].Step != 1 || lines[1].Step != 7 {
		t.Errorf("%+v, %v", lines, err)
	}
}
