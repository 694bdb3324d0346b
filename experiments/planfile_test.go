package experiments

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/results"
)

// The parts of the sizes add up to the work that the progress bar counts.
func TestPlanFile(t *testing.T) {
	for _, name := range []string{"smoke", "tiny"} {
		p, err := LoadProfile(name)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Profile: p, Runs: t.TempDir()}
		work, err := Workload(o)
		if err != nil {
			t.Fatal(err)
		}
		plan := planFile(o, work)
		if plan.Workers != p.Workers || len(plan.Cells) != len(p.Cells()) || len(plan.Sizes) != len(work) {
			t.Fatalf("%s: %d workers, %d cells, %d sizes, want %d, %d and as many", name, plan.Workers, len(plan.Cells), len(plan.Sizes), p.Workers, len(work))
		}
		for i, w := range work {
			s := plan.Sizes[i]
			total := s.EvaluateTokens
			for _, training := range s.Trainings {
				total += training.Tokens
			}
			if plan.Cells[i] != w.Cell || total != w.TrainTokens+w.EvaluateTokens || s.ConfigHash != p.Hash(w.Cell) {
				t.Errorf("%s: %s is %d tokens, want %d", name, w.Cell.Key(), total, w.TrainTokens+w.EvaluateTokens)
			}
		}
	}
}

// Two sizes, computed from the numbers set here.
func TestSizeByHand(t *testing.T) {
	p := miniature(t)
	p.Training.Steps, p.Training.Batch, p.Perplexity[0].Length = 6, 2, 64
	p.Perplexity[0].Batch, p.Perplexity[0].Steps = 0, 0
	c := p.Cells()[0]
	want := results.Size{ConfigHash: hashOf(c.Settings), Trainings: []results.TrainingSize{{Log: "metrics.jsonl", Steps: 6, Tokens: 6 * 2 * 64}}, EvaluateTokens: 3 * p.Corpora["novel"].DocumentTokens}
	// As many documents as are scored, each of the corpus's length.
	size := func(c PlannedCell, documents int) results.Size {
		var e Estimate
		if err := c.experiment.count(c, documents, &e); err != nil {
			t.Fatal(err)
		}
		e.hash = hashOf(c.Settings)
		return planFile(Options{Profile: p}, []Estimate{e}).Sizes[0]
	}
	if diff := cmp.Diff(want, size(c, 3)); diff != "" {
		t.Error(diff)
	}
	full := results.PhaseSettings{Steps: 3, Batch: 2, Length: 128, LearningRate: 1, GateLearningRate: 1}
	short := full
	short.Steps, short.Batch, short.Length = 5, 1, 64
	p.Passkey = results.PasskeySettings{}
	p.Booksum = results.BooksumSettings{
		Corpus: "chronicle", Models: []string{"infini-delta"}, Pretraining: full, Finetuning: short,
		SummaryTokens: 15, Lengths: []int{64}, Decodes: 1, TopP: 1, BadPairs: "stop",
	}
	p.Corpora["chronicle"] = p.Corpora["novel"]
	c = p.cellsOf("booksum")[0]
	want = results.Size{ConfigHash: hashOf(c.Settings), EvaluateTokens: 3 * (64 + 15), Trainings: []results.TrainingSize{
		{Log: "pretraining.jsonl", Steps: 3, Tokens: 3 * 2 * 128}, {Log: "metrics.jsonl", Steps: 5, Tokens: 5 * (64 + 1 + 15)}, // a book, the mark that asks, a summary
	}}
	if diff := cmp.Diff(want, size(c, 3)); diff != "" {
		t.Error(diff)
	}
}
