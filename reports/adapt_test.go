package reports

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// madeUpScore is a synthetic perplexity over six documents of 1,000 tokens, each slightly
// higher than the one before.
func madeUpScore(ppl float64) *results.Perplexity {
	const tokens = 1000
	p := &results.Perplexity{Ideal: &results.IdealRow{Full: 2.6, Segment: 3.2}}
	for d := range 6 {
		nll := tokens * (math.Log(ppl) + 0.01*(float64(d)-2.5))
		p.Documents = append(p.Documents, results.DocumentScore{ID: fmt.Sprintf("test-%d", d), NLL: nll, Tokens: tokens, Words: tokens, Bytes: 5 * tokens})
		p.Intact.NLL += nll
	}
	p.Intact.Tokens, p.Intact.TokenPPL, p.Intact.WordPPL = 6*tokens, ppl, ppl
	return p
}

// adaptCellOf wraps rows into a result.
func adaptCellOf(model string, seed uint64, rows ...results.AdaptRow) Record {
	cell := results.Cell{Experiment: "adapt", Corpus: "novel", Model: model, Length: 1024, Seed: seed}
	r := results.Result{
		Version: 1, Profile: "quick", Cell: cell, ConfigHash: "0f3e", Status: results.StatusDone, Protocol: "novel/test/word-168/carry/v1",
		Scale: results.Scale{Parameters: 62_300, Layers: 1, DModel: 64, Heads: 4, Segment: 64, TrainLength: 1024, Batch: 2, Steps: 600},
		Data: results.DataNote{
			Certificate: datasets.Certificate{Name: "novel", StandIn: "generated text in place of PG19"}, Split: datasets.Test, Documents: 6, Tokenizer: "word-168",
		},
		Adapt:       &results.Adapt{Base: results.AdaptBase{Name: localOnly, Weights: fmt.Sprint("base", seed), Parameters: 62_300, Context: 128, TrainTokens: 2_867_200}, Rows: rows},
		Environment: results.Environment{Version: "v0.1.0", Go: "go1.26.0", OS: "linux/amd64", CPU: "A processor", BLAS: "OpenBLAS 0.3.21", Threads: 2},
	}
	r.Settings.Adapt.UngatedStart = model != localOnly
	return Record{Key: cell.Key(), Result: r}
}

var adaptAll = results.AdaptWay{GateLearningRate: 0.03, Train: results.AdaptAll}

// madeUpAdapt is three seeds in which the control has a perplexity of 3, 3.03 and 3.06, a
// memory's model `gain` times as much, and `shut` times as much with its gates shut. The
// control forgets 0.02 nats, the memory's model 0.1.
func madeUpAdapt(gain, shut float64) *Run {
	run := &Run{Profile: "quick", Ledger: paperLedger()}
	for seed := uint64(1); seed <= 3; seed++ {
		control := 3 * (1 + 0.01*float64(seed-1))
		own := func(loss float64) results.AdaptOwn { return results.AdaptOwn{NLL: 500 * loss, Tokens: 500} }
		run.Records = append(run.Records, adaptCellOf(localOnly, seed,
			results.AdaptRow{Kind: results.AdaptContext, Segment: 128, Score: madeUpScore(control + 0.05), Own: own(1)},
			results.AdaptRow{Kind: results.AdaptCut, Segment: 64, Score: madeUpScore(control + 0.1), Own: own(1.01)},
			results.AdaptRow{Kind: results.AdaptTrained, Way: &results.AdaptWay{Train: results.AdaptAll}, Segment: 64, Score: madeUpScore(control), Own: own(1.02)},
		))
		trained := madeUpScore(gain * control)
		zeroed, other := madeUpScore(shut*control).Intact, madeUpScore(4).Intact
		trained.Zeroed, trained.Shuffled = &zeroed, &other
		run.Records = append(run.Records, adaptCellOf(infiniLin, seed,
			results.AdaptRow{Kind: results.AdaptPlugged, Way: &results.AdaptWay{}, Segment: 64, Score: madeUpScore(control + 0.1), Own: own(1.01), Gates: [][]float64{{0.5}}},
			results.AdaptRow{Kind: results.AdaptTrained, Way: &adaptAll, Segment: 64, Score: trained, Shut: madeUpScore(shut * control), Own: own(1.1), Gates: [][]float64{{0.8}}},
		))
	}
	return run
}

