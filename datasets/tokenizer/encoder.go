package tokenizer

import (
	"container/heap"
	"math"
	"strings"
)

const (
	maxSeen      = 1 << 16 // pieces an encoder remembers: some 10 MB
	maxSeenBytes = 64      // length of the longest of them
	maxShort     = 24      // symbols that are merged without a queue
)

// encoder merges pieces for one goroutine at a time. Text is repetitive, so it caches
// the pieces it has seen. The cache is bounded; frequent pieces come early in any text,
// so the ones that fill it first are good enough.
type encoder struct {
	merges  map[pair]merge
	start   func(symbols []symbol, piece string) []symbol // the ids before any merge; see link
	seen    map[string][]int32
	symbols []symbol
	queue   queue
}

// symbol is one id of a piece being merged, in a list linked by index.
type symbol struct {
	id         int32 // merged: it is now part of a symbol to the left
	prev, next int32 // nothing at either end
}

const (
	merged  = -1
	nothing = -1
)

// link appends an id to symbols.
func link(symbols []symbol, id int32) []symbol {
	i := int32(len(symbols))
	return append(symbols, symbol{id, i - 1, i + 1})
}

// append appends the ids of one piece to ids.
func (e *encoder) append(ids []int32, piece string) []int32 {
	if known, ok := e.seen[piece]; ok {
		return append(ids, known...)
	}
	start := len(ids)
	ids = e.merge(ids, piece)
	if len(piece) <= maxSeenBytes && len(e.seen) < maxSeen {
		// Clone it: the piece itself would keep the whole text in memory.
		e.seen[strings.Clone(piece)] = append([]int32(nil), ids[start:]...)
	}
	return ids
}

// merge appends the ids of a piece to ids, merging by rank and, for equal ranks, from
// left to right. A queue holds the mergeable pairs, so that a piece of n bytes takes
// O(n log n): one piece may be a whole text.
func (e *encoder) merge(ids []int32, piece string) []int32 {
	e.symbols, e.queue = e.start(e.symbols[:0], piece), e.queue[:0]
	if len(e.symbols) == 0 {
		return ids // only characters that the vocabulary lacks, and no unknown token
	}
	if len(e.symbols) <= maxShort {
		return e.mergeShort(ids)
	}
	e.symbols[len(e.symbols)-1].next = nothing // symbols[0].prev is nothing already
	for i := range e.symbols {
		if m, ok := e.mergeAt(int32(i)); ok {
			e.queue = append(e.queue, candidate{m.rank, int32(i)})
		}
	}
	heap.Init(&e.queue)
	for len(e.queue) > 0 {
		c := heap.Pop(&e.queue).(candidate)
		m, ok := e.mergeAt(c.at)
		if !ok || m.rank != c.rank {
			continue // a neighbour has been merged; the new pair has its own candidate
		}
		left := &e.symbols[c.at]
		right := &e.symbols[left.next]
		left.id, left.next, right.id = m.id, right.next, merged
		if left.next != nothing {
			e.symbols[left.next].prev = c.at
		}
		for _, at := range []int32{left.prev, c.at} {
			if m, ok := e.mergeAt(at); ok {
				heap.Push(&e.queue, candidate{m.rank, at})
			}
		}
	}
	for i := int32(0); i != nothing; i = e.symbols[i].next {
		ids = append(ids, e.symbols[i].id)
	}
	return ids
}

// mergeShort is merge for a few symbols: it looks at all pairs for each merge, which is
// faster than a queue.
func (e *encoder) mergeShort(ids []int32) []int32 {
	var left [maxShort]int32   // the ids
	var merges [maxShort]merge // of each id with the next
	n := len(e.symbols)
	for i, s := range e.symbols {
		left[i] = s.id
	}
	lookUp := func(i int) {
		merges[i] = merge{rank: math.MaxInt32}
		if i+1 < n {
			if m, ok := e.merges[pair{left[i], left[i+1]}]; ok {
				merges[i] = m
			}
		}
	}
	for i := range n {
		lookUp(i)
	}
	for {
		best := 0
		for i := 1; i < n; i++ {
			if merges[i].rank < merges[best].rank {
				best = i
			}
		}
		if merges[best].rank == math.MaxInt32 {
			return append(ids, left[:n]...)
		}
		left[best] = merges[best].id
		copy(left[best+1:n], left[best+2:n])
		copy(merges[best+1:n], merges[best+2:n])
		n--
		lookUp(best)
		if best > 0 {
			lookUp(best - 1)
		}
	}
}

// mergeAt returns the merge of the symbol at an index with the next one.
func (e *encoder) mergeAt(at int32) (merge, bool) {
	if at == nothing || e.symbols[at].id == merged || e.symbols[at].next == nothing {
		return merge{}, false
	}
	m, ok := e.merges[pair{e.symbols[at].id, e.symbols[e.symbols[at].next].id}]
	return m, ok
}

// candidate is a pair that was mergeable when it was queued.
type candidate struct{ rank, at int32 }

// queue is a heap of candidates in merge order.
type queue []candidate

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	return q[i].rank < q[j].rank || q[i].rank == q[j].rank && q[i].at < q[j].at
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *queue) Push(c any) { *q = append(*q, c.(candidate)) }

func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
