package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/datasets"
	"infinibench/internal/results"
)

// summaryTable judges every claim of the paper that this run bears on: one row
// for each that was tried, then one for each corpus with all that was not.
func summaryTable(run *Run, comparisons []*comparison) *Table {
	t := newTable("summary", "Every row of the paper that this run bears on",
		"Corpus", "Verdict", "Claim", "Ours", ">Paper", "Why", "Data and scale").csv(
		"corpus", "verdict", "claim", "ours_is ours ours_low ours_high ours_n", "paper_ratio paper_is_borrowed paper_in_words", "why", "data_and_scale")
	for _, c := range comparisons {
		for _, r := range c.tried() {
			if r.claim.borrowed {
				t.note("%s", borrowedNote)
			}
			t.put(text(c.corpus), text(string(r.verdict)), prose(c.claim(r, modelName)), r.evidenceCell(), r.paperEvidenceCell(), prose(r.why), prose(c.dataAndScale(r)))
		}
	}
	for _, c := range claims(run) {
		t.put(text(c.corpus), text(string(c.verdict)), prose(c.text), c.evidence(), shown(c.paper, nil, nil, ascii(c.paper)), prose(c.why), prose(c.scale))
	}
	for _, c := range comparisons {
		if names := c.notAttempted(); names != "" {
			t.put(text(c.corpus), text(string(NotAttempted)), prose("The paper's "+names), Cell{}, Cell{}, text("no result in this run"), text("paper only"))
		}
	}
	for _, words := range run.elsewhere() {
		t.put(Cell{}, text(string(NotAttempted)), prose("The paper's "+words), Cell{}, Cell{}, text("not part of this run"), text("paper only"))
	}
	t.Caption = tallies(run, comparisons)
	return t
}

// claim is one claim of the paper outside its Table 2, judged.
type claim struct {
	table   string // of the paper
	corpus  string
	verdict Verdict
	text    string
	ours    string
	what    string // what value is, with its unit
	value   []any  // of ours: a value, the ends of its interval, and over how many; nil for none
	paper   string
	why     string
	scale   string
}

// evidence is ours with the numbers in it.
func (c claim) evidence() Cell {
	if c.value == nil {
		return prose(c.ours)
	}
	return shown(c.ours, append([]any{c.what}, c.value...)...)
}

// claims are those of the experiments of this run.
func claims(run *Run) []claim {
	var all []claim
	for _, p := range retrievals(run) {
		all = append(all, p.claims()...)
	}
	for _, b := range bookshelves(run) {
		all = append(all, b.claims()...)
	}
	return all
}

// tried lists the rows that bear on a claim of the paper and have a cell that
// ran, if only to fail.
func (c *comparison) tried() []*row {
	var rows []*row
	for _, r := range c.rows {
		if r.verdict != NoClaim && r.verdict != NotAttempted {
			rows = append(rows, r)
		}
	}
	return rows
}

// notAttempted names the paper's rows without a result, with its values.
func (c *comparison) notAttempted() string {
	var names []string
	for _, r := range c.rows {
		if r.verdict == NotAttempted {
			name := c.name(r)
			if r.model == infiniLin || r.model == infiniDelta {
				name = c.shortName(r)
			}
			names = append(names, fmt.Sprintf("%s %.2f", name, r.paper))
		}
	}
	return strings.Join(names, "; ")
}

// claim says in words what the verdict of a row is about; name writes a model's
// id.
func (c *comparison) claim(r *row, name func(string) string) string {
	full, long := c.name(r), modelName(r.model)
	own := name(r.model) + full[len(long):]
	switch {
	case r.long:
		return own + ", beats " + name(r.model) + " trained as usual"
	case r.model == infiniLin || r.model == infiniDelta:
		return own + " beats " + name(localOnly)
	}
	return name(c.paper.reference) + " beats " + own
}

// tallies counts the verdicts on each table of the paper.
func tallies(run *Run, comparisons []*comparison) string {
	parts := []string{tally(comparisons)}
	for _, table := range []string{"Table 3", "Table 4"} {
		counts := map[Verdict]int{}
		for _, c := range claims(run) {
			if c.table == table && c.verdict != NotAttempted {
				counts[c.verdict]++
			}
		}
		parts = append(parts, countWords(counts))
	}
	var text []string
	for i, t := range parts {
		if t != "" {
			text = append(text, fmt.Sprintf("Verdicts on the rows of the paper's Table %d: %s.", i+2, t))
		}
	}
	return strings.Join(text, " ")
}

// tally counts verdicts for a sentence: "2 direction holds, 3 not attempted".
func tally(comparisons []*comparison) string {
	counts := map[Verdict]int{}
	for _, c := range comparisons {
		for _, r := range c.rows {
			counts[r.verdict]++
		}
	}
	return countWords(counts)
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
		if r.Passkey != nil {
			task := r.Passkey.Task
			t.put(text(r.Cell.Corpus+", passkey"), text(string(datasets.Test)), whole(task.Samples), Cell{}, Cell{}, text(task.Tokenizer), Cell{},
				prose(fmt.Sprintf("the paper's prompt around keys of %s; filler: %s", plural(task.Digits, "digit"), task.Filler)))
		} else {
			addData(t, r)
		}
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