// withAdapt is the made-up run with these cells, and one that failed.
func withAdapt() *Run {
	run := fixture()
	run.Records = append(run.Records, madeUpAdapt(0.9, 1.01).Records...)
	failed := adaptCellOf(infiniDelta, 1)
	failed.Result.Status, failed.Result.Adapt, failed.Result.Error = results.StatusFailed, nil, "out of memory"
	run.Records = append(run.Records, failed)
	return run
}

func adaptOf(t *testing.T, run *Run) *adaptTable {
	t.Helper()
	all := adaptTables(run)
	if len(all) != 1 {
		t.Fatalf("%d tables, want 1", len(all))
	}
	return all[0]
}

// By hand: the geometric mean of 3, 3.03 and 3.06 is 3.030; 0.9 of it is 2.727, 1.01 of it
// 3.060; the geometric mean of 3.1, 3.13 and 3.16 is 3.130. Every seed and document has the
// same ratio, so the intervals have zero width; the ratio of the cut base to itself is 1.
func TestAdaptTable(t *testing.T) {
	a := adaptOf(t, madeUpAdapt(0.9, 1.01))
	table := a.table("novel")
	var rows []string
	for _, row := range table.Rows {
		rows = append(rows, strings.Join(row, "|"))
	}
	got := strings.Join(rows, "\n")
	for _, want := range []string{
		"Base|the base in its own context|128|1.125|3.080|",
		"|1.000|0.000|no claim|not judged: the base",
		"Base|the base cut into segments|64|1.141|3.130|",
		"Linear|plugged in, untrained, β = 0|64|1.141|3.130|",
		"|1.0000|1.000 to 1.000|1.000 to 1.000|–|–|–|1.010|0.010|no claim|not judged: untrained",
		"Local only|trained further|64|1.109|3.030|",
		"|–|–|–|–|–|–|1.020|0.020|no claim|not judged: the control",
		"Linear|trained further, β = 0, gates at 0.03|64|1.003|2.727|",
		"|0.9000|0.9000 to 0.9000|0.9000 to 0.9000|3.060|3.060|4.000|1.100|0.100|direction holds|below the control trained alike, and below itself with the gates shut or the memory emptied, each with its whole interval; not at the paper's scale",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("not once %s in\n%s", want, got)
		}
	}
	if len(rows) != 5 {
		t.Errorf("%d rows, want 5", len(rows))
	}
	const base = "The base, local-only, has 62.3K parameters and a context of 128 tokens; it was trained here, on 2.9M tokens of the same corpus. Continual pre-training is 600 steps of 2,048 tokens."
	for _, want := range []string{base, "The best possible perplexity is 2.600 with the full history and 3.200 with the last segment only.", "With an ungated start"} {
		if !strings.Contains(strings.Join(table.Notes, "\n"), want) {
			t.Errorf("no note %q in %q", want, table.Notes)
		}
	}
}

// onRealText removes what is known of a generated text. The control is then the base, whose
// perplexity is 0.05 lower in its own context than cut into segments.
func onRealText(run *Run) *Run {
	for _, record := range run.Records {
		for _, row := range record.Result.Adapt.Rows {
			row.Score.Ideal = nil
		}
	}
	return run
}

// withoutContext removes the rows of the base in its own context.
func withoutContext(run *Run) *Run {
	for i := range run.Records {
		rows := &run.Records[i].Result.Adapt.Rows
		*rows = slices.DeleteFunc(*rows, func(r results.AdaptRow) bool { return r.Kind == results.AdaptContext })
	}
	return run
}

