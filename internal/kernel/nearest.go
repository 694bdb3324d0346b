package kernel

// Nearest is attention to those keys of a memory that are most similar to a query (Wu et
// al. 2022, section 3). Each key/value head has its own memory, [slots, B, 2, K, Entries,
// D]: the last Entries keys, of length 1, and values, the oldest first. Only slot 0 is
// read. seen
// [slots, B] is how many tokens a document has had; a memory that is not yet full is empty
// at its beginning. Within one graph, each segment also finds the tokens of the segments
// before it, in qkv.
type Nearest struct {
	Shape
	Entries int
	Most    int // neighbours of a query
}

// candidates are the keys and values that one query head of a segment may find: the last
// `old` entries of the memory, then `known` tokens of the document.
type candidates struct {
	old, known   int
	keys, values []float32 // [old, D]
	k, v         []float32 // leading dimension (H+2K)·D
}

func (p candidates) size() int { return p.old + p.known }

func (n Nearest) candidates(in NearestInputs, b, seg, h int) candidates {
	kv := n.shared(h)
	p := candidates{known: min(seg*n.T, n.Entries)}
	p.old = min(int(in.Seen[b]), n.Entries-p.known)
	if p.old > 0 {
		p.keys = n.entries(in.Memory, b, 0, kv)[(n.Entries-p.old)*n.D:]
		p.values = n.entries(in.Memory, b, 1, kv)[(n.Entries-p.old)*n.D:]
	}
	if p.known > 0 {
		at := (n.row(b, seg) - p.known) * n.Columns()
		p.k, p.v = in.QKV[at+n.keys(kv):], in.QKV[at+n.values(kv):]
	}
	return p
}

// entries is the keys (part 0) or the values (part 1) of key/value head k of slot 0.
func (n Nearest) entries(memory []float32, b, part, k int) []float32 {
	size := n.Entries * n.D
	return rowOf(memory, (b*2+part)*n.KV()+k, size, size)
}

// key sets x [D] to the key of candidate i, scaled to length 1; value is its value.
func (n Nearest) key(x []float32, p candidates, i int) {
	if i < p.old {
		copy(x, rowOf(p.keys, i, n.D, n.D))
		return
	}
	unit(x, rowOf(p.k, i-p.old, n.Columns(), n.D))
}

func (n Nearest) value(p candidates, i int) []float32 {
	if i < p.old {
		return rowOf(p.values, i, n.D, n.D)
	}
	return rowOf(p.v, i-p.old, n.Columns(), n.D)
}

// keyBlock is how many keys are compared with a block of queries at a time.
const keyBlock = 512

// search sets index and scores [T, Most] to the candidates whose keys have the largest
// products with queries [T, D], in no order; to all of them, if there are fewer.
func (n Nearest) search(index []int32, scores, queries []float32, p candidates) {
	rows := min(queryBlock, n.T)
	buffer, release := borrow(keyBlock * (rows + n.D))
	defer release()
	products, keys := buffer[:rows*keyBlock], buffer[rows*keyBlock:]
	for from := 0; from < p.size(); {
		to := min(from+keyBlock, p.size())
		block := keys
		if from < p.old { // the memory's keys have length 1 already
			to = min(to, p.old)
			block = p.keys[from*n.D:]
		} else {
			for i := from; i < to; i++ {
				n.key(rowOf(keys, i-from, n.D, n.D), p, i)
			}
		}
		for lo := 0; lo < n.T; lo += queryBlock {
			hi := min(lo+queryBlock, n.T)
			Gemm(false, true, hi-lo, to-from, n.D, 1, queries[lo*n.D:], n.D, block, n.D, 0, products, to-from)
			for t := lo; t < hi; t++ {
				best := ranking{index[t*n.Most : (t+1)*n.Most], rowOf(scores, t, n.Most, n.Most), min(from, n.Most)}
				best.offer(rowOf(products, t-lo, to-from, to-from), from)
			}
		}
		from = to
	}
}

// ranking is the largest numbers so far: once it is full, a heap with the smallest of
// them on top.
type ranking struct {
	index []int32
	score []float32
	n     int // how many there are
}

// offer ranks the numbers x, which have the indices from `from` on. It skips a stretch
// whose largest number is no better than the smallest in the ranking.
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

// NearestInputs is what nearest-neighbour attention reads.
type NearestInputs struct {
	QKV          []float32 // [B·S·T, (H+2K)·D]
	Gain         []float32 // [H]
	Memory, Seen []float32
}

// Neighbours is what the search finds, [B·S·H·T·Most]; the gradient reads it.
type Neighbours struct {
	Index  []int32   // which candidates
	Scores []float32 // query·key, both of length 1
}

