package kernel

import "math"

// Gradient is where the gradient of one input goes.
type Gradient struct {
	To  []float32
	Add bool // add to To; otherwise overwrite it, whatever it holds
}

// Part is g restricted to the elements [lo, hi).
func (g Gradient) Part(lo, hi int) Gradient { return Gradient{g.To[lo:hi], g.Add} }

// Norm is the parameters of an RMSNorm (Zhang & Sennrich 2019).
type Norm struct {
	Gain    []float32 // [d]
	Epsilon float32
}

// rowBlock is the most rows that a fused operation takes at a time, so that its
// intermediate results stay in the cache until they are used.
const rowBlock = 512

// eachRows calls f on blocks of the rows [0, n), in parallel; i numbers the blocks. The
// division depends only on n and Threads.
func eachRows(n int, f func(i, lo, hi int)) {
	blocks := rowBlocks(n, rowBlock)
	Each(blocks, func(i int) { f(i, n*i/blocks, n*(i+1)/blocks) })
}

// rowBlocks is the number of blocks, of at most `largest` rows, that n rows are divided
// into: the same number for each thread.
func rowBlocks(n, largest int) int {
	workers := max(1, min(Threads(), n/16))
	return (n + workers*largest - 1) / (workers * largest) * workers
}

// RMSNorm sets y [n, d] to x·rsqrt(mean(x²)+ε)·g, row by row.
func RMSNorm(y, x []float32, norm Norm) {
	d := len(norm.Gain)
	Split(len(x)/d, 16, func(lo, hi int) { norm.rows(y[lo*d:hi*d], x[lo*d:hi*d]) })
}

func (norm Norm) rows(y, x []float32) {
	d := len(norm.Gain)
	for i := range len(x) / d {
		row := rowOf(x, i, d, d)
		multiply(rowOf(y, i, d, d), norm.inverseRMS(row), row, norm.Gain)
	}
}

func (norm Norm) inverseRMS(x []float32) float32 {
	return float32(1 / math.Sqrt(float64(dot(x, x)/float32(len(x))+norm.Epsilon)))
}

// RMSNormGradient sets dx [n, d] and dg [d] to the gradients of RMSNorm's inputs.
func RMSNormGradient(dx, dg Gradient, dy, x []float32, norm Norm) {
	d := len(norm.Gain)
	n := len(x) / d
	gains := newPartial(n, d)
	eachRows(n, func(i, lo, hi int) {
		norm.rowsGradient(dx.Part(lo*d, hi*d), gains.part(i), dy[lo*d:hi*d], x[lo*d:hi*d])
	})
	gains.sum(dg)
}

// rowsGradient is the gradient of rows; it adds the gain's share to dg.
func (norm Norm) rowsGradient(dx Gradient, dg, dy, x []float32) {
	d := len(norm.Gain)
	buffer, release := borrow(d)
	defer release()
	for i := range len(x) / d {
		norm.rowGradient(dx.Part(i*d, (i+1)*d), dg, rowOf(dy, i, d, d), rowOf(x, i, d, d), buffer)
	}
}

// rowGradient is the gradient of one row. dx may be dy; it overwrites buffer [d].
func (norm Norm) rowGradient(dx Gradient, dg, dy, x, buffer []float32) {
	r := norm.inverseRMS(x)
	multiplyAdd(dg, r, x, dy)
	multiply(buffer, r, dy, norm.Gain)
	// Through the norm itself: -x·r²/d·Σ dy·g·x·r.
	along := -r * r / float32(len(x)) * dot(buffer, x)
	if dx.Add {
		axpy(dx.To, 1, buffer)
		axpy(dx.To, along, x)
	} else {
		blend(dx.To, 1, buffer, along, x)
	}
}

// partial keeps one sum for each block of rows, so that the order of addition does not
// depend on the threads.
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

func (p partial) part(i int) []float32 { return rowOf(p.parts, i, p.d, p.d) }

// sum writes the sum of the parts to y and releases their memory.
func (p partial) sum(y Gradient) {
	if !y.Add {
		clear(y.To)
	}
	for i := range len(p.parts) / p.d {
		axpy(y.To, 1, p.part(i))
	}
	p.release()
}

// NormLinear sets y [n, m] to RMSNorm(x)·Wᵀ + b for x [n, d], W [m, d] and b [m], which may
// be nil.
func NormLinear(y, x []float32, norm Norm, w Weights, bias []float32) {
	d := len(norm.Gain)
	n, m := len(x)/d, w.Len()/d
	for i := 0; i < n && bias != nil; i++ {
		copy(rowOf(y, i, m, m), bias)
	}
	if few(n, m, d) {
		normed, release := borrow(n * d)
		defer release()
		norm.rows(normed, x)
		fewRows(Gradient{y, bias != nil}, normed, w, n, m, d)
		return
	}
	all, release := w.float32s()
	defer release()
	eachRows(n, func(_, lo, hi int) {
		normed, release := borrow((hi - lo) * d)
		defer release()
		norm.rows(normed, x[lo*d:hi*d])
		denseGemm(false, true, hi-lo, m, d, 1, normed, d, all, d, kept(bias != nil), y[lo*m:], m)
	})
}

// NormLinearGradient sets dx, dg, dw and dbias to the gradients of NormLinear's inputs;
// without a bias, dbias is empty.
func NormLinearGradient(dx, dg, dw, dbias Gradient, dy, x []float32, norm Norm, w []float32) {
	normLinearGradient(dx, dg, x, norm, projection{dy, w, dw})
	if dbias.To == nil {
		return
	}
	n, m := len(x)/len(norm.Gain), len(dbias.To)
	sums := newPartial(n, m)
	eachRows(n, func(block, lo, hi int) {
		for i := lo; i < hi; i++ {
			axpy(sums.part(block), 1, rowOf(dy, i, m, m))
		}
	})
	sums.sum(dbias)
}

