package experiments

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"

	"infinibench/internal/results"
)

// Weights, errors and variances by hand. Of one key written twice, Delta reads (v₁ + v₂ −
// v₁)/2: the first value is gone and the second halved. Four times: v₄ + ⅔v₃ + ⅓v₂, over 4.
func TestRecallWeights(t *testing.T) {
	for _, test := range []struct {
		name     string
		k        []float64
		segment  int
		delta    bool
		want     []float64
		error    float64
		variance float64 // for values of width 1
	}{
		{"two keys, linear", []float64{2, 1, 1, 2}, 1, false, []float64{2. / 3, 1. / 3, 1. / 3, 2. / 3}, 2. / 9,
			8. / 81}, // the error is (v₁ − v₂)²/9, the difference of variance 2
		{"two keys, delta", []float64{2, 1, 1, 2}, 1, true, []float64{1. / 3, 1. / 3, -1. / 3, 2. / 3}, 7. / 18,
			31. / 162}, // C − I = [−2 1; −1 −1]/3, its square [5 −1; −1 2]/9 of squared norm 31/81
		{"two keys in one segment", []float64{2, 1, 1, 2}, 2, true, []float64{2. / 3, 1. / 3, 1. / 3, 2. / 3}, 2. / 9, 8. / 81},
		{"one key twice, linear", []float64{1, 1, 1, 1}, 1, false, []float64{.5, .5, .5, .5}, .5, .5},
		{"one key twice, delta", []float64{1, 1, 1, 1}, 1, true, []float64{0, .5, 0, .5}, .75, 0},
		{"one key four times, delta", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 1, true,
			[]float64{0, 1. / 12, 2. / 12, 3. / 12, 0, 1. / 12, 2. / 12, 3. / 12, 0, 1. / 12, 2. / 12, 3. / 12, 0, 1. / 12, 2. / 12, 3. / 12},
			(158. + 134 + 110 + 86) / 144 / 4, 0},
		{"three keys, one each, the last segment shorter", []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}, 2, true, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}, 0, 0},
	} {
		n := int(math.Sqrt(float64(len(test.k))))
		c := recallWeights(mat.NewDense(n, n, test.k), test.segment, test.delta, 1e-15)
		if !mat.EqualApprox(c, mat.NewDense(n, n, test.want), 1e-12) {
			t.Errorf("%s: weights\n%v\nwant %v", test.name, mat.Formatted(c), test.want)
		}
		if got := recallError(c); math.Abs(got-test.error) > 1e-12 {
			t.Errorf("%s: error %v, want %v", test.name, got, test.error)
		}
		if got := recallVariance(c, 1); test.variance != 0 && math.Abs(got-test.variance) > 1e-12 {
			t.Errorf("%s: variance %v, want %v", test.name, got, test.variance)
		}
	}
}

// The moments of σ(x) by the integrals of its two halves, summed in steps of 1/1000.
func TestSigmaMoments(t *testing.T) {
	var mean, square float64
	const step = 1e-3
	for x := -12 + step/2; x < 12; x += step {
		y := x + 1
		if x < 0 {
			y = math.Exp(x)
		}
		weight := step * math.Exp(-x*x/2) / math.Sqrt(2*math.Pi)
		mean, square = mean+weight*y, square+weight*y*y
	}
	if m, s := sigmaMoments(); math.Abs(m-mean) > 1e-6 || math.Abs(s-square) > 1e-6 {
		t.Errorf("%v and %v, want %v and %v", m, s, mean, square)
	}
}

// The limit of Linear is n(n − 1)/(n − 1 + r)² with r = 1.96598/1.16052². Delta's limit, one
// pair at a time, is by hand for two pairs: it reads (r·v₁ + v₂ − v₁)/(r + 1) and
// (v₁ + r(v₂ − v₁))/(r + 1).
func TestRecallLimit(t *testing.T) {
	const r = 1.96598 / (1.16052 * 1.16052)
	for _, n := range []float64{1, 2, 10, 64} {
		want := n * (n - 1) / ((n - 1 + r) * (n - 1 + r))
		if got := recallError(recallWeights(expectedProducts(int(n), 64), 1, false, 0)); math.Abs(got-want) > 1e-4 {
			t.Errorf("linear, %v pairs: %v, want %v", n, got, want)
		}
	}
	want := (4 + 1 + (1-r)*(1-r) + 1) / 2 / ((r + 1) * (r + 1))
	if got := recallError(recallWeights(expectedProducts(2, 64), 1, true, 0)); math.Abs(got-want) > 1e-4 {
		t.Errorf("delta: %v, want %v", got, want)
	}
}

