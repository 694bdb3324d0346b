package tokenizer

import (
	"container/heap"
	"fmt"
	"iter"
	"strings"
)

// TrainBPE learns a byte-level BPE of the given size. The result depends only on the
// texts and the size: 256 ids are the bytes, and each further one is the pair of
// adjacent tokens that is most frequent inside the pieces of the texts. Ties go to the
// pair whose left token, and then right token, comes first in byte order. No two pairs
// spell the same token: until something merges across its ends, a stretch of text is
// merged the same way at every position, so a second spelling never arises.
//
// A pair that occurs once teaches nothing, so running out of repeated pairs before
// reaching the size is an error, as is any error among the texts. progress, if not nil,
// is called after each new token with the number of tokens so far and in the end.
//
// Memory grows with the number of distinct pieces, not with the texts.
func TrainBPE(texts iter.Seq2[string, error], size int, progress func(done, total int)) (*BPE, error) {
	if size <= 256 {
		return nil, fmt.Errorf("a BPE of size %d learns nothing: 256 ids are the bytes; ask for more, or use the byte tokenizer", size)
	}
	counts, err := countPieces(texts)
	if err != nil {
		return nil, err
	}
	t := newTrainer(counts)
	for len(t.tokens) < size {
		best, ok := t.best()
		if !ok {
			return nil, fmt.Errorf("the texts hold too few repeated pairs for a BPE of size %d: %d is the largest possible; give more text",
				size, len(t.tokens))
		}
		t.learn(best)
		if progress != nil {
			progress(len(t.tokens), size)
		}
	}
	return t.bpe()
}

// countPieces counts how often each piece occurs.
func countPieces(texts iter.Seq2[string, error]) (map[string]*int, error) {
	counts := make(map[string]*int)
	n := 0
	for text, err := range texts {
		if err != nil {
			return nil, fmt.Errorf("text %d: %w", n, err)
		}
		for len(text) > 0 {
			k := firstPiece(text)
			if c := counts[text[:k]]; c != nil {
				*c++
			} else {
				one := 1
				counts[strings.Clone(text[:k])] = &one // the clone lets go of the text
			}
			text = text[k:]
		}
		n++
	}
	return counts, nil
}

// trainer holds the pieces as merged so far and, for each pair, its count and the
// pieces it occurs in. Learning a token touches only the pieces that hold its pair.
type trainer struct {
	tokens []string // by id
	rules  []pair   // rules[i] is the pair of token 256+i
	pieces []trainPiece
	pairs  map[pair]*pairStat
	queue  pairQueue
}

type trainPiece struct {
	ids   []int32
	count int
}

type pairStat struct {
	count  int
	pieces []int32 // pieces that hold the pair, and some that no longer do
}

func newTrainer(counts map[string]*int) *trainer {
	t := &trainer{pairs: make(map[pair]*pairStat)}
	t.queue.tokens = &t.tokens
	for value := range 256 {
		t.tokens = append(t.tokens, string([]byte{byte(value)}))
	}
	// The pieces come in random order here, which affects no sum.
	for text, count := range counts {
		piece := trainPiece{make([]int32, len(text)), *count}
		for i := range len(text) {
			piece.ids[i] = int32(text[i])
		}
		t.pieces = append(t.pieces, piece)
		for i := range len(text) - 1 {
			t.add(pair{piece.ids[i], piece.ids[i+1]}, len(t.pieces)-1, *count)
		}
	}
	for p, stat := range t.pairs {
		t.queue.items = append(t.queue.items, counted{p, stat.count})
	}
	heap.Init(&t.queue)
	return t
}

// add counts a pair in a piece.
func (t *trainer) add(p pair, piece, count int) {
	stat := t.pairs[p]
	if stat == nil {
		stat = new(pairStat)
		t.pairs[p] = stat
	}
	stat.count += count
	if n := len(stat.pieces); n == 0 || stat.pieces[n-1] != int32(piece) {
		stat.pieces = append(stat.pieces, int32(piece))
	}
}

// best takes the most frequent pair off the queue. A queued count may be out of date,
// but only too high: once a pair is queued, its count can only fall.
func (t *trainer) best() (pair, bool) {
	for t.queue.Len() > 0 {
		c := heap.Pop(&t.queue).(counted)
		count := t.pairs[c.pair].count
		if count < 2 {
			continue
		}
		if count == c.count {
			return c.pair, true
		}
		heap.Push(&t.queue, counted{c.pair, count})
	}
	return pair{}, false
}

// learn makes a token of a pair and merges the pair everywhere.
func (t *trainer) learn(p pair) {
	id := int32(len(t.tokens))
	t.tokens = append(t.tokens, t.tokens[p.left]+t.tokens[p.right])
	t.rules = append(t.rules, p)
	arisen := make(map[pair]bool)
	for _, piece := range t.pairs[p].pieces {
		t.merge(p, id, int(piece), arisen)
	}
	delete(t.pairs, p) // none is left
	for q := range arisen {
		heap.Push(&t.queue, counted{q, t.pairs[q].count})
	}
}

// merge replaces a pair by id in one piece, in place, updates the counts, and adds the
// new pairs, all of which contain id, to arisen.
func (t *trainer) merge(p pair, id int32, piece int, arisen map[pair]bool) {
	old, count := t.pieces[piece].ids, t.pieces[piece].count
	ids := old[:0]
	for i := 0; i < len(old); i++ {
		if i+1 == len(old) || old[i] != p.left || old[i+1] != p.right {
			ids = append(ids, old[i])
			continue
		}
		if n := len(ids); n > 0 {
			t.pairs[pair{ids[n-1], p.left}].count -= count
			t.add(pair{ids[n-1], id}, piece, count)
			arisen[pair{ids[n-1], id}] = true
		}
		i++ // over the right one
		if i+1 < len(old) {
			t.pairs[pair{p.right, old[i+1]}].count -= count
			t.add(pair{id, old[i+1]}, piece, count)
			arisen[pair{id, old[i+1]}] = true
		}
		ids = append(ids, id)
	}
	t.pieces[piece].ids = ids
}

// bpe returns the tokenizer learnt so far.
func (t *trainer) bpe() (*BPE, error) {
	vocab := make(map[string]int32, len(t.tokens))
	for id, token := range t.tokens {
		vocab[toAlphabet(token)] = int32(id)
	}
	rules := make([][2]string, len(t.rules))
	for i, p := range t.rules {
		rules[i] = [2]string{toAlphabet(t.tokens[p.left]), toAlphabet(t.tokens[p.right])}
	}
	return newBPE(vocab, nil, rules)
}

// counted is a pair with its count when it was queued.
type counted struct {
	pair  pair
	count int
}

// pairQueue is a heap of pairs, most frequent first.
type pairQueue struct {
	items  []counted
	tokens *[]string
}

func (q *pairQueue) Len() int { return len(q.items) }

func (q *pairQueue) Less(i, j int) bool {
	a, b := q.items[i], q.items[j]
	if a.count != b.count {
		return a.count > b.count
	}
	tokens := *q.tokens
	if a.pair.left != b.pair.left {
		return tokens[a.pair.left] < tokens[b.pair.left]
	}
	return tokens[a.pair.right] < tokens[b.pair.right]
}

func (q *pairQueue) Swap(i, j int) { q.items[i], q.items[j] = q.items[j], q.items[i] }

func (q *pairQueue) Push(c any) { q.items = append(q.items, c.(counted)) }

func (q *pairQueue) Pop() any {
	last := len(q.items) - 1
	c := q.items[last]
	q.items = q.items[:last]
	return c
}
