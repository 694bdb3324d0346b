package experiments

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stages are the moments at which a run is stopped and its files are damaged: in
// its training, in its evaluation and at its end.
var stages = []struct {
	name  string
	stop  func(Event, int) bool // with the number of events of its phase so far
	files []string              // of the cell, that exist by then
}{
	{"training", func(e Event, n int) bool { return e.Phase == "train" && n == 4 },
		[]string{"config.yaml", "metrics.jsonl", "checkpoint/training.safetensors", "checkpoint/training.previous.safetensors"}},
	{"evaluation", func(e Event, n int) bool { return e.Phase == "evaluate" && n == 5 },
		[]string{"config.yaml", "metrics.jsonl", "samples.jsonl", "timing.json", "checkpoint/model.safetensors", "checkpoint/training.safetensors"}},
	{"the end", func(Event, int) bool { return false },
		[]string{"config.yaml", "samples.jsonl", "result.json", "timing.json"}},
}

// harm is one kind of damage. A place is a share of the file, so that 0 is its
// first byte and 1 its last.
type harm struct {
	name string
	do   func([]byte) []byte
}

func flip(place float64) func([]byte) []byte {
	return func(b []byte) []byte { b[int(place*float64(len(b)-1))] ^= 4; return b }
}

// harms reach every part of every kind of file. A checkpoint has its length and header at
// the front and its numbers from the middle on. JSON ends in the checksum and the closing
// bracket, and so does every line of a log.
func harms() []harm {
	all := []harm{
		{"emptied", func([]byte) []byte { return nil }},
		{"cut to a byte", func(b []byte) []byte { return b[:1] }},
		{"cut in the middle", func(b []byte) []byte { return b[:len(b)/2] }},
		{"one byte short", func(b []byte) []byte { return b[:len(b)-1] }},
		{"one byte long", func(b []byte) []byte { return append(b, '\n') }},
		{"zeroed", func(b []byte) []byte { clear(b); return b }},
		{"last byte flipped", flip(1)},
		{"closing bracket flipped", func(b []byte) []byte { b[len(b)-2] ^= 4; return b }},
		{"checksum flipped", func(b []byte) []byte { b[max(len(b)-9, 0)] ^= 4; return b }},
		{"length flipped", func(b []byte) []byte { b[min(6, len(b)-1)] ^= 4; return b }},
		{"a checkpoint's checksum flipped", func(b []byte) []byte { b[min(60, len(b)-1)] ^= 4; return b }},
	}
	n := 8
	if long {
		n = 400
	}
	for i := range n {
		all = append(all, harm{"flipped", flip(float64(i) / float64(n))})
	}
	return all
}

// TestDamage damages every part of each file of a cell and runs again. The run reports the
// damage, its outcome equals an undamaged run's, and all other files are unchanged.
func TestDamage(t *testing.T) {
	p := speck(t)
	clean := Options{Profile: p, Runs: shm(t), Version: "test"}
	if _, err := Run(context.Background(), clean); err != nil {
		t.Fatal(err)
	}
	want := finished(t, clean.Directory(), false)
	tried := 0
	for _, stage := range stages {
		start := shm(t)
		ctx, cancel := context.WithCancel(context.Background())
		events := map[string]int{}
		_, err := Run(ctx, Options{Profile: p, Runs: start, Version: "test", Observe: func(e Event) {
			if e.Kind == Progress {
				if events[e.Phase]++; stage.stop(e, events[e.Phase]) {
					cancel()
				}
			}
		}})
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cell := p.Cells()[0].Key()
		for _, name := range stage.files {
			path := filepath.Join(start, p.Name, cell, name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("at %s: %v", stage.name, err)
			}
			for _, h := range harms() {
				damaged := h.do(slices.Clone(data))
				if bytes.Equal(damaged, data) {
					continue
				}
				tried++
				tryDamage(t, p, start, stage.name, filepath.Join(cell, name), h.name, data, damaged, want)
			}
		}
	}
	t.Logf("%d kinds of damage", tried)
}

func tryDamage(t *testing.T, p *Profile, start, stage, name, how string, good, damaged []byte, want map[string]string) {
	t.Helper()
	o := Options{Profile: p, Runs: shm(t), Version: "test"}
	defer os.RemoveAll(o.Runs)
	if err := os.CopyFS(o.Runs, os.DirFS(start)); err != nil {
		t.Fatal(err)
	}
	neighbour := filepath.Join(o.Directory(), "neighbour", "result.json") // not of this profile
	if err := os.MkdirAll(filepath.Dir(neighbour), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{filepath.Join(o.Directory(), name): damaged, neighbour: []byte("{")} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	what := filepath.Base(name) + " " + how + " in " + stage
	var notes []string
	o.Observe = func(e Event) {
		if e.Kind == Note {
			notes = append(notes, e.Text)
		}
	}
	if summary, err := Run(context.Background(), o); err != nil || summary.Failed > 0 {
		t.Fatalf("%s: %+v, %v", what, summary, err)
	}
	lost := filepath.Base(name) == "metrics.jsonl" // what trained the model is not known again
	got := finished(t, o.Directory(), lost)
	if data, err := os.ReadFile(neighbour); err != nil || string(data) != "{" {
		t.Errorf("%s: the neighbour was touched: %q, %v", what, data, err)
	}
	delete(got, strings.TrimPrefix(neighbour, o.Directory()))
	if lost {
		want = maps.Clone(want)
		want["/"+name] = got["/"+name]
	}
	same(t, what, want, got)
	if quiet := silent(stage, name, good, damaged); quiet != (len(notes) == 0) || !quiet && !strings.Contains(notes[0], name+" ") {
		t.Errorf("%s: notes %q", what, notes)
	}
}

// silent reports whether damage looks like the result of a kill, or is in a file that is
// not checked.
func silent(stage, name string, good, damaged []byte) bool {
	switch filepath.Base(name) {
	case "samples.jsonl": // some whole lines and a torn one
		return stage != "the end" && bytes.HasPrefix(good, damaged[:bytes.LastIndexByte(damaged, '\n')+1])
	case "training.previous.safetensors": // the one after it is good
		return true
	case "timing.json": // of a finished cell only the report reads it
		return stage == "the end"
	}
	return false
}