func probe(t *testing.T, model string) []results.RecallPoint {
	t.Helper()
	points, err := MeasureRecall(t.Context(), model, results.RecallSettings{HeadSizes: []int{12, 16}, Segments: []int{1, 5, 16}, Trials: 8}, 1e-6, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return points
}

// The loops that the models run agree with the equations, and by hand: what is written
// under orthogonal keys comes back as it was up to D pairs, for both rules; with 2·D, each
// key has two values, of which Linear reads the mean, at an error of ½, and Delta half of
// the second, at ¾ on average.
func TestRecall(t *testing.T) {
	for model, twice := range map[string]float64{"infini-linear": 0.5, "infini-delta": 0.75} {
		points := probe(t, model)
		for _, p := range points {
			if !p.Agrees {
				t.Errorf("%s does not agree: %+v", model, p)
			}
			if p.Keys != results.OrthogonalKeys {
				continue
			}
			if p.Pairs <= p.HeadSize && (p.Error > 1e-10 || p.Identified != 1) {
				t.Errorf("%s: not exact: %+v", model, p)
			}
			// In a segment of 16 pairs, the twelve keys of a head of 12 come twice.
			if p.Pairs == 2*p.HeadSize && p.Segment <= p.HeadSize && math.Abs(p.Expected-twice) > 1e-5 {
				t.Errorf("%s: %v expected with two values to a key, want %v", model, p.Expected, twice)
			}
		}
		want := map[string]int{"infini-linear": 2 * (6 + 7), "infini-delta": 3 * 2 * (6 + 7)}[model]
		if len(points) != want { // of 48, 24, …, 1 and 64, 32, …, 1 pairs
			t.Errorf("%s: %d points, want %d", model, len(points), want)
		}
	}
	// Delta corrects nothing in the first segment.
	linear, delta := probe(t, "infini-linear"), probe(t, "infini-delta")
	for _, p := range delta {
		for _, q := range linear {
			if p.Keys == q.Keys && p.HeadSize == q.HeadSize && p.Pairs == q.Pairs && p.Pairs <= p.Segment && math.Abs(p.Error-q.Error) > 1e-6 {
				t.Errorf("in one segment Delta has an error of %v, Linear of %v", p.Error, q.Error)
			}
		}
	}
}

// The check detects a wrong memory.
func TestRecallTellsAWrongMemory(t *testing.T) {
	type memory = func(qkv []float32, n, headSize, segment int, delta bool, epsilon float64) []float32
	answers := func(change func(i int, x float32) float32) memory {
		return func(qkv []float32, n, headSize, segment int, delta bool, epsilon float64) []float32 {
			out := recall(qkv, n, headSize, segment, delta, epsilon)
			for i := range out {
				out[i] = change(i, out[i])
			}
			return out
		}
	}
	for name, wrong := range map[string]memory{
		"the other rule": func(qkv []float32, n, headSize, segment int, delta bool, epsilon float64) []float32 {
			return recall(qkv, n, headSize, segment, !delta, epsilon)
		},
		"a segment too long": func(qkv []float32, n, headSize, segment int, delta bool, epsilon float64) []float32 {
			return recall(qkv, n, headSize, 2*segment, true, epsilon)
		},
		"one pair forgotten": func(qkv []float32, n, headSize, segment int, delta bool, epsilon float64) []float32 {
			return append(recall(qkv, n-1, headSize, segment, delta, epsilon), make([]float32, headSize)...)
		},
		"a part in a thousand too large": answers(func(_ int, x float32) float32 { return 1.001 * x }),
		"not a number in one place": answers(func(i int, x float32) float32 {
			if i == 7 {
				x /= 0 * x
			}
			return x
		}),
	} {
		draws := []recallDraw{drawPairs(results.NormalKeys, 16, 32, rand.New(rand.NewPCG(1, 1)))}
		p := results.RecallPoint{Keys: results.NormalKeys, HeadSize: 16, Segment: 4, Pairs: 32}
		if measureRecallPoint(&p, draws, true, 1e-6, wrong); p.Agrees {
			t.Errorf("%s agrees: %+v", name, p)
		}
	}
}

// Each trial draws its own pairs, and equal calls draw equal pairs.
func TestRecallRepeats(t *testing.T) {
	a, b := probe(t, "infini-delta"), probe(t, "infini-delta")
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	p := results.RecallPoint{Keys: results.NormalKeys, HeadSize: 16, Segment: 1, Pairs: 4, Trials: 1}
	q := p
	measureRecallPoint(&p, []recallDraw{drawPairs(results.NormalKeys, 16, 4, rand.New(rand.NewPCG(1, 1)))}, false, 1e-6, recall)
	measureRecallPoint(&q, []recallDraw{drawPairs(results.NormalKeys, 16, 4, rand.New(rand.NewPCG(1, 2)))}, false, 1e-6, recall)
	if p.Error == q.Error {
		t.Error("two trials have the same error")
	}
}

func TestRecallRefusals(t *testing.T) {
	s := results.RecallSettings{HeadSizes: []int{4}, Segments: []int{1}, Trials: 1}
	if _, err := MeasureRecall(t.Context(), "rmt", s, 1e-6, func(int) {}); err == nil {
		t.Error("the recall of rmt was measured")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := MeasureRecall(ctx, "infini-linear", s, 1e-6, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted, it returns %v", err)
	}
}
