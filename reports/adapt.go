package reports

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/finite"
	"infinibench/internal/metrics"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// adaptTable holds the comparable rows of one table: one corpus under one protocol.
type adaptTable struct {
	corpus, protocol string
	rows             []*adaptRow
	failed           []Record
	bases            map[uint64]map[string]bool // digests of the bases of each seed; more than one do not compare
	base             results.AdaptBase          // of the first record
	record           Record                     // the first
}

// adaptKey is what a row is about.
type adaptKey struct {
	model, kind string
	segment     int
	way         results.AdaptWay
}

func adaptKeyOf(model string, r results.AdaptRow) adaptKey {
	k := adaptKey{model: model, kind: r.Kind, segment: r.Segment}
	if r.Way != nil {
		k.way = *r.Way
	}
	return k
}

// state describes what was done to the base.
func (k adaptKey) state() string {
	gates := ", β = " + setting(k.way.GateInit)
	if k.model == localOnly {
		gates = ""
	}
	switch k.kind {
	case results.AdaptContext:
		return "the base in its own context"
	case results.AdaptCut:
		return "the base cut into segments"
	case results.AdaptPlugged:
		return "plugged in, untrained" + gates
	}
	what := map[string]string{results.AdaptAll: "trained further", results.AdaptGates: "gates trained", results.AdaptGatesAndNorms: "gates and norms trained"}[k.way.Train]
	switch {
	case what == "":
		what = "trained: " + table.Clean(k.way.Train)
	case k.model == localOnly && k.way.Train == results.AdaptGatesAndNorms:
		what = "norms trained"
	}
	if gates != "" {
		gates += ", gates at " + setting(k.way.GateLearningRate)
	}
	return what + gates
}

// setting formats a number as a profile writes it.
func setting(x float64) string {
	if !finite.Is(x) {
		return table.None
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// adaptRow is one row of a table, over its seeds.
type adaptRow struct {
	adaptKey
	order  int // of its way in the profile
	seeds  map[uint64]results.AdaptRow
	record map[uint64]Record

	ours, emptied, shut, other Interval // perplexities
	own, rise                  Interval // nats per token on the base's own texts, and over the base itself

	control             *adaptRow // without a memory, alike in everything else; nil for none
	over                Interval  // perplexity ÷ the control's
	documents           metrics.Bootstrap
	overShut, overEmpty Interval // perplexity ÷ its own with shut gates, and with an emptied memory

	verdict Verdict // NoClaim for a row that the claim is not about
	why     string
	trial   Trial
}

// adaptTables sorts the results of a run by corpus and protocol.
func adaptTables(run *Run) []*adaptTable {
	var all []*adaptTable
	at := func(corpus, protocol string) *adaptTable {
		for _, a := range all {
			if a.corpus == corpus && (a.protocol == protocol || protocol == "") {
				return a
			}
		}
		a := &adaptTable{corpus: corpus, protocol: protocol, bases: map[uint64]map[string]bool{}}
		all = append(all, a)
		return a
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "adapt" && r.Status == results.StatusDone {
			at(r.Cell.Corpus, r.Protocol).add(record)
		}
	}
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Experiment == "adapt" && r.Status == results.StatusFailed {
			a := at(r.Cell.Corpus, "")
			a.failed = append(a.failed, record)
		}
	}
	for _, a := range all {
		a.complete()
	}
	slices.SortStableFunc(all, func(a, b *adaptTable) int {
		return cmp.Or(cmp.Compare(a.corpus, b.corpus), cmp.Compare(a.protocol, b.protocol))
	})
	return all
}

// add takes the rows of a result.
func (a *adaptTable) add(record Record) {
	cell, adapt := record.Result.Cell, record.Result.Adapt
	if a.record.Key == "" {
		a.record, a.base = record, adapt.Base
	}
	if a.bases[cell.Seed] == nil {
		a.bases[cell.Seed] = map[string]bool{}
	}
	a.bases[cell.Seed][adapt.Base.Weights] = true
	for i, r := range adapt.Rows {
		k := adaptKeyOf(cell.Model, r)
		row := a.row(k)
		if row == nil {
			row = &adaptRow{adaptKey: k, order: i, seeds: map[uint64]results.AdaptRow{}, record: map[uint64]Record{}}
			a.rows = append(a.rows, row)
		}
		row.seeds[cell.Seed], row.record[cell.Seed] = r, record
	}
}

func (a *adaptTable) row(k adaptKey) *adaptRow {
	for _, r := range a.rows {
		if r.adaptKey == k {
			return r
		}
	}
	return nil
}

// find is the first row of a model and a kind that trains something, nil if there is none.
func (a *adaptTable) find(model, kind, train string) *adaptRow {
	for _, r := range a.rows {
		if r.model == model && r.kind == kind && r.way.Train == train {
			return r
		}
	}
	return nil
}

// complete orders, computes and judges the rows: the base, the untrained models, the
// control, and the trained models.
func (a *adaptTable) complete() {
	place := func(r *adaptRow) int {
		return slices.Index([]string{results.AdaptContext, results.AdaptCut, results.AdaptPlugged, results.AdaptTrained}, r.kind)
	}
	slices.SortStableFunc(a.rows, func(x, y *adaptRow) int {
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(modelOrder(x.model), modelOrder(y.model)), cmp.Compare(x.model, y.model), cmp.Compare(x.order, y.order))
	})
	for _, r := range a.rows {
		r.control = a.controlOf(r)
		a.measure(r)
	}
	judged := map[string]bool{}
	for _, r := range a.rows {
		first := r.kind == results.AdaptTrained && isInfini(r.model) && !judged[r.model]
		judged[r.model] = judged[r.model] || first
		r.judge(first, a.able(r))
	}
}

