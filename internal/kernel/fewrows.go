package kernel

// A product x·Wᵀ of few rows with a large W takes as long as it takes to read W, as when a
// pretrained model decodes. Dividing x among the threads would leave most of them idle, and
// OpenBLAS copies all of W on each call. So W is divided instead, and for the fewest rows
// its rows are read just once.

// dotRows is the most rows of x for which plain inner products are faster than the library.
const dotRows = 4

// few reports whether it is better to divide W [m, k] among the threads than n rows.
func few(n, m, k int) bool { return n < 64*Threads() && m*k >= 1<<18 }

// someRows sets y [n, m] to x·Wᵀ, or adds it, on the calling goroutine. The weights must be
// float32.
func someRows(y Gradient, x []float32, w Weights, n, m, k int) {
	denseGemm(false, true, n, m, k, 1, x, k, w.f32, k, kept(y.Add), y.To, m)
}

// fewRows is someRows with W divided among the threads, in any type.
func fewRows(y Gradient, x []float32, w Weights, n, m, k int) {
	Split(m, 16, func(lo, hi int) {
		if n > dotRows {
			tiles(lo, hi, k, func(lo, hi int) {
				rows, release := w.stretch(lo*k, hi*k)
				defer release()
				denseGemm(false, true, n, hi-lo, k, 1, x, k, rows, k, kept(y.Add), y.To[lo:], m)
			})
			return
		}
		for j := lo; j < hi; j++ {
			for i := range n {
				sum := w.inner(rowOf(x, i, k, k), j)
				if y.Add {
					sum += y.To[i*m+j]
				}
				y.To[i*m+j] = sum
			}
		}
	})
}
