package reports

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// By hand: one part refutes a claim, leaves it without a fair trial, or leaves it open;
// otherwise the weakest part decides. An untested part beside a tested one is open.
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

// By hand: what had no fair trial is weaker than what is open, and that is weaker than what
// is decided; then the smaller sample, where a counted part has none; then the first.
func TestWeakestClaim(t *testing.T) {
	made := func(v Verdict, samples ...int) claim {
		var c claim
		for _, n := range samples {
			c.evidence = append(c.evidence, evidence{verdict: v, trial: Trial{N: n}})
		}
		return c
	}
	for _, tc := range []struct {
		claims []claim
		want   int
	}{
		{nil, -1},
		{[]claim{made(NotAttempted, 0), {}}, -1},
		{[]claim{made(NotAttempted, 0), made(Reproduced, 0)}, 1},
		{[]claim{made(DirectionHolds, 3), made(Undecided, 74), made(NoFairTrial, 100)}, 2},
		{[]claim{made(DirectionHolds, 3), made(Undecided, 74), made(NotAttempted, 0)}, 1},
		{[]claim{made(Reproduced, 0), made(DirectionHolds, 3, 16), made(NotReproduced, 8, 2)}, 2},
		{[]claim{made(DirectionHolds, 3), made(DirectionHolds, 3)}, 0},
	} {
		if got := weakest(tc.claims); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.claims, got, tc.want)
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

// An untested claim is reported as such; every claim is always listed. The ledger needs no
// run.
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

// The summary must agree with its sections: each verdict follows from the rows.
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

// The model must beat both baselines of a text; neither may be missing. A verdict needs a
// model near the best reader. With a perplexity of 18.33, where the best reader without memory
// has 21.9, it has closed 91 % of the gap to 18, ln(21.9/18.33)/ln(21.9/18), and 40 % of that to
// 14.
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
		{"both worse", map[string]float64{"transformer-xl": 1.2, "memorizing": 1.1}, 18, DirectionHolds, "the paper's ordering"},
		{"both worse, after too little training", map[string]float64{"transformer-xl": 1.2, "memorizing": 1.1}, 14, NoFairTrial, "novel, Transf.-XL: Linear closes only 40 % of the ideal gap"},
		{"one better", map[string]float64{"transformer-xl": 1.2, "memorizing": 0.9}, 18, NotReproduced, "novel, Memorizing: the ordering is not the paper's"},
		{"one better, after too little training", map[string]float64{"transformer-xl": 1.2, "memorizing": 0.9}, 14, NoFairTrial, "novel, Transf.-XL: Linear closes only 40 % of the ideal gap"},
		{"one alone", map[string]float64{"transformer-xl": 1.2}, 18, Undecided, "novel, Memorizing: no result in this run"},
		{"none", nil, 18, NotAttempted, "no result in this run"},
	} {
		th := claimsOf(t, with(tc.ratios, tc.best))["Better than both baselines"]
		if th.verdict() != tc.want || !strings.HasPrefix(th.why(), tc.why) {
			t.Errorf("%s: %s, %s; want %s, %s", tc.name, th.verdict(), th.why(), tc.want, tc.why)
		}
	}
}

