package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"infinibench/internal/metrics"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// Interval is a mean over seeds with its two-sided 95 % Student-t interval.
// With fewer than two seeds there is no interval and Low and High are NaN.
//
// A loss has the arithmetic mean. A perplexity and a ratio of perplexities have the
// geometric mean, see geometricInterval.
type Interval struct {
	Mean, Low, High float64
	N               int
}

// meanInterval is mean ± t(0.975, n-1)·s/√n. It returns N = 0 and NaN for no
// values.
func meanInterval(values []float64) Interval {
	n := len(values)
	i := Interval{Mean: math.NaN(), Low: math.NaN(), High: math.NaN(), N: n}
	if n == 0 {
		return i
	}
	i.Mean = stat.Mean(values, nil)
	if n == 1 {
		return i
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975)
	half := t * stat.StdDev(values, nil) / math.Sqrt(float64(n))
	i.Low, i.High = i.Mean-half, i.Mean+half
	return i
}

// geometricInterval is the geometric mean of perplexities or of their ratios
// with exp(mean ± t(0.975, n-1)·s/√n) of their logarithms. A perplexity is the
// exponential of a mean loss, so its logarithm is symmetric around the mean; and the
// interval of a few seeds never falls below zero.
func geometricInterval(values []float64) Interval {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	i := meanInterval(logs)
	return Interval{Mean: math.Exp(i.Mean), Low: math.Exp(i.Low), High: math.Exp(i.High), N: i.N}
}

// pairedRatio is the geometric mean of a[seed]/b[seed] over the seeds that both
// have. Pairing removes the variance that both models share through a seed: the data order
// and the documents.
func pairedRatio(a, b map[uint64]float64) Interval {
	var ratios []float64
	for _, seed := range slices.Sorted(maps.Keys(a)) {
		if other, ok := b[seed]; ok {
			ratios = append(ratios, a[seed]/other)
		}
	}
	return geometricInterval(ratios)
}

// inverse turns the interval of a/b into the interval of b/a.
func (i Interval) inverse() Interval {
	return Interval{Mean: 1 / i.Mean, Low: 1 / i.High, High: 1 / i.Low, N: i.N}
}

// contains reports whether x lies in the interval; never with fewer than two
// seeds.
func (i Interval) contains(x float64) bool { return i.Low <= x && x <= i.High }

// mean writes the mean alone.
func (i Interval) mean() string { return table.Sig4(i.Mean) }

// limits writes the two ends alone.
func (i Interval) limits() string {
	if i.N < 2 {
		return table.None
	}
	return table.Sig4(i.Low) + " to " + table.Sig4(i.High)
}

// String writes "24.10 [23.90, 24.30]", or the mean alone for one seed.
func (i Interval) String() string {
	if i.N < 2 {
		return i.mean()
	}
	return fmt.Sprintf("%s [%s, %s]", i.mean(), table.Sig4(i.Low), table.Sig4(i.High))
}

// valueLowHighN are the numbers of an interval, those that are missing as nil.
func (i Interval) valueLowHighN() []any {
	if i.N == 0 {
		return []any{nil, nil, nil, nil}
	}
	return table.Shown("", i.Mean, i.Low, i.High, i.N).Values
}

// cell is the mean with its interval.
func (i Interval) cell() table.Cell { return table.Shown(i.String(), i.valueLowHighN()...) }

// limitsCell is the two ends alone.
func (i Interval) limitsCell() table.Cell { return table.Shown(i.limits(), i.valueLowHighN()[1:3]...) }

// limitsAndSeeds is the two ends, and in the CSV over how many seeds.
func (i Interval) limitsAndSeeds() table.Cell {
	return table.Shown(i.limits(), i.valueLowHighN()[1:]...)
}

// ratioCell is the mean of a ratio, or nothing of no pair.
func (i Interval) ratioCell() table.Cell {
	if i.N == 0 {
		return table.Cell{}
	}
	return table.Plain(i.Mean)
}

// paperRatio is a ratio of the paper's values, with what else the CSV says of it.
func paperRatio(x float64, more ...any) table.Cell {
	if x == 0 {
		return table.Cell{}
	}
	return table.Shown(paperNumber(x), append([]any{x}, more...)...)
}

// shareWords writes the mean over seeds of a share with its interval, in percent.
func shareWords(shares []float64) string {
	i := meanInterval(shares)
	text := table.Hundred(i.Mean) + " %"
	if i.N > 1 {
		text += fmt.Sprintf(" [%s, %s]", table.Floored(max(0, i.Low)), table.Ceiled(min(1, i.High)))
	}
	return text
}

// bootstrapSeed makes every report use the same resamples.
const bootstrapSeed = 1

// paperNumber writes a ratio of the paper's values, which carry three digits.
func paperNumber(x float64) string {
	if x == 0 {
		return table.None
	}
	return table.Decimals(x, 3)
}

// documentLimits is the interval of a bootstrap, and over how many documents.
func documentLimits(b metrics.Bootstrap) table.Cell {
	if b.Documents < leastDocuments {
		return table.Shown(table.None, nil, nil, b.Documents)
	}
	return table.Shown(table.Sig4(b.Low)+" to "+table.Sig4(b.High), b.Low, b.High, b.Documents)
}

// pairedDocuments is the paired bootstrap over documents of the difference between two
// models' losses, averaged over seeds. Each pair has the documents of both models with one
// seed. Documents is 0 without a pair, or if not all scored the same documents.
func pairedDocuments(pairs [][2][]results.DocumentScore) metrics.Bootstrap {
	if len(pairs) == 0 {
		return metrics.Bootstrap{}
	}
	difference, tokens := make([]float64, len(pairs[0][0])), make([]int64, len(pairs[0][0]))
	for seed, pair := range pairs {
		own, others := pair[0], pair[1]
		if len(own) != len(others) || len(own) != len(tokens) {
			return metrics.Bootstrap{}
		}
		for i, d := range own {
			if d.ID != others[i].ID || d.Tokens != others[i].Tokens || seed > 0 && d.Tokens != tokens[i] {
				return metrics.Bootstrap{}
			}
			difference[i] += d.NLL - others[i].NLL
			tokens[i] = d.Tokens
		}
	}
	if len(difference) == 0 {
		return metrics.Bootstrap{}
	}
	for i := range difference {
		difference[i] /= float64(len(pairs))
	}
	return metrics.PairedBootstrap(difference, tokens, bootstrapSeed)
}