// head is the part that belongs to one head of a segment.
func (f Neighbours) head(n Nearest, b, seg, h int) ([]int32, []float32) {
	size := n.T * n.Most
	at := ((b*n.S+seg)*n.H + h) * size
	return f.Index[at : at+size], f.Scores[at : at+size]
}

// NearestAttention sets out [rows, H·D] to softmax(gain·scores)·values over the
// neighbours found, and to zero where there are none. It sets found for the gradient.
func NearestAttention(n Nearest, out []float32, found Neighbours, in NearestInputs) {
	qkv, gain := in.QKV, in.Gain
	n.heads(func(b, seg, h int) {
		p := n.candidates(in, b, seg, h)
		index, scores := found.head(n, b, seg, h)
		buffer, release := borrow(n.T*n.D + n.Most)
		defer release()
		queries, weights := buffer[:n.T*n.D], buffer[n.T*n.D:][:min(n.Most, p.size())]
		q, o := n.query(qkv, b, seg, h), n.head(out, b, seg, h)
		for t := range n.T {
			unit(rowOf(queries, t, n.D, n.D), rowOf(q, t, n.Columns(), n.D))
		}
		n.search(index, scores, queries, p)
		for t := range n.T {
			row := rowOf(o, t, n.Width(), n.D)
			clear(row)
			weigh(weights, gain[h], scores[t*n.Most:])
			for i, w := range weights {
				axpy(row, w, n.value(p, int(index[t*n.Most+i])))
			}
		}
	})
}

// weigh sets y to the softmax of the first numbers of x times a.
func weigh(y []float32, a float32, x []float32) {
	if len(y) == 0 {
		return
	}
	scaled(y, a, x[:len(y)])
	scale(y, 1/expSum(y, y, largest(y)))
}

// NearestGradient sets dqkv and dgain to the gradients of NearestAttention's inputs. Of
// qkv, only queries have one: the keys and values found are held fixed.
func NearestGradient(n Nearest, dqkv, dgain Gradient, dout []float32, found Neighbours, in NearestInputs) {
	if !dqkv.Add {
		clear(dqkv.To)
	}
	qkv, gain := in.QKV, in.Gain
	slopes := make([]float64, n.B*n.S*n.H)
	n.heads(func(b, seg, h int) {
		p := n.candidates(in, b, seg, h)
		index, scores := found.head(n, b, seg, h)
		buffer, release := borrow(3*n.D + 2*n.Most)
		defer release()
		parts := carve(buffer, n.D, n.D, n.D, n.Most, n.Most)
		query, key, dquery := parts[0], parts[1], parts[2]
		weights, dweights := parts[3][:min(n.Most, p.size())], parts[4][:min(n.Most, p.size())]
		for t := range n.T {
			up := rowOf(n.head(dout, b, seg, h), t, n.Width(), n.D)
			score := scores[t*n.Most:][:len(weights)]
			weigh(weights, gain[h], score)
			for i := range weights {
				dweights[i] = dot(up, n.value(p, int(index[t*n.Most+i])))
			}
			delta := dot(weights, dweights)
			softmaxGradient(dweights, weights, dweights, delta, 1)
			slopes[(b*n.S+seg)*n.H+h] += float64(dot(dweights, score))
			inverse := unit(query, rowOf(n.query(qkv, b, seg, h), t, n.Columns(), n.D))
			clear(dquery)
			for i, d := range dweights {
				n.key(key, p, int(index[t*n.Most+i]))
				axpy(dquery, gain[h]*d, key)
			}
			unitGradient(dquery, query, inverse)
			axpy(rowOf(n.query(dqkv.To, b, seg, h), t, n.Columns(), n.D), 1, dquery)
		}
	})
	sumHeads(dgain, slopes)
}

// WriteNearest sets states [2, B, 2, K, Entries, D] to the memory before and after the
// segments of a graph. normalised says that the keys in qkv have length 1 already.
func WriteNearest(n Nearest, states, qkv, initial []float32, normalised bool) {
	size := n.B * 2 * n.KV() * n.Entries * n.D
	copy(states, initial[:size])
	fresh := min(n.S*n.T, n.Entries)
	Each(n.B*n.KV(), func(i int) {
		b, k := i/n.KV(), i%n.KV()
		first := n.row(b, 0) + n.S*n.T - fresh
		for part, column := range []int{n.keys(k), n.values(k)} {
			after := n.entries(states[size:], b, part, k)
			old := copy(after, n.entries(initial, b, part, k)[fresh*n.D:])
			for t := range fresh {
				row := rowOf(after[old:], t, n.D, n.D)
				copy(row, qkv[(first+t)*n.Columns()+column:])
				if part == 0 && !normalised {
					unit(row, row)
				}
			}
		}
	})
}
