package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// row is one model at one training length and one scale, over its seeds.
type row struct {
	model   string
	length  int
	scale   results.Scale // zero when nothing ran
	records []Record      // done, in order of seed
	failed  []Record
	notRun  int // planned cells without a result
	standIn bool

	ours, zeroed, shuffled Interval // token perplexity
	zeroedRatio            Interval // zeroed ÷ intact, paired by seed
	overLocal              Interval // this ÷ local only, paired by seed
	overBest               Interval // this ÷ the paper's best model, paired by seed
	overShort              Interval // of a row of the paper's 100K: this ÷ the same model at the usual length
	long                   bool     // the paper's 100K, or a length as much longer than the others
	paper, paperRatio      float64  // 0: none printed
	claim                  ratioClaim
	trial                  Trial // of the verdict
	verdict                Verdict
	why                    string
}

// measure computes what needs no other row.
func (r *row) measure() {
	r.ours = geometricInterval(values(r.perplexities(intact)))
	zeroed := r.perplexities(func(p *results.Perplexity) *results.Score { return p.Zeroed })
	r.zeroed = geometricInterval(values(zeroed))
	r.shuffled = geometricInterval(values(r.perplexities(func(p *results.Perplexity) *results.Score { return p.Shuffled })))
	r.zeroedRatio = pairedRatio(zeroed, r.perplexities(intact))
	for _, record := range r.records {
		r.standIn = r.standIn || isStandIn(record.Result)
	}
}

func intact(p *results.Perplexity) *results.Score { return &p.Intact }

// perplexities is the token perplexity of one score of each seed.
func (r *row) perplexities(score func(*results.Perplexity) *results.Score) map[uint64]float64 {
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

// field is one field of the intact model's score of each record.
func (r *row) field(of func(results.Score) float64) []float64 {
	var v []float64
	for _, record := range r.records {
		v = append(v, of(record.Result.Perplexity.Intact))
	}
	return v
}

// like is the row of another model that was trained alike, nil when there is
// none.
func (r *row) like(rows []*row, model string) *row {
	for _, other := range rows {
		if other.model == model && other != r && r.alike(other) {
			return other
		}
	}
	return nil
}

// alike reports whether both rows have results of the same training at the same size:
// their scales differ in nothing but what the memories add to the parameters.
func (r *row) alike(other *row) bool {
	a, b := r.scale, other.scale
	a.Parameters, b.Parameters = 0, 0
	a.PaperScale, b.PaperScale = false, false // which hangs on a baseline's own settings too
	return len(r.records) > 0 && len(other.records) > 0 && other.length == r.length && a == b
}

// over is the paired ratio of r to another row; N is 0 when there is none.
func (r *row) over(other *row) Interval {
	if other == nil {
		return Interval{}
	}
	ours := r.perplexities(intact)
	for _, seed := range r.unlike(other) {
		delete(ours, seed)
	}
	return pairedRatio(ours, other.perplexities(intact))
}

// unlike lists the seeds that both rows have but that are no pair.
func (r *row) unlike(other *row) []uint64 {
	if other == nil {
		return nil
	}
	return unlike(bySeed(r.records), bySeed(other.records))
}

// paperScale reports whether the row may be held to the paper's value.
func (r *row) paperScale() bool { return r.scale.PaperScale && !r.standIn }

// name is the row's model, with the training length where it is the paper's
// 100K or where the table has more than one.
func (c *comparison) name(r *row) string {
	switch {
	case is100K(r.length):
		return r.variant() + ", trained at 100K"
	case r.long:
		return r.variant() + ", trained at " + table.Count(int64(r.length)) + " for 100K"
	}
	for _, other := range c.rows {
		if other.length != r.length && other.length != 0 && r.length != 0 && !other.long {
			return r.variant() + ", trained at " + table.Count(int64(r.length))
		}
	}
	return r.variant()
}

// settings says which of a baseline's settings are not the usual ones, "" when none.
func (r *row) settings() string {
	if len(r.records) == 0 {
		return ""
	}
	var words []string
	say := func(n int, format string) {
		if n > 0 {
			words = append(words, fmt.Sprintf(format, table.Count(int64(n))))
		}
	}
	s := r.records[0].Result.Settings.Baselines
	say(s.TransformerXL.Cache, "a cache of %s tokens")
	say(s.TransformerXL.EvaluationCache, "one of %s when evaluated")
	say(s.Memorizing.Entries, "a memory of %s tokens")
	say(s.Memorizing.K, "the nearest %s of it")
	say(s.RMT.Tokens, "%s memory tokens")
	say(s.Compressive.Slots, "%s slots")
	say(s.Compressive.Rate, "%s tokens to a slot")
	if s.TransformerXL.T5 {
		words = append(words, "T5's relative biases on keys and queries of length 1")
	}
	return strings.Join(words, ", ")
}

// variant is the row's model, with the switch that makes it another where it is on.
func (r *row) variant() string {
	if len(r.records) > 0 && r.records[0].Result.Settings.Baselines.TransformerXL.T5 {
		return modelName(r.model) + " with T5 biases"
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
	words := []string{dataWords(r.records[0].Result)}
	if r.scale.PaperScale {
		words = append(words, "the paper's scale")
	} else {
		words = append(words, fmt.Sprintf("reduced scale: %s of ≈%s parameters",
			table.Short(r.scale.Parameters), table.Short(paperScale.Parameters)))
	}
	if s := r.settings(); s != "" {
		words = append(words, s)
	}
	if len(r.failed) > 0 {
		words = append(words, plural(len(r.failed), "seed")+" failed")
	}
	if r.notRun > 0 {
		words = append(words, plural(r.notRun, "seed")+" not run")
	}
	return table.Clean(strings.Join(words, "; "))
}

// inShort is dataAndScale for the tables beside the main one.
func (r *row) inShort() string {
	data, scale := "official data", "reduced scale"
	if r.standIn {
		data = "stand-in"
	}
	if r.scale.PaperScale {
		scale = "the paper's scale"
	}
	return data + ", " + scale
}
