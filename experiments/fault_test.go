package experiments

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
	"infinibench/internal/results"
)

// speck is the smallest profile that makes every kind of file of a cell: two
// checkpoints, two groups of documents, a model with memory.
func speck(t *testing.T) *Profile {
	t.Helper()
	p := miniature(t)
	p.Workers = 1
	p.Training.Steps, p.Training.WarmupSteps, p.SaveEvery = 5, 1, 2
	p.Model.Layers, p.Model.Heads, p.Model.HeadSize, p.Model.FFN, p.Model.Segment = 1, 1, 2, 2, 16
	p.Perplexity[0].Models, p.Perplexity[0].Length = []string{"infini-delta"}, 32
	p.Baselines, p.Passkey, p.Recall = results.BaselineSettings{}, results.PasskeySettings{}, results.RecallSettings{}
	novel := p.Corpora["novel"]
	novel.Documents, novel.DocumentTokens = 3, 40
	p.Corpora = map[string]results.CorpusSettings{"novel": novel}
	return p
}

// shm returns a directory in shared memory if there is one: these tests sync thousands of
// files and simulate no power loss, so they need no disk.
func shm(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "infinibench")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// finished returns all files of a runs directory that must not depend on interruptions. It
// also checks that no temporary file is left and that each step and each document appears
// once; with gaps, a step may be missing.
func finished(t *testing.T, dir string, gaps bool) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lease.LockFile || d.Name() == "timing.json" {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), ".tmp") {
			t.Errorf("left behind: %s", path)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, dir)
		switch d.Name() {
		case "metrics.jsonl": // has times; the steps must be there, each once
			lines, err := results.ReadLog[results.LogLine](path)
			last := 0
			for i, l := range lines {
				if l.Step <= last || l.Step != i+1 && !gaps {
					t.Errorf("%s: line %d is of step %d", name, i+1, l.Step)
				}
				last = l.Step
			}
			files[name] = string(rune(len(lines)))
			return err
		case "samples.jsonl":
			lines, err := results.ReadLog[SampleScore](path)
			seen := map[string]bool{}
			for _, l := range lines {
				if seen[l.ID] {
					t.Errorf("%s: %s was scored twice", name, l.ID)
				}
				seen[l.ID] = true
			}
			all := strings.SplitAfter(string(data), "\n")
			slices.Sort(all) // after damage the order is another
			files[name] = strings.Join(all, "")
			return err
		}
		files[name] = string(data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func same(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: %s differs from an undisturbed run's", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s is left over", what, name)
		}
	}
}

// disk is a fault model: the n-th file change fails, or all changes from the n-th on.
type disk struct {
	name    string
	err     error
	ever    bool // from the n-th on
	removes bool // files can be removed all the same
}

var disks = []disk{
	// What a kill leaves is what a disk has on which nothing happens any more.
	{name: "killed", err: errors.New("killed"), ever: true},
	{name: "full", err: syscall.ENOSPC, ever: true, removes: true},
	{name: "permission lost", err: syscall.EACCES, ever: true},
	{name: "fails once", err: syscall.EIO, removes: true},
}

// TestFaultAtEveryChange makes the disk fail at every single file change, in several ways,
// and runs again without a fault. The error names the failure, and the outcome equals a clean
// run's. Without the tag long, some changes are left out.
func TestFaultAtEveryChange(t *testing.T) {
	p := speck(t)
	clean := Options{Profile: p, Runs: shm(t), Version: "test"}
	changes := 0
	atomicfile.SetHook(func(string, string) error { changes++; return nil })
	_, err := Run(context.Background(), clean)
	atomicfile.SetHook(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := finished(t, clean.Directory(), false)
	if changes < 100 || len(want) != 7 { // plan, config, metrics, samples, result, model and tokenizer
		t.Fatalf("%d changes, files %q", changes, slices.Sorted(maps.Keys(want)))
	}
	tried := 0
	for i, d := range disks {
		stride := 1
		if !long {
			stride = 3
			if i > 0 { // they differ from a kill only in what happens afterwards
				stride = 11
			}
		}
		for n := 1 + i; n <= changes; n += stride {
			tried++
			tryDisk(t, d, n, p, want)
		}
	}
	t.Logf("%d faults at %d changes of files", tried, changes)
}

func tryDisk(t *testing.T, d disk, n int, p *Profile, want map[string]string) {
	t.Helper()
	o := Options{Profile: p, Runs: shm(t), Version: "test"}
	defer os.RemoveAll(o.Runs)
	var failure error
	o.Observe = func(e Event) {
		if e.Kind == Failed {
			failure = e.Err
		}
	}
	seen := 0
	atomicfile.SetHook(func(change, path string) error {
		seen++
		if seen == n || d.ever && seen > n && !(d.removes && change == "remove") {
			return &os.PathError{Op: change, Path: path, Err: d.err}
		}
		return nil
	})
	summary, err := Run(context.Background(), o)
	atomicfile.SetHook(nil)
	if err != nil {
		failure = err
	}
	// A removal of what is not there, or in passing, may fail without harm.
	if failure == nil && summary.Failed > 0 || failure != nil && (!errors.Is(failure, d.err) || !strings.Contains(failure.Error(), o.Runs)) {
		t.Fatalf("%s at change %d: the failure is %v, want %v and a path", d.name, n, failure, d.err)
	}
	var notes []string
	o.Observe = func(e Event) {
		if e.Kind == Note {
			notes = append(notes, e.Text)
		}
	}
	if summary, err = Run(context.Background(), o); err != nil || summary.Failed > 0 {
		t.Fatalf("%s at change %d, then a good disk: %+v, %v", d.name, n, summary, err)
	}
	if len(notes) > 0 {
		t.Errorf("%s at change %d was taken for damage: %q", d.name, n, notes)
	}
	same(t, d.name, want, finished(t, o.Directory(), false))
}
