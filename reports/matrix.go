package reports

import (
	"cmp"
	"math"
	"slices"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// leastPairs is how many rows a table of pairs needs before the page shows it as a matrix:
// the pairs of four things. Fewer are read faster as rows.
const leastPairs = 6

// matrix shows ratios between things as a square: the row's divided by the column's.
type matrix struct {
	Columns []string
	Rows    []matrixRow
}

type matrixRow struct {
	Name  string
	Cells []matrixCell // one for each column; empty where the table has no such pair
}

// matrixCell is one ratio. Side is "below", "above" or "even" and gives the colour, Mix its
// strength in percent.
type matrixCell struct {
	*table.Pair
	Side string
	Mix  int
}

// titledMatrix is a matrix under the title of its table.
type titledMatrix struct {
	*matrix
	Title string
}

func titled(t *table.Table, m *matrix) titledMatrix { return titledMatrix{m, t.Title} }

// Empty reports whether the table has no such pair.
func (c matrixCell) Empty() bool { return c.Pair == nil }

// matrixOf lays the pairs of a table out as a matrix, nil if it has too few or if one is
// there twice. What is divided by most others comes first, so that ratios of which each
// has one direction fill one half.
func matrixOf(t *table.Table) *matrix {
	if len(t.Pairs) < leastPairs {
		return nil
	}
	type place struct{ this, other string }
	at := map[place]*table.Pair{}
	wins := map[string]int{}
	var names []string
	see := func(name string, n int) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		wins[name] += n
	}
	largest := 0.0
	for i := range t.Pairs {
		p := &t.Pairs[i]
		if at[place{p.This, p.Other}] != nil {
			return nil
		}
		at[place{p.This, p.Other}] = p
		see(p.Other, 0)
		see(p.This, 1)
		if d := distance(p.Value); chart.Drawable(d) {
			largest = max(largest, d)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(wins[b], wins[a]) })
	m := &matrix{}
	for _, name := range names {
		row := matrixRow{Name: name}
		used := wins[name] > 0
		for _, other := range names {
			row.Cells = append(row.Cells, cellOf(at[place{name, other}], largest))
		}
		if used {
			m.Rows = append(m.Rows, row)
		}
	}
	// A thing that nothing is divided by has no column.
	for i := len(names) - 1; i >= 0; i-- {
		if slices.ContainsFunc(m.Rows, func(r matrixRow) bool { return !r.Cells[i].Empty() }) {
			m.Columns = slices.Insert(m.Columns, 0, names[i])
			continue
		}
		for k := range m.Rows {
			m.Rows[k].Cells = slices.Delete(m.Rows[k].Cells, i, i+1)
		}
	}
	return m
}

// distance is how far a ratio lies from 1, the same for a ratio and its inverse; NaN or
// infinite where the ratio is no positive number.
func distance(ratio float64) float64 { return math.Abs(math.Log(ratio)) }

// cellOf colours a pair by its distance from 1, as a share of the largest.
func cellOf(p *table.Pair, largest float64) matrixCell {
	c := matrixCell{Pair: p, Side: "even"}
	if p == nil || !chart.Drawable(distance(p.Value)) || largest == 0 {
		return c
	}
	c.Mix = int(math.Round(100 * distance(p.Value) / largest))
	switch {
	case p.Value < 1:
		c.Side = "below"
	case p.Value > 1:
		c.Side = "above"
	}
	return c
}
