package kernel

import "math"

// Window is causal softmax attention (paper eq. 6) that also sees the C tokens before each
// segment. Keys and values of tokens before the first segment come from slot 0 of a cache
// [slots, B, C, 2·K·D], oldest first and without positions; its last seen[b] rows are
// filled. Positions count from the first row of the cache, so rotary positions, of which
// only differences matter, stay bounded.
type Window struct {
	Shape
	Cache  int     // C
	Rotary *Rotary // of at least C + S·T positions
}

// spans is one head of one document: rows [first, C) of the cache and then the tokens of
// the graph, in one piece; row 0 of k and v is row `first`.
type spans struct {
	first, tokens int
	q, k, v       []float32 // q [queries, D]; k and v [C-first+tokens, D]; q and k rotated
}

// filled returns the first row of a document's cache that holds a token.
func (w Window) filled(seen []float32, b int) int { return w.Cache - min(int(seen[b]), w.Cache) }

// gatherSpans fills p from the cache and from views q, k and v of the graph's tokens, with
// leading dimension Columns(). The first `past` tokens are not queries; k, v and kv belong
// to the key/value head that the queries read.
func (w Window) gatherSpans(p *spans, q, k, v, cache []float32, b, kv, past int) {
	ld, width, old := w.Columns(), w.KVWidth(), w.Cache-p.first
	row := func(part int) []float32 { return cache[((b*w.Cache+p.first)*2+part)*width+kv*w.D:] }
	if old > 0 {
		w.Rotary.rotate(p.k, w.D, row(0), 2*width, p.first, w.Cache)
		gather(p.v, w.D, row(1), 2*width, old)
	}
	w.Rotary.rotate(p.k[old*w.D:], w.D, k, ld, w.Cache, w.Cache+p.tokens)
	gather(p.v[old*w.D:], w.D, v, ld, p.tokens)
	w.Rotary.rotate(p.q, w.D, q, ld, w.Cache+past, w.Cache+p.tokens)
}

// eachBlock calls f with blocks of queries [lo, hi) and the rows [from, to) of k that the
// last of them sees; the first sees hi-lo-1 fewer. With tokens of the running segment
// before the queries, there is only one segment.
func (w Window) eachBlock(p *spans, past int, f func(lo, hi, from, to int)) {
	for segment := 0; segment < w.S*w.T; segment += w.T {
		for lo := segment; lo < segment+w.T; lo += queryBlock {
			hi := min(lo+queryBlock, segment+w.T)
			f(lo, hi, max(segment-p.first, 0), w.Cache-p.first+past+hi)
		}
	}
}

// WindowAttention sets out [rows, H·D] to the attention of the graph's tokens, and logsum
// [B·H·S·T] as Attention does.
func WindowAttention(w Window, out, logsum, qkv, cache, seen []float32) {
	n := w.S * w.T
	Each(w.B*w.H, func(i int) {
		b, h := i/w.H, i%w.H
		kv := w.shared(h)
		w.attend(w.head(out, b, 0, h), rowOf(logsum, i, n, n), w.query(qkv, b, 0, h), w.key(qkv, b, 0, kv), w.value(qkv, b, 0, kv), cache, b, kv, 0, w.filled(seen, b))
	})
}

// CachedWindowAttention is WindowAttention for the next T tokens of a segment; running and
// past are as in CachedAttention.
func CachedWindowAttention(w Window, out, qkv, cache, seen, running []float32, past int) {
	stored := w.store(running, qkv, past)
	Each(w.B*w.H, func(i int) {
		b, h := i/w.H, i%w.H
		kv := w.shared(h)
		logs, release := borrow(w.T)
		defer release()
		w.attend(w.head(out, b, 0, h), logs, w.query(qkv, b, 0, h), stored.key(running, b, 0, kv), stored.value(running, b, 0, kv), cache, b, kv, past, w.filled(seen, b))
	})
}

func (w Window) attend(out, logsum, q, k, v, cache []float32, b, kv, past, first int) {
	queries := w.S * w.T
	p := spans{first: first, tokens: past + queries}
	rows, block := w.Cache-first+p.tokens, min(queryBlock, w.T)
	buffer, release := borrow((queries+2*rows)*w.D + block*rows)
	defer release()
	parts := carve(buffer, queries*w.D, rows*w.D, rows*w.D, block*rows)
	p.q, p.k, p.v = parts[0], parts[1], parts[2]
	scores := parts[3]
	w.gatherSpans(&p, q, k, v, cache, b, kv, past)
	var totals [queryBlock]float32
	w.eachBlock(&p, past, func(lo, hi, from, to int) {
		n, m := hi-lo, to-from
		w.scores(scores, p.q[lo*w.D:], n, p.k[from*w.D:], w.D, m)
		for t := range n {
			row := rowOf(scores, t, m, m)
			visible := m - (n - 1 - t)
			totals[t], logsum[lo+t] = exponentials(row[:visible])
			clear(row[visible:])
		}
		Gemm(false, false, n, w.D, m, 1, scores, m, p.v[from*w.D:], w.D, 0, out[lo*w.Width():], w.Width())
		for t := range n {
			scale(rowOf(out, lo+t, w.Width(), w.D), 1/totals[t])
		}
	})
}

