package kernel

// Prefix is what attention sees before a segment, beside the segment itself: keys and
// values [slots, B, Rows, H·D], slot s standing before segment s, to which no gradient
// goes. Of the rows the last Seen [slots, B] are there. They take the positions 0 …
// Rows-1, and the segment those from Rows on.
type Prefix struct {
	Rows               int
	Keys, Values, Seen []float32
}

// first is where a head's keys or values begin that are there, and how many are.
func (s Shape) first(p Prefix, b, seg, h int) (at, n int) {
	slot := seg*s.B + b
	n = min(int(p.Seen[slot]), p.Rows)
	return (slot*p.Rows+p.Rows-n)*s.Width() + h*s.D, n
}

// sight is what the queries of one head see: n rows of a prefix and then the tokens of
// their segment, keys turned to their positions.
type sight struct {
	n            int
	keys, values []float32 // [n + tokens, D]
}

// sight fills buffer, of 2·(Rows + tokens)·D, with that of a head whose tokens have
// the keys k and values v, a row being 3·H·D.
func (s Shape) sight(r *Rotary, p Prefix, buffer []float32, k, v []float32, tokens, b, seg, h int) sight {
	at, n := s.first(p, b, seg, h)
	size := (p.Rows + tokens) * s.D
	x := sight{n: n, keys: buffer[:size], values: buffer[size:]}
	if n > 0 {
		r.turn(x.keys, s.D, p.Keys[at:], s.Width(), p.Rows-n, p.Rows)
		pick(x.values, s.D, p.Values[at:], s.Width(), n)
	}
	r.turn(x.keys[n*s.D:], s.D, k, 3*s.Width(), p.Rows, p.Rows+tokens)
	pick(x.values[n*s.D:], s.D, v, 3*s.Width(), tokens)
	return x
}

// PrefixAttention sets out [rows, H·D] to causal softmax attention over the prefix and
// the segment, and logsum [B·S·H·T] to the logarithm of each row's softmax
// denominator.
func PrefixAttention(s Shape, r *Rotary, out, logsum, qkv []float32, p Prefix) {
	s.heads(func(b, seg, h int) {
		logs := line(logsum, (b*s.S+seg)*s.H+h, s.T, s.T)
		s.look(r, p, s.head(out, b, seg, h), logs, s.query(qkv, b, seg, h), s.key(qkv, b, seg, h), s.value(qkv, b, seg, h), 0, b, seg, h)
	})
}

// CachedPrefixAttention is PrefixAttention for the next T tokens of a segment of which
// `past` have been seen; running [B, capacity, 3·H·D] holds those and receives the new.
func CachedPrefixAttention(s Shape, r *Rotary, out, qkv []float32, p Prefix, running []float32, past int) {
	stored := s.store(running, qkv, past)
	s.heads(func(b, _, h int) {
		logs, release := borrow(s.T)
		defer release()
		s.look(r, p, s.head(out, b, 0, h), logs, s.query(qkv, b, 0, h), stored.key(running, b, 0, h), stored.value(running, b, 0, h), past, b, 0, h)
	})
}

// look scores T queries against what they see, of which k and v have `past` tokens
// more.
func (s Shape) look(r *Rotary, p Prefix, out, logsum, q, k, v []float32, past, b, seg, h int) {
	tokens := past + s.T
	block := min(queryBlock, s.T)
	buffer, release := borrow(2*(p.Rows+tokens)*s.D + s.T*s.D + block*(p.Rows+tokens))
	defer release()
	parts := carve(buffer, 2*(p.Rows+tokens)*s.D, s.T*s.D, block*(p.Rows+tokens))
	x, turned, scores := s.sight(r, p, parts[0], k, v, tokens, b, seg, h), parts[1], parts[2]
	r.turn(turned, s.D, q, 3*s.Width(), p.Rows+past, p.Rows+tokens)
	for lo := 0; lo < s.T; lo += queryBlock {
		hi := min(lo+queryBlock, s.T)
		m := x.n + past + hi
		s.scores(scores, turned[lo*s.D:], hi-lo, x.keys, m)
		for t := lo; t < hi; t++ {
			row := line(scores, t-lo, m, m)
			visible := row[:x.n+past+t+1]
			logsum[t] = normalise(visible)
			clear(row[len(visible):])
		}
		Gemm(false, false, hi-lo, s.D, m, 1, scores, m, x.values, s.D, 0, out[lo*s.Width():], s.Width())
	}
}

// PrefixAttentionGradient gives dqkv the gradient of PrefixAttention's qkv, from its
// result, its logsum and the gradient dout of its result.
func PrefixAttentionGradient(s Shape, r *Rotary, dqkv []float32, add bool, dout, out, logsum, qkv []float32, p Prefix) {
	ld := 3 * s.Width()
	s.heads(func(b, seg, h int) {
		o, do := s.head(out, b, seg, h), s.head(dout, b, seg, h)
		logs := line(logsum, (b*s.S+seg)*s.H+h, s.T, s.T)
		size, all := s.T*s.D, p.Rows+s.T
		block := min(queryBlock, s.T)
		buffer, release := borrow(2*all*s.D + 3*size + 2*block*all)
		defer release()
		parts := carve(buffer, 2*all*s.D, size, size, size, block*all, block*all)
		q, dq, dk, weights, slopes := parts[1], parts[2], parts[3], parts[4], parts[5]
		x := s.sight(r, p, parts[0], s.key(qkv, b, seg, h), s.value(qkv, b, seg, h), s.T, b, seg, h)
		r.turn(q, s.D, s.query(qkv, b, seg, h), ld, p.Rows, all)
		// From the last block to the first: the last one reaches every key, so it
		// sets what the others add to.
		keep, keepV := float32(0), kept(add)
		for lo := (s.T - 1) / queryBlock * queryBlock; lo >= 0; lo -= queryBlock {
			hi := min(lo+queryBlock, s.T)
			n, m := hi-lo, x.n+hi
			s.scores(weights, q[lo*s.D:], n, x.keys, m)
			Gemm(false, true, n, m, s.D, 1, do[lo*s.Width():], s.Width(), x.values, s.D, 0, slopes, m)
			s.slopes(weights, slopes, lo, hi, x.n, logs, o, do)
			Gemm(false, false, n, s.D, m, 1, slopes, m, x.keys, s.D, 0, dq[lo*s.D:], s.D)
			Gemm(true, false, hi, s.D, n, 1, slopes[x.n:], m, q[lo*s.D:], s.D, keep, dk, s.D)
			Gemm(true, false, hi, s.D, n, 1, weights[x.n:], m, do[lo*s.Width():], s.Width(), keepV, s.value(dqkv, b, seg, h), ld)
			keep, keepV = 1, 1
		}
		r.back(dq, s.D, dq, s.D, p.Rows, all)
		r.back(dk, s.D, dk, s.D, p.Rows, all)
		s.scatter(s.query(dqkv, b, seg, h), add, dq, ld)
		s.scatter(s.key(dqkv, b, seg, h), add, dk, ld)
	})
}
