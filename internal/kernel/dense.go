package kernel

import "math"

// RMSNorm sets y [n, d] to x·rsqrt(mean(x²)+ε)·g row by row (Zhang & Sennrich
// 2019).
func RMSNorm(y, x, g []float32, epsilon float32) {
	d := len(g)
	Split(len(x)/d, 16, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row, out := line(x, i, d, d), line(y, i, d, d)
			r := inverseRMS(row, epsilon)
			for j, v := range row {
				out[j] = v * r * g[j]
			}
		}
	})
}

func inverseRMS(x []float32, epsilon float32) float32 {
	return float32(1 / math.Sqrt(float64(dot(x, x)/float32(len(x))+epsilon)))
}

// RMSNormGradient sets dx [n, d] and dg [d] to the gradients of RMSNorm's inputs.
func RMSNormGradient(dx, dg, dy, x, g []float32, epsilon float32) {
	d := len(g)
	n := len(x) / d
	// One partial sum for each of a fixed number of row blocks keeps the order
	// of addition the same whatever the threads do.
	const blocks = 8
	partial, release := borrow(blocks * d)
	defer release()
	clear(partial)
	Each(blocks, func(k int) {
		sum := line(partial, k, d, d)
		for i := n * k / blocks; i < n*(k+1)/blocks; i++ {
			row, up, out := line(x, i, d, d), line(dy, i, d, d), line(dx, i, d, d)
			r := inverseRMS(row, epsilon)
			var along float32
			for j, v := range row {
				u := up[j] * v * r
				sum[j] += u
				along += u * g[j]
			}
			along *= r * r / float32(d)
			// along is now r²/d · Σ dy·g·x·r, the share of the norm itself.
			for j, v := range row {
				out[j] = r*g[j]*up[j] - along*v
			}
		}
	})
	clear(dg)
	for k := range blocks {
		axpy(dg, 1, line(partial, k, d, d))
	}
}

// elements divides an element-wise loop among the threads.
func elements(n int, f func(lo, hi int)) { Split(n, 4096, f) }

// Gelu sets y to x·Φ(x) (Hendrycks & Gimpel 2016, exact form).
func Gelu(y, x []float32) {
	elements(len(x), func(lo, hi int) { gelu(y[lo:hi], x[lo:hi]) })
}

// GeluGradient sets dx to the gradient of Gelu's input.
func GeluGradient(dx, dy, x []float32) {
	elements(len(x), func(lo, hi int) { geluGradient(dx[lo:hi], dy[lo:hi], x[lo:hi]) })
}

// Add sets y to a + b.
func Add(y, a, b []float32) {
	elements(len(a), func(lo, hi int) {
		copy(y[lo:hi], a[lo:hi])
		axpy(y[lo:hi], 1, b[lo:hi])
	})
}

// Accumulate adds x to y.
func Accumulate(y, x []float32) {
	elements(len(x), func(lo, hi int) { axpy(y[lo:hi], 1, x[lo:hi]) })
}

// Scale sets y to a·x; y may be x.
func Scale(y, x []float32, a float32) {
	elements(len(x), func(lo, hi int) {
		copy(y[lo:hi], x[lo:hi])
		if a != 1 {
			scale(y[lo:hi], a)
		}
	})
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

// EmbedGradient sets dtable [V, d] to the gradient of Embed's table: the sum of
// dx over the places where each id stands, in order.
func EmbedGradient(dtable, dx []float32, ids []int32) {
	d := len(dx) / len(ids)
	clear(dtable)
	for i, id := range ids {
		axpy(line(dtable, int(id), d, d), 1, line(dx, i, d, d))
	}
}
