package ops

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
)

// TestCausal moves one token and looks at every earlier one of its document.
func TestCausal(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for _, s := range shapes {
		rotary := rotaryOf(s.T, s.D)
		attend := func(qkv array) []float64 {
			return evaluate(t, func(in []*G.Node) *G.Node { return CausalAttention(s, rotary, in[0]) }, qkv)
		}
		qkv := projection(r, s)
		before := attend(qkv)
		moved := r.IntN(s.Rows())
		for j := range s.Columns() {
			qkv.data[moved*s.Columns()+j] += 1
		}
		after := attend(qkv)
		if at := moved * s.Width(); !slices.Equal(before[:at], after[:at]) {
			t.Errorf("%+v: moving token %d changes an earlier one", s, moved)
		}
		if end := (moved/s.T + 1) * s.T * s.Width(); !slices.Equal(before[end:], after[end:]) {
			t.Errorf("%+v: moving token %d changes another segment", s, moved)
		}
	}
}

// write runs MemoryWrite alone: the memory before each segment and after the last.
func write(t *testing.T, s Shape, delta bool, qkv, initial array) array {
	return array{
		shape: []int{s.S + 1, s.B, s.KV(), s.D, s.D + 1},
		data:  evaluate(t, func(in []*G.Node) *G.Node { return MemoryWrite(s, epsilon, delta, nil, in[0], in[1]) }, qkv, initial),
	}
}

// read runs MemoryRead alone.
func read(t *testing.T, s Shape, qkv, states array) []float64 {
	return evaluate(t, func(in []*G.Node) *G.Node { return MemoryRead(s, epsilon, in[0], in[1]) }, qkv, states)
}

// TestLinearReadIsConvex: σ is positive, so what a Linear memory answers is a
// weighted mean of the values stored in it, and lies between their extremes.
func TestLinearReadIsConvex(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 1))
	s := Shape{B: 2, S: 4, T: 9, H: 2, D: 6}
	qkv := projection(r, s)
	got := read(t, s, qkv, write(t, s, false, qkv, zeros(1, s.B, s.H, s.D, s.D+1)))
	for b := range s.B {
		for h := range s.H {
			for j := range s.D {
				low, high := math.Inf(1), math.Inf(-1)
				for seg := range s.S {
					for u := range s.T {
						if a := got[((b*s.S+seg)*s.T+u)*s.Width()+h*s.D+j]; seg == 0 && a != 0 {
							t.Fatalf("an empty memory answers %g", a)
						} else if seg > 0 && !(a >= low-1e-5 && a <= high+1e-5) {
							t.Fatalf("document %d, segment %d: the memory answers %g, stored are %g to %g", b, seg, a, low, high)
						}
					}
					for u := range s.T {
						v := vector(s, qkv, b, seg, u, value, h)[j]
						low, high = math.Min(low, v), math.Max(high, v)
					}
				}
			}
		}
	}
}

// TestRepeatedBinding writes one key and value in every segment. Linear averages
// equal values: v. Delta writes v - recalled while the normaliser keeps
// growing: v after the first segment, then (v + 0)/2, and with r the answer after
// n segments (n·r + 1 - r)/(n+1) stays at 1/2.
func TestRepeatedBinding(t *testing.T) {
	s := Shape{B: 1, S: 6, T: 1, H: 1, D: 2}
	qkv := zeros(s.S, 3*s.Width())
	for seg := range s.S {
		copy(qkv.data[seg*6:], []float64{0.3, -0.5, 0.3, -0.5, 2, -4}) // q = k, v
	}
	for _, c := range []struct {
		delta bool
		share []float64 // of v, before segment 0, 1, 2 …
	}{
		{false, []float64{0, 1, 1, 1, 1, 1}},
		{true, []float64{0, 1, 0.5, 0.5, 0.5, 0.5}},
	} {
		got := read(t, s, qkv, write(t, s, c.delta, qkv, zeros(1, 1, 1, 2, 3)))
		for seg, share := range c.share {
			for j, v := range []float64{2, -4} {
				if a := got[seg*2+j]; math.Abs(a-share*v) > 1e-5 {
					t.Errorf("delta %t, segment %d: the memory answers %g, want %g of %g", c.delta, seg, a, share, v)
				}
			}
		}
	}
}

// TestDeltaKeepsWhatIsKnown: rewriting the only binding of a memory leaves M as it
// is (paper section 3.1.2); only the normaliser counts the key again. ε is 1e-6
// of a normaliser of about 1, and so is what M may move by.
func TestDeltaKeepsWhatIsKnown(t *testing.T) {
	s := Shape{B: 1, S: 2, T: 1, H: 1, D: 4}
	r := rand.New(rand.NewPCG(13, 1))
	binding := normal(r, 1, 12)
	qkv := array{shape: []int{2, 12}, data: slices.Concat(binding.data, binding.data)}
	states := write(t, s, true, qkv, zeros(1, 1, 1, 4, 5))
	once, twice := slot(s, states.data, 1, 0, 0), slot(s, states.data, 2, 0, 0)
	for i, m := range once {
		want := m
		if i%5 == 4 {
			want = 2 * m
		}
		if math.Abs(twice[i]-want) > 3e-6*(1+math.Abs(want)) {
			t.Errorf("number %d of the memory goes from %g to %g, want %g", i, m, twice[i], want)
		}
	}
}

// TestWriteIgnoresOrder: all keys of a segment meet the memory from before it.
func TestWriteIgnoresOrder(t *testing.T) {
	s := Shape{B: 1, S: 1, T: 33, H: 2, D: 6}
	r := rand.New(rand.NewPCG(14, 1))
	qkv, initial := normal(r, s.T, 3*s.Width()), memories(r, 1, s)
	shuffled := zeros(qkv.shape...)
	for to, from := range r.Perm(s.T) {
		copy(shuffled.data[to*36:(to+1)*36], qkv.data[from*36:])
	}
	for _, delta := range []bool{false, true} {
		compare(t, "memory of shuffled tokens", write(t, s, delta, shuffled, initial).data, write(t, s, delta, qkv, initial).data, 1e-6, 1e-6)
	}
}

// TestGradientOfEmptyMemory: with M = z = 0 the answer is 0 however the query
// moves, and so is its gradient; by M it is σ(q)/ε, by z it is 0.
func TestGradientOfEmptyMemory(t *testing.T) {
	s := Shape{B: 1, S: 1, T: 1, H: 1, D: 2}
	k := compile(t, check{
		in:   []array{{shape: []int{1, 6}, data: []float64{1, -2, 0, 0, 0, 0}}, zeros(1, 1, 1, 2, 3)},
		node: func(in []*G.Node) *G.Node { return MemoryRead(s, 0.5, in[0], in[1]) },
	}, []float64{3, 5})
	k.run(t)
	f := []float64{2, math.Exp(-2)}
	compare(t, "gradient of the projection", k.results()[1], make([]float64, 6), 0, 0)
	compare(t, "gradient of the memory", k.results()[2],
		[]float64{3 * f[0] / 0.5, 5 * f[0] / 0.5, 0, 3 * f[1] / 0.5, 5 * f[1] / 0.5, 0}, 1e-6, 0)
}
