package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// summaryTable lists every row of the paper that this run bears on: one for each that was
// tried, then one for each section with those that were not.
func (d *Document) summaryTable() *table.Table {
	t := table.New("summary", "Every row of the paper that this run bears on",
		"Corpus", "Verdict", "Claim", "Ours", ">Paper", "Why", "Could have shown", "Data and scale").CSV(
		"corpus", "verdict", "claim", "ours_is ours ours_low ours_high ours_n", "paper_ratio paper_is_borrowed paper_in_words", "why", "detectable_percent could_have_shown", "data_and_scale")
	var rows, notAttempted []summaryRow
	var verdicts []string
	for i, c := range d.contents {
		rows, notAttempted = append(rows, c.rows...), append(notAttempted, c.notAttempted...)
		if c.verdicts != "" {
			verdicts = append(verdicts, c.verdicts)
		}
		if s := sections[i]; s.paper != "" && !d.run.has(s.experiment) {
			notAttempted = append(notAttempted, summaryRow{verdict: NotAttempted, text: "The paper's " + s.paper, why: "not part of this run", scale: "paper only"})
		}
	}
	for _, r := range slices.Concat(rows, notAttempted) {
		if r.note != "" {
			t.Note("%s", r.note)
		}
		t.Put(table.Text(r.corpus), table.Text(string(r.verdict)), table.Prose(r.text), r.evidence, r.paper, table.Prose(r.why), r.trial.cell(), table.Prose(r.scale))
	}
	t.Caption = strings.Join(verdicts, " ")
	return t
}

// summaryRow is one row of the paper's tables or figures, judged.
type summaryRow struct {
	corpus   string
	verdict  Verdict
	text     string     // the claim
	evidence table.Cell // our value
	paper    table.Cell // the paper's
	why      string
	trial    Trial // what could have been shown
	scale    string
	note     string // below the table, "" for none
}

// measuredEvidence returns our value as text and as numbers: the quantity with its unit, the
// value, the ends of its interval, and the sample size. Without values it is the text alone.
func measuredEvidence(words, what string, values []any) table.Cell {
	if values == nil {
		return table.Prose(words)
	}
	return table.Shown(words, append([]any{what}, values...)...)
}

// paperWords is a value of the paper that is not one number.
func paperWords(s string) table.Cell { return table.Shown(s, nil, nil, table.ASCII(s)) }

// countVerdicts counts the verdicts on a table of the paper in a sentence, "" if there are none.
func countVerdicts(table int, counts map[Verdict]int) string {
	words := countWords(counts)
	if words == "" {
		return ""
	}
	return fmt.Sprintf("Verdicts on the rows of the paper's Table %d: %s.", table, words)
}

// triedVerdicts counts the verdicts on all rows that were tried.
func triedVerdicts(rows []summaryRow) map[Verdict]int {
	counts := map[Verdict]int{}
	for _, r := range rows {
		if r.verdict != NotAttempted {
			counts[r.verdict]++
		}
	}
	return counts
}

// countWords writes how often each verdict was given, "" when none was.
func countWords(counts map[Verdict]int) string {
	text := ""
	for _, v := range []Verdict{Reproduced, DirectionHolds, NotReproduced, NoFairTrial, Undecided, NotAttempted} {
		if counts[v] > 0 {
			if text != "" {
				text += ", "
			}
			text += strconv.Itoa(counts[v]) + " " + string(v)
		}
	}
	return text
}

// cellsTable lists every cell, done, failed or not run.
func cellsTable(run *Run) *table.Table {
	t := table.New("cells", "Cells of this run", "Experiment", "Corpus", "Model", ">Length", ">Seed", "Status", "Error or warnings").CSV("experiment", "corpus", "model", "length_tokens", "seed", "status", "error_or_warnings")
	add := func(cell results.Cell, status, remark string) {
		seed := table.Shown(strconv.FormatUint(cell.Seed, 10), cell.Seed)
		if cell.Corpus == "" { // of a cell without a seed
			seed = table.Cell{}
		}
		t.Put(table.Text(cell.Experiment), table.Text(cell.Corpus), table.Text(modelName(cell.Model)), table.Whole(cell.Length), seed, table.Text(status), table.Prose(remark))
	}
	for _, record := range run.Records {
		remark := record.Result.Error
		for _, w := range record.Result.Warnings {
			if remark != "" {
				remark += "; "
			}
			remark += w
		}
		add(record.Result.Cell, string(record.Result.Status), remark)
	}
	for _, cell := range run.notRun() {
		add(cell, "not run", "")
	}
	return t
}