// By hand: specialised is below 0.1 or above 0.9, a mixer within 0.1 of a half. A kind that
// is missing says something if there are twelve heads over all seeds, and the model uses its
// memory: it closes all of a gap from 3 to 2, or nothing of it.
func TestJudgeGates(t *testing.T) {
	twelve := func(x ...float64) []float64 { return slices.Repeat(x, 12/len(x)) }
	for _, tc := range []struct {
		name  string
		seeds [][][]float64 // [seed][layer][head]
		ppl   float64
		want  Verdict
	}{
		{"both kinds with every seed", [][][]float64{{{0.05, 0.5}}, {{0.45}, {0.95}}}, 2, DirectionHolds},
		{"both kinds, no use of the memory", [][][]float64{{{0.05, 0.5}}, {{0.45}, {0.95}}}, 3, NoFairTrial},
		{"untrained", [][][]float64{{twelve(0.5)}, {twelve(0.5)}}, 2, NotReproduced},
		{"untrained, few heads", [][][]float64{{{0.5, 0.5}}, {{0.5, 0.5}}}, 2, NoFairTrial},
		{"untrained, no use of the memory", [][][]float64{{twelve(0.5)}, {twelve(0.5)}}, 3, NoFairTrial},
		{"all specialised", [][][]float64{{twelve(0.01, 0.99)}, {twelve(0.01, 0.99)}}, 2, NotReproduced},
		{"between", [][][]float64{{twelve(0.25, 0.75)}, {twelve(0.3, 0.7)}}, 2, NotReproduced},
		{"a kind missing among twelve heads of three seeds", [][][]float64{{{0.5, 0.6, 0.4, 0.5}}, {{0.5, 0.6, 0.4, 0.5}}, {{0.5, 0.6, 0.4, 0.5}}}, 2, NotReproduced},
		{"each kind with another seed", [][][]float64{{twelve(0.05)}, {twelve(0.5)}}, 2, Undecided},
		{"one seed of two", [][][]float64{{twelve(0.05, 0.5)}, {twelve(0.5, 0.5)}}, 2, Undecided},
		{"one seed", [][][]float64{{{0.05, 0.5}}}, 2, NoFairTrial},
		{"none", nil, 2, NotAttempted},
	} {
		r := &row{model: infiniLin, ours: Interval{Mean: tc.ppl}}
		for _, gates := range tc.seeds {
			r.records = append(r.records, Record{Result: results.Result{Gates: gates}})
		}
		c := &comparison{ideals: []ideal{{0, 2, 3}}, rows: []*row{r}}
		if got, why, _ := c.judgeGates(r); got != tc.want || why == "" {
			t.Errorf("%s: %s, %q, want %s", tc.name, got, why, tc.want)
		}
	}
	// One of twelve heads or more of a kind with a share of 1 - 0.2^(1/12) is there with 80 %.
	if got := (&comparison{}).gateTrial(&row{}, 12); math.Abs(got.Detectable-0.12552) > 1e-4 {
		t.Errorf("%+v", got)
	}
	r := &row{model: infiniLin, records: []Record{{Result: results.Result{Gates: [][]float64{{0.05, 0.5, 0.3, 0.95}}}}}}
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

// The ledger's rule, on hand-made rows.
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

// claims.json has the numbers behind the words: a part without power that could have shown
// 3.1 % over three seeds, one that was counted, and one that did not run.
func TestClaimsJSON(t *testing.T) {
	all := []claim{{text: "it holds", evidence: []evidence{
		{who: "x", verdict: NoFairTrial, why: "too short", trial: Trial{Detectable: 0.031, Unit: "% of the perplexity", N: 3, Of: "seed", Lacks: "steps", Takes: "9 more", Hours: 1.5}},
		{who: "y", verdict: Reproduced, why: "so", trial: exact},
		{who: "z", verdict: NotAttempted, why: "no result"},
	}}}
	body, err := claimsJSON(all)
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Verdict Verdict
		Parts   []struct {
			Who   string
			Trial *map[string]any
		}
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	want := []*map[string]any{
		{"detectable": 3.1, "unit": "% of the perplexity", "over": "3 seeds", "lacks": "steps", "takes": "9 more", "hours": 1.5},
		{"detectable": nil, "control": exact.Control}, nil,
	}
	for i, w := range want {
		if p := got[0].Parts[i]; !reflect.DeepEqual(p.Trial, w) {
			t.Errorf("%s: %v, want %v", p.Who, p.Trial, w)
		}
	}
	if got[0].Verdict != NoFairTrial {
		t.Errorf("%s", got[0].Verdict)
	}
}
