package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// LedgerTables shows a ledger: the numbers that are carried, for the paper's own sizes
// beside what it prints, and the bytes they take.
func LedgerTables(l *results.Ledger) []*table.Table {
	return []*table.Table{numbersTable(l), bytesTable(l)}
}

// inPaper says whether any row has a value of the paper's beside it.
func inPaper(l *results.Ledger) bool {
	for _, r := range l.Rows {
		if r.Paper != "" {
			return true
		}
	}
	return false
}

// sizesOf names the sizes of a ledger in a title.
func sizesOf(l *results.Ledger) string {
	switch {
	case inPaper(l):
		return "the paper's sizes"
	case l.KeyValueHeads > 0: // of one model
		return "the sizes of " + l.Profile
	}
	return "the sizes of profile " + l.Profile
}

// ledgerChart shows how many times less memory each model carries than the Memorizing
// Transformer, as computed here and as printed in the paper.
func ledgerChart(l *results.Ledger) (*chart.Chart, error) {
	f := &chart.Chart{
		ID: "chart-memory", Title: "How many times less memory than the Memorizing Transformer",
		Caption: "At the paper's sizes, on a logarithmic scale; higher is less memory. The paper's ratios are quotients of rounded sizes.",
		Legend:  []chart.LegendItem{{Name: "exact", Color: chart.Grey, Mark: "full"}, {Name: "printed in the paper", Color: chart.Grey, Mark: "hollow"}},
		Data:    table.New("", "Memory of the Memorizing Transformer divided by the memory of each model", "Model", ">Exact", ">Paper"),
	}
	var names []string
	high := 1.0
	for _, r := range inOrder(l.Rows) {
		if r.Ratio == 0 {
			continue
		}
		point := func(what string, value float64, side int) {
			high = max(high, value)
			f.Marks = append(f.Marks, chart.Mark{
				X: float64(len(names)), Mean: value, Low: value, High: value, Side: side, Color: modelColor(r.Model), Text: modelName(r.Model) + ", " + what,
			})
		}
		point("exact: "+times(r.Ratio), r.Ratio, -1)
		var paper float64
		if _, err := fmt.Sscanf(r.PaperRatio, "%gx", &paper); err == nil {
			point("paper: "+r.PaperRatio, paper, 1)
		}
		f.Data.Add(modelName(r.Model), times(r.Ratio), r.PaperRatio)
		names = append(names, shortName(r.Model))
	}
	if len(names) == 0 {
		return nil, nil
	}
	f.Nearest = true
	f.X = chart.Axis{Name: "model", Kind: chart.Category, Labels: names}
	f.Y = chart.Axis{Name: "times less memory", Kind: chart.Log, From: 0.5, To: math.Pow(10, math.Ceil(math.Log10(high)))}
	return f, f.Draw()
}

// ledgerSection shows what each model carries from segment to segment.
var ledgerSection = &section{lay: layLedger}

// ledgerPage is the page's section on memory: the paper's sizes and the run's.
type ledgerPage struct {
	Reading []string
	Chart   *chart.Chart
	Carried *chart.Chart // bytes against length, nil if no model of the run has a memory
	Tables  []*table.Table
	Command string
}

func layLedger(run *Run) (*content, error) {
	page := ledgerPage{Command: "bench memory"}
	out := &content{claims: []claim{ledgerClaim(run.Ledger)}}
	if l := run.Ledger; l != nil {
		var err error
		if page.Chart, err = ledgerChart(l); err != nil {
			return nil, err
		}
		page.Reading, page.Tables = ledgerReading(l), LedgerTables(l)
	}
	carried, err := carriedChart(run)
	if err != nil {
		return nil, err
	}
	if carried != nil {
		page.Carried, out.picture, out.charts = carried, carried, append(out.charts, carried)
	}
	if own := carriedTable(run); len(own.Rows) > 0 {
		page.Tables = append(page.Tables, own)
	}
	out.parts, out.tables = []pagePart{{"memory", "Memory", "memory", page}}, page.Tables
	if page.Chart != nil {
		out.charts = append(out.charts, page.Chart)
	}
	return out, nil
}

// judgeLedger judges a row on the paper's ratio, which is arithmetic and needs
// no run: reproduced when the sizes, rounded as the paper rounds them, have its ratio,
// and the live state of the model here is as large as its formula says.
func judgeLedger(r results.LedgerRow) (Verdict, string) {
	switch {
	case r.Measured == nil || *r.Measured != r.Bytes:
		return NotReproduced, "the live state is not as large as the formula"
	case r.RoundedRatio != r.PaperRatio:
		return NotReproduced, "the rounded sizes have the ratio " + r.RoundedRatio
	}
	return Reproduced, "by its formulas and rounded sizes, and the live state agrees; exactly " + times(r.Ratio)
}

