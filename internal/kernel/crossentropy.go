package kernel

import "math"

// logitBudget bounds the logits held at once, in floats: [rows, V] never stands
// whole in memory.
const logitBudget = 1 << 20

// logitRows is how many rows of logits are made at a time.
func logitRows(vocabulary int) int { return max(16, logitBudget/vocabulary) }

// CrossEntropy sets nll [n] to the negative log-likelihood, in nats, of targets
// under softmax(x·tableᵀ), x [n, d], table [V, d].
func CrossEntropy(nll []float64, x, table []float32, targets []int32) {
	eachLogits(x, table, len(targets), func(lo, hi int, logits []float32) {
		v := len(logits) / (hi - lo)
		Split(hi-lo, 4, func(a, b int) {
			for i := a; i < b; i++ {
				nll[lo+i], _ = surprise(line(logits, i, v, v), targets[lo+i])
			}
		})
	})
}

// WeightedCrossEntropy returns Σ w·nll and sets dx and dtable to its gradients;
// doing both at once makes the logits one time instead of two.
func WeightedCrossEntropy(dx, dtable, x, table []float32, targets []int32, weights []float32) float64 {
	n := len(targets)
	d := len(x) / n
	nll, keep := make([]float64, n), float32(0)
	eachLogits(x, table, n, func(lo, hi int, logits []float32) {
		v := len(logits) / (hi - lo)
		Split(hi-lo, 4, func(a, b int) {
			for i := a; i < b; i++ {
				row, target, w := line(logits, i, v, v), targets[lo+i], weights[lo+i]
				var logsum float64
				nll[lo+i], logsum = surprise(row, target)
				expSum(row, row, float32(logsum))
				row[target]--
				scale(row, w)
			}
		})
		ParallelGemm(false, false, hi-lo, d, v, 1, logits, v, table, d, 0, dx[lo*d:], d)
		ParallelGemm(true, false, v, d, hi-lo, 1, logits, v, x[lo*d:], d, keep, dtable, d)
		keep = 1
	})
	var sum float64
	for i, w := range weights {
		if w != 0 {
			sum += float64(w) * nll[i]
		}
	}
	return sum
}

// surprise returns the negative log-likelihood of the target and the logarithm of
// the softmax denominator; the row stays as it is.
func surprise(logits []float32, target int32) (nll, logsum float64) {
	buffer, release := borrow(len(logits))
	defer release()
	peak := largest(logits)
	logsum = float64(peak) + math.Log(float64(expSum(buffer, logits, peak)))
	return logsum - float64(logits[target]), logsum
}

// eachLogits hands out x·tableᵀ for blocks of rows [lo, hi).
func eachLogits(x, table []float32, n int, f func(lo, hi int, logits []float32)) {
	d := len(x) / n
	v := len(table) / d
	rows := logitRows(v)
	buffer, release := borrow(min(rows, n) * v)
	defer release()
	for lo := 0; lo < n; lo += rows {
		hi := min(lo+rows, n)
		logits := buffer[:(hi-lo)*v]
		Logits(logits, x[lo*d:hi*d], table, d)
		f(lo, hi, logits)
	}
}

// Logits sets y [n, V] to x·tableᵀ for x [n, d], table [V, d].
func Logits(y, x, table []float32, d int) {
	ParallelGemm(false, true, len(x)/d, len(table)/d, d, 1, x, d, table, d, 0, y, len(table)/d)
}
