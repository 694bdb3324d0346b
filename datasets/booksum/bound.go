package booksum

import "math"

// Bound is the best score any reader can expect, as fractions of 1: for ROUGE-1,
// ROUGE-2 and ROUGE-L (F), and for overall, the geometric mean of the three
// expectations. By Hölder's inequality, the mean of overall over summaries cannot
// exceed it either.
type Bound struct {
	Rouge1  float64 `json:"rouge1"`
	Rouge2  float64 `json:"rouge2"`
	RougeL  float64 `json:"rougeL"`
	Overall float64 `json:"overall"`
}

// Mean is the bound on a mean over books that each have a bound of their own.
func Mean(bounds []Bound) Bound {
	var m Bound
	for _, b := range bounds {
		n := float64(len(bounds))
		m.Rouge1, m.Rouge2, m.RougeL = m.Rouge1+b.Rouge1/n, m.Rouge2+b.Rouge2/n, m.RougeL+b.RougeL/n
	}
	m.Overall = math.Cbrt(m.Rouge1 * m.Rouge2 * m.RougeL)
	return m
}

// NewBound is the bound for a reader who knows the first k of n facts and, for each of
// the others, only that its value is one of v equally likely ones.
//
// The reference has a key and a value for each fact, all words distinct: 2n words,
// 2n-1 pairs of adjacent words. F = 2·hits/(units of the reference + units of the
// output). A unit of the output is a hit with probability 1, 1/v or 0; the last kind only
// lowers F. With s units of the first kind and g of the second, the expectation of F is
//
//	2·(s + g/v) / (units + s + g),
//
// which is monotone in g, so it is largest either without guesses or with all of them.
//
//   - Words: s = n + k, and up to v·(n-k) guesses. In an output that puts the guesses
//     of a fact after its key, the longest common subsequence holds every common word, and
//     no output does better: ROUGE-1 and ROUGE-L share the bound, and it is attained.
//   - Pairs: the words of the first k facts and the next key are certain to be adjacent,
//     so s = 2k, or 2n-1 when k = n. Each of the other t = 2n-1-s pairs of the reference
//     can be guessed in v ways. No sequence of words contains exactly these pairs, so with
//     guesses the bound is not quite attained.
func NewBound(k, n, v int) Bound {
	most := func(units, sure, unsure int) float64 {
		f := func(guessed int) float64 {
			g := float64(guessed)
			return 2 * (float64(sure) + g/float64(v)) / (float64(units) + float64(sure) + g)
		}
		return math.Max(f(0), f(v*unsure))
	}
	words := most(2*n, n+k, n-k)
	sure := min(2*k, 2*n-1)
	pairs := most(2*n-1, sure, 2*n-1-sure)
	return Bound{Rouge1: words, Rouge2: pairs, RougeL: words, Overall: math.Cbrt(words * pairs * words)}
}
