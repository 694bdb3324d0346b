package kernel

import "math"

// queryBlock is how many queries are scored at a time. The scores of a block against all
// earlier keys are the largest buffer that attention ever holds.
const queryBlock = 128

// Attention sets out [rows, H·D] to causal softmax attention inside each
// segment (paper eq. 6, with √D as scale), and logsum [B·S·H·T] to the logarithm
// of each row's softmax denominator, which is all the gradient needs to rebuild
// the weights.
func Attention(s Shape, rotary *Rotary, out, logsum, qkv []float32) {
	s.heads(func(b, seg, h int) {
		k := s.shared(h)
		logs := rowOf(logsum, (b*s.S+seg)*s.H+h, s.T, s.T)
		s.attend(rotary, s.head(out, b, seg, h), logs, s.query(qkv, b, seg, h), s.T, s.key(qkv, b, seg, k), s.value(qkv, b, seg, k), 0)
	})
}

// CachedAttention is Attention for the next T tokens of a segment that already has `past`
// tokens. qkv [B·T, (H+2K)·D] is the projection of the new tokens; cache [B, capacity,
// (H+2K)·D] holds the earlier ones and receives the new ones.
func CachedAttention(s Shape, rotary *Rotary, out, qkv, cache []float32, past int) {
	stored := s.store(cache, qkv, past)
	s.heads(func(b, _, h int) {
		k := s.shared(h)
		logs, release := borrow(s.T)
		defer release()
		s.attend(rotary, s.head(out, b, 0, h), logs, s.query(qkv, b, 0, h), s.T,
			stored.key(cache, b, 0, k), stored.value(cache, b, 0, k), past)
	})
}

// store appends the projection of T new tokens to the `past` tokens in running [B,
// capacity, (H+2K)·D], and returns the layout of running.
func (s Shape) store(running, qkv []float32, past int) Shape {
	width := s.Columns()
	capacity := len(running) / (s.B * width)
	for b := range s.B {
		copy(running[(b*capacity+past)*width:], qkv[b*s.T*width:(b+1)*s.T*width])
	}
	return Shape{B: s.B, S: 1, T: capacity, H: s.H, D: s.D, K: s.K}
}

// attend computes the attention of `queries` queries, at positions past, past+1, …, to the
// keys from position 0 on.
func (s Shape) attend(rotary *Rotary, out, logsum, q []float32, queries int, k, v []float32, past int) {
	keys, ld := past+queries, s.Columns()
	buffer, release := borrow((queries+keys)*s.D + min(queryBlock, queries)*keys)
	defer release()
	parts := carve(buffer, queries*s.D, keys*s.D, min(queryBlock, queries)*keys)
	turned, turnedKeys, scores := parts[0], parts[1], parts[2]
	var totals [queryBlock]float32
	rotary.rotate(turned, s.D, q, ld, past, keys)
	rotary.rotate(turnedKeys, s.D, k, ld, 0, keys)
	for lo := 0; lo < queries; lo += queryBlock {
		hi := min(lo+queryBlock, queries)
		seen := past + hi
		s.scores(scores, turned[lo*s.D:], hi-lo, turnedKeys, seen)
		for t := lo; t < hi; t++ {
			row := rowOf(scores, t-lo, seen, seen)
			visible := row[:past+t+1]
			totals[t-lo], logsum[t] = exponentials(visible)
			clear(row[len(visible):])
		}
		Gemm(false, false, hi-lo, s.D, seen, 1, scores, seen, v, ld, 0, out[lo*s.Width():], s.Width())
		for t := lo; t < hi; t++ {
			scale(rowOf(out, t, s.Width(), s.D), 1/totals[t-lo])
		}
	}
}

// exponentials replaces scores by the numerators of their softmax, and returns the
// denominator, total, and its logarithm.
func exponentials(x []float32) (total, logsum float32) {
	peak := largest(x)
	total = expSum(x, x, peak)
	return total, peak + float32(math.Log(float64(total)))
}

// normalise replaces scores by their softmax and returns the logarithm of its
// denominator.
func normalise(x []float32) float32 {
	total, logsum := exponentials(x)
	scale(x, 1/total)
	return logsum
}

