//go:build long

package experiments

import (
	"cmp"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"infinibench/internal/results"
	"infinibench/models"
)

// TestTinyShowsMemory runs the default profile and checks that it serves its purpose. RUNS
// names a directory with results of an earlier run, which the test completes:
// RUNS=$PWD/runs go test -tags long -run Tiny ./experiments.
func TestTinyShowsMemory(t *testing.T) {
	p, err := LoadProfile("tiny")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Profile: p, Runs: os.Getenv("RUNS")}
	if o.Runs == "" {
		o.Runs = t.TempDir()
	}
	if summary, err := Run(context.Background(), o); err != nil || summary.Failed > 0 {
		t.Fatalf("%+v, %v", summary, err)
	}
	made := map[results.Cell]results.Result{}
	for _, c := range p.Cells() {
		if c.Experiment == costExperiment.name {
			continue
		}
		r, found := cellFiles(filepath.Join(o.Directory(), c.Key())).result(hashOf(c.Settings))
		if !found {
			t.Fatalf("%s has no result", c.Key())
		}
		made[c.Cell] = r
	}
	t.Run("perplexity", func(t *testing.T) { tinyPerplexity(t, p, made) })
	t.Run("booksum", func(t *testing.T) { tinyBooksum(t, p, made) })
	t.Run("passkey", func(t *testing.T) { tinyPasskey(t, p, made) })
}

// tinyPerplexity: both memories of the paper below the control with 95 % intervals that
// do not overlap, a loss that rises when the memory is emptied, and no model better than the
// best possible reader. The report covers the baselines.
func tinyPerplexity(t *testing.T, p *Profile, made map[results.Cell]results.Result) {
	logs := map[[2]string][]float64{} // of token perplexity, by corpus and model
	for _, c := range p.Cells() {
		if c.Experiment != perplexityExperiment.name || c.Length != p.Perplexity[0].Length {
			continue
		}
		r := made[c.Cell]
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

// tinyBooksum: with more of the book read the summaries of the paper's memories get
// better, and with all of it they are better than those without a memory, each with its
// whole 95 % interval over books.
func tinyBooksum(t *testing.T, p *Profile, made map[results.Cell]results.Result) {
	books := func(model string) []results.BooksumBook {
		var seeds []*results.Booksum
		for _, c := range p.Cells() {
			if c.Experiment == booksumExperiment.name && c.Model == model {
				seeds = append(seeds, made[c.Cell].Booksum)
			}
		}
		if len(seeds) != len(p.Seeds) {
			t.Fatalf("%s: %d seeds, want %d", model, len(seeds), len(p.Seeds))
		}
		return results.MeanBooks(seeds)
	}
	control, all := books("local-only"), p.Booksum.Lengths[len(p.Booksum.Lengths)-1]
	for _, model := range []string{"infini-linear", "infini-delta"} {
		slope, over := results.SlopeOverBooks(books(model)), results.DifferenceOverBooks(books(model), control, all)
		t.Logf("%s: slope %+v, over the control %+v", model, slope, over)
		if n := p.Corpora["chronicle"].Documents; slope.Books != n || over.Books != n {
			t.Errorf("%s: %d and %d books, want %d", model, slope.Books, over.Books, n)
		}
		if slope.Low <= 0 {
			t.Errorf("%s: the slope of overall over the share read is %.3f from %.3f on", model, slope.Value, slope.Low)
		}
		if over.Low <= 0 {
			t.Errorf("%s: overall is %.3f above the control's, from %.3f on", model, over.Value, over.Low)
		}
	}
}

// tinyPasskey: one rule of the paper at least, by our recipe, gives nine digits of ten at
// every length and place.
func tinyPasskey(t *testing.T, p *Profile, made map[results.Cell]results.Result) {
	reached := false
	for _, c := range p.Cells() {
		if c.Experiment != passkeyExperiment.name || c.Model == "local-only" {
			continue
		}
		for _, s := range made[c.Cell].Passkey.Stages {
			if s.Stage != results.StageRecipe {
				continue
			}
			if len(s.Grid) != 15 {
				t.Errorf("%s: %d cells, want 5 lengths at 3 places", c.Key(), len(s.Grid))
			}
			worst := slices.MinFunc(s.Grid, func(a, b results.PasskeyScore) int { return cmp.Compare(a.Tokens.Value, b.Tokens.Value) })
			t.Logf("%s: at worst %.3f, at the %s of %d tokens", c.Model, worst.Tokens.Value, worst.Position, worst.Length)
			reached = reached || worst.Tokens.Value >= 0.9
		}
	}
	if !reached {
		t.Error("no rule gives 0.9 of the digits in all cells")
	}
}
