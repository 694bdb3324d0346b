package experiments

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// TestMisread: in a model of one layer, what a segment writes depends on its tokens alone. So
// training on an empty memory, or on another document's, has the loss of evaluation with the
// memory emptied or shuffled, for any division into graphs; and that is not the loss with
// its own memory.
func TestMisread(t *testing.T) {
	const tokens, documents = 4*8 + 3, 3 // segments of 8 and a tail
	samples := randomSamples(tokens+1, tokens+1, tokens+1)
	c := smallModel(t, models.Infini{}).Config
	c.Layers = 1
	for _, memory := range []models.Memory{models.Infini{}, models.Infini{Delta: true}} {
		m, err := models.New(c, memory, 1)
		if err != nil {
			t.Fatal(err)
		}
		evaluated := scoreAll(t, m, samples, documents)
		for key, want := range map[string]*results.Score{"": &evaluated.Intact, emptyMemory: evaluated.Zeroed, otherMemory: evaluated.Shuffled} {
			if key != "" && math.Abs(want.NLL-evaluated.Intact.NLL) < 1e-3*want.NLL {
				t.Errorf("%s, %q: NLL %g, with its own memory %g", memory.Name(), key, want.NLL, evaluated.Intact.NLL)
			}
			m.Memory = memory
			misread(m, key)
			for _, interval := range []int{0, 1, 3} {
				var ids, targets []int32
				for _, x := range samples {
					ids, targets = append(ids, x.ids[:tokens]...), append(targets, x.ids[1:]...)
				}
				weights := make([]float32, len(ids))
				for i := range weights {
					weights[i] = 1
				}
				got, err := train.NewBackprop(m, documents, interval).Run(ids, targets, weights)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(got-want.NLL) > 1e-5*want.NLL {
					t.Errorf("%s, %q, interval %d: loss %g, evaluation's NLL %g", memory.Name(), key, interval, got, want.NLL)
				}
			}
		}
	}
}

// TestTrainingMemory: a cell with training.memory is trained on that memory and has it in its
// settings. What it saves and evaluates is the model that the profile names.
func TestTrainingMemory(t *testing.T) {
	first := map[float64]string{} // losses of the first step, and the memory they come from
	for _, memory := range []string{"", emptyMemory, otherMemory} {
		p := miniature(t)
		p.Perplexity[0].Models, p.Training.Memory = []string{"infini-delta"}, memory
		o := Options{Profile: p, Runs: t.TempDir()}
		if summary, err := Run(context.Background(), o); err != nil || summary.Failed > 0 {
			t.Fatalf("%+v, %v", summary, err)
		}
		c := p.Cells()[0]
		files := cellFiles(filepath.Join(o.Directory(), c.Key()))
		r, found := files.result(hashOf(c.Settings))
		if !found || r.Settings.Training.Memory != memory || r.Perplexity.Zeroed == nil {
			t.Errorf("%q: result %t, %+v", memory, found, r)
		}
		log, err := results.ReadLog[results.LogLine](files.path("metrics.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := first[log[0].Loss]; ok {
			t.Errorf("trained on %q and on %q: the first loss is %g in both", memory, other, log[0].Loss)
		}
		first[log[0].Loss] = memory
		if m, _, err := LoadModel(files.checkpoint()); err != nil || m.Memory != (models.Infini{Delta: true}) {
			t.Errorf("%q: the checkpoint holds %+v, %v", memory, m.Memory, err)
		}
	}
}
