package rouge

import "math/bits"

// Longest common subsequences, 64 tokens of the target at a time. In the table of
// the lengths t(i, j) for the first i tokens of the target and the first j of the
// prediction, neighbours differ by 0 or 1. A column j is kept as one bit for each
// i: 0 where t(i+1, j) = t(i, j) + 1. A column follows from the one before it with
// an addition and three bit operations on each word (Hyyrö, "Bit-parallel LCS-length
// computation revisited", 2004). All of the prediction is done for one word, with
// the carries kept for the next, so that the places of a token are needed for 64
// tokens of the target only.

// flat is 64 places of the column before the first token, where t does not grow.
const flat = ^uint64(0)

// places has, for each token, a bit for each of 64 places of the target where it
// stands.
type places []uint64

func (p places) set(target []int32) {
	for i, id := range target {
		p[id] |= 1 << i
	}
}

func (p places) unset(target []int32) {
	for _, id := range target {
		p[id] = 0
	}
}

// sweep takes a word of a column over more tokens and returns it. carries holds what
// the word below carried at each token, and then what this one did.
func (p places) sweep(column uint64, tokens []int32, carries []uint8) uint64 {
	carries = carries[:len(tokens)]
	for j, id := range tokens {
		at := p[id]
		sum, carry := bits.Add64(column, column&at, uint64(carries[j]))
		column, carries[j] = sum|column&^at, uint8(carry)
	}
	return column
}

// trace is sweep that also writes, for each token, the places where the path back
// from the end of the table turns: going down the column it passes the places where
// t does not grow, up to one where the token stands, which is a match, or else where
// t grows, which it must not lose. At both it goes on to the token before.
func (p places) trace(column uint64, tokens []int32, carries []uint8, turns []uint64) uint64 {
	carries, turns = carries[:len(tokens)], turns[:len(tokens)]
	for j, id := range tokens {
		at := p[id]
		sum, carry := bits.Add64(column, column&at, uint64(carries[j]))
		column, carries[j] = sum|column&^at, uint8(carry)
		turns[j] = at | ^column
	}
	return column
}

// subsequence is the length of the longest common subsequence of two texts, whose
// ids are below a number.
func subsequence(target, prediction []int32, ids int) int {
	p := make(places, ids)
	carries := make([]uint8, len(prediction))
	length := 0
	for len(target) > 0 {
		word := target[:min(64, len(target))]
		target = target[len(word):]
		p.set(word)
		length += bits.OnesCount64(^p.sweep(flat, prediction, carries))
		p.unset(word)
	}
	return length
}
