package rouge

import (
	"math"
	"math/bits"
	"slices"
)

// unionSubsequences is the number of hits of ROUGE-Lsum: for each sentence of the target,
// the tokens in a longest common subsequence with any sentence of the prediction, each
// counted at most as often as it occurs in the prediction. The ids are below a bound;
// enough is how many words of columns may be kept without a first sweep.
func unionSubsequences(target, prediction text, ids, enough int) int {
	u := &union{
		prediction: prediction,
		enough:     enough,
		places:     make(places, ids),
		carries:    make([]uint8, len(prediction.ids)),
		lengths:    make([]int, len(prediction.ends)),
	}
	unused := make([]int, ids)
	for _, id := range prediction.ids {
		unused[id]++
	}
	hits, start := 0, 0
	for _, end := range target.ends {
		u.find(target.ids[start:end])
		for i, id := range u.sentence {
			if u.in[i] && unused[id] > 0 {
				unused[id]--
				hits++
			}
		}
		start = end
	}
	return hits
}

// union finds which tokens of a target sentence are in longest common subsequences with
// the sentences of the prediction. Where several are longest, the choice affects the hits,
// so the path back through each table is rouge_score's. The path needs every column: a
// first sweep keeps one for each chunk of the prediction, and a second, from the last
// chunk to the first, recomputes the others from it.
type union struct {
	prediction text
	enough     int
	places     places
	carries    []uint8

	sentence []int32
	in       []bool   // the result, for each token of the sentence
	words    int      // of a column
	chunk    int      // tokens of the prediction in a chunk
	kept     []uint64 // [chunk][word], the column before the chunk
	turns    []uint64 // [word][token of a chunk], see places.trace
	lengths  []int    // of the subsequence with each sentence of the prediction

	row  int // tokens of the sentence still before the path
	left int // tokens of the subsequence among them
}

// find sets u.in for a sentence with at least one token.
func (u *union) find(sentence []int32) {
	tokens := len(u.prediction.ids)
	u.sentence, u.words = sentence, (len(sentence)+63)/64
	u.chunk = max(int(math.Sqrt(float64(tokens)))+1, u.enough/u.words)
	chunks := (tokens + u.chunk - 1) / u.chunk
	u.in = resize(u.in, len(sentence))
	u.kept = resize(u.kept, chunks*u.words)
	u.turns = resize(u.turns, min(u.chunk, tokens)*u.words)
	clear(u.in)
	clear(u.lengths)
	clear(u.carries)
	for w := range u.words {
		u.places.set(u.word(w))
		column := flat
		for c := range chunks {
			u.kept[c*u.words+w] = column
			if c < chunks-1 {
				column = u.sweep(column, c*u.chunk, (c+1)*u.chunk, nil)
			}
		}
		u.places.unset(u.word(w))
	}
	for c := chunks - 1; c >= 0; c-- {
		u.follow(c*u.chunk, min((c+1)*u.chunk, tokens), u.kept[c*u.words:])
	}
}

// word is the part of the sentence that one word of a column covers.
func (u *union) word(w int) []int32 { return u.sentence[64*w : min(64*w+64, len(u.sentence))] }

// sweep advances a word of a column over a range of the prediction's tokens and returns
// it; each sentence there has its own table. With turns, it traces.
func (u *union) sweep(column uint64, from, to int, turns []uint64) uint64 {
	ends := u.prediction.ends
	s, _ := slices.BinarySearch(ends, from+1)
	for from < to {
		if s > 0 && ends[s-1] == from {
			column = flat
		}
		end := min(ends[s], to)
		tokens, carries := u.prediction.ids[from:end], u.carries[from:end]
		if turns == nil {
			column = u.places.sweep(column, tokens, carries)
		} else {
			column = u.places.trace(column, tokens, carries, turns)
			turns = turns[len(tokens):]
			if end == ends[s] {
				u.lengths[s] += bits.OnesCount64(^column)
			}
		}
		from = end
		s++
	}
	return column
}

// follow takes the path back through the columns of a range of the prediction's
// tokens, made from the one before them.
func (u *union) follow(from, to int, kept []uint64) {
	ends := u.prediction.ends
	s, _ := slices.BinarySearch(ends, to)
	words := u.words
	if ends[s] > to && (s == 0 || ends[s-1] <= from) { // no sentence ends here
		words = (u.row + 63) / 64
		if u.left == 0 {
			return
		}
	}
	stride := to - from
	clear(u.carries[from:to])
	for w := range words {
		u.places.set(u.word(w))
		u.sweep(kept[w], from, to, u.turns[w*stride:(w+1)*stride])
		u.places.unset(u.word(w))
	}
	for j := to - 1; j >= from; s-- {
		start := from
		if s > 0 {
			start = max(start, ends[s-1])
		}
		if j == ends[s]-1 {
			u.row, u.left = len(u.sentence), u.lengths[s]
		}
		for j >= start && u.left > 0 {
			w := (u.row - 1) / 64
			turns := u.turns[w*stride+j-from] << (63 - (u.row-1)%64) // positions before the path
			if turns == 0 {
				u.row = 64 * w
				continue
			}
			u.row -= bits.LeadingZeros64(turns)
			if u.sentence[u.row-1] == u.prediction.ids[j] {
				u.row--
				u.left--
				u.in[u.row] = true
			}
			j--
		}
		j = start - 1
	}
}

// resize returns a slice of the given length, in the same memory if that suffices. It does
// not clear it.
func resize[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }
