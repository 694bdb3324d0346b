// Package rouge scores a summary against a reference exactly as Google's rouge_score does:
// ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum (Lin, "ROUGE: A Package for Automatic
// Evaluation of Summaries", 2004), with that library's tokenizer and stemmer. Other
// packages of that name give other numbers.
package rouge

import "math"

// Score is the overlap of a prediction and its target, as a share of each. F is the
// harmonic mean of the two shares. All are 0 if there is nothing to compare.
type Score struct {
	Precision float64 `json:"precision"` // share of the prediction
	Recall    float64 `json:"recall"`    // share of the target
	F         float64 `json:"f"`
}

// Scores are all the scores of a prediction.
type Scores struct {
	Rouge1    Score   `json:"rouge1"`    // words, each as often as both texts have it
	Rouge2    Score   `json:"rouge2"`    // the same for pairs of adjacent words
	RougeL    Score   `json:"rougeL"`    // longest common subsequence of the whole texts
	RougeLsum Score   `json:"rougeLsum"` // the same sentence by sentence; a line is a sentence
	Overall   float64 `json:"overall"`   // as in the paper's Table 4: geometric mean of F of 1, 2 and L
}

// Compare scores a prediction against its target, with or without stemming. It accepts any
// bytes. For texts of n tokens it takes a few times n²/64 steps, and n·√n/4 bytes beside
// the tokens, 22 MB for 200,000.
func Compare(target, prediction string, stemmed bool) Scores {
	v := newVocabulary(stemmed)
	t, p := v.read(target), v.read(prediction)
	nt, np, ids := len(t.ids), len(p.ids), len(v.ids)
	s := Scores{
		Rouge1:    newScore(commonGrams(t.ids, p.ids, 1), nt, np),
		Rouge2:    newScore(commonGrams(t.ids, p.ids, 2), nt-1, np-1),
		RougeL:    newScore(subsequence(t.ids, p.ids, ids), nt, np),
		RougeLsum: newScore(unionSubsequences(t, p, ids, 1<<17), nt, np),
	}
	s.Overall = overall(&s)
	return s
}

// newScore is the score for a number of hits among the units of target and prediction.
func newScore(hits, target, prediction int) Score {
	s := Score{Precision: float64(hits) / float64(max(prediction, 1)), Recall: float64(hits) / float64(max(target, 1))}
	if hits > 0 {
		s.F = 2 * s.Precision * s.Recall / (s.Precision + s.Recall)
	}
	return s
}

func overall(s *Scores) float64 { return math.Cbrt(s.Rouge1.F * s.Rouge2.F * s.RougeL.F) }

// commonGrams returns the number of n-grams, n at most 2, that both texts share. Each counts
// the smaller of its frequencies in the two texts.
func commonGrams(a, b []int32, n int) int {
	gram := func(ids []int32) [2]int32 { return [2]int32{ids[0], ids[n-1]} }
	count := map[[2]int32]int{}
	for i := range len(a) - n + 1 {
		count[gram(a[i:])]++
	}
	hits := 0
	for i := range len(b) - n + 1 {
		if g := gram(b[i:]); count[g] > 0 {
			count[g]--
			hits++
		}
	}
	return hits
}
