package kernel

import "math"

// AttentionGradient sets dqkv to the gradient of Attention's input, given Attention's
// out and logsum and the gradient dout of out. It rebuilds the weights a block at a
// time. The gradients of a key and a value are sums over the query heads that share them.
// No gradient passes to earlier segments, whether in the past or in the same graph.
func AttentionGradient(r Reach, rotary *Rotary, dqkv Gradient, dout, out, logsum, qkv []float32, past Past) {
	ld := r.Columns()
	r.groups(func(b, seg, kv int) {
		first := kv * r.group()
		own := r.span(qkv, past, b, seg, first)
		at := own.past()
		keys, rows := at+r.T, min(queryBlock, r.T)
		dk, dv := r.key(dqkv.To, b, seg, kv), r.value(dqkv.To, b, seg, kv)

		buffer, release := borrow((3*r.T+keys)*r.D + 2*rows*keys)
		defer release()
		parts := carve(buffer, r.T*r.D, keys*r.D, r.T*r.D, r.T*r.D, rows*keys, rows*keys)
		tq, tk, dtq, dtk, p, ds := parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
		r.rotateKeys(rotary, tk, own)
		// From the last block to the first: the last one reaches every key, so
		// it initialises what the others add to.
		keep, keepV := float32(0), kept(dqkv.Add)
		for h := first; h < first+r.group(); h++ {
			o, do := r.head(out, b, seg, h), r.head(dout, b, seg, h)
			logs := rowOf(logsum, (b*r.S+seg)*r.H+h, r.T, r.T)
			rotary.rotate(tq, r.D, r.query(qkv, b, seg, h), ld, at, keys)
			for lo := (r.T - 1) / queryBlock * queryBlock; lo >= 0; lo -= queryBlock {
				hi := min(lo+queryBlock, r.T)
				n, seen := hi-lo, at+hi
				r.scores(p, tq[lo*r.D:], n, tk, r.D, seen)
				r.products(ds, 0, n, seen, 1, do[lo*r.Width():], r.Width(), own, own.val, own.oldVal)
				r.slopes(p, ds, lo, hi, at, logs, o, do)
				Gemm(false, false, n, r.D, seen, 1, ds, seen, tk, r.D, 0, dtq[lo*r.D:], r.D)
				Gemm(true, false, hi, r.D, n, 1, ds[at:], seen, tq[lo*r.D:], r.D, keep, dtk, r.D)
				Gemm(true, false, hi, r.D, n, 1, p[at:], seen, do[lo*r.Width():], r.Width(), keepV, dv, ld)
				keep, keepV = 1, 1
			}
			rotary.rotateBack(dtq, r.D, dtq, r.D, at, keys)
			r.scatter(r.query(dqkv.To, b, seg, h), ld, dqkv.Add, dtq)
		}
		rotary.rotateBack(dtk, r.D, dtk, r.D, at, keys)
		r.scatter(dk, ld, dqkv.Add, dtk)
	})
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
