package reports

import (
	"math"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// By hand: a claim that asks for all of its parts is refuted by one, left open by one,
// and else worth as much as the weakest. What was not tried beside what was is open.
func TestClaimVerdict(t *testing.T) {
	for _, tc := range []struct {
		parts []Verdict
		want  Verdict
	}{
		{nil, NotAttempted},
		{[]Verdict{NotAttempted, NotAttempted}, NotAttempted},
		{[]Verdict{Reproduced}, Reproduced},
		{[]Verdict{Reproduced, DirectionHolds}, DirectionHolds},
		{[]Verdict{DirectionHolds, NotAttempted}, Undecided},
		{[]Verdict{DirectionHolds, Undecided, Reproduced}, Undecided},
		{[]Verdict{Undecided, NoFairTrial, DirectionHolds}, NoFairTrial},
		{[]Verdict{NoFairTrial, NotReproduced}, NotReproduced},
		{[]Verdict{Undecided, NotReproduced, DirectionHolds}, NotReproduced},
		{[]Verdict{NotAttempted, NotReproduced}, NotReproduced},
	} {
		var th claim
		for _, v := range tc.parts {
			th.evidence = append(th.evidence, evidence{who: "x", verdict: v, why: "so"})
		}
		if got := th.verdict(); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.parts, got, tc.want)
		}
		if why := th.why(); why == "" {
			t.Errorf("%v: no reason", tc.parts)
		}
	}
}

// claimsOf are the claims of a run by their short names.
func claimsOf(t *testing.T, run *Run) map[string]claim {
	t.Helper()
	d, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]claim{}
	for _, th := range d.claims() {
		all[th.brief] = th
	}
	return all
}

// A claim of which nothing was tried says so; every claim is there in any case. The
// ledger needs no run.
func TestClaimsOfNothing(t *testing.T) {
	run := fixture()
	run.Records, run.Planned = run.Records[:1], nil // the control
	for name, th := range claimsOf(t, run) {
		want := NotAttempted
		if name == "114x less memory" {
			want = Reproduced
		}
		if th.verdict() != want || th.paper == "" {
			t.Errorf("%s: %s, paper %q, want %s", name, th.verdict(), th.paper, want)
		}
	}
}

// The summary may say nothing that its sections do not: each verdict is that of the rows.
func TestClaimsFollowTheirSections(t *testing.T) {
	all := claimsOf(t, withPasskey())
	for name, want := range map[string]struct {
		verdict Verdict
		section string
		ours    string
	}{
		"114x less memory":        {Reproduced, "memory", "exactly 115.7x"},
		"Bounded memory":          {DirectionHolds, "cost", "33,792 bytes from 1,024 to 16,384 tokens"},
		"Gates specialise or mix": {NoFairTrial, "gates-novel", "novel, Linear: specialised "},
	} {
		th := all[name]
		if th.verdict() != want.verdict || th.section != want.section || !strings.Contains(th.ours(), want.ours) {
			t.Errorf("%s: %s, #%s, %s; want %+v", name, th.verdict(), th.section, th.ours(), want)
		}
	}
	p := keysOf(t, withPasskey())
	weakest := Reproduced
	for _, r := range p.rows {
		if r.stage == results.StagePaper && isInfini(r.model) && r.verdict == NotReproduced {
			weakest = NotReproduced
		}
	}
	if th := all["Passkey in 1M tokens"]; th.verdict() != weakest && weakest == NotReproduced || th.section != "passkey-novel" || !strings.Contains(th.remark, "by our recipe: ") {
		t.Errorf("%s, #%s, %s", th.verdict(), th.section, th.remark)
	}
}

// Both baselines of a text must be there and be beaten. What speaks against it counts once
// the Infini-Transformer is near the best reader, of 20 where the best without memory has 21.9.
func TestLowerPerplexity(t *testing.T) {
	with := func(ratios map[string]float64, best float64) *Run {
		run := &Run{Profile: "quick"}
		for _, record := range fixture().Records[3:6] { // infini-linear on novel
			record.Result.Perplexity.Ideal = &results.IdealRow{Full: best, Segment: 21.9}
			run.Records = append(run.Records, record)
			for _, model := range []string{"transformer-xl", "memorizing"} {
				if ratio, ok := ratios[model]; ok {
					other, p := record, *record.Result.Perplexity
					p.Intact.TokenPPL *= ratio * (1 + 0.001*float64(record.Result.Cell.Seed))
					p.Documents = nil
					other.Result.Cell.Model, other.Result.Perplexity = model, &p
					run.Records = append(run.Records, other)
				}
			}
		}
		return run
	}
	for _, tc := range []struct {
		name   string
		ratios map[string]float64
		best   float64
		want   Verdict
		why    string
	}{
		{"both worse", map[string]float64{"transformer-xl": 1.2, "memorizing": 1.1}, 17, DirectionHolds, "the paper's ordering"},
		{"one better", map[string]float64{"transformer-xl": 1.2, "memorizing": 0.9}, 20, NotReproduced, "novel, Memorizing: "},
		{"one better, after too little training", map[string]float64{"transformer-xl": 1.2, "memorizing": 0.9}, 17, NoFairTrial, "novel, Memorizing: Linear closes only "},
		{"one alone", map[string]float64{"transformer-xl": 1.2}, 20, Undecided, "novel, Memorizing: no result in this run"},
		{"none", nil, 20, NotAttempted, "no result in this run"},
	} {
		th := claimsOf(t, with(tc.ratios, tc.best))["Better than both baselines"]
		if th.verdict() != tc.want || !strings.HasPrefix(th.why(), tc.why) {
			t.Errorf("%s: %s, %s; want %s, %s", tc.name, th.verdict(), th.why(), tc.want, tc.why)
		}
	}
}