// The gain must be due to the memory, and hold over seeds and documents, in a model that has
// closed enough of the ideal gap: 77 % with 0.9 of the control, ln(3.2/2.727)/ln(3.2/2.6).
func TestAdaptVerdicts(t *testing.T) {
	for _, test := range []struct {
		name       string
		run        *Run
		want       Verdict
		why        string
		gain, left float64 // of the control in nats, by hand; NaN for none
	}{
		{"below the control, and the gain gone with shut gates", madeUpAdapt(0.9, 1.01), DirectionHolds, "each with its whole interval", 0.9, (math.Log(0.9) - math.Log(0.9/1.01)) / math.Log(0.9)},
		{"half of the gain left", madeUpAdapt(0.9, 0.95), DirectionHolds, "each with its whole interval", 0.9, math.Log(0.95) / math.Log(0.9)},
		{"as good with shut gates", madeUpAdapt(0.9, 0.9), Undecided, "the gain is not the memory's", 0.9, 1},
		{"better with shut gates", madeUpAdapt(0.9, 0.8), Undecided, "the gain is not the memory's", 0.9, math.Log(0.8) / math.Log(0.9)},
		// ln(3.2/3.333)/ln(3.2/2.6) is -0.196. With 0.95 of the control's, 2.879, it is 0.510, from
		// 0.107 for the base cut into segments, 3.130: 70 % take 600·(0.7 - 0.107)/(0.510 - 0.107) steps.
		{"half of the way", madeUpAdapt(0.95, 1.01), NoFairTrial, "about 890 steps in place of 600, at its rate so far", 0.95, (math.Log(0.95) - math.Log(0.95/1.01)) / math.Log(0.95)},
		{"above the control", madeUpAdapt(1.1, 1.2), NoFairTrial, "Linear closes none of the ideal gap", 1.1, math.NaN()},
		{"above the control, on a real text", onRealText(madeUpAdapt(1.1, 1.2)), NotReproduced, "the ordering is not the paper's", 1.1, math.NaN()},
		{"below the control, on a real text", onRealText(madeUpAdapt(0.9, 1.01)), DirectionHolds, "each with its whole interval", 0.9, (math.Log(0.9) - math.Log(0.9/1.01)) / math.Log(0.9)},
		{"on a real text, whose base has no longer context", withoutContext(onRealText(madeUpAdapt(0.9, 1.01))), NoFairTrial, "no control with a context longer than a segment", 0.9, (math.Log(0.9) - math.Log(0.9/1.01)) / math.Log(0.9)},
	} {
		r := adaptOf(t, test.run).judged()
		if len(r) != 1 {
			t.Fatalf("%s: %d rows are judged", test.name, len(r))
		}
		if r[0].verdict != test.want || !strings.Contains(r[0].why, test.why) {
			t.Errorf("%s: %s, %s; want %s", test.name, r[0].verdict, r[0].why, test.want)
		}
		if math.Abs(r[0].over.Mean-test.gain) > 1e-12 {
			t.Errorf("%s: ratio %v, want %v", test.name, r[0].over.Mean, test.gain)
		}
		if left := r[0].gainLeft(); math.Abs(left-test.left) > 1e-9 || math.IsNaN(left) != math.IsNaN(test.left) {
			t.Errorf("%s: %v of the gain is left, want %v", test.name, left, test.left)
		}
	}
}

// Seeds whose models start from different bases are not compared.
func TestAdaptBases(t *testing.T) {
	run := madeUpAdapt(0.9, 1.01)
	run.Records[1].Result.Adapt.Base.Weights = "another"
	a := adaptOf(t, run)
	if r := a.judged()[0]; r.over.N != 2 || r.documents.Documents != 6 {
		t.Errorf("ratio of %d seeds and %d documents, want 2 and 6", r.over.N, r.documents.Documents)
	}
	if notes := strings.Join(a.table("novel").Notes, "\n"); !strings.Contains(notes, "do not all start from the same base") {
		t.Errorf("notes %s", notes)
	}
}

