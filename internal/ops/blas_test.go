package ops

import (
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestGorgoniaProduct: Gorgonia has been given the engine, and its products are right.
func TestGorgoniaProduct(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape []int, numbers ...float32) *G.Node {
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithName(name), G.WithShape(shape...),
			G.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(numbers))))
	}
	a := node("a", []int{2, 3}, 1, 2, 3, 4, 5, 6)
	b := node("b", []int{3, 2}, 1, 0, 2, 1, 0, 3)
	x := node("x", []int{3}, 1, -1, 2)
	product, vector := G.Must(G.Mul(a, b)), G.Must(G.Mul(a, x))
	if err := G.NewTapeMachine(g).RunAll(); err != nil {
		t.Fatal(err)
	}
	if b, ok := G.WhichBLAS().(engine); !ok {
		t.Errorf("Gorgonia uses %T", b)
	}
	// By hand.
	for _, c := range []struct {
		name string
		got  []float32
		want []float32
	}{
		{"matrix", product.Value().Data().([]float32), []float32{5, 11, 14, 23}},
		{"vector", vector.Value().Data().([]float32), []float32{5, 11}},
	} {
		for i := range c.want {
			if c.got[i] != c.want[i] {
				t.Errorf("%s product %v, want %v", c.name, c.got, c.want)
				break
			}
		}
	}
}