// WindowGradient sets dqkv and dcache to the gradients of WindowAttention's inputs, given
// its out and logsum and the gradient dout of out. The gradients of a key and a value are
// sums over the query heads that share them.
func WindowGradient(w Window, dqkv, dcache Gradient, dout, out, logsum, qkv, cache, seen []float32) {
	n := w.S * w.T
	if !dcache.Add {
		clear(dcache.To)
	}
	Each(w.B*w.KV(), func(i int) {
		b, kv := i/w.KV(), i%w.KV()
		p := spans{first: w.filled(seen, b), tokens: n}
		old := w.Cache - p.first
		rows, block := old+n, min(queryBlock, w.T)
		buffer, release := borrow((2*n+4*rows)*w.D + 2*block*rows)
		defer release()
		parts := carve(buffer, n*w.D, rows*w.D, rows*w.D, n*w.D, rows*w.D, rows*w.D, 2*block*rows)
		p.q, p.k, p.v = parts[0], parts[1], parts[2]
		dq, dk, dv := parts[3], parts[4], parts[5]
		clear(dk)
		clear(dv)
		for h := kv * w.group(); h < (kv+1)*w.group(); h++ {
			w.gatherSpans(&p, w.query(qkv, b, 0, h), w.key(qkv, b, 0, kv), w.value(qkv, b, 0, kv), cache, b, kv, 0)
			w.spansGradient(p, dq, dk, dv, parts[6], w.head(dout, b, 0, h), w.head(out, b, 0, h), rowOf(logsum, b*w.H+h, n, n))
			w.Rotary.rotateBack(dq, w.D, dq, w.D, w.Cache, w.Cache+n)
			w.spread(w.query(dqkv.To, b, 0, h), w.Columns(), dqkv.Add, dq)
		}
		w.Rotary.rotateBack(dk, w.D, dk, w.D, p.first, w.Cache+n)
		w.spread(w.key(dqkv.To, b, 0, kv), w.Columns(), dqkv.Add, dk[old*w.D:])
		w.spread(w.value(dqkv.To, b, 0, kv), w.Columns(), dqkv.Add, dv[old*w.D:])
		if old > 0 {
			width := w.KVWidth()
			to := dcache.To[(b*w.Cache+p.first)*2*width+kv*w.D:]
			w.spread(to, 2*width, true, dk[:old*w.D])
			w.spread(to[width:], 2*width, true, dv[:old*w.D])
		}
	})
}

// spansGradient sets dq, and adds to dk and dv, the gradients of what attend computed for
// the spans p. work holds the scores of a block of queries twice.
func (w Window) spansGradient(p spans, dq, dk, dv, work, dout, out, logsum []float32) {
	half := len(work) / 2
	weights, slopes := work[:half], work[half:]
	w.eachBlock(&p, 0, func(lo, hi, from, to int) {
		n, m := hi-lo, to-from
		do := dout[lo*w.Width():]
		w.scores(weights, p.q[lo*w.D:], n, p.k[from*w.D:], w.D, m)
		Gemm(false, true, n, m, w.D, 1, do, w.Width(), p.v[from*w.D:], w.D, 0, slopes, m)
		for t := range n {
			visible := m - (n - 1 - t)
			row, slope := rowOf(weights, t, m, m), rowOf(slopes, t, m, m)
			expSum(row[:visible], row[:visible], logsum[lo+t])
			clear(row[visible:])
			delta := dot(rowOf(do, t, w.Width(), w.D), rowOf(out, lo+t, w.Width(), w.D))
			softmaxGradient(slope[:visible], row[:visible], slope[:visible], delta, float32(1/math.Sqrt(float64(w.D))))
			clear(slope[visible:])
		}
		Gemm(false, false, n, w.D, m, 1, slopes, m, p.k[from*w.D:], w.D, 0, dq[lo*w.D:], w.D)
		Gemm(true, false, m, w.D, n, 1, slopes, m, p.q[lo*w.D:], w.D, 1, dk[from*w.D:], w.D)
		Gemm(true, false, m, w.D, n, 1, weights, m, do, w.Width(), 1, dv[from*w.D:], w.D)
	})
}

// spread writes the rows of x [n, D], or adds them, to a view with leading dimension ld.
func (w Window) spread(to []float32, ld int, add bool, x []float32) {
	for at := 0; at*w.D < len(x); at++ {
		accumulate(Gradient{rowOf(to, at, ld, w.D), add}, 1, rowOf(x, at, w.D, w.D))
	}
}

// WriteWindowGradient sets dqkv and dinitial to the gradients of WriteCache's inputs.
// dstates [2, B, C, 2·K·D] is the gradient of its result.
func WriteWindowGradient(w Window, dqkv, dinitial Gradient, dstates []float32) {
	width, n := 2*w.KVWidth(), w.S*w.T
	size := w.Cache * width
	if !dqkv.Add {
		clear(dqkv.To)
	}
	if !dinitial.Add {
		clear(dinitial.To)
	}
	Each(w.B, func(b int) {
		before, after := rowOf(dstates, b, size, size), rowOf(dstates, w.B+b, size, size)
		to := rowOf(dinitial.To, b, size, size)
		accumulate(Gradient{to, true}, 1, before)
		fresh := min(n, w.Cache)
		if kept := size - fresh*width; kept > 0 {
			accumulate(Gradient{to[fresh*width:], true}, 1, after[:kept])
		}
		for i := range fresh {
			token := rowOf(dqkv.To, (b+1)*n-fresh+i, w.Columns(), w.Columns())
			accumulate(Gradient{token[w.Width():], true}, 1, rowOf(after, w.Cache-fresh+i, width, width))
		}
	})
}
