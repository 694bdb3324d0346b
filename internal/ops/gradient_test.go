package ops

import (
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
)

// TestGradientOfGorgonia: operations of gorgonia's own take part, numbers as well as
// tensors, alone and between ours, and a second run gives the same. Expected by hand.
func TestGradientOfGorgonia(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(x *G.Node) *G.Node
		want  []float32 // by x = 1, 2, 3, 4
	}{
		{"sum of squares", func(x *G.Node) *G.Node { return G.Must(G.Sum(G.Must(G.HadamardProd(x, x)))) }, []float32{2, 4, 6, 8}},
		{"a number times a number", func(x *G.Node) *G.Node {
			sum := G.Must(G.Sum(x))
			return G.Must(G.Mul(sum, sum))
		}, []float32{20, 20, 20, 20}},
		{"between ours", func(x *G.Node) *G.Node {
			twice := Add(x, x)
			return G.Must(G.Sum(Add(G.Must(G.HadamardProd(twice, twice)), x))) // Σ 4x² + x
		}, []float32{9, 17, 25, 33}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := G.NewGraph()
			x := array{shape: []int{2, 2}, data: []float64{1, 2, 3, 4}}.node(g)
			gradient := make([]float32, 4)
			if err := Gradient([]Root{{Node: c.build(x)}}, []Leaf{{Node: x, Gradient: gradient}}); err != nil {
				t.Fatal(err)
			}
			machine := G.NewTapeMachine(g)
			for range 2 {
				poison(gradient)
				if err := machine.RunAll(); err != nil {
					t.Fatal(err)
				}
				machine.Reset()
				if !slices.Equal(gradient, c.want) {
					t.Errorf("gradient %v, want %v", gradient, c.want)
				}
			}
		})
	}
}
