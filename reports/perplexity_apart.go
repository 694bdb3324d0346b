package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"infinibench/reports/table"
)

// apart says over which seeds a paired ratio is, where one of the two rows has others
// too: their means then are not what the ratio divides. It gives the perplexities that
// are, and names what is left out; "" when both rows have the same seeds.
func (c *comparison) apart(r, other *row) string {
	if other == nil || len(r.records) == 0 || len(other.records) == 0 {
		return ""
	}
	a, b := r.perplexities(intact), other.perplexities(intact)
	mixed := r.unlike(other)
	shared, ours, theirs := split(a, b)
	if len(ours)+len(theirs)+len(mixed) == 0 {
		return ""
	}
	shared = without(shared, mixed)
	var left []string
	for _, of := range []struct {
		row   *row
		seeds []string
	}{{r, ours}, {other, theirs}} {
		if n := len(of.seeds); n > 0 {
			left = append(left, listed(n, "seed", of.seeds)+" of "+c.name(of.row))
		}
	}
	if words := unlikeWords(mixed); words != "" {
		left = append(left, words)
	}
	pair := c.name(r) + " ÷ " + c.name(other)
	if len(shared) == 0 {
		return pair + ": no seed in common; left out: " + strings.Join(left, ", ")
	}
	return fmt.Sprintf("%s is over %s, where the perplexities are %s and %s; left out: %s.", pair, listed(len(shared), "seed", shared),
		table.Sig4(over(a, shared)), table.Sig4(over(b, shared)), strings.Join(left, ", "))
}

// aparts is apart for the ratios of the main table: to the control and to the paper's
// best model.
func (c *comparison) aparts(r *row) []string {
	var all []string
	for _, other := range []*row{r.like(c.rows, localOnly), r.like(c.rows, c.paper.reference)} {
		if words := c.apart(r, other); words != "" {
			all = append(all, words)
		}
	}
	return all
}

// over is the geometric mean over some seeds.
func over(perplexities map[uint64]float64, seeds []string) float64 {
	kept := map[uint64]float64{}
	for seed, v := range perplexities {
		if slices.Contains(seeds, strconv.FormatUint(seed, 10)) {
			kept[seed] = v
		}
	}
	return geometricInterval(values(kept)).Mean
}
