package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// nllTwin is -log softmax(x·tableᵀ)[target] of each row.
func nllTwin(x, table, targets array) []float64 {
	n, d, v := x.shape[0], x.shape[1], table.shape[0]
	nll := make([]float64, n)
	for i := range n {
		row := x.data[i*d : (i+1)*d]
		logit := func(j int) float64 { return inner(row, table.data[j*d:(j+1)*d]) }
		var total float64
		for j := range v {
			total += math.Exp(logit(j))
		}
		nll[i] = math.Log(total) - logit(int(targets.data[i]))
	}
	return nll
}

func crossEntropyChecks() []check {
	r := rand.New(rand.NewPCG(4, 4))
	var all []check
	for _, c := range []struct{ n, d, v, probes int }{
		{1, 2, 1, 0}, {1, 2, 3, 0}, {7, 6, 11, 0}, {133, 10, 37, 0},
		// So many logits a row that the 300 rows are done in two blocks.
		{300, 2, 8000, 2},
	} {
		weights := normal(r, c.n).fix()
		for i := range weights.data {
			if i%3 == 1 {
				weights.data[i] = 0
			}
		}
		in := []array{normal(r, c.n, c.d), normal(r, c.v, c.d), integers(r, c.n, c.v), weights}
		size := fmt.Sprintf("/%dx%d of %d", c.n, c.d, c.v)
		all = append(all, check{
			name: "cross-entropy" + size, in: in, probes: c.probes,
			node: func(in []*G.Node) *G.Node { return CrossEntropy(in[0], in[1], in[2], in[3]) },
			twin: func(in []array) []float64 { return []float64{inner(nllTwin(in[0], in[1], in[2]), in[3].data)} },
		}, check{
			name: "token nll" + size, in: in[:3], fixed: true,
			node: func(in []*G.Node) *G.Node { return TokenNLL(in[0], in[1], in[2]) },
			twin: func(in []array) []float64 { return nllTwin(in[0], in[1], in[2]) },
		})
	}
	return all
}

func TestCrossEntropy(t *testing.T) {
	for _, c := range crossEntropyChecks() {
		t.Run(c.name, c.test)
	}
}

// TestUniform: equal logits give exactly log V, whatever the target.
func TestUniform(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, v := range []int{1, 2, 31, 256, 1024} {
		got := evaluate(t, func(in []*G.Node) *G.Node { return TokenNLL(in[0], in[1], in[2]) }, normal(r, 9, 6), zeros(v, 6), integers(r, 9, v))
		for _, nll := range got {
			if math.Abs(nll-math.Log(float64(v))) > 1e-7 {
				t.Errorf("vocabulary %d: nll %.9g, want log V = %.9g", v, nll, math.Log(float64(v)))
			}
		}
	}
}

// TestNoGradient: an operation without a gradient says so when one is asked.
func TestNoGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	s := Shape{B: 1, S: 1, T: 2, H: 1, D: 2}
	past := 0
	g := G.NewGraph()
	qkv := normal(r, 2, 6).node(g)
	out := CachedAttention(s, rotaryOf(2, 2), qkv, NewCache(s, 1, 2, &past))
	if err := Gradient([]Root{{out, make([]float32, 4)}}, []Leaf{{Node: qkv, Gradient: make([]float32, 12)}}); err == nil {
		t.Error("cached attention has a gradient, want an error")
	}
}
