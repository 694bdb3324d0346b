package reports

import (
	"testing"

	"infinibench/internal/results"
)

func find(t *testing.T, c *comparison, model string, length int) *row {
	t.Helper()
	for _, r := range c.rows {
		if r.model == model && r.length == length {
			return r
		}
	}
	t.Fatalf("no row for %s at %d", model, length)
	return nil
}

func TestCompareVerdicts(t *testing.T) {
	all := compare(fixture())
	if len(all) != 2 || all[0].corpus != "novel" || all[1].corpus != "proof" {
		t.Fatalf("comparisons: %+v", all)
	}
	novel := all[0]
	// The fixture's memory goes 60 % of the way and its seeds are paired, so
	// the ordering must hold; nothing at this scale may be "reproduced".
	for model, want := range map[string]Verdict{localOnly: NoClaim, infiniLin: DirectionHolds, infiniDelta: DirectionHolds} {
		if got := find(t, novel, model, 1024).verdict; got != want {
			t.Errorf("novel, %s: %s, want %s", model, got, want)
		}
	}
	for _, model := range []string{"transformer-xl", "memorizing", "rmt"} {
		if r := find(t, novel, model, 0); r.verdict != NotAttempted || r.why != "no result in this run" {
			t.Errorf("novel, %s: %s, %s", model, r.verdict, r.why)
		}
	}
	if r := find(t, novel, infiniDelta, 1024); r.notRun != 1 {
		t.Errorf("planned cells not run: %d, want 1", r.notRun)
	}
	proof := all[1]
	if r := find(t, proof, infiniDelta, 1024); len(r.records) != 2 || len(r.failed) != 1 {
		t.Errorf("proof, delta: %d done, %d failed, want 2 and 1", len(r.records), len(r.failed))
	}
	if r := find(t, proof, infiniLin, 49*2048); r.paper != 2.21 || r.verdict != NotAttempted {
		t.Errorf("100K row: paper %v, %s", r.paper, r.verdict)
	}
}

// Two protocols, two scales and two training lengths must never share a mean.
func TestCompareKeepsApart(t *testing.T) {
	run := fixture()
	run.Records = run.Records[:6] // novel: local-only, infini-linear
	run.Planned = nil
	run.Records[3].Result.Protocol = "novel/test/word-168/carry/v2"
	run.Records[4].Result.Scale.Steps = 7
	all := compare(run)
	if len(all) != 2 {
		t.Fatalf("%d comparisons, want one for each protocol", len(all))
	}
	rows := 0
	for _, r := range all[0].rows {
		if r.model == infiniLin {
			rows++
			if len(r.records) != 1 {
				t.Errorf("%d seeds averaged over different scales", len(r.records))
			}
		}
	}
	if rows != 2 {
		t.Errorf("%d rows for two scales", rows)
	}
}

// A cell that failed before it knew its protocol must not disappear.
func TestCompareOnlyFailures(t *testing.T) {
	run := &Run{Records: []Record{{Key: "a", Result: results.Result{
		Version: 1, Status: results.StatusFailed, Error: "out of memory",
		Cell: results.Cell{Experiment: "perplexity", Corpus: "pg19", Model: infiniLin, Length: 4096, Seed: 1},
	}}}}
	r := find(t, compare(run)[0], infiniLin, 4096)
	if r.verdict != Undecided || r.why != "1 cell failed: out of memory" {
		t.Errorf("%s, %s", r.verdict, r.why)
	}
}

