package rouge

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTables draws texts from few words, so that there are many subsequences to
// choose from, with sentences of less and more than 64 and 128 tokens.
func TestTables(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 150 {
		words := 1 + r.IntN(30)
		draw := func() text {
			var x text
			for range r.IntN(4) {
				for range 1 + r.IntN(170) {
					x.ids = append(x.ids, int32(r.IntN(words)))
				}
				x.ends = append(x.ends, len(x.ids))
			}
			return x
		}
		checkTables(t, draw(), draw(), words)
	}
}

// checkTables compares with the tables of rouge_score.
func checkTables(t *testing.T, target, prediction text, ids int) {
	t.Helper()
	table := lengths(target.ids, prediction.ids)
	if got, want := subsequence(target.ids, prediction.ids, ids), table[len(target.ids)][len(prediction.ids)]; got != int(want) {
		t.Errorf("the common subsequence has length %d, want %d", got, want)
	}
	want := tableHits(target, prediction)
	for _, enough := range []int{0, 1 << 17} {
		if got := unionSubsequences(target, prediction, ids, enough); got != want {
			t.Errorf("%d hits with %d columns kept, want %d", got, enough, want)
		}
	}
}

// tableHits, path and lengths are the functions of the same purpose in rouge_score
// (_summary_level_lcs, _backtrack_norec, _lcs_table), with whole tables.
func tableHits(target, prediction text) int {
	var left []int32
	left = append(left, prediction.ids...)
	hits := 0
	for r := range sentences(target) {
		in := make([]bool, len(r))
		for c := range sentences(prediction) {
			for _, i := range path(r, c) {
				in[i] = true
			}
		}
		for i, id := range r {
			if at := slices.Index(left, id); in[i] && at >= 0 {
				left = slices.Delete(left, at, at+1)
				hits++
			}
		}
	}
	return hits
}

func sentences(t text) func(yield func([]int32) bool) {
	return func(yield func([]int32) bool) {
		start := 0
		for _, end := range t.ends {
			if !yield(t.ids[start:end]) {
				return
			}
			start = end
		}
	}
}

func path(r, c []int32) []int {
	table := lengths(r, c)
	var in []int
	for i, j := len(r), len(c); i > 0 && j > 0; {
		switch {
		case r[i-1] == c[j-1]:
			i--
			j--
			in = append(in, i)
		case table[i][j-1] > table[i-1][j]:
			j--
		default:
			i--
		}
	}
	return in
}

func lengths(r, c []int32) [][]uint16 {
	table := make([][]uint16, len(r)+1)
	table[0] = make([]uint16, len(c)+1)
	for i := range r {
		table[i+1] = make([]uint16, len(c)+1)
		for j := range c {
			if r[i] == c[j] {
				table[i+1][j+1] = table[i][j] + 1
			} else {
				table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			}
		}
	}
	return table
}
