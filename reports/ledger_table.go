package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

func numbersTable(l *results.Ledger) *table.Table {
	columns := []string{"Model", "Formula", ">Numbers carried", ">Memorizing ÷ this"}
	if inPaper(l) {
		columns = []string{"Model", "Formula", ">Numbers carried", ">Rounded", ">Paper", ">Memorizing ÷ this", ">of the rounded", ">Paper"}
	}
	fields := []string{"model", "formula", "numbers_carried", "ratio_memorizing_to_this"}
	if inPaper(l) {
		fields = []string{"model", "formula", "numbers_carried", "numbers_carried_rounded", "paper_numbers_carried", "ratio_memorizing_to_this", "ratio_of_the_rounded", "paper_ratio"}
	}
	t := table.New("memory-"+l.Profile, "Memory carried between segments, at "+sizesOf(l), columns...).CSV(fields...)
	m := l.Model
	heads := fmt.Sprintf("%s of %d", plural(m.Heads, "head"), m.HeadSize)
	if k := l.KeyValueHeads; k != 0 && k != m.Heads {
		heads += fmt.Sprintf(" on %s", plural(k, "key/value head"))
	}
	t.Caption = fmt.Sprintf("Of one document, in numbers as the paper's Tables 1 and 2 count; %s, %s, segments of %s tokens.",
		plural(m.Layers, "layer"), heads, table.Count(int64(m.Segment)))
	for _, r := range inOrder(l.Rows) {
		cells := []table.Cell{table.Text(modelName(r.Model)), formula(r.Formula), table.Whole(r.Entries)}
		if inPaper(l) {
			cells = append(cells, asPrinted(r.Rounded), asPrinted(r.Paper), timesCell(r.Ratio), asPrinted(r.RoundedRatio), asPrinted(r.PaperRatio))
		} else {
			cells = append(cells, timesCell(r.Ratio))
		}
		t.Put(cells...)
	}
	for _, text := range ledgerRemarks(l) {
		t.Note("%s", text)
	}
	return t
}

// inOrder is rows in the order of all tables.
func inOrder(rows []results.LedgerRow) []results.LedgerRow {
	return slices.SortedStableFunc(slices.Values(rows), func(a, b results.LedgerRow) int {
		return cmp.Compare(modelOrder(a.Model), modelOrder(b.Model))
	})
}

// times writes a ratio of sizes with one digit more than the paper, whose rounding
// shows in it.
func times(x float64) string {
	switch {
	case x == 0:
		return ""
	case x < 10:
		return fmt.Sprintf("%.2fx", x)
	}
	return fmt.Sprintf("%.1fx", x)
}

// formula is a cell of a formula. In the CSV a model that carries nothing has the word,
// since a 0 among formulas would be the only number of a column of texts.
func formula(s string) table.Cell {
	if s == "0" {
		return table.Shown(s, "nothing")
	}
	return table.Prose(s)
}

func timesCell(x float64) table.Cell {
	if x == 0 {
		return table.Cell{}
	}
	return table.Shown(times(x), x)
}

// asPrinted is a number as the paper prints it, "183M" or "114x". The rounding is the
// paper's, so that the value is read from the text.
func asPrinted(s string) table.Cell {
	scale, unit := 1., len(s)-1
	switch {
	case s == "":
		return table.Cell{}
	case s[unit] == 'B':
		scale = 1e9
	case s[unit] == 'M':
		scale = 1e6
	case s[unit] == 'K':
		scale = 1e3
	case s[unit] != 'x':
		unit++
	}
	x, err := strconv.ParseFloat(s[:unit], 64)
	if err != nil {
		return table.Shown(s, nil)
	}
	return table.Shown(s, x*scale)
}

func bytesTable(l *results.Ledger) *table.Table {
	t := table.New("memory-bytes-"+l.Profile, "Memory in bytes, at "+sizesOf(l),
		"Model", "Carried here", ">Bytes by formula", fmt.Sprintf(">of a batch of %d", l.Batch), ">Live state", "Agree", ">Peak resident memory").CSV(
		"model", "carried_here", "bytes_by_formula", "batch_bytes batch", "live_state_bytes", "agree", "peak_resident_bytes why_missing")
	t.Caption = "In float32. The live state is the counted tensors of one document; the peak is of a process that evaluates this model alone on two segments, weights and all."
	if l.Peaks != "" {
		t.Note("Peaks: %s.", l.Peaks)
	}
	for _, r := range inOrder(l.Rows) {
		if r.Measured == nil && r.Bytes > 0 { // arithmetic alone
			t.Put(table.Text(modelName(r.Model)), formula(r.Carried), table.Whole(r.Bytes), table.Shown(table.Count(r.OfBatch), r.OfBatch, l.Batch), table.Cell{}, table.Cell{}, table.Shown("not measured", nil, "not measured"))
			continue
		}
		if r.Measured == nil {
			t.Put(table.Text(modelName(r.Model)), table.Text("no model here"), table.Cell{}, table.Cell{}, table.Cell{}, table.Cell{}, table.Shown("", nil, "no model here"))
			continue
		}
		agree, peak := "yes", table.Shown("not measured", nil, "not measured")
		if *r.Measured != r.Bytes {
			agree = "NO"
		}
		if r.PeakRSS > 0 {
			peak = table.Shown(table.Count(r.PeakRSS), r.PeakRSS, nil)
		}
		t.Put(table.Text(modelName(r.Model)), formula(r.Carried), table.Whole(r.Bytes), table.Shown(table.Count(r.OfBatch), r.OfBatch, l.Batch), table.Whole(*r.Measured), table.Text(agree), peak)
	}
	return t
}
