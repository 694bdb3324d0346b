package experiments

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// finishedCell is a finished run in a directory whose name is a pattern, and its cell.
func finishedCell(t *testing.T) (Options, cellFiles) {
	t.Helper()
	o := Options{Profile: speck(t), Runs: filepath.Join(shm(t), "a[1]"), Version: "test"}
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	return o, cellFiles(filepath.Join(o.Directory(), o.Profile.Cells()[0].Key()))
}

// A result is kept until it is replaced, even when its samples are lost.
func TestLostSamplesKeepTheResult(t *testing.T) {
	o, files := finishedCell(t)
	if err := os.Remove(files.path("samples.jsonl")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var notes []string
	o.Observe = func(e Event) {
		if e.Kind == Note {
			notes = append(notes, e.Text)
			cancel()
		}
	}
	Run(ctx, o)
	if len(notes) != 1 || !strings.HasSuffix(notes[0], "the missing samples are scored again") {
		t.Fatalf("notes %q", notes)
	}
	if _, found := files.result(hashOf(o.Profile.Cells()[0].Settings)); !found {
		t.Error("interrupted, the result is gone")
	}
	if summary, err := Run(context.Background(), o); err != nil || summary.Done != 1 {
		t.Errorf("%+v, %v: want the one cell made", summary, err)
	}
	if _, err := os.Stat(files.path("samples.jsonl")); err != nil {
		t.Error(err)
	}
	notes = nil
	if summary, err := Run(context.Background(), o); err != nil || summary.Skipped != 1 || len(notes) > 0 {
		t.Errorf("%+v, %v, %q: want nothing done", summary, err, notes)
	}
}

// Deleting models and samples to free disk space must not trigger retraining.
func TestLostModelIsNotTrainedAgain(t *testing.T) {
	o, files := finishedCell(t)
	for _, name := range []string{"samples.jsonl", "checkpoint"} {
		if err := os.RemoveAll(files.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	var notes []string
	o.Observe = func(e Event) {
		if e.Kind == Note {
			notes = append(notes, e.Text)
		}
	}
	summary, err := Run(context.Background(), o)
	if err != nil || summary.Skipped != 1 || len(notes) != 1 || !strings.HasSuffix(notes[0], "its model is missing too, so the result stays as it is") {
		t.Errorf("%+v, %v, %q", summary, err, notes)
	}
}
