package experiments

import (
	"slices"
	"strings"
	"unicode"

	"infinibench/internal/metrics/rouge"
)

// leadWords is the first k words of a text.
func leadWords(text string, k int) string {
	var words []string
	for w := range strings.FieldsSeq(text) {
		if len(words) == k {
			break
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// sentences cuts a text where a full stop, a question or an exclamation mark, with
// whatever closes a quotation behind it, is followed by white space, and at blank
// lines.
func sentences(text string) []string {
	var all []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	start, ended, newline := 0, false, false
	for i, c := range text {
		switch {
		case strings.ContainsRune(".!?", c):
			ended, newline = true, false
		case strings.ContainsRune(`"'”’)`, c):
			newline = false
		case unicode.IsSpace(c):
			if ended || newline && c == '\n' {
				add(text[start:i])
				start, ended = i, false
			}
			newline = newline || c == '\n'
		default:
			ended, newline = false, false
		}
	}
	add(text[start:])
	return all
}

// oracle is the extractive summary that knows the reference: sentences of the text, in
// their order, chosen one by one so that each raises the sum of ROUGE-1 and ROUGE-2 (F)
// the most, until none does (as Nallapati et al. 2017, "SummaRuNNer", section 2.3). The
// choice is greedy, and by another score than overall: it is not the most that extraction
// could reach.
func oracle(text, reference string) string {
	all := sentences(text)
	grams := map[[2]string]int{} // of the reference: a word and "", or two words
	var counts []int             // how often each is in the reference
	index := func(s string, visit func(gram [2]string)) (words int) {
		before := ""
		for _, w := range rouge.Words(s) {
			visit([2]string{w})
			if words++; words > 1 {
				visit([2]string{before, w})
			}
			before = w
		}
		return words
	}
	length := index(reference, func(g [2]string) {
		id, ok := grams[g]
		if !ok {
			id = len(counts)
			grams[g], counts = id, append(counts, 0)
		}
		counts[id]++
	})
	pair := make([]bool, len(counts))
	for g, id := range grams {
		pair[id] = g[1] != ""
	}
	hits, words := make([][]int, len(all)), make([]int, len(all)) // of each sentence
	for i, s := range all {
		words[i] = index(s, func(g [2]string) {
			if id, ok := grams[g]; ok {
				hits[i] = append(hits[i], id)
			}
		})
	}
	// score is ROUGE-1 + ROUGE-2 of an extract with so many hits in words and pairs.
	score := func(n, hits1, pairs, hits2 int) float64 {
		return 2*float64(hits1)/float64(length+n) + 2*float64(hits2)/float64(max(length-1+pairs, 1))
	}
	var chosen []int
	left := slices.Clone(counts)
	var n, hits1, pairs, hits2 int
	for best := 0.0; ; {
		pick, pick1, pick2 := -1, 0, 0
		for i := range all {
			if len(hits[i]) == 0 || slices.Contains(chosen, i) {
				continue
			}
			new1, new2 := 0, 0
			for _, id := range hits[i] {
				switch {
				case left[id] <= 0:
				case pair[id]:
					new2++
				default:
					new1++
				}
				left[id]--
			}
			for _, id := range hits[i] {
				left[id]++
			}
			if s := score(n+words[i], hits1+new1, pairs+words[i]-1, hits2+new2); s > best {
				best, pick, pick1, pick2 = s, i, new1, new2
			}
		}
		if pick < 0 {
			break
		}
		chosen = append(chosen, pick)
		n, hits1, pairs, hits2 = n+words[pick], hits1+pick1, pairs+words[pick]-1, hits2+pick2
		for _, id := range hits[pick] {
			left[id]--
		}
	}
	slices.Sort(chosen)
	extract := make([]string, len(chosen))
	for i, c := range chosen {
		extract[i] = all[c]
	}
	return strings.Join(extract, "\n")
}
