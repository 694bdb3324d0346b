package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/results"
)

// summaryTable lists every row of the paper that this run bears on: one for each that was
// tried, then one for each section with those that were not.
func (d *Document) summaryTable() *Table {
	t := newTable("summary", "Every row of the paper that this run bears on",
		"Corpus", "Verdict", "Claim", "Ours", ">Paper", "Why", "Data and scale").csv(
		"corpus", "verdict", "claim", "ours_is ours ours_low ours_high ours_n", "paper_ratio paper_is_borrowed paper_in_words", "why", "data_and_scale")
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
			t.note("%s", r.note)
		}
		t.put(text(r.corpus), text(string(r.verdict)), prose(r.text), r.evidence, r.paper, prose(r.why), prose(r.scale))
	}
	t.Caption = strings.Join(verdicts, " ")
	return t
}

// summaryRow is one row of the paper's tables or figures, judged.
type summaryRow struct {
	corpus   string
	verdict  Verdict
	text     string // the claim
	evidence Cell   // our value
	paper    Cell   // the paper's
	why      string
	scale    string
	note     string // below the table, "" for none
}

// measuredEvidence is our value in words and in numbers: what it is with its unit, then the
// value, the ends of its interval, and over how many. Without values only the words count.
func measuredEvidence(words, what string, values []any) Cell {
	if values == nil {
		return prose(words)
	}
	return shown(words, append([]any{what}, values...)...)
}

// paperWords is a value of the paper that is not one number.
func paperWords(s string) Cell { return shown(s, nil, nil, ascii(s)) }

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
	for _, v := range []Verdict{Reproduced, DirectionHolds, NotReproduced, Undecided, NotAttempted} {
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
func cellsTable(run *Run) *Table {
	t := newTable("cells", "Cells of this run", "Experiment", "Corpus", "Model", ">Length", ">Seed", "Status", "Error or warnings").csv("experiment", "corpus", "model", "length_tokens", "seed", "status", "error_or_warnings")
	add := func(cell results.Cell, status, remark string) {
		seed := shown(strconv.FormatUint(cell.Seed, 10), cell.Seed)
		if cell.Corpus == "" { // of a cell without a seed
			seed = Cell{}
		}
		t.put(text(cell.Experiment), text(cell.Corpus), text(modelName(cell.Model)), whole(cell.Length), seed, text(status), prose(remark))
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
func dataTable(run *Run) *Table {
	t := newTable("data", "Data", "Corpus", "Split", ">Documents", ">Official count", ">Cut short", "Tokenizer", "Words", "What it is").csv("corpus", "split", "documents", "official_documents", "documents_cut_short", "tokenizer", "word_rule", "what_it_is")
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
			t.Rows, t.values = t.Rows[:len(t.Rows)-1], t.values[:len(t.values)-1]
		}
		seen[last] = true
	}
	return t
}

// addData adds the text that a result is about.
func addData(t *Table, r results.Result) {
	d := r.Data
	var official Cell
	if n := d.Certificate.Splits[d.Split].OfficialDocuments; n > 0 {
		official = whole(n)
	}
	t.put(text(r.Cell.Corpus), text(string(d.Split)), whole(d.Documents), official, whole(d.Truncated), text(d.Tokenizer), prose(d.WordRule),
		prose(dataWords(r)))
}

// settingsTable lists the machines and builds that made the results.
func settingsTable(run *Run) *Table {
	t := newTable("environment", "Programs and machines", ">Cells", "Version", "Go", "System", "Processor", "BLAS", ">Threads").csv("cells", "version", "go", "system", "processor", "blas", "threads")
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
		t.put(digits(cells[e]), text(e.Version), text(e.Go), text(e.OS), text(e.CPU), text(e.BLAS), digits(e.Threads))
	}
	if len(order) > 1 {
		t.note("The cells were not all made by the same program and machine.")
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
