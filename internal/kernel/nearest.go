package kernel

// Nearest is attention to the K keys of a memory that are most like a query (Wu et
// al. 2022, section 3). Each head has a memory of its own, the last Entries keys, of
// length 1, and values: [slots, B, 2, H, Entries, D], of which slot 0 is read, the
// oldest first. seen [slots, B] says how many tokens a document has had; a memory
// that is not full is so at its beginning. Of the segments of one graph, each finds
// what those before it write in qkv.
type Nearest struct {
	Shape
	Entries, K int
}

// hoard is what one head of a segment finds: the last `old` entries of a memory and
// then `known` tokens of the document.
type hoard struct {
	old, known   int
	keys, values []float32 // [old, D]
	k, v         []float32 // leading dimension 3·H·D
}

func (p hoard) size() int { return p.old + p.known }

func (n Nearest) hoard(qkv, memory, seen []float32, b, seg, h int) hoard {
	p := hoard{known: min(seg*n.T, n.Entries)}
	p.old = min(int(seen[b]), n.Entries-p.known)
	if p.old > 0 {
		p.keys = n.entries(memory, b, 0, h)[(n.Entries-p.old)*n.D:]
		p.values = n.entries(memory, b, 1, h)[(n.Entries-p.old)*n.D:]
	}
	if p.known > 0 {
		at := (n.row(b, seg)-p.known)*3*n.Width() + h*n.D
		p.k, p.v = qkv[at+n.Width():], qkv[at+2*n.Width():]
	}
	return p
}

// entries is the keys (part 0) or the values (part 1) of one head of slot 0.
func (n Nearest) entries(memory []float32, b, part, h int) []float32 {
	size := n.Entries * n.D
	return line(memory, (b*2+part)*n.H+h, size, size)
}

// key sets x [D] to key i of a hoard, of length 1, and value is its value.
func (n Nearest) key(x []float32, p hoard, i int) {
	if i < p.old {
		copy(x, line(p.keys, i, n.D, n.D))
		return
	}
	unit(x, line(p.k, i-p.old, 3*n.Width(), n.D))
}

func (n Nearest) value(p hoard, i int) []float32 {
	if i < p.old {
		return line(p.values, i, n.D, n.D)
	}
	return line(p.v, i-p.old, 3*n.Width(), n.D)
}

// keyBlock is how many keys are compared with a block of queries at a time.
const keyBlock = 512

// search sets index and likeness [T, K] to the keys of a hoard that have the largest
// products with queries [T, D], in no order; all of them, if there are fewer than K.
func (n Nearest) search(index []int32, likeness, queries []float32, p hoard) {
	rows := min(queryBlock, n.T)
	buffer, release := borrow(keyBlock * (rows + n.D))
	defer release()
	scores, keys := buffer[:rows*keyBlock], buffer[rows*keyBlock:]
	for from := 0; from < p.size(); {
		to := min(from+keyBlock, p.size())
		block := keys
		if from < p.old { // these stand in the memory as they should
			to = min(to, p.old)
			block = p.keys[from*n.D:]
		} else {
			for i := from; i < to; i++ {
				n.key(line(keys, i-from, n.D, n.D), p, i)
			}
		}
		for lo := 0; lo < n.T; lo += queryBlock {
			hi := min(lo+queryBlock, n.T)
			Gemm(false, true, hi-lo, to-from, n.D, 1, queries[lo*n.D:], n.D, block, n.D, 0, scores, to-from)
			for t := lo; t < hi; t++ {
				best := ranking{index[t*n.K : (t+1)*n.K], line(likeness, t, n.K, n.K), min(from, n.K)}
				best.offer(line(scores, t-lo, to-from, to-from), from)
			}
		}
		from = to
	}
}

// ranking is the largest numbers so far, a heap with the least of them on top, once
// it is full.
type ranking struct {
	index []int32
	score []float32
	n     int // how many there are
}

// offer goes through numbers, the first of which has the index `from`. Of a stretch
// whose largest is no better than the least of the ranking, only that is looked at.
func (r ranking) offer(x []float32, from int) {
	i := 0
	for ; i < len(x) && r.n < len(r.score); i++ {
		r.index[r.n], r.score[r.n] = int32(from+i), x[i]
		if r.n++; r.n == len(r.score) {
			for j := r.n/2 - 1; j >= 0; j-- {
				r.sink(j)
			}
		}
	}
	const stretch = 64
	for ; i < len(x); i += stretch {
		part := x[i:min(i+stretch, len(x))]
		if largest(part) <= r.score[0] {
			continue
		}
		for j, v := range part {
			if v > r.score[0] {
				r.index[0], r.score[0] = int32(from+i+j), v
				r.sink(0)
			}
		}
	}
}

func (r ranking) sink(at int) {
	for {
		least := at
		for child := 2*at + 1; child <= 2*at+2 && child < len(r.score); child++ {
			if r.score[child] < r.score[least] {
				least = child
			}
		}
		if least == at {
			return
		}
		r.score[at], r.score[least] = r.score[least], r.score[at]
		r.index[at], r.index[least] = r.index[least], r.index[at]
		at = least
	}
}

