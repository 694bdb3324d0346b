package reports

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/results"
)

// The rows of the made-up control by hand: 50,000·512/tokens tokens per second, 8 KiB a
// token in use, three times that in training; 30 and 27 of 75 GFLOP/s; 16,384 tokens at
// 1,562.5 a second, four times over, are 42 s.
func TestLengthTable(t *testing.T) {
	table := lengthTable(costRecords(fixture()))
	if len(table.Rows) != 4*5 {
		t.Fatalf("%d rows, want 5 lengths of 4 models", len(table.Rows))
	}
	for at, want := range map[int]string{
		5:  "Infini-Transformer (Linear)|1,024|40,000|40.0 %|9.000|13,333|36.0 %|27.00|33,792|–",
		15: "Full attention (control)|1,024|25,000|40.0 %|8.000|8,333|36.0 %|24.00|0|–",
		19: "Full attention (control)|16,384|–|–|–|–|–|–|–|not measured: would take 42 s and 128.0 MiB",
	} {
		if got := strings.Join(table.Rows[at], "|"); got != want {
			t.Errorf("row %d is\n%s, want\n%s", at, got, want)
		}
	}
	if notes := strings.Join(table.Notes, "\n"); strings.Count(notes, "Peak is 75.00 GFLOP/s, measured on large matrix products with 2 threads") != 1 {
		t.Errorf("notes:\n%s", notes)
	}
}

// TestLengthTableOfABusyMachine: a peak below what a model reached is no peak.
func TestLengthTableOfABusyMachine(t *testing.T) {
	run := fixture()
	for _, record := range costRecords(run) {
		record.Timing.PeakFLOPS = 1
	}
	table := lengthTable(costRecords(run))
	if got := strings.Join(table.Rows[5], "|"); got != "Infini-Transformer (Linear)|1,024|40,000|–|9.000|13,333|–|27.00|33,792|–" {
		t.Errorf("row 5 is %s", got)
	}
	if notes := strings.Join(table.Notes, "\n"); !strings.Contains(notes, "Infini-Transformer (Linear) was faster than the peak") {
		t.Errorf("notes:\n%s", notes)
	}
}

// From 1,024 to 4,096 tokens, as far as it was measured, the control gets four times
// slower and takes four times the memory; a model with a memory neither.
func TestLengthReading(t *testing.T) {
	text := lengthReading(costRecords(fixture()))
	want := []string{
		"Infini-Transformer (Linear + Delta): from 1,024 to 16,384 tokens, evaluation goes at 1.00 times the speed in 1.00 times the memory, training at 1.00 times the speed in 1.00 times the memory.",
		"Full attention (control): from 1,024 to 4,096 tokens, evaluation goes at 0.25 times the speed in 4.00 times the memory, training at 0.25 times the speed in 4.00 times the memory.",
	}
	if len(text) != 6 || text[2] != want[0] || text[3] != want[1] {
		t.Errorf("got\n%s\nwant third and fourth\n%s", strings.Join(text, "\n"), strings.Join(want, "\n"))
	}
	if want := "Infini-Transformer (Linear), a memory that does not grow: direction holds, it carries as much at all of 5 lengths, not at the paper's scale."; text[4] != want {
		t.Errorf("got %s\nwant %s", text[4], want)
	}
}

// Both charts have logarithmic axes and a line of evaluation and one of training for
// each model, the control's as far as it was measured.
func TestLengthCharts(t *testing.T) {
	all, err := lengthCharts(costRecords(fixture()))
	if err != nil || len(all) != 2 {
		t.Fatalf("%d charts, %v", len(all), err)
	}
	for _, f := range all {
		var option struct {
			XAxis, YAxis []struct{ Type string }
			Series       []struct {
				Name string
				Data []struct{ Value [2]float64 }
			}
		}
		if err := json.Unmarshal([]byte(f.Option), &option); err != nil {
			t.Fatal(err)
		}
		if option.XAxis[0].Type != "log" || option.YAxis[0].Type != "log" || len(option.Series) != 8 || len(f.Legend) != 6 {
			t.Fatalf("%s: axes %v and %v, %d series, %d in the legend", f.ID, option.XAxis, option.YAxis, len(option.Series), len(f.Legend))
		}
		if s := option.Series[1]; s.Name != "Local only (control), training" || len(s.Data) != 5 {
			t.Errorf("%s: %+v", f.ID, s)
		}
		if s := option.Series[6]; s.Name != "Full attention (control), evaluation" || len(s.Data) != 3 || s.Data[2].Value[0] != 4096 {
			t.Errorf("%s: %+v", f.ID, s)
		}
	}
	if v := all[0].Data.Rows[0][7]; v != "25.00" { // thousand tokens per second
		t.Errorf("speed of the control at 1,024 tokens is %s", v)
	}
	if v := all[1].Data.Rows[2][7]; v != "32.00" {
		t.Errorf("memory of the control at 4,096 tokens is %s MiB", v)
	}
}

// Without measured lengths, the page renders without their table, charts and sentences.
func TestNoLengths(t *testing.T) {
	run := fixture()
	run.Records = run.Records[:3]
	charts, err := lengthCharts(costRecords(run))
	if len(charts) != 0 || err != nil || len(lengthTable(costRecords(run)).Rows) != 0 || len(lengthReading(costRecords(run))) != 0 {
		t.Errorf("%d charts, %v, %d rows", len(charts), err, len(lengthTable(costRecords(run)).Rows))
	}
	if html := string(mustPage(t, run, nil)); !strings.Contains(html, `<section id="cost"`) || strings.Contains(html, "chart-cost") {
		t.Error("the page lacks the cost of its cells, or has a chart of nothing")
	}
	// Measured once, and nothing: no ratio of nothing.
	run.Records = []Record{madeUpCost(infiniLin)}
	run.Records[0].Timing.Lengths = []results.CostPoint{{Tokens: 64}}
	if text := lengthReading(costRecords(run)); len(text) != 0 {
		t.Errorf("%q", text)
	}
}

// A speed that was measured beside other processes says so in its row, and in one warning;
// a little noise of the system is none.
func TestSharedSpeed(t *testing.T) {
	run := fixture()
	busy, quiet := 1.52, 0.1
	var names []string
	for i := range run.Records {
		if timing := run.Records[i].Timing; timing != nil && timing.Lengths != nil {
			timing.OtherCores = &quiet
			if len(names) < 2 {
				timing.OtherCores = &busy
				names = append(names, modelName(run.Records[i].Result.Cell.Model))
			}
		}
	}
	for _, row := range lengthTable(costRecords(run)).Rows {
		remark := row[len(row)-1]
		if want := slices.Contains(names, row[0]); want != (remark == "shared: other processes kept 1.5 cores busy") {
			t.Errorf("%q says %q", row[0], remark)
		}
	}
	if all := strings.Join(warnings(run), "\n"); strings.Count(all, "the speeds of 2 cells were measured while other processes kept 1.5 cores busy") != 1 {
		t.Errorf("warnings %q", all)
	}
	s, err := NewSideBySide([]string{"a", "b"}, []*Run{run, fixture()})
	if err != nil || len(s.Warnings) != 1 || !strings.HasPrefix(s.Warnings[0], "a: the speeds of 2 cells") {
		t.Errorf("%v, %q", err, s.Warnings)
	}
}