// dataTable says which texts the numbers are about.
func dataTable(run *Run) *table.Table {
	t := table.New("data", "Data", "Corpus", "Split", ">Documents", ">Official count", ">Cut short", "Tokenizer", "Words", "What it is").CSV("corpus", "split", "documents", "official_documents", "documents_cut_short", "tokenizer", "word_rule", "what_it_is")
	seen := map[string]bool{}
	for _, record := range run.Records {
		r := record.Result
		if r.Status != results.StatusDone || r.Cell.Corpus == "" {
			continue
		}
		add := addData
		if section := sectionOf(r.Cell.Experiment); section != nil && section.data != nil {
			add = section.data
		}
		add(t, r)
		// Most cells share their data: one line for each different answer.
		last := fmt.Sprint(t.Rows[len(t.Rows)-1])
		if seen[last] {
			t.Rows, t.Values = t.Rows[:len(t.Rows)-1], t.Values[:len(t.Values)-1]
		}
		seen[last] = true
	}
	return t
}

// addData adds the text that a result is about.
func addData(t *table.Table, r results.Result) {
	d := r.Data
	var official table.Cell
	if n := d.Certificate.Splits[d.Split].OfficialDocuments; n > 0 {
		official = table.Whole(n)
	}
	t.Put(table.Text(r.Cell.Corpus), table.Text(string(d.Split)), table.Whole(d.Documents), official, table.Whole(d.Truncated), table.Text(d.Tokenizer), table.Prose(d.WordRule),
		table.Prose(dataWords(r)))
}

// settingsTable lists the machines and builds that made the results.
func settingsTable(run *Run) *table.Table {
	t := table.New("environment", "Programs and machines", ">Cells", "Version", "Go", "System", "Processor", "BLAS", ">Threads").CSV("cells", "version", "go", "system", "processor", "blas", "threads")
	cells := map[results.Environment]int{}
	for _, record := range run.Records {
		// A cell may fail before it has looked at its machine.
		if e := record.Result.Environment; e != (results.Environment{}) {
			cells[e]++
		}
	}
	order := slices.SortedFunc(maps.Keys(cells), func(a, b results.Environment) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	for _, e := range order {
		t.Put(table.Digits(cells[e]), table.Text(e.Version), table.Text(e.Go), table.Text(e.OS), table.Text(e.CPU), table.Text(e.BLAS), table.Digits(e.Threads))
	}
	if len(order) > 1 {
		t.Note("The cells were not all made by the same program and machine.")
	}
	return t
}

// dataWords says which text a result is about, and how many texts were left out.
func dataWords(r results.Result) string {
	what := textWords(r)
	n := 0
	for _, left := range r.Data.LeftOut {
		n += left.Texts
	}
	if n > 0 {
		what += ", " + plural(n, "unreadable text") + " left out"
	}
	return what
}

// textWords says which text a result is about. The certificate's words and the
// note's often begin alike and are then written once.
func textWords(r results.Result) string {
	d := r.Data
	what := "official data"
	switch {
	case d.Certificate.StandIn != "" && strings.HasPrefix(d.Note, d.Certificate.StandIn):
		return "stand-in: " + d.Note
	case d.Note != "" && strings.HasPrefix(d.Certificate.StandIn, strings.Split(d.Note, ",")[0]):
		return "stand-in: " + d.Note
	case d.Certificate.StandIn != "":
		what = "stand-in: " + d.Certificate.StandIn
	case isStandIn(r):
		what = "stand-in: not the complete official data"
	}
	if d.Note != "" {
		what += ", " + d.Note
	}
	return what
}
