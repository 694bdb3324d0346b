package reports

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// seedsRun is a run of one model whose token perplexities are given by seed, without
// documents.
func seedsRun(model string, perplexities map[uint64]float64) *Run {
	run := &Run{Profile: "x"}
	for seed := range perplexities {
		cell := results.Cell{Experiment: "perplexity", Corpus: "pg19", Model: model, Length: 64, Seed: seed}
		run.Records = append(run.Records, Record{Key: "cell-seed" + strconv.FormatUint(seed, 10), Result: results.Result{
			Version: 1, Status: results.StatusDone, Cell: cell, Protocol: "p", Perplexity: &results.Perplexity{Intact: results.Score{TokenPPL: perplexities[seed]}},
		}})
	}
	slices.SortFunc(run.Records, func(a, b Record) int { return strings.Compare(a.Key, b.Key) })
	return run
}

// By hand. Seed 1 has 100 and 90: a ratio of 0.9. With seed 2, of 400, the mean of the
// other run would be √(90·400) = 189.7, beside a ratio of 0.9.
func TestARowOfTwoRunsIsOverCommonSeeds(t *testing.T) {
	one, two := seedsRun(infiniDelta, map[uint64]float64{1: 100}), seedsRun(infiniDelta, map[uint64]float64{1: 90, 2: 400})
	s, err := NewSideBySide([]string{"one", "two"}, []*Run{one, two})
	if err != nil {
		t.Fatal(err)
	}
	row := s.Rows[0]
	if len(s.Rows) != 1 || !near(*row.Values[0], 100) || !near(*row.Values[1], 90) || !near(*row.Contrast[0].Change, 0.9) || row.Contrast[0].N != 1 || !slices.Equal(row.Seeds, []uint64{1}) {
		t.Errorf("%+v: %v, %v", row, *row.Values[0], *row.Values[1])
	}
	if len(row.LeftOut) != 1 || row.LeftOut[0].String() != "two: 1 seed (2)" {
		t.Errorf("left out %v", row.LeftOut)
	}
	if got := s.Runs[0].Lacks; !slices.Equal(got, []string{"cell-seed2"}) || s.Runs[1].Lacks != nil {
		t.Errorf("lacks %q and %q", got, s.Runs[1].Lacks)
	}
	var text, flat bytes.Buffer
	for _, table := range s.Tables() {
		if err := table.WriteTerminal(&text); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range []string{"one lacks 1 finished cell (cell-seed2)", "two: 1 seed (2)", "over the seeds that all of its runs have"} {
		if !strings.Contains(text.String(), words) {
			t.Errorf("no %q in\n%s", words, text.String())
		}
	}
	if err := s.Flat().WriteCSV(&flat); err != nil {
		t.Fatal(err)
	}
	rows := tidy(t, "compare", flat.Bytes())
	for title, want := range map[string][2]string{"value": {"100", "90"}, "seeds": {"1", "1"}, "change": {"", "0.9"}, "left_out_seeds": {"0", "1"}, "left_out": {"", "1 seed (2)"}} {
		k := slices.Index(rows[0], title)
		for i, w := range want {
			got := rows[i+1][k]
			if x, err := strconv.ParseFloat(got, 64); err == nil {
				got = strconv.FormatFloat(x, 'g', 9, 64)
			}
			if got != w {
				t.Errorf("CSV line %d, %s: %q, want %q", i+1, title, rows[i+1][k], w)
			}
		}
	}
}

// By hand: only seed 2 is in all three runs: 8, 4 and 2. A run of another protocol has no
// value and takes no seed from the others.
func TestARowOfThreeRuns(t *testing.T) {
	a, b, c := seedsRun(infiniDelta, map[uint64]float64{1: 100, 2: 8}), seedsRun(infiniDelta, map[uint64]float64{2: 4, 3: 100}), seedsRun(infiniDelta, map[uint64]float64{2: 2})
	other := seedsRun(infiniDelta, map[uint64]float64{9: 7})
	other.Records[0].Result.Protocol = "q"
	s, err := NewSideBySide([]string{"a", "b", "c", "d"}, []*Run{a, b, c, other})
	if err != nil {
		t.Fatal(err)
	}
	row := s.Rows[0]
	for i, want := range []float64{8, 4, 2} {
		if !near(*row.Values[i], want) {
			t.Errorf("run %d: %v, want %v", i, *row.Values[i], want)
		}
	}
	if row.Values[3] != nil || row.Contrast[2].Call != NotCompared || !near(*row.Contrast[0].Change, 0.5) || !near(*row.Contrast[1].Change, 0.25) {
		t.Errorf("%+v", row)
	}
	if got := row.LeftOut; len(got) != 2 || got[0].String() != "a: 1 seed (1)" || got[1].String() != "b: 1 seed (3)" {
		t.Errorf("left out %v", got)
	}
}

// By hand: of documents of ten tokens with 10 and 20 nats, and one that only one run has,
// the common two make exp(30/20), and one nat less in each exp(28/20).
func TestARowIsOverCommonDocuments(t *testing.T) {
	more, less := ofDocuments(10, 20, 90), ofDocuments(9, 19)
	less.parts[0], less.parts[1] = less.parts[1], less.parts[0] // in another order
	var row SideRow
	perplexityMeasure.fill(&row, []string{"a", "b"}, []map[uint64]value{seeds(more), seeds(less)}, []string{"p", "p"})
	if !near(*row.Values[0], math.Exp(1.5)) || !near(*row.Values[1], math.Exp(1.4)) || !near(*row.Contrast[0].Change, math.Exp(-0.1)) || row.Documents != 2 {
		t.Errorf("%+v: %v, %v", row, *row.Values[0], *row.Values[1])
	}
	if len(row.LeftOut) != 1 || row.LeftOut[0].String() != "a: 1 document (d2)" {
		t.Errorf("left out %v", row.LeftOut)
	}
	// The mean of 0.2 and 0.4, and of 0.3 and 0.5; the book of 0.9 is in one alone.
	row = SideRow{}
	rougeMeasure.fill(&row, []string{"a", "b"}, []map[uint64]value{seeds(ofBooks(.2, .4)), seeds(ofBooks(.3, .5, .9))}, []string{"p", "p"})
	if !near(*row.Values[0], 0.3) || !near(*row.Values[1], 0.4) || !near(*row.Contrast[0].Change, 0.1) {
		t.Errorf("books: %+v", row)
	}
}

// By hand, in the report: the ratio of seed 1 is 90/100; the mean of the model over its
// own two seeds is √(90·40) = 60, and the table names the seed that the control lacks.
func TestTheReportNamesUnpairedSeeds(t *testing.T) {
	run := seedsRun(infiniDelta, map[uint64]float64{1: 90, 2: 40})
	run.Records = append(run.Records, seedsRun(localOnly, map[uint64]float64{1: 100}).Records...)
	c := compare(run)[0]
	want := "Infini-Transformer (Linear + Delta) ÷ Local only (control) is over 1 seed (1), where the perplexities are 90.00 and 100.0; left out: 1 seed (2) of Infini-Transformer (Linear + Delta)."
	for _, table := range c.tables("pg19")[:2] {
		if !slices.Contains(table.Notes, want) {
			t.Errorf("%s: %q", table.Name, table.Notes)
		}
	}
	if r := find(t, c, infiniDelta, 64); !near(r.overLocal.Mean, 0.9) || !near(r.ours.Mean, 60) {
		t.Errorf("%v, %v", r.overLocal, r.ours)
	}
}
