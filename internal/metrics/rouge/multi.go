package rouge

import "strings"

// Best scores a prediction against one or more targets.
// Each score is taken from the target with the highest F, the first of equals, as in
// rouge_score's score_multi. Overall is the geometric mean of those F.
func Best(targets []string, prediction string, stemmed bool) Scores {
	best := Compare(targets[0], prediction, stemmed)
	for _, target := range targets[1:] {
		s := Compare(target, prediction, stemmed)
		for _, of := range []struct{ best, other *Score }{
			{&best.Rouge1, &s.Rouge1}, {&best.Rouge2, &s.Rouge2}, {&best.RougeL, &s.RougeL}, {&best.RougeLsum, &s.RougeLsum},
		} {
			if of.other.F > of.best.F {
				*of.best = *of.other
			}
		}
	}
	best.Overall = overall(&best)
	return best
}

// Invisible reports whether a text has letters or symbols but none that ROUGE sees: its
// tokenizer keeps only a to z and 0 to 9. Such a text scores 0 even against itself, as in
// rouge_score.
func Invisible(text string) bool {
	return strings.TrimSpace(text) != "" && len(Words(text)) == 0
}