// found is the part of index and likeness that is one head's of a segment.
func (n Nearest) found(index []int32, likeness []float32, b, seg, h int) ([]int32, []float32) {
	size := n.T * n.K
	at := ((b*n.S+seg)*n.H + h) * size
	return index[at : at+size], likeness[at : at+size]
}

// NearestAttention sets out [rows, H·D] to softmax(gain·likeness)·values over what is
// found, gain [H]; zeros where there is nothing. index and likeness [B·S·H·T·K] are
// for the gradient: which entries, and the product of query and key, both of length 1.
func NearestAttention(n Nearest, out []float32, index []int32, likeness, qkv, gain, memory, seen []float32) {
	n.heads(func(b, seg, h int) {
		p := n.hoard(qkv, memory, seen, b, seg, h)
		places, scores := n.found(index, likeness, b, seg, h)
		buffer, release := borrow(n.T*n.D + n.K)
		defer release()
		queries, weights := buffer[:n.T*n.D], buffer[n.T*n.D:][:min(n.K, p.size())]
		q, o := n.query(qkv, b, seg, h), n.head(out, b, seg, h)
		for t := range n.T {
			unit(line(queries, t, n.D, n.D), line(q, t, 3*n.Width(), n.D))
		}
		n.search(places, scores, queries, p)
		for t := range n.T {
			row := line(o, t, n.Width(), n.D)
			clear(row)
			weigh(weights, gain[h], scores[t*n.K:])
			for i, w := range weights {
				axpy(row, w, n.value(p, int(places[t*n.K+i])))
			}
		}
	})
}

// weigh sets y to the softmax of the first numbers of x times a.
func weigh(y []float32, a float32, x []float32) {
	if len(y) == 0 {
		return
	}
	give(y, false, a, x[:len(y)])
	scale(y, 1/expSum(y, y, largest(y)))
}

// NearestGradient gives dqkv and dgain the gradients of NearestAttention's inputs: by
// the queries alone, for what was found is held fixed.
func NearestGradient(n Nearest, dqkv []float32, addQKV bool, dgain []float32, addGain bool, dout []float32, index []int32, likeness, qkv, gain, memory, seen []float32) {
	if !addQKV {
		clear(dqkv)
	}
	slopes := make([]float64, n.B*n.S*n.H)
	n.heads(func(b, seg, h int) {
		p := n.hoard(qkv, memory, seen, b, seg, h)
		places, scores := n.found(index, likeness, b, seg, h)
		buffer, release := borrow(3*n.D + 2*n.K)
		defer release()
		parts := carve(buffer, n.D, n.D, n.D, n.K, n.K)
		query, key, dquery := parts[0], parts[1], parts[2]
		weights, dweights := parts[3][:min(n.K, p.size())], parts[4][:min(n.K, p.size())]
		for t := range n.T {
			up := line(n.head(dout, b, seg, h), t, n.Width(), n.D)
			score := scores[t*n.K:][:len(weights)]
			weigh(weights, gain[h], score)
			for i := range weights {
				dweights[i] = dot(up, n.value(p, int(places[t*n.K+i])))
			}
			delta := dot(weights, dweights)
			softmaxGradient(dweights, weights, dweights, delta, 1)
			slopes[(b*n.S+seg)*n.H+h] += float64(dot(dweights, score))
			inverse := unit(query, line(n.query(qkv, b, seg, h), t, 3*n.Width(), n.D))
			clear(dquery)
			for i, d := range dweights {
				n.key(key, p, int(places[t*n.K+i]))
				axpy(dquery, gain[h]*d, key)
			}
			unitGradient(dquery, query, inverse)
			axpy(line(n.query(dqkv, b, seg, h), t, 3*n.Width(), n.D), 1, dquery)
		}
	})
	sumHeads(dgain, addGain, slopes)
}

// Remember sets states [2, B, 2, H, Entries, D] to a memory before the segments of a
// graph and behind them; normalised keys of qkv have length 1 already.
func Remember(n Nearest, states, qkv, initial []float32, normalised bool) {
	size := n.B * 2 * n.H * n.Entries * n.D
	copy(states, initial[:size])
	fresh := min(n.S*n.T, n.Entries)
	Each(n.B*n.H, func(i int) {
		b, h := i/n.H, i%n.H
		first := n.row(b, 0) + n.S*n.T - fresh
		for part := range 2 {
			after := n.entries(states[size:], b, part, h)
			old := copy(after, n.entries(initial, b, part, h)[fresh*n.D:])
			for t := range fresh {
				at := ((first+t)*3+1+part)*n.Width() + h*n.D
				row := line(after[old:], t, n.D, n.D)
				copy(row, qkv[at:])
				if part == 0 && !normalised {
					unit(row, row)
				}
			}
		}
	})
}
