package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"infinibench/datasets"
	"infinibench/experiments"
)

// summaryTable judges every claim of the paper that this run bears on.
func summaryTable(comparisons []*comparison) *Table {
	t := newTable("summary", "What was reproduced, and what was not",
		"Corpus", "Claim", "Verdict", "Why", "Ours", ">Paper", "Data and scale")
	for _, c := range comparisons {
		for _, tried := range []bool{true, false} { // what was tried first
			for _, r := range c.rows {
				if r.verdict != NoClaim && tried == (r.verdict != NotAttempted) {
					t.add(c.corpus, c.claim(r), string(r.verdict), r.why, c.evidence(r), c.paperValue(r), c.dataAndScale(r))
				}
			}
		}
	}
	if len(t.Rows) == 0 {
		t.note("No result bears on a claim of the paper.")
	}
	return t
}

// claim says in words what the verdict of a row is about.
func (c *comparison) claim(r *row) string {
	switch {
	case r.paperScale():
		return fmt.Sprintf("%s reaches a perplexity of %.2f", c.name(r), r.paper)
	case r.model == infiniLin || r.model == infiniDelta:
		return c.name(r) + " predicts better than the same model without memory"
	}
	return fmt.Sprintf("%s predicts better than %s", modelName(c.paper.reference), modelName(r.model))
}

// evidence is the number a verdict rests on.
func (c *comparison) evidence(r *row) string {
	switch {
	case len(r.records) == 0:
		return none
	case r.paperScale():
		return "perplexity " + r.ours.String()
	case (r.model == infiniLin || r.model == infiniDelta) && r.overLocal.N > 0:
		return "ratio to local only " + r.overLocal.String()
	case r.overBest.N > 0:
		return "ratio " + r.overBest.inverse().String()
	}
	return "perplexity " + r.ours.String()
}

// tally counts verdicts for a sentence: "2 direction holds, 3 not attempted".
func tally(comparisons []*comparison) string {
	counts := map[Verdict]int{}
	for _, c := range comparisons {
		for _, r := range c.rows {
			counts[r.verdict]++
		}
	}
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
	t := newTable("cells", "Cells of this run", "Experiment", "Corpus", "Model", ">Training length", ">Seed", "Status", "Error or warnings")
	add := func(cell experiments.Cell, status, remark string) {
		t.add(cell.Experiment, cell.Corpus, modelName(cell.Model), count(int64(cell.Length)), strconv.FormatUint(cell.Seed, 10), status, remark)
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

// dataTable says which texts the numbers are about, and what they are not.
func dataTable(run *Run) *Table {
	t := newTable("data", "Data", "Corpus", "Split", ">Documents", ">Official count", ">Cut short", "Tokenizer", "Words", "What it is not", "Remark")
	seen := map[string]bool{}
	for _, record := range run.Records {
		r := record.Result
		if r.Status != experiments.StatusDone {
			continue
		}
		d := r.Data
		official := none
		if n := d.Certificate.Splits[d.Split].OfficialDocuments; n > 0 {
			official = count(int64(n))
		}
		t.add(r.Cell.Corpus, string(d.Split), count(int64(d.Documents)), official, count(int64(d.Truncated)), d.Tokenizer, d.WordRule,
			whatItIsNot(r.Cell.Corpus, d.Certificate), d.Note)
		// Most cells share their data: one line for each different answer.
		last := fmt.Sprint(t.Rows[len(t.Rows)-1])
		if seen[last] {
			t.Rows = t.Rows[:len(t.Rows)-1]
		}
		seen[last] = true
	}
	return t
}

func whatItIsNot(corpus string, c datasets.Certificate) string {
	switch {
	case c.Official:
		return "official and complete"
	case c.StandIn != "":
		return "not " + c.StandIn + ": a stand-in"
	case paperColumns[corpus].name != "":
		return "not the complete official " + paperColumns[corpus].name
	}
	return "not an official corpus"
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

// costTable is the only table with seconds in it: it differs from run to run.
func costTable(run *Run) *Table {
	t := newTable("cost", "Cost", "Cell", ">Training, s", ">Training tokens per s", ">Evaluation, s", ">Evaluation tokens per s", ">Peak memory, MiB")
	t.Caption = "Measured times; unlike every other number here they change when the same run is repeated."
	rate := func(tokens int64, seconds float64) string {
		if seconds <= 0 {
			return none
		}
		return count(int64(float64(tokens) / seconds))
	}
	var train, eval float64
	for _, record := range run.Records {
		if c := record.Timing; c != nil {
			t.add(record.Key, fmt.Sprintf("%.1f", c.TrainSeconds), rate(c.TrainTokens, c.TrainSeconds),
				fmt.Sprintf("%.1f", c.EvalSeconds), rate(c.EvalTokens, c.EvalSeconds), count(c.PeakRSS>>20))
			train += c.TrainSeconds
			eval += c.EvalSeconds
		}
	}
	if len(t.Rows) > 1 {
		t.add("Together", fmt.Sprintf("%.1f", train), "", fmt.Sprintf("%.1f", eval))
	}
	return t
}
