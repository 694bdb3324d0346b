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
// choice is greedy and does not optimise overall, so it is not an upper bound for extraction.
func oracle(text, reference string) string {
	all := sentences(text)
	ref := newReference(reference)
	grams, words := make([][]int, len(all)), make([]int, len(all)) // of each sentence
	for i, s := range all {
		grams[i], words[i] = ref.find(s)
	}
	var chosen []int
	e := extract{left: slices.Clone(ref.counts)}
	for best := 0.0; ; {
		pick := -1
		for i := range all {
			if len(grams[i]) == 0 || slices.Contains(chosen, i) {
				continue
			}
			if s := ref.score(e.with(ref, grams[i], words[i])); s > best {
				best, pick = s, i
			}
		}
		if pick < 0 {
			break
		}
		chosen, e = append(chosen, pick), e.with(ref, grams[pick], words[pick])
		for _, id := range grams[pick] {
			e.left[id]--
		}
	}
	slices.Sort(chosen)
	var lines []string
	for _, i := range chosen {
		lines = append(lines, all[i])
	}
	return strings.Join(lines, "\n")
}

// reference is a summary that extracts are scored against. Its words and its pairs of
// adjacent words have ids.
type reference struct {
	words  int
	ids    map[[2]string]int // a word and "", or two words
	counts []int             // by id: how often the reference has it
	pair   []bool            // by id: whether it is a pair
}

func newReference(text string) *reference {
	r := &reference{ids: map[[2]string]int{}}
	r.words = eachGram(text, func(g [2]string) {
		id, ok := r.ids[g]
		if !ok {
			id = len(r.counts)
			r.ids[g], r.counts, r.pair = id, append(r.counts, 0), append(r.pair, g[1] != "")
		}
		r.counts[id]++
	})
	return r
}

// find returns the ids of the words and pairs that a text shares with the reference, one for
// each occurrence in the text, and the number of words of the text.
func (r *reference) find(text string) (ids []int, words int) {
	words = eachGram(text, func(g [2]string) {
		if id, ok := r.ids[g]; ok {
			ids = append(ids, id)
		}
	})
	return ids, words
}

// eachGram visits the words and the pairs of adjacent words of a text, and counts the words.
func eachGram(text string, visit func(gram [2]string)) (words int) {
	before := ""
	for _, w := range rouge.Words(text) {
		visit([2]string{w})
		if words++; words > 1 {
			visit([2]string{before, w})
		}
		before = w
	}
	return words
}

// extract is the size of an extract and how much of it matches the reference.
type extract struct {
	words, wordHits int
	pairs, pairHits int
	left            []int // by id: occurrences in the reference that are not matched yet
}

// with returns the extract with one more sentence. It shares left without changing it.
func (e extract) with(ref *reference, grams []int, words int) extract {
	for _, id := range grams {
		switch {
		case e.left[id] <= 0:
		case ref.pair[id]:
			e.pairHits++
		default:
			e.wordHits++
		}
		e.left[id]--
	}
	for _, id := range grams {
		e.left[id]++
	}
	e.words, e.pairs = e.words+words, e.pairs+words-1
	return e
}

// score is ROUGE-1 + ROUGE-2 (F) of an extract.
func (r *reference) score(e extract) float64 {
	return 2*float64(e.wordHits)/float64(r.words+e.words) + 2*float64(e.pairHits)/float64(max(r.words-1+e.pairs, 1))
}