// Only the first training way of a rule is judged; training of the gates alone is compared
// with the base cut into segments.
func TestAdaptWays(t *testing.T) {
	run := madeUpAdapt(0.9, 1.01)
	for i := range run.Records {
		if a := run.Records[i].Result.Adapt; run.Records[i].Result.Cell.Model == infiniLin {
			more := a.Rows[1]
			more.Way = &results.AdaptWay{GateInit: -2, GateLearningRate: 0.3, Train: results.AdaptGates}
			a.Rows = append(a.Rows, more)
		}
	}
	a := adaptOf(t, run)
	if rows := a.judged(); len(rows) != 1 || rows[0].way != adaptAll {
		t.Errorf("judged: %+v", rows)
	}
	last := a.rows[len(a.rows)-1]
	if last.way.Train != results.AdaptGates || last.control == nil || last.control.kind != results.AdaptCut {
		t.Errorf("the control of %+v is %+v", last.adaptKey, last.control)
	}
}

// The section is on the page, in the claims and on the terminal.
func TestAdaptEverywhere(t *testing.T) {
	d, err := New(madeUpAdapt(0.9, 1.01))
	if err != nil {
		t.Fatal(err)
	}
	var terminal bytes.Buffer
	if err := d.Terminal(&terminal, table.Screen{Width: 100, ASCII: true}); err != nil {
		t.Fatal(err)
	}
	page, err := d.page(&library{})
	if err != nil {
		t.Fatal(err)
	}
	claims := fmt.Sprint(d.Claims.Rows)
	for where, want := range map[string][]string{
		terminal.String(): {"/ control", "Linear     0.9000", "^ direction holds  Plug-and-play"},
		string(page):      {`id="adapt-novel"`, "chart-adapt-novel", "so that 0.0 % of the gain is left", "a token costs 0.100 nats more than before; in the control, 0.020"},
		claims:            {"novel, Linear: ÷ control 0.9000 [0.9000, 0.9000]", "62.3K parameters, stand-in text, 3 seeds"},
	} {
		for _, text := range want {
			if !strings.Contains(where, text) {
				t.Errorf("no %q in\n%.3000s", text, where)
			}
		}
	}
}

// A run whose cells all failed has no table, and its claim is open.
func TestAdaptFailed(t *testing.T) {
	run := withAdapt()
	run.Records = run.Records[len(run.Records)-1:]
	d, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	claims := d.claims()
	last := claims[len(claims)-1]
	if last.verdict() != Undecided || last.why() != "failed: out of memory" {
		t.Errorf("%s, %s", last.verdict(), last.why())
	}
	for _, p := range d.Parts {
		if strings.HasPrefix(p.ID, "adapt") {
			t.Errorf("there is a part %s", p.ID)
		}
	}
}

func TestAdaptResults(t *testing.T) {
	const score = `"score":{"intact":{"nll":1,"tokens":1,"token_perplexity":2.7}},"own":{"nll":1,"tokens":1}`
	for _, c := range []struct{ name, adapt, problem string }{
		{"a row", `{"rows":[{"kind":"cut",` + score + `}]}`, ""},
		{"none", `{}`, "there is no adapt"},
		{"no score", `{"rows":[{"kind":"cut"}]}`, "adapt.rows[0]: want a score"},
		{"no way", `{"rows":[{"kind":"cut",` + score + `},{"kind":"trained",` + score + `}]}`, "adapt.rows[1]: kind \"trained\" without a way"},
		{"a perplexity of 0", `{"rows":[{"kind":"cut",` + strings.Replace(score, "2.7", "0", 1) + `}]}`, "adapt.rows[0]: token_perplexity 0"},
	} {
		_, err := parseResult(sealed(`{"version":1,"status":"done","cell":{"experiment":"adapt"},"adapt":` + c.adapt + `}`))
		if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
