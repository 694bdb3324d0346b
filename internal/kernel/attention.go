package kernel

import "math"

// queryBlock is how many queries are scored at a time. The scores of a block against all
// earlier keys are the largest buffer that attention ever holds.
const queryBlock = 128

// Attention sets out [rows, H·D] to causal softmax attention inside each segment (paper
// eq. 6, with √D as scale) and to what r reaches before it. logsum [B·S·H·T] becomes the
// logarithm of each row's softmax denominator, which is all the gradient needs to rebuild
// the weights.
//
// Queries and keys are rotated to positions that count from the oldest key in reach, so
// the keys of the past have none yet. Scores depend on distances alone.
func Attention(r Reach, rotary *Rotary, out, logsum, qkv []float32, past Past) {
	r.heads(func(b, seg, h int) {
		p := r.span(qkv, past, b, seg, h)
		keys := p.past() + r.T
		buffer, release := borrow((r.T + keys) * r.D)
		defer release()
		q, k := buffer[:r.T*r.D], buffer[r.T*r.D:]
		rotary.rotate(q, r.D, p.q, r.Columns(), p.past(), keys)
		r.rotateKeys(rotary, k, p)
		r.attend(p, scoring{
			q: q, n: r.T, k: k, ld: r.D, first: p.past() + 1, step: 1,
			out: r.head(out, b, seg, h), to: r.Width(), logsum: rowOf(logsum, (b*r.S+seg)*r.H+h, r.T, r.T),
		})
	})
}

// rotateKeys sets k [past+n, D] to the keys of a span, rotated.
func (r Reach) rotateKeys(rotary *Rotary, k []float32, p span) {
	rotary.rotate(k, r.D, p.oldKey, p.stride, 0, p.cached)
	rotary.rotate(k[p.cached*r.D:], r.D, p.key, r.Columns(), p.cached, p.past()+p.n)
}

// scoring holds rotated queries and keys, and the destination of their attention.
type scoring struct {
	q           []float32 // [n, D]
	n           int
	k           []float32 // leading dimension ld
	ld          int
	first, step int       // query i sees the first `first + i·step` keys
	out         []float32 // leading dimension `to`
	to          int
	logsum      []float32 // [n]
}

// attend computes the attention of all queries of a scoring to the values of a span.
func (r Reach) attend(p span, a scoring) {
	most := a.first + (a.n-1)*a.step
	scores, release := borrow(min(queryBlock, a.n) * most)
	defer release()
	var totals [queryBlock]float32
	for lo := 0; lo < a.n; lo += queryBlock {
		hi := min(lo+queryBlock, a.n)
		seen := a.first + (hi-1)*a.step
		r.scores(scores, a.q[lo*r.D:], hi-lo, a.k, a.ld, seen)
		for t := lo; t < hi; t++ {
			row := rowOf(scores, t-lo, seen, seen)
			visible := row[:a.first+t*a.step]
			totals[t-lo], a.logsum[t] = exponentials(visible)
			clear(row[len(visible):])
		}
		r.weightedSum(a.out[lo*a.to:], a.to, scores, hi-lo, seen, p, p.val, p.oldVal)
		for t := lo; t < hi; t++ {
			scale(rowOf(a.out, t, a.to, r.D), 1/totals[t-lo])
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

// scores sets x [n, keys] to q·kᵀ/√D; k has the leading dimension ld.
func (s Shape) scores(x, q []float32, n int, k []float32, ld, keys int) {
	Gemm(false, true, n, keys, s.D, float32(1/math.Sqrt(float64(s.D))), q, s.D, k, ld, 0, x, keys)
}

// Running is the current segment of a decoder.
type Running struct {
	QKV  []float32 // [B, capacity, (H+2K)·D], the projections of its tokens
	Keys []float32 // [B, Cache+capacity, K·D], the keys in reach and its own, rotated
	Done int       // tokens so far
}

// CachedAttention is Attention for the next T tokens of a running segment, which it
// appends; qkv [B·T, (H+2K)·D] is their projection. Every key is rotated once, when it is
// appended; past keys are rotated with the first token of the segment.
func CachedAttention(r Reach, rotary *Rotary, out, qkv []float32, past Past, running Running) {
	stored := r.store(running.QKV, qkv, running.Done)
	width := r.KVWidth()
	rows := len(running.Keys) / (r.B * width)
	view := func(b, k int) (span, []float32) {
		p := span{n: r.T, known: running.Done, key: stored.key(running.QKV, b, 0, k), val: stored.value(running.QKV, b, 0, k)}
		r.old(&p, r.Cache, past, b, k)
		return p, running.Keys[b*rows*width+k*r.D:]
	}
	r.groups(func(b, _, k int) {
		p, keys := view(b, k)
		if running.Done == 0 {
			rotary.rotate(keys, width, p.oldKey, p.stride, 0, p.cached)
		}
		at := p.past()
		rotary.rotate(keys[at*width:], width, r.key(qkv, b, 0, k), r.Columns(), at, at+r.T)
	})
	// The query heads [h, h+n) of a group see the same keys. Those of a single token lie
	// side by side and are scored together.
	attend := func(b, h, n int) {
		p, keys := view(b, r.shared(h))
		buffer, release := borrow(n * r.T * (r.D + 1))
		defer release()
		parts := carve(buffer, n*r.T*r.D, n*r.T)
		a := scoring{q: parts[0], n: n * r.T, k: keys, ld: width, first: p.past() + 1, out: r.head(out, b, 0, h), to: r.Width(), logsum: parts[1]}
		for i := range n {
			rotary.rotate(a.q[i*r.D:], r.D, r.query(qkv, b, 0, h+i), r.Columns(), p.past(), p.past()+r.T)
		}
		if r.T == 1 {
			a.to = r.D
		} else {
			a.step = 1
		}
		r.attend(p, a)
	}
	if r.T == 1 {
		r.groups(func(b, _, k int) { attend(b, k*r.group(), r.group()) })
	} else {
		r.heads(func(b, _, h int) { attend(b, h, 1) })
	}
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