// scores sets x [n, keys] to q·kᵀ/√D.
func (s Shape) scores(x, q []float32, n int, k []float32, keys int) {
	Gemm(false, true, n, keys, s.D, float32(1/math.Sqrt(float64(s.D))), q, s.D, k, s.D, 0, x, keys)
}

// slopes turns p, the scores of one head's queries [lo, hi), back into weights, and
// ds from the gradient of the weights into the gradient of q·kᵀ.
func (s Shape) slopes(p, ds []float32, lo, hi int, logsum, out, dout []float32) {
	keys := hi // of which query t sees t+1
	for t := lo; t < hi; t++ {
		weights, slopes := rowOf(p, t-lo, keys, keys), rowOf(ds, t-lo, keys, keys)
		visible := t + 1
		expSum(weights[:visible], weights[:visible], logsum[t])
		clear(weights[visible:])
		delta := dot(rowOf(dout, t, s.Width(), s.D), rowOf(out, t, s.Width(), s.D))
		softmaxGradient(slopes[:visible], weights[:visible], slopes[:visible], delta, float32(1/math.Sqrt(float64(s.D))))
		clear(slopes[visible:])
	}
}

// AttentionGradient sets dqkv to the gradient of Attention's input, given Attention's
// out and logsum and the gradient dout of out. It rebuilds the weights a block at a
// time. The gradients of a key and a value are sums over the query heads that share them.
func AttentionGradient(s Shape, rotary *Rotary, dqkv Gradient, dout, out, logsum, qkv []float32) {
	ld := s.Columns()
	s.groups(func(b, seg, kv int) {
		k, v := s.key(qkv, b, seg, kv), s.value(qkv, b, seg, kv)
		dk, dv := s.key(dqkv.To, b, seg, kv), s.value(dqkv.To, b, seg, kv)

		rows := min(queryBlock, s.T)
		buffer, release := borrow(4*s.T*s.D + 2*rows*s.T)
		defer release()
		parts := carve(buffer, s.T*s.D, s.T*s.D, s.T*s.D, s.T*s.D, rows*s.T, rows*s.T)
		tq, tk, dtq, dtk, p, ds := parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
		rotary.rotate(tk, s.D, k, ld, 0, s.T)
		// From the last block to the first: the last one reaches every key, so
		// it initialises what the others add to.
		keep, keepV := float32(0), kept(dqkv.Add)
		for h := kv * s.group(); h < (kv+1)*s.group(); h++ {
			o, do := s.head(out, b, seg, h), s.head(dout, b, seg, h)
			logs := rowOf(logsum, (b*s.S+seg)*s.H+h, s.T, s.T)
			rotary.rotate(tq, s.D, s.query(qkv, b, seg, h), ld, 0, s.T)
			for lo := (s.T - 1) / queryBlock * queryBlock; lo >= 0; lo -= queryBlock {
				hi := min(lo+queryBlock, s.T)
				n, seen := hi-lo, hi
				s.scores(p, tq[lo*s.D:], n, tk, seen)
				Gemm(false, true, n, seen, s.D, 1, do[lo*s.Width():], s.Width(), v, ld, 0, ds, seen)
				s.slopes(p, ds, lo, hi, logs, o, do)
				Gemm(false, false, n, s.D, seen, 1, ds, seen, tk, s.D, 0, dtq[lo*s.D:], s.D)
				Gemm(true, false, seen, s.D, n, 1, ds, seen, tq[lo*s.D:], s.D, keep, dtk, s.D)
				Gemm(true, false, seen, s.D, n, 1, p, seen, do[lo*s.Width():], s.Width(), keepV, dv, ld)
				keep, keepV = 1, 1
			}
			rotary.rotateBack(dtq, s.D, dtq, s.D, 0, s.T)
			s.scatter(s.query(dqkv.To, b, seg, h), ld, dqkv.Add, dtq)
		}
		rotary.rotateBack(dtk, s.D, dtk, s.D, 0, s.T)
		s.scatter(dk, ld, dqkv.Add, dtk)
	})
}
