package reports

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// mixedRun has two models with three seeds: perplexities of 20 and 18, but 9 of the third
// seed of Linear. change is applied to that cell's environment.
func mixedRun(change func(*results.Environment)) *Run {
	run := &Run{Profile: "x", Ledger: paperLedger()}
	for _, model := range []string{localOnly, infiniLin} {
		for seed := uint64(1); seed <= 3; seed++ {
			cell := results.Cell{Experiment: "perplexity", Corpus: "novel", Model: model, Length: 64, Seed: seed}
			r := results.Result{Version: 1, Cell: cell, Status: results.StatusDone, Protocol: "p", Environment: results.Environment{BLAS: "OpenBLAS Haswell", Threads: 2}}
			ppl := 20.
			if model == infiniLin {
				ppl = 18
			}
			if model == infiniLin && seed == 3 {
				ppl = 9
				change(&r.Environment)
			}
			p := &results.Perplexity{Intact: results.Score{NLL: 60 * math.Log(ppl), Tokens: 60, TokenPPL: ppl}}
			for d := range 6 {
				p.Documents = append(p.Documents, results.DocumentScore{ID: fmt.Sprint(d), Tokens: 10, NLL: 10 * math.Log(ppl)})
			}
			r.Perplexity = p
			run.Records = append(run.Records, Record{Key: cell.Key(), Result: r})
		}
	}
	return run
}

// By hand: 18/20 is 0.9 with both seeds of one kernel. With the third seed too it would be
// (0.9 · 0.9 · 0.45)^⅓ = 0.7143.
func TestLikeWithLike(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*results.Environment)
		ratio  float64
		n      int
	}{
		"all alike":       {func(*results.Environment) {}, math.Cbrt(0.9 * 0.9 * 0.45), 3},
		"another kernel":  {func(e *results.Environment) { e.BLAS = "OpenBLAS Zen" }, 0.9, 2},
		"more threads":    {func(e *results.Environment) { e.Threads = 8 }, 0.9, 2},
		"another machine": {func(e *results.Environment) { e.CPU = "other" }, math.Cbrt(0.9 * 0.9 * 0.45), 3}, // the kernel is the same
	} {
		run := mixedRun(c.change)
		all := compare(run)
		var linear, local *row
		for _, r := range all[0].rows {
			switch r.model {
			case infiniLin:
				linear = r
			case localOnly:
				local = r
			}
		}
		if got := linear.overLocal; got.N != c.n || math.Abs(got.Mean-c.ratio) > 1e-12 {
			t.Errorf("%s: ratio %v of %d, want %v of %d", name, got.Mean, got.N, c.ratio, c.n)
		}
		// The losses of all documents differ alike, so the bootstrap has no width: the mean over
		// seeds of the difference of losses.
		if got := linear.byDocument(local); math.Abs(got.Ratio-c.ratio) > 1e-9 {
			t.Errorf("%s: ratio over documents %+v, want %v", name, got, c.ratio)
		}
		said := "; not paired, as the BLAS kernels or threads differ: 1 seed (3)"
		if strings.HasSuffix(linear.why, said) != (c.n == 2) {
			t.Errorf("%s: the row says %q", name, linear.why)
		}
		apart := all[0].apart(linear, local)
		if strings.Contains(apart, "is over 2 seeds (1, 2), where the perplexities are 18.00 and 20.00;") != (c.n == 2) || (apart == "") != (c.n == 3) {
			t.Errorf("%s: the note is %q", name, apart)
		}
		warned := strings.Join(warnings(run), "\n")
		if strings.Contains(warned, "perplexity, novel: the BLAS kernels or threads differ; differences pair only seeds with the same: 5 cells with OpenBLAS Haswell, 2 threads, 1 cell with ") != (c.n == 2) {
			t.Errorf("%s: warned %q", name, warned)
		}
	}
}

// No seed is left where each model was computed on a machine of its own.
func TestNothingAlike(t *testing.T) {
	run := mixedRun(func(*results.Environment) {})
	for i := range run.Records[:3] {
		run.Records[i].Result.Environment.Threads = 16
	}
	c := compare(run)[0]
	for _, r := range c.rows {
		if r.model == infiniLin && (r.overLocal.N != 0 || r.verdict == DirectionHolds || !strings.Contains(r.why, "3 seeds (1, 2, 3)")) {
			t.Errorf("%v, %s: %s", r.overLocal, r.verdict, r.why)
		}
	}
}

// By hand: seeds 1 and 2 alone are 0.9 of the control, as all are; a seed less shows in n.
func TestAdaptLikeWithLike(t *testing.T) {
	run := madeUpAdapt(0.9, 1.01)
	for i := range run.Records {
		if r := &run.Records[i].Result; r.Cell.Model == infiniLin && r.Cell.Seed == 3 {
			r.Environment.BLAS = "other"
		}
	}
	a := adaptOf(t, run)
	r := a.judged()[0]
	if r.over.N != 2 || math.Abs(r.over.Mean-0.9) > 1e-12 || !strings.Contains(r.why, "1 seed (3)") {
		t.Errorf("%+v: %s", r.over, r.why)
	}
	if notes := strings.Join(a.table("x").Notes, "\n"); !strings.Contains(notes, "÷ control: not paired, as the BLAS kernels or threads differ: 1 seed (3).") {
		t.Errorf("notes %q", notes)
	}
}

// The only seed of the model with a memory was computed otherwise than the control's.
func TestBooksumLikeWithLike(t *testing.T) {
	run := &Run{Records: []Record{madeUpBooks(infiniLin, 1, 0.4, 0.2), madeUpBooks(localOnly, 1, 0.3, 0)}}
	if r := shelfOf(t, run).row(infiniLin); r.overLocal.Books == 0 {
		t.Fatalf("alike: %+v", r.overLocal)
	}
	run.Records[0].Result.Environment.Threads = 64
	b := shelfOf(t, run)
	r := b.row(infiniLin)
	if r.overLocal.Books != 0 || !strings.Contains(r.why, "1 seed (1)") {
		t.Errorf("%+v: %s", r.overLocal, r.why)
	}
	if words := r.apart(b.row(localOnly)); !strings.Contains(words, "not paired, as the BLAS kernels or threads differ: 1 seed (1)") {
		t.Errorf("%q", words)
	}
}