// projection is one of the matrices that the same normed rows are multiplied with.
type projection struct {
	dy, w []float32 // [n, m], [m, d]
	dw    Gradient
}

// normLinearGradient is NormLinearGradient for several matrices.
func normLinearGradient(dx, dg Gradient, x []float32, norm Norm, all ...projection) {
	d := len(norm.Gain)
	n := len(x) / d
	normed, release := borrow(n * d)
	defer release()
	gains := newPartial(n, d)
	eachRows(n, func(i, lo, hi int) {
		dnormed, release := borrow((hi - lo) * d)
		defer release()
		for j, p := range all {
			m := len(p.w) / d
			denseGemm(false, false, hi-lo, d, m, 1, p.dy[lo*m:], m, p.w, d, kept(j > 0), dnormed, d)
		}
		norm.rows(normed[lo*d:hi*d], x[lo*d:hi*d])
		norm.rowsGradient(dx.Part(lo*d, hi*d), gains.part(i), dnormed, x[lo*d:hi*d])
	})
	gains.sum(dg)
	for _, p := range all {
		LinearWeightGradient(p.dw, p.dy, normed, n)
	}
}

// Linear sets y [n, m] to x·Wᵀ for x [n, k] and W [m, k].
func Linear(y, x, w []float32, n int) {
	k := len(x) / n
	parallelDenseGemm(false, true, n, len(w)/k, k, 1, x, k, w, k, 0, y, len(w)/k)
}

// LinearGradient sets dx and dw to the gradients of Linear's inputs.
func LinearGradient(dx, dw Gradient, dy, x, w []float32, n int) {
	k := len(x) / n
	m := len(w) / k
	parallelDenseGemm(false, false, n, k, m, 1, dy, m, w, k, kept(dx.Add), dx.To, k)
	LinearWeightGradient(dw, dy, x, n)
}

// LinearWeightGradient sets dw to the gradient of Linear's weights alone.
func LinearWeightGradient(dw Gradient, dy, x []float32, n int) {
	k, m := len(x)/n, len(dy)/n
	parallelDenseGemm(true, false, m, k, n, 1, dy, m, x, k, kept(dw.Add), dw.To, k)
}

// LinearAdd sets y [n, m] to r + x·Wᵀ for r [n, m], x [n, k] and W [m, k].
func LinearAdd(y, r, x []float32, w Weights, n int) {
	m, k := len(r)/n, len(x)/n
	if few(n, m, k) {
		copy(y, r)
		fewRows(Gradient{y, true}, x, w, n, m, k)
		return
	}
	all, release := w.float32s()
	defer release()
	eachRows(n, func(_, lo, hi int) {
		copy(y[lo*m:hi*m], r[lo*m:hi*m])
		denseGemm(false, true, hi-lo, m, k, 1, x[lo*k:], k, all, k, 1, y[lo*m:], m)
	})
}

// kept is the β of a matrix product that adds to its result, or overwrites it.
func kept(add bool) float32 {
	if add {
		return 1
	}
	return 0
}

// elements divides an element-wise loop among the threads.
func elements(n int, f func(lo, hi int)) { Split(n, 4096, f) }

// Add sets y to a + b. It is for new memories, as in docs/add-a-memory.md.
func Add(y, a, b []float32) {
	elements(len(a), func(lo, hi int) { blend(y[lo:hi], 1, a[lo:hi], 1, b[lo:hi]) })
}

// Accumulate writes a·x to y, in parallel.
func Accumulate(y Gradient, a float32, x []float32) {
	elements(len(x), func(lo, hi int) { accumulate(y.Part(lo, hi), a, x[lo:hi]) })
}

// accumulate is Accumulate on the calling goroutine. Without Add, y may hold NaN.
func accumulate(y Gradient, a float32, x []float32) {
	if y.Add {
		axpy(y.To, a, x)
	} else {
		scaled(y.To, a, x)
	}
}

// scaled sets y to a·x.
func scaled(y []float32, a float32, x []float32) { blend(y, a, x, 0, x) }

// Scale multiplies x by a.
func Scale(x []float32, a float32) {
	elements(len(x), func(lo, hi int) { scale(x[lo:hi], a) })
}

// Dot is Σ x·y, summed in float64 over fixed blocks.
func Dot(x, y []float32) float64 {
	var sum float64
	for lo := 0; lo < len(x); lo += 4096 {
		hi := min(lo+4096, len(x))
		sum += float64(dot(x[lo:hi], y[lo:hi]))
	}
	return sum
}

// Embed sets x [n, d] to the rows of table [V, d] that ids name.
func Embed(x []float32, table Weights, ids []int32) {
	d := len(x) / len(ids)
	Split(len(ids), 64, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			table.row(rowOf(x, i, d, d), int(ids[i]))
		}
	})
}

// EmbedGradient sets dtable [V, d] to the gradient of Embed's table: for each id the
// sum, in order, of the rows of dx at which it occurs.
func EmbedGradient(dtable Gradient, dx []float32, ids []int32) {
	d := len(dx) / len(ids)
	if !dtable.Add {
		clear(dtable.To)
	}
	for i, id := range ids {
		axpy(rowOf(dtable.To, int(id), d, d), 1, rowOf(dx, i, d, d))
	}
}