// At the paper's scale and on its data the claim is its ratio, 9.65/12.37; a stand-in may
// never be "reproduced", whatever its numbers.
func TestPaperScaleNeedsOfficialData(t *testing.T) {
	run := fixture()
	for i := range run.Records {
		r := &run.Records[i].Result
		if r.Status != results.StatusDone || r.Cell.Corpus != "novel" {
			continue
		}
		r.Cell.Corpus = "pg19"
		r.Scale.PaperScale = true
		r.Data.Certificate.StandIn = ""
		r.Data.Certificate.Official = true
		r.Perplexity.Intact.TokenPPL = 9.64 + 0.01*float64(r.Cell.Seed-1) // 9.64, 9.65, 9.66
		if r.Cell.Model == localOnly {
			r.Perplexity.Intact.TokenPPL = 12.37
		}
	}
	if r := find(t, compare(run)[1], infiniLin, 1024); r.verdict != Reproduced {
		t.Errorf("official data: %s (%s), want reproduced", r.verdict, r.why)
	}
	for i := range run.Records {
		run.Records[i].Result.Data.Certificate.Official = false
	}
	if r := find(t, compare(run)[1], infiniLin, 1024); r.verdict == Reproduced {
		t.Errorf("unofficial data: %s", r.verdict)
	}
}

// Hand arithmetic from the paper's Table 2: 2.42/2.23, 11.88/9.65, 2.21/2.20; and
// 12.37/9.65 with the control of the Memorizing Transformers paper.
func TestPaperRatios(t *testing.T) {
	for _, tc := range []struct {
		corpus, model string
		long          bool
		want          float64
	}{
		{"arxiv-math", "transformer-xl", false, 1.08520},
		{"novel", "transformer-xl", false, 1.23109},
		{"proof", infiniLin, true, 1.00455},
		{"pg19", infiniLin, true, 0},
		{"pg19", localOnly, false, 1.28187},
		{"pg19", localOnly, true, 0},
	} {
		if got := paperColumns[tc.corpus].ratio(tc.model, tc.long); !near(got, tc.want) {
			t.Errorf("%s on %s at 100K %v: %.5f, want %.5f", tc.model, tc.corpus, tc.long, got, tc.want)
		}
	}
}

// By hand: of perplexities 2 and 8 the mean is 4; times 0.5 and 0.5 the zeroed
// memory's is 2, and the ratio is 1/2 for both seeds, so its interval is a point.
func TestMeasureIsGeometric(t *testing.T) {
	run := fixture()
	run.Records = run.Records[3:5] // novel, infini-linear, seeds 1 and 2
	for i, perplexity := range []float64{2, 8} {
		p := run.Records[i].Result.Perplexity
		p.Intact.TokenPPL, p.Zeroed.TokenPPL, p.Shuffled.TokenPPL = perplexity, perplexity/2, perplexity*3
	}
	r := find(t, compare(run)[0], infiniLin, 1024)
	for name, got := range map[string][2]float64{
		"intact": {r.ours.Mean, 4}, "zeroed": {r.zeroed.Mean, 2}, "shuffled": {r.shuffled.Mean, 12},
		"ratio": {r.zeroedRatio.Mean, 0.5}, "low": {r.zeroedRatio.Low, 0.5}, "high": {r.zeroedRatio.High, 0.5},
	} {
		if !near(got[0], got[1]) {
			t.Errorf("%s: %v, want %v", name, got[0], got[1])
		}
	}
	if !(r.ours.Low > 0) {
		t.Errorf("the interval of a perplexity reaches %v", r.ours.Low)
	}
}

// A certificate says what the text is instead of the paper's.
func TestDataWords(t *testing.T) {
	for _, tc := range []struct {
		name, standIn, note string
		official            bool
		want                string
	}{
		{"the note repeats the certificate", "generated text in place of PG19", "generated text in place of PG19, 16 test documents", false, "stand-in: generated text in place of PG19, 16 test documents"},
		{"the note adds to it", "10 of 100 test books", "cut at 65,536 tokens", false, "stand-in: 10 of 100 test books, cut at 65,536 tokens"},
		{"neither official nor named", "", "", false, "stand-in: not the complete official data"},
		{"official", "", "", true, "official data"},
		{"official, a part evaluated", "", "10 of 100 test books", true, "official data, 10 of 100 test books"},
	} {
		r := results.Result{Cell: results.Cell{Corpus: "pg19"}}
		r.Data.Certificate.StandIn, r.Data.Certificate.Official, r.Data.Note = tc.standIn, tc.official, tc.note
		if got := dataWords(r); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
