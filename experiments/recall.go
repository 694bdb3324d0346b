package experiments

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"infinibench/internal/kernel"
	"infinibench/internal/results"
)

// recallExperiment writes to the memory of one head and reads back, without a model. Its
// cells have neither corpus nor seed.
var recallExperiment = &experiment{
	name: "recall", sized: true,
	cells: recallCells, validate: validateRecall, count: countRecall, estimate: estimateRecall, make: makeRecall,
	keys: recallKeys,
}

// RecallModels are the models whose memory's recall is known.
var RecallModels = []string{"infini-linear", "infini-delta"}

// A memory agrees with its curve if its error is within recallDeviations standard
// deviations of the expected error, and each answer within recallRounding of the float64
// answer. The latter is a hundred times the deviation observed at width 128.
const (
	recallDeviations = 5
	recallRounding   = 1e-4
)

func isDelta(model string) bool { return model == "infini-delta" }

// recallSegments are those that a rule is tried with.
func recallSegments(s results.RecallSettings, model string) []int {
	if isDelta(model) {
		return s.Segments
	}
	return s.Segments[:1]
}

// MeasureRecall writes random pairs to the memory of one head with the loops that the
// models run, reads them back, and compares the result with the curve. Each trial draws
// keys and values, the same for every rule and segment. model is "infini-linear" or
// "infini-delta"; tick is called with the number of pairs of each point.
func MeasureRecall(ctx context.Context, model string, s results.RecallSettings, epsilon float64, tick func(pairs int)) ([]results.RecallPoint, error) {
	if !slices.Contains(RecallModels, model) {
		return nil, fmt.Errorf("experiments: recall does not know model %q; it knows %s", model, strings.Join(RecallModels, " and "))
	}
	delta := isDelta(model)
	var points []results.RecallPoint
	for _, headSize := range s.HeadSizes {
		for _, keys := range []results.RecallKeys{results.NormalKeys, results.OrthogonalKeys} {
			draws := make([]recallDraw, s.Trials)
			for i := range draws {
				draws[i] = drawPairs(keys, headSize, 4*headSize, rand.New(rand.NewPCG(uint64(headSize), uint64(i))))
			}
			for _, segment := range recallSegments(s, model) {
				for _, pairs := range results.RecallPairs(headSize) {
					if err := ctx.Err(); err != nil {
						return nil, err
					}
					p := results.RecallPoint{Keys: keys, HeadSize: headSize, Segment: segment, Pairs: pairs, Trials: s.Trials}
					measureRecallPoint(&p, draws, delta, epsilon, recall)
					points = append(points, p)
					tick(pairs)
				}
			}
		}
	}
	return points, nil
}

// recallDraw is the pairs of one trial.
type recallDraw struct {
	qkv    []float32     // [n, 3·D], each query its key
	k      *mat.SymDense // [n, n], the products of the features in float64
	values *mat.Dense    // [n, D]
}

func drawPairs(keys results.RecallKeys, headSize, n int, r *rand.Rand) recallDraw {
	d := recallDraw{make([]float32, n*3*headSize), mat.NewSymDense(n, nil), mat.NewDense(n, headSize, nil)}
	features := mat.NewDense(n, headSize, nil)
	for i := range n {
		row := d.qkv[i*3*headSize:]
		for j := range headSize {
			key := float32(-100) // σ is e^-100
			switch {
			case keys == results.NormalKeys:
				key = float32(r.NormFloat64())
			case i%headSize == j:
				key = 0 // σ is 1
			}
			value := float32(r.NormFloat64())
			row[j], row[headSize+j], row[2*headSize+j] = key, key, value
			d.values.Set(i, j, float64(value))
			features.Set(i, j, math.Exp(min(float64(key), 0))+max(float64(key), 0))
		}
	}
	d.k.SymOuterK(1, features)
	return d
}

// recall writes the first n pairs of qkv to an empty memory, segment by segment, of
// which the last may be shorter, and returns what is read with their keys [n, D].
func recall(qkv []float32, n, headSize, segment int, delta bool, epsilon float64) []float32 {
	shape := kernel.Shape{B: 1, S: 1, H: 1, D: headSize}
	memory := make([]float32, shape.MemorySize())
	states := make([]float32, 2*len(memory))
	width := 3 * headSize
	for at := 0; at < n; at += segment {
		shape.T = min(segment, n-at)
		kernel.MemoryWrite(shape, float32(epsilon), delta, nil, states, qkv[at*width:(at+shape.T)*width], memory)
		copy(memory, states[len(memory):])
	}
	shape.T = n
	out := make([]float32, n*headSize)
	kernel.MemoryRead(shape, float32(epsilon), out, qkv[:n*width], memory)
	return out
}

// measureRecallPoint measures a memory on the pairs of a point and compares it with its curve.
func measureRecallPoint(p *results.RecallPoint, draws []recallDraw, delta bool, epsilon float64, recall func(qkv []float32, n, headSize, segment int, delta bool, epsilon float64) []float32) {
	n, trials := p.Pairs, float64(len(draws))
	var variance float64
	for i, d := range draws {
		values := d.values.Slice(0, n, 0, p.HeadSize)
		weights := recallWeights(d.k.SliceSym(0, n), p.Segment, delta, epsilon)
		p.Expected += recallError(weights) / trials
		if i == 0 { // it hardly depends on the keys, and takes longest
			variance = recallVariance(weights, p.HeadSize) / trials
		}

		answers := mat.NewDense(n, p.HeadSize, nil)
		for i, x := range recall(d.qkv, n, p.HeadSize, p.Segment, delta, epsilon) {
			answers.Set(i/p.HeadSize, i%p.HeadSize, float64(x))
		}
		var difference, reference mat.Dense
		reference.Mul(weights, values)
		difference.Sub(answers, &reference)
		p.Rounding = max(p.Rounding, mat.Max(&difference), -mat.Min(&difference))
		difference.Sub(answers, values)
		norm := mat.Norm(&difference, 2)
		p.Error += norm * norm / float64(n*p.HeadSize) / trials
		p.Identified += identified(answers, values) / trials
	}
	k := draws[0].k.SliceSym(0, n)
	if p.Keys == results.NormalKeys {
		k = expectedProducts(n, p.HeadSize)
	}
	p.Limit = recallError(recallWeights(k, p.Segment, delta, epsilon))
	p.Tolerance = recallDeviations*math.Sqrt(variance) + recallRounding*recallRounding // an answer may be exact
	p.Agrees = math.Abs(p.Error-p.Expected) <= p.Tolerance && p.Rounding <= recallRounding
}

// identified is the share of answers whose cosine with their own value is larger than
// that with any other.
func identified(answers *mat.Dense, values mat.Matrix) float64 {
	n, _ := values.Dims()
	lengths := make([]float64, n)
	for i := range n {
		lengths[i] = floats.Norm(mat.Row(nil, i, values), 2)
	}
	var products mat.Dense
	products.Mul(answers, values.T())
	right := 0
	for j := range n {
		row := products.RawRowView(j)
		floats.Div(row, lengths)
		if floats.MaxIdx(row) == j {
			right++
		}
	}
	return float64(right) / float64(n)
}
