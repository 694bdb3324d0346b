package rouge

import "math/bits"

// Longest common subsequences, 64 tokens of the target at a time. In the table of lengths
// t(i, j), for the first i tokens of the target and the first j of the prediction,
// neighbours differ by 0 or 1. A column j is stored as one bit for each i: 0 where t(i+1,
// j) = t(i, j) + 1. A column follows from the previous one by an addition and three bit
// operations on each word (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004).
// Each word is swept over the whole prediction, keeping the carries for the next word, so
// that the positions of a token are needed for only 64 tokens of the target at a time.

// flat is 64 positions of the column before the first token, where t does not grow.
const flat = ^uint64(0)

// places holds, for each token, one bit for each of 64 positions of the target: set where
// the token occurs.
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

// sweep advances one word of a column over more tokens and returns it. carries holds the
// carry of the word below at each token; sweep replaces it by its own.
func (p places) sweep(column uint64, tokens []int32, carries []uint8) uint64 {
	carries = carries[:len(tokens)]
	for j, id := range tokens {
		at := p[id]
		sum, carry := bits.Add64(column, column&at, uint64(carries[j]))
		column, carries[j] = sum|column&^at, uint8(carry)
	}
	return column
}

// trace is sweep that also writes, for each token, where the path back from the end of the
// table turns. Going down the column, the path passes the positions where t does not grow.
// It turns at one where the token occurs, which is a match, or where t grows, which it
// must not lose, and moves to the previous token.
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

// subsequence is the length of the longest common subsequence of two texts whose ids are
// below a bound.
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
