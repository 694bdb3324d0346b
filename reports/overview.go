package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/datasets"
	"infinibench/experiments"
)

// summaryTable judges every claim of the paper that this run bears on: one row
// for each that was tried, then one for each corpus with all that was not.
func summaryTable(run *Run, comparisons []*comparison) *Table {
	t := newTable("summary", "Every row of the paper that this run bears on",
		"Corpus", "Verdict", "Claim", "Ours", ">Paper", "Why", "Data and scale")
	for _, c := range comparisons {
		for _, r := range c.tried() {
			if r.claim.borrowed {
				t.note("%s", borrowedNote)
			}
			t.add(c.corpus, string(r.verdict), c.claim(r, modelName), r.evidence(), r.paperEvidence(), r.why, c.dataAndScale(r))
		}
	}
	for _, c := range claims(run) {
		t.add(c.corpus, string(c.verdict), c.text, c.ours, c.paper, c.why, c.scale)
	}
	for _, c := range comparisons {
		if names := c.notAttempted(); names != "" {
			t.add(c.corpus, string(NotAttempted), "The paper's "+names, "", "", "no result in this run", "paper only")
		}
	}
	for _, text := range run.elsewhere() {
		t.add("", string(NotAttempted), "The paper's "+text, "", "", "not part of this run", "paper only")
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
	paper   string
	why     string
	scale   string
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
	t := newTable("cells", "Cells of this run", "Experiment", "Corpus", "Model", ">Length", ">Seed", "Status", "Error or warnings")
	add := func(cell experiments.Cell, status, remark string) {
		seed := strconv.FormatUint(cell.Seed, 10)
		if cell.Corpus == "" { // of a cell without a seed
			seed = none
		}
		t.add(cell.Experiment, cell.Corpus, modelName(cell.Model), count(int64(cell.Length)), seed, status, remark)
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
	t := newTable("data", "Data", "Corpus", "Split", ">Documents", ">Official count", ">Cut short", "Tokenizer", "Words", "What it is")
	seen := map[string]bool{}
	for _, record := range run.Records {
		r := record.Result
		if r.Status != experiments.StatusDone || r.Cell.Corpus == "" {
			continue
		}
		if r.Passkey != nil {
			task := r.Passkey.Task
			t.add(r.Cell.Corpus+", passkey", string(datasets.Test), count(int64(task.Samples)), "", "", task.Tokenizer, "",
				fmt.Sprintf("the paper's prompt around keys of %s; filler: %s", plural(task.Digits, "digit"), task.Filler))
		} else {
			addData(t, r)
		}
		// Most cells share their data: one line for each different answer.
		last := fmt.Sprint(t.Rows[len(t.Rows)-1])
		if seen[last] {
			t.Rows = t.Rows[:len(t.Rows)-1]
		}
		seen[last] = true
	}
	return t
}

// addData adds the text that a result is about.
func addData(t *Table, r experiments.Result) {
	d := r.Data
	official := none
	if n := d.Certificate.Splits[d.Split].OfficialDocuments; n > 0 {
		official = count(int64(n))
	}
	t.add(r.Cell.Corpus, string(d.Split), count(int64(d.Documents)), official, count(int64(d.Truncated)), d.Tokenizer, d.WordRule,
		dataWords(r))
}

// settingsTable lists the machines and builds that made the results.
func settingsTable(run *Run) *Table {
	t := newTable("environment", "Programs and machines", ">Cells", "Version", "Go", "System", "Processor", "BLAS", ">Threads")
	cells := map[experiments.Environment]int{}
	for _, record := range run.Records {
		// A cell may fail before it has looked at its machine.
		if e := record.Result.Environment; e != (experiments.Environment{}) {
			cells[e]++
		}
	}
	order := slices.SortedFunc(maps.Keys(cells), func(a, b experiments.Environment) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	for _, e := range order {
		t.add(strconv.Itoa(cells[e]), e.Version, e.Go, e.OS, e.CPU, e.BLAS, strconv.Itoa(e.Threads))
	}
	if len(order) > 1 {
		t.note("The cells were not all made by the same program and machine.")
	}
	return t
}
