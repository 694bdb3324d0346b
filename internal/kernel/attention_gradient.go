package kernel

import "math"

// AttentionGradient sets dqkv to the gradient of Attention's input, given Attention's
// out and logsum and the gradient dout of out. It rebuilds the weights a block at a
// time. No gradient passes to earlier segments, whether in the past or in the same graph.
func AttentionGradient(r Reach, rotary *Rotary, dqkv Gradient, dout, out, logsum, qkv []float32, past Past) {
	g := attentionGradient{r, rotary, dqkv, dout, out, logsum, qkv, past}
	ld, size := r.Columns(), r.T*r.D
	if r.group() == 1 {
		r.heads(func(b, seg, h int) {
			dk, release := borrow(size)
			defer release()
			g.head(b, seg, h, dk, dqkv.Add, r.value(dqkv.To, b, seg, h), ld)
			r.scatter(r.key(dqkv.To, b, seg, h), ld, dqkv.Add, dk)
		})
		return
	}
	// The gradients of a key and a value are sums over the query heads that share them.
	// First every query head computes its own, so that few key/value heads do not leave
	// threads idle.
	parts, release := borrow(2 * r.B * r.S * r.H * size)
	defer release()
	part := func(b, seg, h int) (dk, dv []float32) {
		both := rowOf(parts, (b*r.S+seg)*r.H+h, 2*size, 2*size)
		return both[:size], both[size:]
	}
	r.heads(func(b, seg, h int) {
		dk, dv := part(b, seg, h)
		g.head(b, seg, h, dk, false, dv, r.D)
	})
	r.groups(func(b, seg, k int) {
		for i := range r.group() {
			dk, dv := part(b, seg, k*r.group()+i)
			r.scatter(r.key(dqkv.To, b, seg, k), ld, dqkv.Add || i > 0, dk)
			r.scatter(r.value(dqkv.To, b, seg, k), ld, dqkv.Add || i > 0, dv)
		}
	})
}

// attentionGradient is the arguments of AttentionGradient.
type attentionGradient struct {
	Reach
	rotary                 *Rotary
	dqkv                   Gradient
	dout, out, logsum, qkv []float32
	past                   Past
}

// head computes the gradient of one query head: of its queries in dqkv, of its keys in dk
// [T, D], and of its values in dv, with leading dimension ldv, to which it may add.
func (g attentionGradient) head(b, seg, h int, dk []float32, add bool, dv []float32, ldv int) {
	s, own := g.Shape, g.span(g.qkv, g.past, b, seg, h)
	at, ld := own.past(), g.Columns()
	keys, rows := at+s.T, min(queryBlock, s.T)
	o, do := s.head(g.out, b, seg, h), s.head(g.dout, b, seg, h)
	logs := rowOf(g.logsum, (b*s.S+seg)*s.H+h, s.T, s.T)

	buffer, release := borrow((2*s.T+keys)*s.D + 2*rows*keys)
	defer release()
	parts := carve(buffer, s.T*s.D, keys*s.D, s.T*s.D, rows*keys, rows*keys)
	q, k, dq, p, ds := parts[0], parts[1], parts[2], parts[3], parts[4]
	g.rotary.rotate(q, s.D, own.q, ld, at, keys)
	g.rotateKeys(g.rotary, k, own)
	// From the last block to the first: the last one reaches every key, so
	// it initialises what the others add to.
	keep, keepV := float32(0), kept(add)
	for lo := (s.T - 1) / queryBlock * queryBlock; lo >= 0; lo -= queryBlock {
		hi := min(lo+queryBlock, s.T)
		n, seen := hi-lo, at+hi
		s.scores(p, q[lo*s.D:], n, k, s.D, seen)
		g.products(ds, 0, n, seen, 1, do[lo*s.Width():], s.Width(), own, own.val, own.oldVal)
		s.slopes(p, ds, lo, hi, at, logs, o, do)
		Gemm(false, false, n, s.D, seen, 1, ds, seen, k, s.D, 0, dq[lo*s.D:], s.D)
		Gemm(true, false, hi, s.D, n, 1, ds[at:], seen, q[lo*s.D:], s.D, keep, dk, s.D)
		Gemm(true, false, hi, s.D, n, 1, p[at:], seen, do[lo*s.Width():], s.Width(), keepV, dv, ldv)
		keep, keepV = 1, 1
	}
	g.rotary.rotateBack(dq, s.D, dq, s.D, at, keys)
	g.rotary.rotateBack(dk, s.D, dk, s.D, at, keys)
	s.scatter(s.query(g.dqkv.To, b, seg, h), ld, g.dqkv.Add, dq)
}

// slopes turns p, the scores of one head's queries [lo, hi), back into weights, and
// ds from the gradient of the weights into the gradient of q·kᵀ. Query t sees past+t+1 keys.
func (s Shape) slopes(p, ds []float32, lo, hi, past int, logsum, out, dout []float32) {
	keys := past + hi
	for t := lo; t < hi; t++ {
		weights, slopes := rowOf(p, t-lo, keys, keys), rowOf(ds, t-lo, keys, keys)
		visible := past + t + 1
		expSum(weights[:visible], weights[:visible], logsum[t])
		clear(weights[visible:])
		delta := dot(rowOf(dout, t, s.Width(), s.D), rowOf(out, t, s.Width(), s.D))
		softmaxGradient(slopes[:visible], weights[:visible], slopes[:visible], delta, float32(1/math.Sqrt(float64(s.D))))
		clear(slopes[visible:])
	}
}
