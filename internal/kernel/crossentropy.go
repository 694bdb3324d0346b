package kernel

import "math"

// The logits in memory at one time are bounded in floats, independent of the number of rows.
// Their gradient overwrites them. Each block of rows reads the whole table, so with a large
// vocabulary the bound is in rows.
const (
	logitBudget  = 1 << 21
	fewestLogits = 256 // rows
)

// logitRows is how many rows of logits are computed at a time.
func logitRows(vocabulary int) int { return max(fewestLogits, logitBudget/vocabulary) }

// CrossEntropy sets nll [n] to the negative log-likelihood, in nats, of targets
// under softmax(x·tableᵀ), x [n, d], table [V, d].
func CrossEntropy(nll []float64, x []float32, table Weights, targets []int32) {
	eachLogits(x, table, len(targets), func(lo, _ int, logits []float32, v int) {
		for i := range len(logits) / v {
			nll[lo+i], _ = tokenNLL(rowOf(logits, i, v, v), targets[lo+i])
		}
	}, func(int, int, []float32) {})
}

// WeightedCrossEntropy returns Σ w·nll and sets dx and dtable to its gradients. Doing both
// together computes the logits once instead of twice.
func WeightedCrossEntropy(dx, dtable, x, table []float32, targets []int32, weights []float32) float64 {
	n := len(targets)
	d := len(x) / n
	v := len(table) / d
	nll := make([]float64, n)
	eachLogits(x, Float32s(table), n, func(lo, hi int, logits []float32, v int) {
		for i := range hi - lo {
			row, target, w := rowOf(logits, i, v, v), targets[lo+i], weights[lo+i]
			var total float32
			nll[lo+i], total = tokenNLL(row, target)
			scale(row, w/total)
			row[target] -= w
		}
		denseGemm(false, false, hi-lo, d, v, 1, logits, v, table, d, 0, dx[lo*d:], d)
	}, func(lo, hi int, logits []float32) {
		parallelDenseGemm(true, false, v, d, hi-lo, 1, logits, v, x[lo*d:], d, kept(lo > 0), dtable, d)
	})
	var sum float64
	for i, w := range weights {
		if w != 0 {
			sum += float64(w) * nll[i]
		}
	}
	return sum
}

// tokenNLL returns the negative log-likelihood of the target and replaces the logits by
// e^(logit - largest), whose sum is total.
func tokenNLL(logits []float32, target int32) (nll float64, total float32) {
	peak, aim := largest(logits), logits[target]
	total = expSum(logits, logits, peak)
	return float64(peak) + math.Log(float64(total)) - float64(aim), total
}

// eachLogits computes x·tableᵀ, V wide, and passes it on: to each, in parallel, a few rows
// [lo, hi); then to whole, all rows in memory at the time.
func eachLogits(x []float32, table Weights, n int, each func(lo, hi int, logits []float32, v int), whole func(lo, hi int, logits []float32)) {
	d := len(x) / n
	v := table.Len() / d
	rows := logitRows(v)
	buffer, release := borrow(min(rows, n) * v)
	defer release()
	for from := 0; from < n; from += rows {
		to := min(from+rows, n)
		tiles(0, v, d, func(first, end int) {
			part, release := table.stretch(first*d, end*d)
			defer release()
			eachRows(to-from, func(_, lo, hi int) {
				denseGemm(false, true, hi-lo, end-first, d, 1, x[(from+lo)*d:], d, part, d, 0, buffer[lo*v+first:], v)
				if end == v {
					each(from+lo, from+hi, buffer[lo*v:hi*v], v)
				}
			})
		})
		whole(from, to, buffer[:(to-from)*v])
	}
}

// Logits sets y [n, V] to x·tableᵀ for x [n, d], table [V, d].
func Logits(y, x []float32, table Weights, d int) {
	n, v := len(x)/d, table.Len()/d
	if few(n, v, d) {
		fewRows(Gradient{To: y}, x, table, n, v, d)
		return
	}
	tiles(0, v, d, func(lo, hi int) {
		part, release := table.stretch(lo*d, hi*d)
		defer release()
		parallelDenseGemm(false, true, n, hi-lo, d, 1, x, d, part, d, 0, y[lo:], v)
	})
}