// controlOf returns the memoryless model that a row is compared with: trained in the same
// way, or the base cut into segments.
func (a *adaptTable) controlOf(r *adaptRow) *adaptRow {
	switch {
	case r.model == localOnly:
		return nil
	case r.kind == results.AdaptTrained && r.way.Train != results.AdaptGates:
		return a.find(localOnly, results.AdaptTrained, r.way.Train)
	}
	return a.find(localOnly, results.AdaptCut, "")
}

// baseRow is the base as it was trained.
func (a *adaptTable) baseRow() *adaptRow {
	if r := a.find(localOnly, results.AdaptContext, ""); r != nil {
		return r
	}
	return a.find(localOnly, results.AdaptCut, "")
}

// comparable reports whether all models of a seed start from the same base.
func (a *adaptTable) comparable(seed uint64) bool { return len(a.bases[seed]) == 1 }

// measure computes the intervals of a row.
func (a *adaptTable) measure(r *adaptRow) {
	var all, emptied, shut, other, own, rise, overShut, overEmpty []float64
	values, controls := map[uint64]float64{}, map[uint64]float64{}
	base := a.baseRow()
	for _, seed := range slices.Sorted(maps.Keys(r.seeds)) {
		s := r.seeds[seed]
		ppl := s.Score.Intact.TokenPPL
		values[seed], all = ppl, append(all, ppl)
		own = append(own, s.Own.NLL/float64(s.Own.Tokens))
		if z := s.Score.Zeroed; z != nil {
			emptied, overEmpty = append(emptied, z.TokenPPL), append(overEmpty, ppl/z.TokenPPL)
		}
		if s.Shut != nil {
			shut, overShut = append(shut, s.Shut.Intact.TokenPPL), append(overShut, ppl/s.Shut.Intact.TokenPPL)
		}
		if s.Score.Shuffled != nil {
			other = append(other, s.Score.Shuffled.TokenPPL)
		}
		if !a.comparable(seed) {
			continue
		}
		if base != nil {
			if b, ok := base.seeds[seed]; ok && !slices.Contains(unlike(r.record, base.record), seed) {
				rise = append(rise, s.Own.NLL/float64(s.Own.Tokens)-b.Own.NLL/float64(b.Own.Tokens))
			}
		}
		if r.control != nil {
			if c, ok := r.control.seeds[seed]; ok && !slices.Contains(unlike(r.record, r.control.record), seed) {
				controls[seed] = c.Score.Intact.TokenPPL
			}
		}
	}
	r.ours, r.emptied, r.shut, r.other = geometricInterval(all), geometricInterval(emptied), geometricInterval(shut), geometricInterval(other)
	r.own, r.rise = meanInterval(own), meanInterval(rise)
	r.over, r.overShut, r.overEmpty = pairedRatio(values, controls), geometricInterval(overShut), geometricInterval(overEmpty)
	if r.control != nil {
		r.documents = a.byDocument(r, r.control)
	}
}

// byDocument is the ratio to a control over resampled documents, losses averaged over the
// seeds that both have; Documents is 0 if they were not scored on the same ones.
func (a *adaptTable) byDocument(r, control *adaptRow) metrics.Bootstrap {
	var pairs [][2][]results.DocumentScore
	for _, seed := range slices.Sorted(maps.Keys(r.seeds)) {
		if c, ok := control.seeds[seed]; ok && a.comparable(seed) && !slices.Contains(unlike(r.record, control.record), seed) {
			pairs = append(pairs, [2][]results.DocumentScore{r.seeds[seed].Score.Documents, c.Score.Documents})
		}
	}
	return pairedDocuments(pairs)
}

// name returns the model's name, or "Base" where no memory is plugged in.
func (r *adaptRow) name() string {
	if r.kind == results.AdaptContext || r.kind == results.AdaptCut {
		return "Base"
	}
	return shortName(r.model)
}

func (a *adaptTable) title() string {
	return "Plug-and-play (a memory for a pretrained model, on " + strings.TrimSpace(table.Clean(a.corpus)) + ")"
}