// By hand: specialised is below 0.1 or above 0.9, a mixer within 0.1 of a half. A kind that
// is missing says something if there are twelve heads, and the model uses its memory: it
// closes all of a gap from 3 to 2, or nothing of it.
func TestJudgeGates(t *testing.T) {
	twelve := func(x ...float64) []float64 { return slices.Repeat(x, 12/len(x)) }
	for _, tc := range []struct {
		name  string
		seeds [][][]float64 // [seed][layer][head]
		ppl   float64
		want  Verdict
	}{
		{"both kinds with every seed", [][][]float64{{{0.05, 0.5}}, {{0.45}, {0.95}}}, 3, DirectionHolds},
		{"untrained", [][][]float64{{twelve(0.5)}, {twelve(0.5)}}, 2, NotReproduced},
		{"untrained, few heads", [][][]float64{{{0.5, 0.5}}, {{0.5, 0.5}}}, 2, NoFairTrial},
		{"untrained, no use of the memory", [][][]float64{{twelve(0.5)}, {twelve(0.5)}}, 3, NoFairTrial},
		{"all specialised", [][][]float64{{twelve(0.01, 0.99)}, {twelve(0.01, 0.99)}}, 2, NotReproduced},
		{"between", [][][]float64{{twelve(0.25, 0.75)}, {twelve(0.3, 0.7)}}, 2, NotReproduced},
		{"one seed of two", [][][]float64{{twelve(0.05, 0.5)}, {twelve(0.5, 0.5)}}, 2, Undecided},
		{"one seed", [][][]float64{{{0.05, 0.5}}}, 2, NoFairTrial},
		{"none", nil, 2, NotAttempted},
	} {
		r := &row{model: infiniLin, ours: Interval{Mean: tc.ppl}}
		for _, gates := range tc.seeds {
			r.records = append(r.records, Record{Result: results.Result{Gates: gates}})
		}
		c := &comparison{ideals: []ideal{{0, 2, 3}}, rows: []*row{r}}
		if got, why := c.judgeGates(r); got != tc.want || why == "" {
			t.Errorf("%s: %s, %q, want %s", tc.name, got, why, tc.want)
		}
	}
	// One of twelve heads or more of a kind with a share of 1 - 0.2^(1/12) is there with 80 %.
	r := &row{model: infiniLin, ours: Interval{Mean: 2}, records: []Record{{Result: results.Result{Gates: [][]float64{twelve(0.5)}}}}}
	if got := (&comparison{ideals: []ideal{{0, 2, 3}}}).gateTrial(r); math.Abs(got.Detectable-0.12552) > 1e-4 {
		t.Errorf("%+v", got)
	}
	r = &row{model: infiniLin, records: []Record{{Result: results.Result{Gates: [][]float64{{0.05, 0.5, 0.3, 0.95}}}}}}
	if got, want := r.gateEvidence(), "specialised 50 %, mixers 25 %"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A state that grows with the length refutes the paper's bound.
func TestJudgeBounded(t *testing.T) {
	record := madeUpCost(infiniLin)
	if v, why := judgeBounded(record); v != DirectionHolds {
		t.Errorf("%s, %s", v, why)
	}
	record.Timing.Lengths[4].StateBytes *= 16
	if v, why := judgeBounded(record); v != NotReproduced || why != "it carries 33,792 bytes at 1,024 tokens and 540,672 at 16,384" {
		t.Errorf("%s, %s", v, why)
	}
	record.Timing.Lengths = record.Timing.Lengths[:1]
	if v, _ := judgeBounded(record); v != Undecided {
		t.Errorf("one length: %s", v)
	}
}

// The ledger's rule, on rows made up by hand.
func TestJudgeLedger(t *testing.T) {
	right, wrong := int64(8), int64(9)
	for _, tc := range []struct {
		row  results.LedgerRow
		want Verdict
	}{
		{results.LedgerRow{Bytes: 8, Measured: &right, RoundedRatio: "114x", PaperRatio: "114x"}, Reproduced},
		{results.LedgerRow{Bytes: 8, Measured: &wrong, RoundedRatio: "114x", PaperRatio: "114x"}, NotReproduced},
		{results.LedgerRow{Bytes: 8, Measured: &right, RoundedRatio: "113x", PaperRatio: "114x"}, NotReproduced},
		{results.LedgerRow{Bytes: 8, RoundedRatio: "114x", PaperRatio: "114x"}, NotReproduced},
	} {
		if got, why := judgeLedger(tc.row); got != tc.want || why == "" {
			t.Errorf("%+v: %s, %q, want %s", tc.row, got, why, tc.want)
		}
	}
}
