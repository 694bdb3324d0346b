package reports

import (
	"cmp"
	"maps"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// rows sets every cell that has the measure side by side.
func (m Measure) rows(names []string, runs []*Run) []SideRow {
	type key struct {
		cell  results.Cell // without the seed
		point string
	}
	found := map[key][]map[uint64]value{}
	protocols := map[key][]string{}
	for i, run := range runs {
		for _, record := range run.Records {
			if record.Result.Status != results.StatusDone {
				continue
			}
			cell := record.Result.Cell
			cell.Seed = 0
			for point, v := range m.read(record) {
				k := key{cell, point}
				if found[k] == nil {
					found[k], protocols[k] = make([]map[uint64]value, len(runs)), make([]string, len(runs))
				}
				if found[k][i] == nil {
					found[k][i] = map[uint64]value{}
				}
				found[k][i][record.Result.Cell.Seed] = v
				protocols[k][i] = record.Result.Protocol
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(found), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.cell.Experiment, b.cell.Experiment), cmp.Compare(a.cell.Corpus, b.cell.Corpus), cmp.Compare(a.cell.Length, b.cell.Length),
			cmp.Compare(modelOrder(a.cell.Model), modelOrder(b.cell.Model)), cmp.Compare(a.cell.Model, b.cell.Model), cmp.Compare(len(a.point), len(b.point)), cmp.Compare(a.point, b.point))
	})
	var rows []SideRow
	for _, k := range keys {
		row := SideRow{Measure: m.Name, Corpus: table.Clean(k.cell.Corpus), Model: table.Clean(k.cell.Model), Length: k.cell.Length, Point: k.point}
		m.fill(&row, names, found[k], protocols[k])
		rows = append(rows, row)
	}
	return rows
}

// fill computes the numbers of a row from the readings of each run. The runs that take
// part are those that have a reading under the protocol of the first one that has any.
func (m Measure) fill(row *SideRow, names []string, of []map[uint64]value, protocols []string) {
	first := slices.IndexFunc(of, func(r map[uint64]value) bool { return len(r) > 0 })
	place := make([]int, len(of)) // of each run among those that take part, -1 for none
	var part []map[uint64]value
	for i := range of {
		place[i] = -1
		if len(of[i]) > 0 && protocols[i] == protocols[first] {
			place[i] = len(part)
			part = append(part, of[i])
		}
	}
	shared, nothing := m.common(part)
	row.Seeds, row.Documents = shared.seeds, shared.parts
	for i := range of {
		var value *float64
		if place[i] >= 0 {
			if nothing == "" {
				value = m.mean(shared.of[place[i]])
			}
			left := shared.left[place[i]]
			if left.Run = names[i]; left.what() != "" {
				row.LeftOut = append(row.LeftOut, left)
			}
		}
		row.Values = append(row.Values, value)
		if i == 0 {
			continue
		}
		c := Contrast{Call: NotCompared}
		switch {
		case len(of[0]) == 0 && len(of[i]) == 0:
			c.Why = neitherHasIt
		case len(of[0]) == 0 || len(of[i]) == 0:
			c.Why = oneHasIt
		case protocols[i] != protocols[0]:
			c.Why = "other protocol: " + table.Clean(protocols[0]+" | "+protocols[i])
		case nothing != "":
			c.Why = nothing
		default:
			c = m.contrast(shared.of[place[0]], shared.of[place[i]])
		}
		row.Contrast = append(row.Contrast, c)
	}
}

const (
	oneHasIt     = "only one of the two has it"
	neitherHasIt = "neither of the two has it"
)

// inOne reports whether only one run has what the row shows.
func (r SideRow) inOne() bool {
	for _, c := range r.Contrast {
		if c.Call != NotCompared || c.Why != oneHasIt && c.Why != neitherHasIt {
			return false
		}
	}
	values := 0
	for _, v := range r.Values {
		if v != nil {
			values++
		}
	}
	return values < 2
}

// mean is the geometric mean over seeds of values that are divided, the arithmetic of
// those that are subtracted.
func (m Measure) mean(of map[uint64]value) *float64 {
	var all []float64
	for _, seed := range slices.Sorted(maps.Keys(of)) {
		all = append(all, of[seed].value)
	}
	if m.Difference {
		return known(meanInterval(all).Mean)
	}
	return known(geometricInterval(all).Mean)
}
