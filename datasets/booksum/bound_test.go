package booksum

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"infinibench/internal/metrics/rouge"
)

// cast is a small chronicle's facts: key i is k<i>, its values v<i>x<j>.
func key(i int) string           { return fmt.Sprintf("k%d", i) }
func value(i, choice int) string { return fmt.Sprintf("v%dx%d", i, choice) }

// references is the summary in every case that a reader of the first `known` of n
// facts cannot tell apart: those facts have value 0.
func references(known, n, choices int) []string {
	all := []string{""}
	for i := range n {
		var next []string
		for _, start := range all {
			for c := range choices {
				if i >= known || c == 0 {
					next = append(next, start+key(i)+" "+value(i, c)+" . ")
				}
			}
		}
		all = next
	}
	return all
}

// expectation is the mean of each score of an output over the references, which are
// equally likely.
func expectation(output string, references []string) (b Bound) {
	for _, r := range references {
		s := rouge.Compare(r, output, false)
		b.Rouge1 += s.Rouge1.F / float64(len(references))
		b.Rouge2 += s.Rouge2.F / float64(len(references))
		b.RougeL += s.RougeL.F / float64(len(references))
		b.Overall += s.Overall / float64(len(references))
	}
	return b
}

// TestBoundAgainstEveryReader tries all outputs of up to six words that could be in a
// reference. No reader may expect more than the bound; where guesses at pairs do not
// pay, or there are none, one must reach it.
func TestBoundAgainstEveryReader(t *testing.T) {
	for _, c := range []struct {
		known, n, choices int
		pairsReached      bool
	}{
		{0, 2, 2, false}, {1, 2, 2, false}, {1, 2, 3, true}, {2, 2, 2, true},
		{0, 1, 3, false}, {1, 1, 3, true},
	} {
		var words []string
		for i := range c.n {
			words = append(words, key(i))
			for j := range c.choices {
				if i >= c.known || j == 0 {
					words = append(words, value(i, j))
				}
			}
		}
		refs := references(c.known, c.n, c.choices)
		bound := NewBound(c.known, c.n, c.choices)
		var best Bound
		var try func(output []string)
		try = func(output []string) {
			e := expectation(strings.Join(output, " "), refs)
			best.Rouge1, best.Rouge2 = math.Max(best.Rouge1, e.Rouge1), math.Max(best.Rouge2, e.Rouge2)
			best.RougeL, best.Overall = math.Max(best.RougeL, e.RougeL), math.Max(best.Overall, e.Overall)
			if len(output) == 6 {
				return
			}
			for _, w := range words {
				try(append(output[:len(output):len(output)], w))
			}
		}
		try(nil)
		for _, s := range []struct {
			name        string
			best, bound float64
			reached     bool
		}{
			{"ROUGE-1", best.Rouge1, bound.Rouge1, true},
			{"ROUGE-2", best.Rouge2, bound.Rouge2, c.pairsReached},
			{"ROUGE-L", best.RougeL, bound.RougeL, true},
			{"overall", best.Overall, bound.Overall, c.known == c.n},
		} {
			if s.best > s.bound+1e-12 || s.reached && s.best < s.bound-1e-12 {
				t.Errorf("%d of %d facts known, %d values: best %s is %.6f, the bound says %.6f", c.known, c.n, c.choices, s.name, s.best, s.bound)
			}
		}
	}
}

// TestBoundByHand: eight facts of eight values, as in a chronicle.
func TestBoundByHand(t *testing.T) {
	for _, c := range []struct {
		known        int
		words, pairs float64
	}{
		{0, 2. * 8 / (16 + 8), 2. * 15 / (15 + 8*15)}, // keys alone; every guess at a pair
		{4, 2. * 12 / (16 + 12), 2. * 8 / (15 + 8)},   // what is certain, and no guess
		{8, 1, 1},
	} {
		b := NewBound(c.known, 8, 8)
		if math.Abs(b.Rouge1-c.words) > 1e-15 || math.Abs(b.RougeL-c.words) > 1e-15 || math.Abs(b.Rouge2-c.pairs) > 1e-15 {
			t.Errorf("%d known: %+v, want words %g and pairs %g", c.known, b, c.words, c.pairs)
		}
		if want := math.Cbrt(c.words * c.words * c.pairs); math.Abs(b.Overall-want) > 1e-15 {
			t.Errorf("%d known: overall %g, want %g", c.known, b.Overall, want)
		}
	}
	for k := range 8 { // to know more never hurts
		if a, b := NewBound(k, 8, 8), NewBound(k+1, 8, 8); !(a.Rouge1 < b.Rouge1 && a.Rouge2 < b.Rouge2 && a.Overall < b.Overall) {
			t.Errorf("from %d to %d facts: %+v, %+v", k, k+1, a, b)
		}
	}
}
