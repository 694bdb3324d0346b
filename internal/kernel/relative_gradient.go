package kernel

// RelativeGradient gives dqkv and each part of d that the attention was given the
// gradients of RelativeAttention's inputs, from its result, its logsum and the
// gradient dout of its result. What a segment sees of those before it, in the cache
// or in the same graph, has none.
func RelativeGradient(r Relative, dqkv []float32, addQKV bool, d, dd Distances, add DistancesAdd, dout, out, logsum, qkv []float32, past Past) {
	sizes := []int{len(d.U), len(d.V), len(d.R), len(d.Bias)}
	total := 0
	for _, n := range sizes {
		total += n
	}
	// One part for each segment, so that the order of addition is the same whatever
	// the threads do.
	parts, release := borrow(r.B * r.S * total)
	defer release()
	r.heads(func(b, seg, h int) {
		mine := carve(line(parts, b*r.S+seg, total, total), sizes...)
		g := relativeGradient{
			Relative: r, span: r.span(qkv, past, b, seg, h), add: addQKV,
			dq: r.query(dqkv, b, seg, h), dk: r.key(dqkv, b, seg, h), dv: r.value(dqkv, b, seg, h),
			out: r.head(out, b, seg, h), dout: r.head(dout, b, seg, h),
			logsum: line(logsum, (b*r.S+seg)*r.H+h, r.T, r.T),
		}
		g.head(h, d, Distances{mine[0], mine[1], mine[2], mine[3]})
	})
	at := 0
	for i, to := range []struct {
		x   []float32
		add bool
	}{{dd.U, add.U}, {dd.V, add.V}, {dd.R, add.R}, {dd.Bias, add.Bias}} {
		from := at
		elements(sizes[i], func(lo, hi int) {
			for n := range r.B * r.S {
				give(to.x[lo:hi], to.add || n > 0, 1, parts[n*total+from+lo:n*total+from+hi])
			}
		})
		at += sizes[i]
	}
}

// DistancesAdd says which gradients are added to what stands there.
type DistancesAdd struct{ U, V, R, Bias bool }

// relativeGradient is the gradient of one head of a segment.
type relativeGradient struct {
	Relative
	span
	dq, dk, dv        []float32
	add               bool // to what stands in these
	out, dout, logsum []float32
}

// head does it, and sets dd, the segment's share of the gradient by d, for its head.
func (g relativeGradient) head(h int, d, dd Distances) {
	size := g.T * g.D
	buffer, release := borrow(5 * size)
	defer release()
	parts := carve(buffer, size, size, size, size, size)
	q, qv, qu, dqu, dqv := parts[0], parts[1], parts[2], parts[3], parts[4]
	g.queries(q, g.span)
	f := g.far(d, h, q, qv)
	plus(qu, q, head(d.U, h, g.D))
	if d.Bias != nil {
		clear(head(dd.Bias, h, f.p))
		clear(dqv)
	} else {
		reached := g.past() + g.T
		for i := range f.p - reached {
			clear(line(dd.R[h*g.D:], i, g.Width(), g.D))
		}
	}
	// From the last block to the first: the last one reaches every key and every
	// distance, so it sets what the others add to.
	keep, keepKV := float32(0), kept(g.add)
	for lo := (g.T - 1) / queryBlock * queryBlock; lo >= 0; lo -= queryBlock {
		g.block(lo, min(lo+queryBlock, g.T), h, f, dd, qu, qv, dqu, dqv, keep, keepKV)
		keep, keepKV = 1, 1
	}
	if d.Bias == nil {
		g.sum(head(dd.U, h, g.D), dqu)
		g.sum(head(dd.V, h, g.D), dqv)
	}
	axpy(dqu, 1, dqv)
	g.scatter(g.dq, g.add, dqu, 3*g.Width())
}

// sum sets y [D] to the sum of the rows of x.
func (g relativeGradient) sum(y, x []float32) {
	clear(y)
	for t := range g.T {
		axpy(y, 1, line(x, t, g.D, g.D))
	}
}

// block is the share of the queries [lo, hi).
func (g relativeGradient) block(lo, hi, h int, f far, dd Distances, qu, qv, dqu, dqv []float32, keep, keepKV float32) {
	n, m, ld := hi-lo, g.past()+hi, 3*g.Width()
	buffer, release := borrow(3 * n * m)
	defer release()
	parts := carve(buffer, n*m, n*m, n*m)
	p, ds, wide := parts[0], parts[1], parts[2]
	f.shifted(p, wide, lo, hi, g.past())
	g.products(p, 1, n, m, g.Scale, qu[lo*g.D:], g.D, g.span, g.key, g.oldKey)
	g.products(ds, 0, n, m, 1, g.dout[lo*g.Width():], g.Width(), g.span, g.val, g.oldVal)
	if f.row == nil {
		clear(wide)
	}
	for t := lo; t < hi; t++ {
		visible := g.past() + t + 1
		weights, slopes := line(p, t-lo, m, m), line(ds, t-lo, m, m)
		expSum(weights[:visible], weights[:visible], g.logsum[t])
		clear(weights[visible:])
		delta := dot(line(g.dout, t, g.Width(), g.D), line(g.out, t, g.Width(), g.D))
		softmaxGradient(slopes[:visible], weights[:visible], slopes[:visible], delta, 1)
		if f.row != nil {
			axpy(line(dd.Bias, h, f.p, f.p)[f.p-visible:], 1, slopes[:visible])
		}
		scale(slopes[:visible], g.Scale)
		clear(slopes[visible:])
		if f.row == nil {
			copy(line(wide, t-lo, m, m)[hi-1-t:], slopes[:visible])
		}
	}
	// Keys and values of the segment itself alone.
	own, rows := g.past(), m-g.past()
	Gemm(true, false, rows, g.D, n, 1, ds[own:], m, qu[lo*g.D:], g.D, keepKV, g.dk, ld)
	Gemm(true, false, rows, g.D, n, 1, p[own:], m, g.dout[lo*g.Width():], g.Width(), keepKV, g.dv, ld)
	g.mixture(dqu[lo*g.D:], g.D, ds, n, m, g.span, g.key, g.oldKey)
	if f.row == nil {
		at := (f.p - m) * f.ld
		Gemm(false, false, n, g.D, m, 1, wide, m, f.b[at:], f.ld, 0, dqv[lo*g.D:], g.D)
		Gemm(true, false, m, g.D, n, 1, wide, m, qv[lo*g.D:], g.D, keep, dd.R[at+h*g.D:], f.ld)
	}
}
