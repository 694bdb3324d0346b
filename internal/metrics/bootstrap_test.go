package metrics

import (
	"math"
	"testing"
)

// Two documents give three ratios, drawn with probabilities 1/4, 1/2 and 1/4, so that
// the interval and the p-value follow by hand.
func TestPairedBootstrapOfTwoDocuments(t *testing.T) {
	for _, c := range []struct {
		name             string
		difference       []float64
		tokens           []int64
		ratio, low, high float64
		p                float64
	}{
		// exp(-2/10), exp(-8/40), exp(-6/30): all alike, so nothing is left to chance.
		{"alike", []float64{-2, -6}, []int64{10, 30}, math.Exp(-.2), math.Exp(-.2), math.Exp(-.2), 2. / 10001},
		// exp(1/10) or exp(-4/10) when one document is drawn twice; together exp(-11/40),
		// for the longer counts for more. A quarter of the draws lies above 1.
		{"apart", []float64{1, -12}, []int64{10, 30}, math.Exp(-11. / 40), math.Exp(-.4), math.Exp(.1), .5},
		{"the same model", []float64{0, 0}, []int64{10, 30}, 1, 1, 1, 1},
	} {
		b := PairedBootstrap(c.difference, c.tokens, 1)
		for _, v := range []struct {
			what            string
			got, want, near float64
		}{
			{"ratio", b.Ratio, c.ratio, 1e-12}, {"low", b.Low, c.low, 1e-12}, {"high", b.High, c.high, 1e-12},
			// Five standard deviations of a share of 10,000 draws, doubled.
			{"p", b.P, c.p, 1e-9 + 10*math.Sqrt(c.p/2*(1-c.p/2)/Resamples)},
		} {
			if !(math.Abs(v.got-v.want) <= v.near) {
				t.Errorf("%s: %s is %.6g, want %.6g", c.name, v.what, v.got, v.want)
			}
		}
	}
}

// With many documents of one length, the interval of the logarithm is the interval of a
// mean: ± 1.96 standard errors.
func TestPairedBootstrapNearsTheNormal(t *testing.T) {
	const n = 400
	difference, tokens := make([]float64, n), make([]int64, n)
	for i := range n {
		difference[i], tokens[i] = 1-2*float64(i%2)-0.1, 1 // -0.1 ± 1
	}
	b := PairedBootstrap(difference, tokens, 7)
	half := 1.96 / math.Sqrt(n)
	// A percentile of 10,000 draws is off by some 2 % of a half width.
	if low, high := math.Log(b.Low), math.Log(b.High); math.Abs(low+0.1+half) > 0.1*half || math.Abs(high+0.1-half) > 0.1*half {
		t.Errorf("interval %.4f to %.4f, want -0.1 ± %.4f", low, high, half)
	}
	// Φ(-0.1·√400) on both sides.
	if want := math.Erfc(2 / math.Sqrt2); math.Abs(b.P-want) > 0.015 {
		t.Errorf("p is %.4f, want %.4f", b.P, want)
	}
	if again := PairedBootstrap(difference, tokens, 7); again != b {
		t.Errorf("the same seed gives %+v and %+v", b, again)
	}
	if other := PairedBootstrap(difference, tokens, 8); other == b {
		t.Error("the seed changes nothing")
	}
}

func TestPairedBootstrapNeedsTwoDocuments(t *testing.T) {
	b := PairedBootstrap([]float64{-1}, []int64{10}, 1)
	if b.Ratio != math.Exp(-0.1) || !math.IsNaN(b.Low) || !math.IsNaN(b.High) || !math.IsNaN(b.P) {
		t.Errorf("one document: %+v", b)
	}
}
