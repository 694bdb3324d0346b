package reports

import (
	"math"
	"slices"
	"testing"

	"infinibench/internal/metrics"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// By hand: with s/√n = 0.01 nats, half an interval is t(0.975)·0.01. Student's quantiles, from
// a table: t(0.975) = 12.7062 and 4.30265, t(0.8) = 1.37638 and 1.06066 at 1 and 2 degrees of
// freedom; the normal ones are 1.95996 and 0.84162.
func TestDetectable(t *testing.T) {
	around := func(half float64, n int) Interval { return Interval{1, math.Exp(-half), math.Exp(half), n} }
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"2 seeds", detectableOverSeeds(around(0.127062, 2)), math.Expm1(0.127062 + 0.0137638)},
		{"3 seeds", detectableOverSeeds(around(0.0430265, 3)), math.Expm1(0.0430265 + 0.0106066)},
		{"documents", detectableOverDocuments(metrics.Bootstrap{Low: math.Exp(-0.0195996), High: math.Exp(0.0195996)}), math.Expm1(0.0280158)},
		{"a difference", normalDetectable(0.3-0.0195996, 0.3+0.0195996), 0.0280158},
	} {
		if math.Abs(c.got-c.want) > 1e-5 {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if d := detectableOverSeeds(Interval{N: 1}); !math.IsNaN(d) {
		t.Errorf("one seed: %v", d)
	}
	// The wider of the two intervals decides.
	seeds, documents := around(0.0430265, 3), metrics.Bootstrap{Low: math.Exp(-0.1), High: math.Exp(0.1), Documents: 6}
	if got := ratioTrial(seeds, documents); got.Of != "document" || got.N != 6 {
		t.Errorf("%+v", got)
	}
	documents.Documents = 5 // too few for an interval
	if got := ratioTrial(seeds, documents); got.Of != "seed" || got.N != 3 {
		t.Errorf("%+v", got)
	}
}

// By hand, of Wilson's interval: two of two keys reach down to 0.34 and one of two to 0.09, so
// that both must be right, p² = 0.8. One key reaches to 0.21. Of eight keys three must be right
// (0.14, two: 0.07), of five two (0.12, one: 0.04).
func TestDetectableShare(t *testing.T) {
	choose := func(n, k int) float64 {
		c := 1.
		for i := range k {
			c *= float64(n-i) / float64(i+1)
		}
		return c
	}
	for _, c := range []struct{ n, least int }{{1, 1}, {2, 2}, {5, 2}, {8, 3}} {
		p := detectableShare(c.n, 0.1)
		var found float64 // P(X ≥ least)
		for k := c.least; k <= c.n; k++ {
			found += choose(c.n, k) * math.Pow(p, float64(k)) * math.Pow(1-p, float64(c.n-k))
		}
		if math.Abs(found-0.8) > 1e-9 {
			t.Errorf("%d keys tell %v, which is found with a probability of %v", c.n, p, found)
		}
	}
	if p := detectableShare(2, 0.1); math.Abs(p-math.Sqrt(0.8)) > 1e-9 {
		t.Errorf("two keys tell %v", p)
	}
	// Worked out with Python from the same formulas: 7 keys would show 0.517, from 8 on all less
	// than a half.
	if n := enoughKeys(0.1); n != 8 {
		t.Errorf("%d keys are enough, want 8", n)
	}
	if p := detectableShare(1, 0.5); !math.IsNaN(p) { // not even one of one lies above a half
		t.Errorf("one key tells %v from a half", p)
	}
}

// The numbers of the first run of tiny, worked out apart from this code: after 600 steps its
// better rule had closed 36 % of the gap on novel and 26 % on proof. At that rate 70 % take
// 600·0.7/0.36 steps, rounded up to tens, each seed of which takes 36 s for 600.
func TestClosedShare(t *testing.T) {
	for _, c := range []struct {
		full, limited, ours, want float64
		steps                     int64
	}{{2.346, 2.969, 2.728, 0.3595, 1170}, {2.247, 2.824, 2.663, 0.2568, 1640}} {
		r := &row{model: infiniDelta, ours: Interval{Mean: c.ours}, scale: results.Scale{Segment: 64, Steps: 600}}
		r.records = slices.Repeat([]Record{{Timing: &results.Timing{TrainSeconds: 36}}}, 3)
		of := &comparison{ideals: []ideal{{64, c.full, c.limited}}, rows: []*row{r}}
		share, known := of.closed(r)
		if !known || math.Abs(share-c.want) > 0.0005 {
			t.Errorf("%v of %v to %v: %v", c.ours, c.limited, c.full, share)
		}
		trial := of.control(r)
		takes := "about " + table.Count(c.steps) + " steps in place of 600, at its rate so far"
		if hours := 3 * 36 * float64(c.steps) / 600 / 3600; trial.Lacks == "" || trial.Takes != takes || math.Abs(trial.Hours-hours) > 1e-9 {
			t.Errorf("%+v, want %s, %v hours", trial, takes, hours)
		}
	}
	// From 3 to 2, ln(3/2.02)/ln(3/2) is 0.975 of the way and ln(3/2.95)/ln(3/2) is 0.041, too
	// little for a rate.
	for ours, want := range map[float64]Trial{
		2.02: {Control: "Linear closes 98 % of the ideal gap"},
		2.95: {Control: "Linear closes 4 % of the ideal gap", Lacks: "Linear closes only 4 % of the ideal gap, and a fair trial needs 70 %", Takes: "more than its 600 steps (how many is unknown)"},
	} {
		r := &row{model: infiniLin, ours: Interval{Mean: ours}, scale: results.Scale{Steps: 600}, records: []Record{{}}}
		if got := (&comparison{ideals: []ideal{{0, 2, 3}}}).control(r); got != want {
			t.Errorf("%v: %+v, want %+v", ours, got, want)
		}
	}
}

// The table lists the parts of claims without a fair trial, and no other.
func TestFairTrialsTable(t *testing.T) {
	lacks := Trial{Lacks: "too few steps", Takes: "9 steps", Hours: 1.25}
	got := fairTrialsTable([]claim{
		{brief: "A", evidence: []evidence{{who: "x", verdict: DirectionHolds}, {who: "y", verdict: NoFairTrial, trial: lacks}}},
		{brief: "B", evidence: []evidence{{who: "z", verdict: NoFairTrial, trial: Trial{Lacks: "one seed", Takes: "two"}}}},
	})
	want := [][]string{{"A", "y", "too few steps", "9 steps", "1.25"}, {"B", "z", "one seed", "two", "–"}}
	if !slices.EqualFunc(got.Rows, want, slices.Equal) {
		t.Errorf("%q", got.Rows)
	}
	for hours, want := range map[float64]string{0.001: "< 0.01", 0.014: "0.01", 12.345: "12.35"} {
		if got := hoursText(hours); got != want {
			t.Errorf("%v hours: %s, want %s", hours, got, want)
		}
	}
}

// On real text attention over the whole sequence must be surely better than no memory.
func TestFullControl(t *testing.T) {
	at := func(model string, ppl float64) *row {
		r := &row{model: model, length: 2048, scale: results.Scale{Segment: 128, Steps: 512}}
		for seed := range 3 {
			p := &results.Perplexity{Intact: results.Score{TokenPPL: ppl * (1 + 0.001*float64(seed*seed))}}
			r.records = append(r.records, Record{Result: results.Result{Cell: results.Cell{Seed: uint64(seed)}, Perplexity: p}})
		}
		return r
	}
	infini, local := at(infiniLin, 47), at(localOnly, 50)
	for _, c := range []struct {
		name  string
		rows  []*row
		lacks string
	}{
		{"helps", []*row{infini, local, at(results.FullAttention, 48)}, ""},
		{"does not", []*row{infini, local, at(results.FullAttention, 51)}, "not even full attention surely beats local attention: ÷ local only 1.020 [1.020, 1.020]"},
		{"no control", []*row{infini, local}, "no control with full attention"},
	} {
		if got := (&comparison{rows: c.rows}).control(infini); got.Lacks != c.lacks || (c.lacks == "") != (got.Takes == "") {
			t.Errorf("%s: %+v, want %q", c.name, got, c.lacks)
		}
	}
}

// What the authors of a baseline gave it: 32 segments and the nearest 32 tokens, and a
// curriculum of lengths.
func TestHandicap(t *testing.T) {
	for _, c := range []struct {
		model string
		s     results.BaselineSettings
		want  string
	}{
		{"transformer-xl", results.BaselineSettings{}, ""},
		{"memorizing", results.BaselineSettings{}, ""},
		{"memorizing", results.BaselineSettings{Memorizing: results.MemorizingSettings{Entries: 2048, K: 32}}, ""},
		{"memorizing", results.BaselineSettings{Memorizing: results.MemorizingSettings{Entries: 512, K: 8}}, "a memory of 512 of 2,048 tokens, the nearest 8 of 32"},
		{"rmt", results.BaselineSettings{}, "no curriculum of lengths"},
		{"rmt", results.BaselineSettings{RMT: results.RMTSettings{Curriculum: 0.5}}, ""},
	} {
		r := &row{model: c.model, scale: results.Scale{Segment: 64}, records: []Record{{}}}
		r.records[0].Result.Settings.Baselines = c.s
		if got := r.handicap(); got != c.want {
			t.Errorf("%s, %+v: %q, want %q", c.model, c.s, got, c.want)
		}
	}
}

// What a trial could have shown, in words.
func TestTrialWords(t *testing.T) {
	for _, c := range []struct {
		of   Trial
		want string
	}{
		{Trial{}, ""},
		{exact, "counted, so any difference would show"},
		{Trial{Detectable: 0.031, Unit: "% of the perplexity", N: 3, Of: "seed", Control: "it can"}, "3.1 % of the perplexity (3 seeds); it can"},
		{Trial{Detectable: 0.031, Unit: "% of the perplexity", N: 3, Of: "seed", Control: "it can", Lacks: "it cannot"}, "3.1 % of the perplexity (3 seeds); it cannot"},
		{Trial{Detectable: math.NaN(), Unit: "% of the perplexity", N: 1, Of: "seed"}, "no difference: 1 seed shows no spread"},
	} {
		if got := c.of.words(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
