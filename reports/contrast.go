package reports

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"infinibench/internal/finite"
	"infinibench/internal/metrics"
)

// Contrast is how one run's value of a cell differs from the first run's value. It is
// a ratio, or a difference where the measure says so.
type Contrast struct {
	Change *float64 `json:"change"` // this ÷ the first run's, or this − it; null when they do not compare
	Low    *float64 `json:"low"`    // 95 % interval; null when there is none
	High   *float64 `json:"high"`
	P      *float64 `json:"p"`     // two-sided, of no change
	N      int      `json:"n"`     // pairs behind it
	Pairs  string   `json:"pairs"` // what a pair is: "documents", or "seeds"
	Call   Call     `json:"call"`
	Why    string   `json:"why,omitempty"`
}

// Call is the verdict on a contrast.
type Call string

const (
	Better      Call = "better"
	Worse       Call = "worse"
	Noise       Call = "~"
	NotCompared Call = "not compared"
)

const (
	// alpha is below what a p-value must lie for a change to be more than noise.
	alpha = 0.05
	// leastDocuments is how many pairs a bootstrap needs: fewer cannot all fall to one
	// side by chance with a probability below alpha, 2/2⁵ > 0.05 > 2/2⁶. It is also
	// what benchstat asks for.
	leastDocuments = 6
)

// contrast compares the readings of one cell in a run with those in the first run, over
// the seeds and documents that both have; base and other have at least one each. For a
// measure with parts, it averages the losses over the common seeds and bootstraps the parts
// in pairs; with two or more seeds, the change must also hold over the seeds. For a measure
// without parts, the seeds are the pairs.
func (m Measure) contrast(base, other map[uint64]value) Contrast {
	shared, nothing := m.common([]map[uint64]value{base, other})
	if nothing != "" {
		return Contrast{Call: NotCompared, Why: nothing}
	}
	base, other = shared.of[0], shared.of[1]
	seeds := shared.seeds
	bySeed := make([]float64, len(seeds)) // the change of each, on the scale it is averaged on
	var difference []float64
	var weights []int64
	for i, seed := range seeds {
		a, b := other[seed], base[seed]
		if m.Difference {
			bySeed[i] = a.value - b.value
		} else {
			bySeed[i] = math.Log(a.value / b.value)
		}
		if difference == nil {
			difference, weights = make([]float64, shared.parts), make([]int64, shared.parts)
		}
		for k := range difference {
			difference[k] += (a.parts[k].sum - b.parts[k].sum) / float64(len(seeds))
			weights[k] = a.parts[k].weight
		}
	}
	overSeeds := m.ofSeeds(bySeed)
	if shared.parts == 0 {
		return overSeeds
	}
	c := m.ofParts(difference, weights)
	if c.Call != Noise && len(seeds) > 1 && overSeeds.Call != c.Call {
		c.Call, c.Why = Noise, "holds over documents, not over "+plural(len(seeds), "seed")
	}
	return c
}

// ofParts is the change over documents, by the paired bootstrap.
func (m Measure) ofParts(difference []float64, weights []int64) Contrast {
	b := metrics.PairedBootstrap(difference, weights, bootstrapSeed)
	// The bootstrap's ratio is the exponential of a mean, which is the difference itself
	// of a measure that is subtracted.
	scale := func(ratio float64) float64 { return ratio }
	if m.Difference {
		scale = math.Log
	}
	c := Contrast{N: b.Documents, Pairs: "documents", Change: known(scale(b.Ratio))}
	if zero(difference) {
		return c.call(m, "equal")
	}
	if b.Documents < leastDocuments {
		return c.call(m, "fewer than 6 documents")
	}
	c.Low, c.High, c.P = known(scale(b.Low)), known(scale(b.High)), known(b.P)
	return c.call(m, "")
}

// ofSeeds is the change over seeds, by Student's t.
func (m Measure) ofSeeds(changes []float64) Contrast {
	scale := math.Exp
	if m.Difference {
		scale = func(x float64) float64 { return x }
	}
	i := meanInterval(changes)
	c := Contrast{N: i.N, Pairs: "seeds", Change: known(scale(i.Mean))}
	switch {
	case zero(changes):
		return c.call(m, "equal")
	case i.N < 2:
		return c.call(m, "one measurement: how well it repeats is not known")
	}
	c.Low, c.High = known(scale(i.Low)), known(scale(i.High))
	t := i.Mean / (stat.StdDev(changes, nil) / math.Sqrt(float64(i.N)))
	c.P = known(2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(i.N - 1)}.Survival(math.Abs(t)))
	return c.call(m, "")
}

// call decides, unless why says that the data allow no decision.
func (c Contrast) call(m Measure, why string) Contrast {
	c.Call, c.Why = Noise, why
	if why != "" || c.Change == nil || c.P == nil || *c.P >= alpha {
		return c
	}
	same := 1.
	if m.Difference {
		same = 0
	}
	c.Call = Worse
	if (*c.Change > same) == m.Higher {
		c.Call = Better
	}
	return c
}

// known is nil for what JSON cannot hold.
func known(x float64) *float64 {
	if !finite.Is(x) {
		return nil
	}
	return &x
}

func zero(xs []float64) bool {
	for _, x := range xs {
		if x != 0 {
			return false
		}
	}
	return true
}
