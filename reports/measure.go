package reports

import (
	"cmp"
	"slices"
)

// Measure is one kind of number by which runs are set side by side.
type Measure struct {
	Name   string `json:"name"`
	Higher bool   `json:"higher_is_better"`
	// Difference says that two values are subtracted, not divided.
	Difference bool `json:"difference,omitempty"`

	place int // among the tables of a comparison, from 1

	// read returns what a finished record holds of it, by the point it was taken at:
	// "" where there is one, or the length of an input.
	read func(Record) map[string]value
}

// value is what a cell measured, with the parts that it is a mean over where others could
// have been drawn: documents, books, trials.
type value struct {
	value float64
	parts []part // nil: one number for the whole cell
}

// part is a sum and what it is divided by. Of a measure whose values are divided the sum
// is a logarithm: a loss in nats, of tokens.
type part struct {
	id     string
	sum    float64
	weight int64
}

// measures returns everything that runs are compared by, in the order of the tables.
func measures() []Measure {
	var all []Measure
	for _, s := range sections {
		all = append(all, s.measures...)
	}
	slices.SortStableFunc(all, func(a, b Measure) int { return cmp.Compare(a.place, b.place) })
	return all
}
