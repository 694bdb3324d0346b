package kernel

// RelativeGradients is where the gradients of RelativeAttention's inputs go. Of U, V, R
// and Bias it has those that the attention has.
type RelativeGradients struct{ QKV, U, V, R, Bias Gradient }

// RelativeGradient sets `to` to the gradients of RelativeAttention's inputs, given its
// out and logsum and the gradient dout of out. No gradient passes to earlier segments,
// whether in the cache or in the same graph.
func RelativeGradient(r Relative, to RelativeGradients, dout, out, logsum []float32, in RelativeInputs) {
	d, qkv, dqkv := in.Distances, in.QKV, to.QKV.To
	sizes := []int{len(d.U), len(d.V), len(d.R), len(d.Bias)}
	total := 0
	for _, n := range sizes {
		total += n
	}
	// One part for each segment, so that the order of addition is the same whatever
	// the threads do.
	parts, release := borrow(r.B * r.S * total)
	defer release()
	r.groups(func(b, seg, k int) {
		mine := carve(rowOf(parts, b*r.S+seg, total, total), sizes...)
		first := k * r.group()
		for h := first; h < first+r.group(); h++ {
			g := relativeGradient{
				Relative: r, span: r.span(qkv, in.Past, b, seg, h), add: to.QKV.Add, addKV: to.QKV.Add || h > first,
				h: h, d: d, dd: Distances{mine[0], mine[1], mine[2], mine[3]},
				dq: r.query(dqkv, b, seg, h), dk: r.key(dqkv, b, seg, k), dv: r.value(dqkv, b, seg, k),
				out: r.head(out, b, seg, h), dout: r.head(dout, b, seg, h),
				logsum: rowOf(logsum, (b*r.S+seg)*r.H+h, r.T, r.T),
			}
			g.run()
		}
	})
	at := 0
	for i, sum := range []Gradient{to.U, to.V, to.R, to.Bias} {
		from := at
		elements(sizes[i], func(lo, hi int) {
			for n := range r.B * r.S {
				accumulate(Gradient{sum.To[lo:hi], sum.Add || n > 0}, 1, parts[n*total+from+lo:n*total+from+hi])
			}
		})
		at += sizes[i]
	}
}

// relativeGradient computes the gradient of one query head of a segment.
type relativeGradient struct {
	Relative
	span
	h                 int
	d                 Distances
	dd                Distances // the segment's share of the gradient of d
	dq, dk, dv        []float32
	add, addKV        bool // to dq; to dk and dv
	out, dout, logsum []float32

	f                positionTerm
	qu, qv, dqu, dqv []float32 // [T, D]: q + U, q + V and their gradients
}

// run sets dq, dk, dv, and dd for its head.
func (g *relativeGradient) run() {
	d, dd, h := g.d, g.dd, g.h
	size := g.T * g.D
	buffer, release := borrow(5 * size)
	defer release()
	parts := carve(buffer, size, size, size, size, size)
	q := parts[0]
	g.qv, g.qu, g.dqu, g.dqv = parts[1], parts[2], parts[3], parts[4]
	g.queries(q, g.span)
	g.f = g.positionTerm(d, h, q, g.qv)
	addToRows(g.qu, q, head(d.U, h, g.D))
	if d.Bias != nil {
		clear(head(dd.Bias, h, g.f.p))
		clear(g.dqv)
	} else {
		reached := g.past() + g.T
		for i := range g.f.p - reached {
			clear(rowOf(dd.R[h*g.D:], i, g.Width(), g.D))
		}
	}
	// From the last block to the first: the last one reaches every key and every
	// distance, so it sets what the others add to.
	keep, keepKV := float32(0), kept(g.addKV)
	for lo := (g.T - 1) / queryBlock * queryBlock; lo >= 0; lo -= queryBlock {
		g.block(lo, min(lo+queryBlock, g.T), keep, keepKV)
		keep, keepKV = 1, 1
	}
	if d.Bias == nil {
		g.sum(head(dd.U, h, g.D), g.dqu)
		g.sum(head(dd.V, h, g.D), g.dqv)
	}
	axpy(g.dqu, 1, g.dqv)
	g.scatter(g.dq, g.Columns(), g.add, g.dqu)
}

// sum sets y [D] to the sum of the rows of x.
func (g *relativeGradient) sum(y, x []float32) {
	clear(y)
	for t := range g.T {
		axpy(y, 1, rowOf(x, t, g.D, g.D))
	}
}

// block adds the share of the queries [lo, hi) to keep times what dd.R, and keepKV
// times what dk and dv, hold.
func (g *relativeGradient) block(lo, hi int, keep, keepKV float32) {
	f, dd, qu, qv := g.f, g.dd, g.qu, g.qv
	n, m, ld := hi-lo, g.past()+hi, g.Columns()
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
		weights, slopes := rowOf(p, t-lo, m, m), rowOf(ds, t-lo, m, m)
		expSum(weights[:visible], weights[:visible], g.logsum[t])
		clear(weights[visible:])
		delta := dot(rowOf(g.dout, t, g.Width(), g.D), rowOf(g.out, t, g.Width(), g.D))
		softmaxGradient(slopes[:visible], weights[:visible], slopes[:visible], delta, 1)
		if f.row != nil {
			axpy(rowOf(dd.Bias, g.h, f.p, f.p)[f.p-visible:], 1, slopes[:visible])
		}
		scale(slopes[:visible], g.Scale)
		clear(slopes[visible:])
		if f.row == nil {
			copy(rowOf(wide, t-lo, m, m)[hi-1-t:], slopes[:visible])
		}
	}
	// Only the segment's own keys and values have a gradient.
	own, rows := g.past(), m-g.past()
	Gemm(true, false, rows, g.D, n, 1, ds[own:], m, qu[lo*g.D:], g.D, keepKV, g.dk, ld)
	Gemm(true, false, rows, g.D, n, 1, p[own:], m, g.dout[lo*g.Width():], g.Width(), keepKV, g.dv, ld)
	g.weightedSum(g.dqu[lo*g.D:], g.D, ds, n, m, g.span, g.key, g.oldKey)
	if f.row == nil {
		at := (f.p - m) * f.ld
		Gemm(false, false, n, g.D, m, 1, wide, m, f.b[at:], f.ld, 0, g.dqv[lo*g.D:], g.D)
		Gemm(true, false, m, g.D, n, 1, wide, m, qv[lo*g.D:], g.D, keep, dd.R[at+g.h*g.D:], f.ld)
	}
}
