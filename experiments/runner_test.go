package experiments

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	p.Perplexity[0].Models = []string{"local-only", "memorizing", "infini-delta"}
	p.Baselines = results.BaselineSettings{
		TransformerXL: results.TransformerXLSettings{Cache: 16, EvaluationCache: 40, T5: true}, Memorizing: results.MemorizingSettings{Entries: 48, K: 3},
	}
	return p
}

// outcome is every file that must not depend on how often a run was broken off.
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
		if leftover, _ := filepath.Glob(filepath.Join(o.Directory(), "*", ".*")); len(leftover) > 0 {
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

// TestFailedCell: a cell that cannot be made says why in its result, the others
// are made, and the next run tries again.
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

// TestLock: a second run on the same directory is turned away.
func TestLock(t *testing.T) {
	o := Options{Profile: miniature(t), Runs: t.TempDir()}
	if err := os.MkdirAll(o.Directory(), 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := lock(o.Directory())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "in use by another bench") {
		t.Errorf("second run: %v", err)
	}
	unlock()
	if _, err := Run(context.Background(), o); err != nil {
		t.Error(err)
	}
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
