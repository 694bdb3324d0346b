package experiments

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/results"
)

// recalling is a profile that trains one model and tries the memory.
func recalling(t *testing.T) *Profile {
	p := miniature(t)
	p.Perplexity[0].Models = []string{"local-only"}
	p.Recall = results.RecallSettings{HeadSizes: []int{8, 4}, Segments: []int{1, 4}, Trials: 2}
	return p
}

func TestRecallSettings(t *testing.T) {
	p := parseProfile(t, validProfile)
	cells, trained := p.Cells(), p.Hash(hashed)
	p.Recall = results.RecallSettings{HeadSizes: []int{16, 4}, Segments: []int{1}, Trials: 1}
	if p.Hash(hashed) != trained {
		t.Error("trying the memory makes other results anew")
	}
	want := []results.Cell{{Experiment: "recall", Model: "infini-linear", Length: 64}, {Experiment: "recall", Model: "infini-delta", Length: 64}}
	if diff := cmp.Diff(want, plain(p.Cells()[len(cells):])); diff != "" {
		t.Fatal(diff)
	}
	before := p.Hash(want[1])
	if p.Training.Steps++; p.Hash(want[1]) != before {
		t.Error("the steps of a training make the memory be tried anew")
	}
	if p.Recall.Trials++; p.Hash(want[1]) == before {
		t.Error("other trials, the same hash")
	}
	if p.Recall.Segments[0] = 0; len(p.Validate()) != 1 {
		t.Errorf("a segment of 0 pairs: %v", p.Validate())
	}
}

// Each rule has its cell; a second run finds them done, another directory the same bytes.
func TestRecallRun(t *testing.T) {
	p := recalling(t)
	var all [2]map[string]string
	for i := range all {
		o := Options{Profile: p, Runs: t.TempDir(), Version: "test"}
		work, err := Workload(o)
		if err != nil {
			t.Fatal(err)
		}
		counted := map[results.Cell]int{}
		o.Observe = func(e Event) {
			if e.Kind == Progress {
				counted[e.Cell] += e.Tokens
			}
		}
		summary, err := Run(context.Background(), o)
		if err != nil || summary.Done != 3 {
			t.Fatalf("%+v, %v", summary, err)
		}
		for _, w := range work[1:] { // 2·(32+16+8+4+2+1) + 2·(16+8+4+2+1) pairs, with Delta twice
			if want := map[string]int{"infini-linear": 188, "infini-delta": 376}[w.Cell.Model]; w.EvaluateTokens != want || counted[w.Cell] != want {
				t.Errorf("%s: planned %d pairs and counted %d, want %d", w.Cell.Key(), w.EvaluateTokens, counted[w.Cell], want)
			}
		}
		all[i] = outcome(t, o.Directory())
		for _, c := range p.cellsOf("recall") {
			result, found := cellFiles(filepath.Join(o.Directory(), c.Key())).result(hashOf(c.Settings))
			if !found || result.Status != results.StatusDone || len(result.Recall) == 0 || !result.Recall[0].Agrees {
				t.Errorf("%s: %+v", c.Key(), result)
			}
		}
		if summary, err = Run(context.Background(), o); err != nil || summary.Skipped != 3 {
			t.Errorf("again: %+v, %v", summary, err)
		}
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("two runs: %s", diff)
	}
}

func TestRecallPlan(t *testing.T) {
	p := recalling(t)
	plan, err := Plan(context.Background(), Options{Profile: p, Runs: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range plan[1:] {
		if w.Seconds <= 0 || w.Seconds > 1 || w.Bytes <= 0 {
			t.Errorf("%s: %v s and %d bytes", w.Cell.Key(), w.Seconds, w.Bytes)
		}
	}
}
