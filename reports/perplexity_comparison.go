package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// comparison holds the comparable rows of one table: one corpus under one protocol.
type comparison struct {
	corpus, protocol string
	paper            paperCorpus // zero when the paper has no such column
	rows             []*row
	ideals           []ideal
	standIn          bool
}

// ideal is the bound of a generated corpus for one segment size.
type ideal struct {
	segment       int
	full, limited float64 // token perplexity with the full history, with the last segment only
}

// compare sorts a run's perplexity results into comparisons, by corpus and
// protocol.
func compare(run *Run) []*comparison {
	type key struct{ corpus, protocol string }
	found := map[key]*comparison{}
	at := func(corpus, protocol string) *comparison {
		c := found[key{corpus, protocol}]
		if c == nil {
			c = &comparison{corpus: corpus, protocol: protocol, paper: paperColumns[corpus]}
			found[key{corpus, protocol}] = c
		}
		return c
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "perplexity" && r.Status == results.StatusDone {
			c := at(r.Cell.Corpus, r.Protocol)
			row := c.row(r.Cell.Model, r.Cell.Length, r.Scale)
			row.records = append(row.records, record)
		}
	}
	// A cell without a result has no protocol: it belongs to every table of its
	// corpus, and makes one when there is none.
	without := func(cell results.Cell, mark func(*row)) {
		tables := 0
		for k, c := range found {
			if k.corpus == cell.Corpus {
				mark(c.any(cell))
				tables++
			}
		}
		if tables == 0 {
			mark(at(cell.Corpus, "").any(cell))
		}
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "perplexity" && r.Status == results.StatusFailed {
			without(r.Cell, func(row *row) { row.failed = append(row.failed, record) })
		}
	}
	for _, cell := range run.notRun() {
		if cell.Experiment == "perplexity" {
			without(cell, func(row *row) { row.notRun++ })
		}
	}
	var all []*comparison
	for _, c := range found {
		c.complete()
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *comparison) int {
		return cmp.Or(cmp.Compare(a.corpus, b.corpus), cmp.Compare(a.protocol, b.protocol))
	})
	return all
}

// row finds or makes the row of a model, length and scale: runs of different
// scale are never averaged.
func (c *comparison) row(model string, length int, scale results.Scale) *row {
	for _, r := range c.rows {
		if r.model == model && r.length == length && r.scale == scale {
			return r
		}
	}
	r := &row{model: model, length: length, scale: scale}
	c.rows = append(c.rows, r)
	return r
}

// any finds the first row of a cell's model and length, of whatever scale.
func (c *comparison) any(cell results.Cell) *row {
	for _, r := range c.rows {
		if r.model == cell.Model && r.length == cell.Length {
			return r
		}
	}
	return c.row(cell.Model, cell.Length, results.Scale{})
}

// complete adds the rows only the paper has, then computes and judges.
func (c *comparison) complete() {
	usual := 0 // length, the shortest
	for _, r := range c.rows {
		if usual == 0 || r.length < usual {
			usual = r.length
		}
	}
	for _, r := range c.rows {
		r.long = isLong(r.length, usual)
	}
	for model := range c.paper.perplexity {
		if !slices.ContainsFunc(c.rows, func(r *row) bool { return r.model == model && !r.long }) {
			c.row(model, 0, results.Scale{})
		}
	}
	const length100K = 49 * 2048
	for model := range c.paper.at100K {
		if !slices.ContainsFunc(c.rows, func(r *row) bool { return r.model == model && r.long }) {
			c.row(model, length100K, results.Scale{}).long = true
		}
	}
	slices.SortFunc(c.rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(modelOrder(a.model), modelOrder(b.model)), cmp.Compare(a.model, b.model),
			cmp.Compare(a.length, b.length), cmp.Compare(a.scale.TrainTokens, b.scale.TrainTokens),
			cmp.Compare(fmt.Sprint(a.scale), fmt.Sprint(b.scale)))
	})
	for _, r := range c.rows {
		slices.SortFunc(r.records, func(a, b Record) int {
			return cmp.Compare(a.Result.Cell.Seed, b.Result.Cell.Seed)
		})
		r.measure()
		r.paper = c.paper.value(r.model, r.long)
		r.paperRatio = c.paper.ratio(r.model, r.long)
		c.standIn = c.standIn || r.standIn
	}
	c.ideals = c.bounds()
	for _, r := range c.rows {
		local, best, short := r.like(c.rows, localOnly), r.like(c.rows, c.paper.reference), c.shorter(r)
		r.overLocal, r.overBest, r.overShort = r.over(local), r.over(best), r.over(short)
		c.judge(r, local, best, short)
	}
}

// shorter is the row of the usual length that a row of the paper's 100K is held
// against: the same model, on as many tokens where there is one. The paper does not say
// how many its own saw.
func (c *comparison) shorter(r *row) *row {
	var found *row
	for _, other := range c.rows {
		if r.long && other.model == r.model && !other.long && len(other.records) > 0 && other.scale.Segment == r.scale.Segment &&
			(found == nil || other.scale.TrainTokens == r.scale.TrainTokens) {
			found = other
		}
	}
	return found
}

// bounds collects the ideal perplexities per segment size. They belong to the
// text, not to a model, so all records of a size agree up to their documents.
func (c *comparison) bounds() []ideal {
	sums := map[int]*ideal{}
	n := map[int]float64{}
	for _, r := range c.rows {
		for _, record := range r.records {
			if i := record.Result.Perplexity.Ideal; i != nil {
				s := sums[r.scale.Segment]
				if s == nil {
					s = &ideal{segment: r.scale.Segment}
					sums[r.scale.Segment] = s
				}
				s.full += math.Log(i.Full)
				s.limited += math.Log(i.Segment)
				n[r.scale.Segment]++
			}
		}
	}
	var all []ideal
	for _, segment := range slices.Sorted(maps.Keys(sums)) {
		s := sums[segment]
		all = append(all, ideal{segment, math.Exp(s.full / n[segment]), math.Exp(s.limited / n[segment])})
	}
	return all
}

// title names the comparison in headings.
func (c *comparison) title() string {
	name := table.Clean(c.corpus)
	switch {
	case c.corpus == "novel" || c.corpus == "proof":
		return name + " (generated, stands in for " + c.paper.name + ")"
	case c.paper.name != "" && c.standIn:
		return c.paper.name + " (stand-in)"
	case c.paper.name != "":
		return c.paper.name
	}
	return name
}
