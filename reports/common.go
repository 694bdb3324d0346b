package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"infinibench/reports/table"
)

// common holds the readings of several runs restricted to the cells that all of them
// have: the same seeds, and in each the same documents or books.
type common struct {
	of    []map[uint64]value // by run
	seeds []uint64
	parts int // documents or books in each reading; 0 for a measure without parts
	left  []LeftOut
}

// LeftOut lists what one run has and another lacks, so that no number of the row counts it.
type LeftOut struct {
	Run       string   `json:"run"`
	Seeds     []uint64 `json:"seeds,omitempty"`
	Documents []string `json:"documents,omitempty"` // or books, of the seeds that are compared
}

// partKey identifies a part. A document with another tokenisation is a different document,
// and the n-th of several equal documents pairs with the n-th.
type partKey struct {
	id     string
	weight int64
	n      int
}

func (r value) keys() []partKey {
	keys := make([]partKey, len(r.parts))
	times := map[partKey]int{}
	for i, p := range r.parts {
		k := partKey{id: p.id, weight: p.weight}
		times[k]++
		keys[i] = partKey{p.id, p.weight, times[k]}
	}
	return keys
}

// common restricts runs to what all of them have; each has at least one reading. Why is
// empty unless nothing is left.
func (m Measure) common(runs []map[uint64]value) (c common, why string) {
	count := map[uint64]int{}
	for _, run := range runs {
		for seed := range run {
			count[seed]++
		}
	}
	for _, seed := range slices.Sorted(maps.Keys(count)) {
		if count[seed] == len(runs) {
			c.seeds = append(c.seeds, seed)
		}
	}
	times := map[partKey]int{} // readings that have it
	readings, whole := 0, 0
	for _, run := range runs {
		for _, seed := range c.seeds {
			readings++
			if run[seed].parts == nil {
				whole++
			}
			for _, k := range run[seed].keys() {
				times[k]++
			}
		}
	}
	maps.DeleteFunc(times, func(_ partKey, n int) bool { return n < readings })
	c.parts = len(times)
	// Results may list their documents in any order; the first result's order is used for all.
	order := map[partKey]int{}
	if len(c.seeds) > 0 {
		for _, k := range runs[0][c.seeds[0]].keys() {
			if times[k] > 0 {
				order[k] = len(order)
			}
		}
	}
	for _, run := range runs {
		kept := map[uint64]value{}
		var left LeftOut
		for _, seed := range slices.Sorted(maps.Keys(run)) {
			if count[seed] < len(runs) {
				left.Seeds = append(left.Seeds, seed)
				continue
			}
			r := value{value: run[seed].value}
			if c.parts > 0 {
				r.parts = make([]part, c.parts)
			}
			for i, k := range run[seed].keys() {
				if times[k] > 0 {
					r.parts[order[k]] = run[seed].parts[i]
				} else if !slices.Contains(left.Documents, k.id) {
					left.Documents = append(left.Documents, k.id)
				}
			}
			if len(r.parts) < len(run[seed].parts) && len(r.parts) > 0 {
				r.value = m.over(r.parts)
			}
			kept[seed] = r
		}
		c.of, c.left = append(c.of, kept), append(c.left, left)
	}
	switch {
	case len(c.seeds) == 0 && len(runs) == 2:
		return c, "no seed in common"
	case len(c.seeds) == 0:
		return c, fmt.Sprintf("no seed that all %d runs have", len(runs))
	case c.parts == 0 && whole < readings:
		return c, "other documents, or cut into other tokens"
	}
	return c, ""
}

// over is the value of a measure over some parts: a perplexity, or a mean score.
func (m Measure) over(parts []part) float64 {
	var sum, weight float64
	for _, p := range parts {
		sum, weight = sum+p.sum, weight+float64(p.weight)
	}
	if m.Difference {
		return sum / weight
	}
	return math.Exp(sum / weight)
}

// String names the run and what was left out of it.
func (l LeftOut) String() string { return table.Clean(l.Run) + ": " + l.what() }

// what names what was left out, "" when nothing was.
func (l LeftOut) what() string {
	var words []string
	if n := len(l.Seeds); n > 0 {
		var names []string
		for _, s := range l.Seeds {
			names = append(names, strconv.FormatUint(s, 10))
		}
		words = append(words, listed(n, "seed", names))
	}
	if n := len(l.Documents); n > 0 {
		words = append(words, listed(n, "document", l.Documents))
	}
	return strings.Join(words, ", ")
}

// maxListed is how many of the things that a run lacks are named.
const maxListed = 5

// listed writes "2 seeds (3, 4)".
func listed(n int, noun string, names []string) string {
	text := strings.Join(names[:min(n, maxListed)], ", ")
	if n > maxListed {
		text += fmt.Sprintf(" and %d more", n-maxListed)
	}
	return plural(n, noun) + " (" + text + ")"
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
