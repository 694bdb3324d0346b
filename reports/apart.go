package reports

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// apart says over which seeds a paired ratio is, where one of the two rows has others
// too: their means then are not what the ratio divides. It gives the perplexities that
// are, and names what is left out; "" when both rows have the same seeds.
func (c *comparison) apart(r, other *row) string {
	if other == nil || len(r.records) == 0 || len(other.records) == 0 {
		return ""
	}
	a, b := r.perplexities(intact), other.perplexities(intact)
	shared, ours, theirs := split(a, b)
	if len(ours)+len(theirs) == 0 {
		return ""
	}
	var left []string
	for _, of := range []struct {
		row   *row
		seeds []string
	}{{r, ours}, {other, theirs}} {
		if n := len(of.seeds); n > 0 {
			left = append(left, listed(n, "seed", of.seeds)+" of "+c.name(of.row))
		}
	}
	pair := c.name(r) + " ÷ " + c.name(other)
	if len(shared) == 0 {
		return pair + ": no seed in common; left out: " + strings.Join(left, ", ")
	}
	return fmt.Sprintf("%s is over %s, where the perplexities are %s and %s; left out: %s.", pair, listed(len(shared), "seed", shared),
		figure(over(a, shared)), figure(over(b, shared)), strings.Join(left, ", "))
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

// split names the seeds that two maps share, and those that only one has.
func split[A, B any](a map[uint64]A, b map[uint64]B) (shared, onlyA, onlyB []string) {
	for _, seed := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[seed]; ok {
			shared = append(shared, strconv.FormatUint(seed, 10))
		} else {
			onlyA = append(onlyA, strconv.FormatUint(seed, 10))
		}
	}
	for _, seed := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[seed]; !ok {
			onlyB = append(onlyB, strconv.FormatUint(seed, 10))
		}
	}
	return shared, onlyA, onlyB
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

// apart is the same of two rows of summaries.
func (r *bookRow) apart(other *bookRow) string {
	if other == nil || other == r || len(r.points) == 0 {
		return ""
	}
	shared, ours, theirs := split(r.bySeed(), other.bySeed())
	books := r.overLocal.Books
	same := len(ours)+len(theirs) == 0
	if same && books == r.whole().books && books == other.whole().books || r.whole().tokens != other.whole().tokens {
		return ""
	}
	text := fmt.Sprintf("%s minus %s is over %s of %d and %d", modelName(r.model), shortName(other.model), plural(books, "book"), r.whole().books, other.whole().books)
	if !same {
		text += " and " + listed(len(shared), "seed", shared)
	}
	for _, of := range []struct {
		row   *bookRow
		seeds []string
	}{{r, ours}, {other, theirs}} {
		if n := len(of.seeds); n > 0 {
			text += fmt.Sprintf("; left out: %s of %s", listed(n, "seed", of.seeds), modelName(of.row.model))
		}
	}
	return text + "."
}