// ledgerClaim is the claim of the memory column of Table 2.
func ledgerClaim(l *results.Ledger) claim {
	t := claim{text: "114 times less memory than the Memorizing Transformer (Table 2)", brief: "114x less memory", place: 2, section: "memory",
		tally: "ratios exact, counted", dial: &dial{name: "times less memory", line: 1, format: times, log: true},
		scale: "the paper's sizes; exact, no training"}
	if l == nil {
		return t
	}
	for _, r := range inOrder(l.Rows) {
		if isInfini(r.Model) {
			v := evidence{part: t.section, who: shortName(r.Model), ours: shortName(r.Model) + ": exactly " + times(r.Ratio)}
			v.verdict, v.why = judgeLedger(r)
			v.number = dialPoint{Interval{r.Ratio, r.Ratio, r.Ratio, 1}, math.NaN()}
			fmt.Sscanf(r.PaperRatio, "%gx", &v.number.paper)
			v.trial = exact
			t.evidence, t.paper = append(t.evidence, v), r.PaperRatio
		}
	}
	return t
}

// ledgerReading summarises the sizes in plain language.
func ledgerReading(l *results.Ledger) []string {
	var text []string
	for _, r := range inOrder(l.Rows) {
		if isInfini(r.Model) {
			verdict, why := judgeLedger(r)
			text = append(text, fmt.Sprintf("%s carries %s numbers from segment to segment, %s less than the Memorizing Transformer, where the paper prints %s: %s, %s.",
				modelName(r.Model), table.Count(r.Entries), times(r.Ratio), r.PaperRatio, verdict, why))
		}
	}
	return text
}

// carriedTable shows the memory of the models of a run, as their results say.
func carriedTable(run *Run) *table.Table {
	t := table.New("memory", "Memory carried between segments in this run",
		"Model", ">Trained at", "Formula", ">Numbers", ">Memorizing ÷ this", ">Bytes by formula", ">of a batch", ">Live state", "Agree", ">Parameters", ">Layers", ">Heads", ">Segment").CSV(
		"model", "trained_at_tokens", "formula", "numbers_carried", "ratio_memorizing_to_this", "bytes_by_formula", "batch_bytes batch", "live_state_bytes", "agree",
		"parameters", "layers", "heads", "segment_tokens")
	t.Caption = "Of one document, in float32. The section Cost has the memory of the whole process; “bench memory --peak” measures each model alone."
	var done []results.Result
	for _, record := range run.Records {
		if r := record.Result; r.Status == results.StatusDone && r.Cell.Experiment == "perplexity" {
			done = append(done, r)
		}
	}
	slices.SortStableFunc(done, func(a, b results.Result) int {
		return cmp.Or(cmp.Compare(modelOrder(a.Cell.Model), modelOrder(b.Cell.Model)), cmp.Compare(a.Cell.Length, b.Cell.Length))
	})
	for i, r := range done {
		if i > 0 && sameMemory(done[i-1], r) {
			continue // of another seed or text
		}
		f, s, agree, ratio := r.Footprint, r.Scale, "yes", table.Cell{}
		if f.Bytes != f.MeasuredBytes {
			agree = "NO"
		}
		for _, other := range done {
			if other.Cell.Model == "memorizing" && other.Scale.Segment == s.Segment && other.Scale.Layers == s.Layers && other.Scale.DModel == s.DModel && f.Entries > 0 {
				ratio = timesCell(float64(other.Footprint.Entries) / float64(f.Entries))
			}
		}
		batch := int64(s.Batch) * f.Bytes
		t.Put(table.Text(modelName(r.Cell.Model)), table.Whole(r.Cell.Length), formula(f.Formula), table.Whole(f.Entries), ratio, table.Whole(f.Bytes), table.Shown(fmt.Sprintf("%s (%d)", table.Count(batch), s.Batch), batch, s.Batch), table.Whole(f.MeasuredBytes), table.Text(agree),
			table.Whole(s.Parameters), table.Digits(s.Layers), table.Digits(s.Heads), table.Whole(s.Segment))
	}
	return t
}

// sameMemory reports whether two done are of one model at one size; its parameters
// differ with the words of the text.
func sameMemory(a, b results.Result) bool {
	x, y := a.Scale, b.Scale
	x.Parameters, y.Parameters = 0, 0
	return a.Cell.Model == b.Cell.Model && a.Footprint == b.Footprint && x == y
}
