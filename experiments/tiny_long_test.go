//go:build long

package experiments

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"

	"infinibench/models"
)

// TestTinyShowsMemory runs the default profile and holds it to what it is for: both
// memories of the paper below the control with 95 % intervals that do not overlap, a
// memory that is missed when emptied, and nobody better than the best possible reader.
// How the baselines fare is for the report to say.
func TestTinyShowsMemory(t *testing.T) {
	p, err := LoadProfile("tiny")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Profile: p, Runs: t.TempDir()}
	if summary, err := Run(context.Background(), o); err != nil || summary.Failed > 0 {
		t.Fatalf("%+v, %v", summary, err)
	}
	logs := map[[2]string][]float64{} // of token perplexity, by corpus and model
	for _, c := range p.Cells() {
		if c.Experiment != perplexityExperiment || c.Length != p.Perplexity[0].Length {
			continue
		}
		r, found := cellFiles(o.Directory() + "/" + c.Key()).result(p.Hash(c))
		if !found {
			t.Fatalf("%s has no result", c.Key())
		}
		x := r.Perplexity
		m, err := NewMemory(c.Model, r.Settings.Baselines)
		if err != nil {
			t.Fatal(err)
		}
		logs[[2]string{c.Corpus, c.Model}] = append(logs[[2]string{c.Corpus, c.Model}], math.Log(x.Intact.TokenPPL))
		if x.Intact.TokenPPL <= x.Ideal.Full {
			t.Errorf("%s: perplexity %.4f, the ideal reader's is %.4f", c.Key(), x.Intact.TokenPPL, x.Ideal.Full)
		}
		if _, infini := m.(models.Infini); infini && x.Zeroed.TokenPPL < 1.05*x.Intact.TokenPPL {
			t.Errorf("%s: perplexity %.4f, with the memory emptied %.4f", c.Key(), x.Intact.TokenPPL, x.Zeroed.TokenPPL)
		}
	}
	// Student's t for 95 % and three seeds, from a table.
	half := func(x []float64) float64 { return 4.302653 * stat.StdDev(x, nil) / math.Sqrt(3) }
	for _, corpus := range []string{"novel", "proof"} {
		control := logs[[2]string{corpus, "local-only"}]
		low := stat.Mean(control, nil) - half(control)
		for _, model := range []string{"infini-linear", "infini-delta"} {
			x := logs[[2]string{corpus, model}]
			high := stat.Mean(x, nil) + half(x)
			t.Logf("%s %s: %.4f ± %.4f, control %.4f ± %.4f (logarithms)", corpus, model, stat.Mean(x, nil), half(x), stat.Mean(control, nil), half(control))
			if high >= low {
				t.Errorf("%s: %s reaches up to %.4f, the control down to %.4f", corpus, model, math.Exp(high), math.Exp(low))
			}
		}
	}
}
