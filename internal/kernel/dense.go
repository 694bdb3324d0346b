package kernel

import "math"

// A gradient function takes, for each input, the place where that input's gradient
// goes and whether to add to what stands there (add) or to overwrite it.

// rowBlock is the most rows that a block of several steps takes at a time: what it
// makes on the way then stays in the cache until it is used.
const rowBlock = 512

// eachRows calls f on blocks of the rows [0, n), in parallel; i counts the blocks.
// The division depends on n and Threads alone.
func eachRows(n int, f func(i, lo, hi int)) {
	blocks := rowBlocks(n, rowBlock)
	Each(blocks, func(i int) { f(i, n*i/blocks, n*(i+1)/blocks) })
}

// rowBlocks is into how many blocks of at most `largest` rows n rows are divided, as
// many for each thread.
func rowBlocks(n, largest int) int {
	workers := max(1, min(Threads(), n/16))
	return (n + workers*largest - 1) / (workers * largest) * workers
}

// RMSNorm sets y [n, d] to x·rsqrt(mean(x²)+ε)·g row by row (Zhang & Sennrich
// 2019).
func RMSNorm(y, x, g []float32, epsilon float32) {
	d := len(g)
	Split(len(x)/d, 16, func(lo, hi int) { normRows(y[lo*d:hi*d], x[lo*d:hi*d], g, epsilon) })
}

func normRows(y, x, g []float32, epsilon float32) {
	d := len(g)
	for i := range len(x) / d {
		row := line(x, i, d, d)
		multiply(line(y, i, d, d), inverseRMS(row, epsilon), row, g)
	}
}

func inverseRMS(x []float32, epsilon float32) float32 {
	return float32(1 / math.Sqrt(float64(dot(x, x)/float32(len(x))+epsilon)))
}

// RMSNormGradient gives dx [n, d] and dg [d] the gradients of RMSNorm's inputs.
func RMSNormGradient(dx []float32, addX bool, dg []float32, addG bool, dy, x, g []float32, epsilon float32) {
	d := len(g)
	n := len(x) / d
	gains := newPartial(n, d)
	eachRows(n, func(i, lo, hi int) {
		normGradientRows(dx[lo*d:hi*d], addX, gains.part(i), dy[lo*d:hi*d], x[lo*d:hi*d], g, epsilon)
	})
	gains.sum(dg, addG)
}

// normGradientRows is the gradient of normRows; that of the gain is added to dg.
func normGradientRows(dx []float32, addX bool, dg, dy, x, g []float32, epsilon float32) {
	d := len(g)
	buffer, release := borrow(d)
	defer release()
	for i := range len(x) / d {
		row, up, out := line(x, i, d, d), line(dy, i, d, d), line(dx, i, d, d)
		r := inverseRMS(row, epsilon)
		multiplyAdd(dg, r, row, up)
		multiply(buffer, r, up, g)
		// The share of the norm itself: -x·r²/d·Σ dy·g·x·r.
		along := -r * r / float32(d) * dot(buffer, row)
		if addX {
			axpy(out, 1, buffer)
			axpy(out, along, row)
		} else {
			blend(out, 1, buffer, along, row)
		}
	}
}

// partial keeps one sum for each block of rows, so that the order of addition is
// the same whatever the threads do.
type partial struct {
	parts   []float32
	d       int
	release func()
}

func newPartial(rows, d int) partial {
	parts, release := borrow(rowBlocks(rows, rowBlock) * d)
	clear(parts)
	return partial{parts, d, release}
}

func (p partial) part(i int) []float32 { return line(p.parts, i, p.d, p.d) }

// sum gives y the sum of the parts, and their memory back.
func (p partial) sum(y []float32, add bool) {
	if !add {
		clear(y)
	}
	for i := range len(p.parts) / p.d {
		axpy(y, 1, p.part(i))
	}
	p.release()
}

// NormLinear sets y [n, m] to RMSNorm(x)·Wᵀ for x [n, d] and W [m, d].
func NormLinear(y, x, g, w []float32, epsilon float32) {
	d := len(g)
	m := len(w) / d
	eachRows(len(x)/d, func(_, lo, hi int) {
		normed, release := borrow((hi - lo) * d)
		defer release()
		normRows(normed, x[lo*d:hi*d], g, epsilon)
		Gemm(false, true, hi-lo, m, d, 1, normed, d, w, d, 0, y[lo*m:], m)
	})
}

// NormLinearGradient gives dx, dg and dw the gradients of NormLinear's inputs.
func NormLinearGradient(dx []float32, addX bool, dg []float32, addG bool, dw []float32, addW bool, dy, x, g, w []float32, epsilon float32) {
	d := len(g)
	n, m := len(x)/d, len(w)/d
	normed, release := borrow(n * d)
	defer release()
	gains := newPartial(n, d)
	eachRows(n, func(i, lo, hi int) {
		dnormed, release := borrow((hi - lo) * d)
		defer release()
		Gemm(false, false, hi-lo, d, m, 1, dy[lo*m:], m, w, d, 0, dnormed, d)
		normRows(normed[lo*d:hi*d], x[lo*d:hi*d], g, epsilon)
		normGradientRows(dx[lo*d:hi*d], addX, gains.part(i), dnormed, x[lo*d:hi*d], g, epsilon)
	})
	gains.sum(dg, addG)
	LinearWeightGradient(dw, addW, dy, normed, n)
}

// Linear sets y [n, m] to x·Wᵀ for x [n, k] and W [m, k].
func Linear(y, x, w []float32, n int) {
	k := len(x) / n
	ParallelGemm(false, true, n, len(w)/k, k, 1, x, k, w, k, 0, y, len(w)/k)
}

