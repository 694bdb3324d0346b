package ops

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
)

// TestShutGate: with β = -Inf the gate is 0 exactly. The result is local attention bit for
// bit, a negative zero included; the whole gradient goes to it, and none is NaN.
func TestShutGate(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 1))
	s := Shape{B: 2, S: 2, T: 5, H: 4, D: 6, K: 2}
	memory, local := normal(r, s.Rows(), s.Width()), normal(r, s.Rows(), s.Width())
	for i := range s.Width() {
		local.data[i] = math.Copysign(0, -1)
	}
	beta := zeros(s.H)
	for h := range beta.data {
		beta.data[h] = math.Inf(-1)
	}
	up := normal(r, s.Rows(), s.Width())
	for name, states := range map[string][]array{"gated": nil, "ungated start": {memories(r, s.S, s).fix()}} {
		k := compile(t, check{in: append([]array{memory, local, beta}, states...), node: func(in []*G.Node) *G.Node {
			return Mix(s, in[0], in[1], in[2], append(in, nil)[3])
		}}, up.data)
		k.run(t)
		got := k.results()
		for i, x := range got[0] {
			if math.Float64bits(x) != math.Float64bits(local.data[i]) {
				t.Fatalf("%s: number %d is %g, local attention's %g", name, i, x, local.data[i])
			}
		}
		if !slices.Equal(got[2], up.data) {
			t.Errorf("%s: local attention does not get the whole gradient", name)
		}
		for _, i := range []int{1, 3} {
			compare(t, name+": gradient of memory and gate", got[i], make([]float64, len(got[i])), 0, 0)
		}
	}
}

// TestUngatedStartOfAGroup: the heads that share an empty memory are local alone, the
// others are gated.
func TestUngatedStartOfAGroup(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 1))
	s := Shape{B: 1, S: 1, T: 1, H: 4, D: 2, K: 2}
	states := memories(r, 1, s).fix()
	clear(slot(s, states.data, 0, 0, 0))
	memory, local := zeros(1, s.Width()), zeros(1, s.Width())
	for i := range local.data {
		memory.data[i], local.data[i] = 8, 4
	}
	got := evaluate(t, func(in []*G.Node) *G.Node { return Mix(s, in[0], in[1], in[2], in[3]) }, memory, local, zeros(s.H), states)
	compare(t, "β = 0", got, []float64{4, 4, 4, 4, 6, 6, 6, 6}, 1e-7, 0)
}
