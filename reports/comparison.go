package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"infinibench/experiments"
)

// comparison is what may stand in one table: one corpus under one protocol.
type comparison struct {
	corpus, protocol string
	paper            paperCorpus // zero when the paper has no such column
	rows             []*row
	ideals           []ideal
	standIn          bool
}

// row is one model at one training length and one scale, over its seeds.
type row struct {
	model   string
	length  int
	scale   experiments.Scale // zero when nothing ran
	records []Record          // done, in order of seed
	failed  []Record
	notRun  int // planned cells without a result
	standIn bool

	ours, zeroed, shuffled Interval // token perplexity
	zeroedRatio            Interval // zeroed ÷ intact, paired by seed
	overLocal              Interval // this ÷ local only, paired by seed
	overBest               Interval // this ÷ the paper's best model, paired by seed
	paper, paperRatio      float64  // 0: none printed
	verdict                Verdict
	why                    string
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
		if r := record.Result; r.Cell.Experiment == "perplexity" && r.Status == experiments.StatusDone {
			c := at(r.Cell.Corpus, r.Protocol)
			row := c.row(r.Cell.Model, r.Cell.Length, r.Scale)
			row.records = append(row.records, record)
		}
	}
	// A cell without a result has no protocol: it belongs to every table of its
	// corpus, and makes one when there is none.
	without := func(cell experiments.Cell, mark func(*row)) {
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
		if r := record.Result; r.Cell.Experiment == "perplexity" && r.Status == experiments.StatusFailed {
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

// notRun lists the planned cells that have no result.
func (run *Run) notRun() []experiments.Cell {
	have := map[experiments.Cell]bool{}
	for _, record := range run.Records {
		have[record.Result.Cell] = true
	}
	var missing []experiments.Cell
	for _, cell := range run.Planned {
		if !have[cell] {
			missing = append(missing, cell)
			have[cell] = true // a plan that names a cell twice still misses one
		}
	}
	return missing
}

// row finds or makes the row of a model, length and scale: runs of different
// scale are never averaged.
func (c *comparison) row(model string, length int, scale experiments.Scale) *row {
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
func (c *comparison) any(cell experiments.Cell) *row {
	for _, r := range c.rows {
		if r.model == cell.Model && r.length == cell.Length {
			return r
		}
	}
	return c.row(cell.Model, cell.Length, experiments.Scale{})
}

// complete adds the rows only the paper has, then computes and judges.
func (c *comparison) complete() {
	for model := range c.paper.perplexity {
		if !slices.ContainsFunc(c.rows, func(r *row) bool { return r.model == model && !is100K(r.length) }) {
			c.row(model, 0, experiments.Scale{})
		}
	}
	const length100K = 49 * 2048
	for model := range c.paper.at100K {
		if !slices.ContainsFunc(c.rows, func(r *row) bool { return r.model == model && is100K(r.length) }) {
			c.row(model, length100K, experiments.Scale{})
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
		r.paper = c.paper.value(r.model, r.length)
		r.paperRatio = c.paper.ratio(r.model, r.length)
		c.standIn = c.standIn || r.standIn
	}
	for _, r := range c.rows {
		r.overLocal = r.over(c.rows, localOnly)
		r.overBest = r.over(c.rows, c.paper.reference)
		r.judge()
	}
	c.ideals = c.bounds()
}

// measure computes what needs no other row.
func (r *row) measure() {
	r.ours = meanInterval(values(r.perplexities(intact)))
	zeroed := r.perplexities(func(p *experiments.Perplexity) *experiments.Score { return p.Zeroed })
	r.zeroed = meanInterval(values(zeroed))
	r.shuffled = meanInterval(values(r.perplexities(func(p *experiments.Perplexity) *experiments.Score { return p.Shuffled })))
	r.zeroedRatio = pairedRatio(zeroed, r.perplexities(intact))
	for _, record := range r.records {
		r.standIn = r.standIn || isStandIn(record.Result)
	}
}

func intact(p *experiments.Perplexity) *experiments.Score { return &p.Intact }

// perplexities is the token perplexity of one score of each seed.
func (r *row) perplexities(score func(*experiments.Perplexity) *experiments.Score) map[uint64]float64 {
	bySeed := map[uint64]float64{}
	for _, record := range r.records {
		if s := score(record.Result.Perplexity); s != nil {
			bySeed[record.Result.Cell.Seed] = s.TokenPPL
		}
	}
	return bySeed
}

// values is the values of m in order of seed, so that sums round the same way
// every time.
func values(m map[uint64]float64) []float64 {
	var v []float64
	for _, seed := range slices.Sorted(maps.Keys(m)) {
		v = append(v, m[seed])
	}
	return v
}

// mean is the mean over seeds of one field of a score, 0 when nothing ran.
func (r *row) mean(field func(experiments.Score) float64) float64 {
	sum := 0.0
	for _, record := range r.records {
		sum += field(record.Result.Perplexity.Intact)
	}
	return sum / max(1, float64(len(r.records)))
}

// over is the paired ratio of r to the row of another model that was trained
// alike; N is 0 when there is none.
func (r *row) over(rows []*row, model string) Interval {
	for _, other := range rows {
		if other.model == model && other != r && other.length == r.length && len(other.records) > 0 &&
			other.scale.Segment == r.scale.Segment && other.scale.TrainTokens == r.scale.TrainTokens {
			return pairedRatio(r.perplexities(intact), other.perplexities(intact))
		}
	}
	return Interval{}
}

// paperScale reports whether the row may be held to the paper's value.
func (r *row) paperScale() bool { return r.scale.PaperScale && !r.standIn }

// judge sets the verdict. What the paper claims of its own models is that
// their long memory helps, so ours must beat the control; what it claims of
// the other models is that its best one beats them.
func (r *row) judge() {
	ratio := r.overLocal
	switch {
	case r.model == localOnly:
		r.verdict, r.why = NoClaim, "the control; the paper has none"
		return
	case r.paper == 0:
		r.verdict, r.why = NoClaim, "not in the paper's table"
		return
	case r.model != infiniLin && r.model != infiniDelta && r.overBest.N > 0:
		ratio = r.overBest.inverse()
	case r.model != infiniLin && r.model != infiniDelta:
		ratio = Interval{}
	}
	r.verdict, r.why = Judge(Evidence{
		Attempted: len(r.records) > 0, PaperScale: r.paperScale(),
		Paper: r.paper, Ours: r.ours, Ratio: ratio,
	})
	if len(r.records) == 0 && len(r.failed) > 0 {
		r.verdict = Undecided
		r.why = plural(len(r.failed), "cell") + " failed: " + clean(r.failed[0].Result.Error)
	}
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
				s.full += i.Full
				s.limited += i.Segment
				n[r.scale.Segment]++
			}
		}
	}
	var all []ideal
	for _, segment := range slices.Sorted(maps.Keys(sums)) {
		s := sums[segment]
		all = append(all, ideal{segment, s.full / n[segment], s.limited / n[segment]})
	}
	return all
}

// name is the row's model, with the training length where it is the paper's
// 100K or where the table has more than one.
func (c *comparison) name(r *row) string {
	if is100K(r.length) {
		return modelName(r.model) + ", trained at 100K"
	}
	for _, other := range c.rows {
		if other.length != r.length && other.length != 0 && r.length != 0 && !is100K(other.length) {
			return modelName(r.model) + ", trained at " + count(int64(r.length))
		}
	}
	return modelName(r.model)
}

// dataAndScale says in the row itself how far it is from the paper's setting.
func (c *comparison) dataAndScale(r *row) string {
	if len(r.records) == 0 {
		switch {
		case len(r.failed) > 0:
			return "failed"
		case r.notRun > 0:
			return "planned, not run"
		}
		return "paper only"
	}
	var words []string
	certificate := r.records[0].Result.Data.Certificate
	switch {
	case c.corpus == "novel" || c.corpus == "proof":
		words = append(words, "stand-in for "+c.paper.name)
	case certificate.StandIn != "":
		words = append(words, "stand-in for "+certificate.StandIn)
	case r.standIn:
		words = append(words, "not the complete official data")
	default:
		words = append(words, "official data")
	}
	if note := r.records[0].Result.Data.Note; note != "" {
		words = append(words, note)
	}
	if r.scale.PaperScale {
		words = append(words, "the paper's scale")
	} else {
		words = append(words, fmt.Sprintf("reduced scale: %s of ≈%s parameters",
			short(r.scale.Parameters), short(paperScale.Parameters)))
	}
	if len(r.failed) > 0 {
		words = append(words, plural(len(r.failed), "seed")+" failed")
	}
	if r.notRun > 0 {
		words = append(words, plural(r.notRun, "seed")+" not run")
	}
	return clean(strings.Join(words, "; "))
}

// title names the comparison in headings.
func (c *comparison) title() string {
	name := clean(c.corpus)
	switch {
	case c.corpus == "novel" || c.corpus == "proof":
		return name + " (generated, stands in for " + c.paper.name + ")"
	case c.paper.name != "":
		return c.paper.name
	}
	return name
}