// LinearGradient gives dx and dw the gradients of Linear's inputs.
func LinearGradient(dx []float32, addX bool, dw []float32, addW bool, dy, x, w []float32, n int) {
	k := len(x) / n
	m := len(w) / k
	ParallelGemm(false, false, n, k, m, 1, dy, m, w, k, kept(addX), dx, k)
	LinearWeightGradient(dw, addW, dy, x, n)
}

// LinearWeightGradient gives dw the gradient of the weights of Linear alone.
func LinearWeightGradient(dw []float32, add bool, dy, x []float32, n int) {
	k, m := len(x)/n, len(dy)/n
	ParallelGemm(true, false, m, k, n, 1, dy, m, x, k, kept(add), dw, k)
}

// LinearAdd sets y [n, m] to r + x·Wᵀ for r [n, m], x [n, k] and W [m, k].
func LinearAdd(y, r, x, w []float32, n int) {
	m, k := len(r)/n, len(x)/n
	eachRows(n, func(_, lo, hi int) {
		copy(y[lo*m:hi*m], r[lo*m:hi*m])
		Gemm(false, true, hi-lo, m, k, 1, x[lo*k:], k, w, k, 1, y[lo*m:], m)
	})
}

// FeedForward sets y [n, d] to x + W_down·gelu(W_up·RMSNorm(x)), and up [n, f] to
// what gelu is taken of, for the gradient; W_up [f, d], W_down [d, f]. gelu is the
// exact form (Hendrycks & Gimpel 2016).
func FeedForward(y, up, x, g, wUp, wDown []float32, epsilon float32) {
	d := len(g)
	f := len(wUp) / d
	eachRows(len(x)/d, func(_, lo, hi int) {
		n := hi - lo
		buffer, release := borrow(n * (d + f))
		defer release()
		normed, active := buffer[:n*d], buffer[n*d:]
		normRows(normed, x[lo*d:hi*d], g, epsilon)
		Gemm(false, true, n, f, d, 1, normed, d, wUp, d, 0, up[lo*f:], f)
		gelu(active, up[lo*f:hi*f])
		copy(y[lo*d:hi*d], x[lo*d:hi*d])
		Gemm(false, true, n, d, f, 1, active, f, wDown, f, 1, y[lo*d:], d)
	})
}

// FeedForwardGradient adds to dx, which has the share of the residual already, and
// gives dg, dwUp and dwDown their gradients. dx and dy may be the same. up, as
// FeedForward left it, is overwritten.
func FeedForwardGradient(dx, dg []float32, addG bool, dwUp []float32, addUp bool, dwDown []float32, addDown bool, dy, up, x, g, wUp, wDown []float32, epsilon float32) {
	d := len(g)
	n, f := len(x)/d, len(wUp)/d
	active, release := borrow(n * f)
	defer release()
	eachRows(n, func(_, lo, hi int) {
		dactive, release := borrow((hi - lo) * f)
		defer release()
		Gemm(false, false, hi-lo, f, d, 1, dy[lo*d:], d, wDown, f, 0, dactive, f)
		rows := up[lo*f : hi*f]
		geluGradient(rows, active[lo*f:hi*f], dactive, rows)
	})
	LinearWeightGradient(dwDown, addDown, dy, active, n)
	NormLinearGradient(dx, true, dg, addG, dwUp, addUp, up, x, g, wUp, epsilon)
}

// kept is how much of its old result a matrix product keeps.
func kept(add bool) float32 {
	if add {
		return 1
	}
	return 0
}

// elements divides an element-wise loop among the threads.
func elements(n int, f func(lo, hi int)) { Split(n, 4096, f) }

// Add sets y to a + b.
func Add(y, a, b []float32) {
	elements(len(a), func(lo, hi int) { blend(y[lo:hi], 1, a[lo:hi], 1, b[lo:hi]) })
}

// Accumulate sets y to a·x, or adds that to it.
func Accumulate(y []float32, add bool, a float32, x []float32) {
	elements(len(x), func(lo, hi int) { give(y[lo:hi], add, a, x[lo:hi]) })
}

// give sets y to a·x, or adds that to it. What stands in y need not be a number
// when it is set.
func give(y []float32, add bool, a float32, x []float32) {
	if add {
		axpy(y, a, x)
	} else {
		blend(y, a, x, 0, x)
	}
}

// Scale multiplies x by a.
func Scale(x []float32, a float32) {
	elements(len(x), func(lo, hi int) { scale(x[lo:hi], a) })
}

// Dot is Σ x·y, added up in float64 over fixed blocks.
func Dot(x, y []float32) float64 {
	var sum float64
	for lo := 0; lo < len(x); lo += 4096 {
		hi := min(lo+4096, len(x))
		sum += float64(dot(x[lo:hi], y[lo:hi]))
	}
	return sum
}

// Embed sets x [n, d] to the rows of table [V, d] that ids name.
func Embed(x, table []float32, ids []int32) {
	d := len(x) / len(ids)
	Split(len(ids), 64, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			copy(line(x, i, d, d), line(table, int(ids[i]), d, d))
		}
	})
}

// EmbedGradient gives dtable [V, d] the gradient of Embed's table: the sum of dx
// over the places where each id stands, in order.
func EmbedGradient(dtable []float32, add bool, dx []float32, ids []int32) {
	d := len(dx) / len(ids)
	if !add {
		clear(dtable)
	}
	for i, id := range ids {
		axpy(line(dtable, int(id), d, d), 1, line(dx, i, d, d))
	}
}
