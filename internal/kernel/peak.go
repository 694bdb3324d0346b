package kernel

import (
	"time"

	"infinibench/internal/machine"
)

// Peak measures this machine's speed at single-precision matrix products with the current
// number of threads, in floating-point operations per second. It is the fastest of
// repeated products of two square matrices, of 1,024 rows and then of 1,536, 2n³
// operations each, over a quarter of a second for each size. Other work on the machine,
// such as another goroutine that uses this package, lowers it.
func Peak() float64 {
	const patience = 250 * time.Millisecond
	best := 0.0
	for _, n := range []int{1024, 1536} {
		operations := 2 * float64(n) * float64(n) * float64(n)
		if best > 0 && operations/best > patience.Seconds() {
			break // without OpenBLAS the larger size takes seconds
		}
		a, b, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
		for i := range a {
			a[i], b[i] = 1, 1 // zeros would be no different, but no reader would believe it
		}
		for begin, once := machine.WorkTime(), true; once || machine.WorkTime()-begin < patience; once = false {
			start := machine.WorkTime()
			ParallelGemm(false, false, n, n, n, 1, a, n, b, n, 0, c, n)
			best = max(best, operations/(machine.WorkTime()-start).Seconds())
		}
	}
	return best
}
