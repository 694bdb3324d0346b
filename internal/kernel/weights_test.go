package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestExpand compares every finite number of both types with its definition (IEEE 754,
// section 3.4; a bfloat16 has 8 bits of exponent and 7 of mantissa).
func TestExpand(t *testing.T) {
	for _, c := range []struct {
		name            string
		exponent, digit int // bits
		expand          []func([]float32, []uint16)
	}{
		{"bfloat16", 8, 7, []func([]float32, []uint16){plainExpandBFloat16, expandBFloat16}},
		{"float16", 5, 10, []func([]float32, []uint16){plainExpandFloat16, expandFloat16}},
	} {
		var from []uint16
		var want []float32
		for b := range 1 << 16 {
			exponent, mantissa := b>>c.digit&(1<<c.exponent-1), float64(b&(1<<c.digit-1))/float64(int(1)<<c.digit)
			if exponent == 1<<c.exponent-1 {
				continue
			}
			bias := 1<<(c.exponent-1) - 1
			v := math.Ldexp(1+mantissa, exponent-bias)
			if exponent == 0 {
				v = math.Ldexp(mantissa, 1-bias)
			}
			if b>>15 == 1 {
				v = -v
			}
			from, want = append(from, uint16(b)), append(want, float32(v))
		}
		from, want = from[:len(from)-3], want[:len(want)-3] // not only whole vectors
		for i, f := range c.expand {
			got := make([]float32, len(from))
			f(got, from)
			for j := range got {
				if math.Float32bits(got[j]) != math.Float32bits(want[j]) {
					t.Fatalf("%s, version %d: %#04x is %g, want %g", c.name, i, from[j], got[j], want[j])
				}
			}
		}
	}
}

// halves are weights in both types of half the size, and each of them in float32.
func halves(r *rand.Rand, n int) map[string][2]Weights {
	brains, brain32 := make([]BFloat16, n), make([]float32, n)
	floats, float32s := make([]Float16, n), make([]float32, n)
	for i := range n {
		b := uint16(math.Float32bits(float32(r.NormFloat64())) >> 16)
		brains[i], brain32[i] = BFloat16(b), bfloat16(b)
		h := uint16(r.UintN(1<<15))&0x3fff | uint16(r.UintN(2))<<15 // below 2
		floats[i], float32s[i] = Float16(h), float16(h)
	}
	return map[string][2]Weights{
		"bfloat16": {BFloat16s(brains), Float32s(brain32)},
		"float16":  {Float16s(floats), Float32s(float32s)},
	}
}

// TestHalfProducts: every product with weights of half the size is that with the same
// weights in float32, bit for bit, for few and many rows, on one thread and several, and
// with a matrix that is expanded in several stretches.
func TestHalfProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	normal := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	defer SetThreads(Threads())
	const d, f = 72, 5000 // f·d is large enough for few rows to divide the weights
	const vocabulary = mostExpanded/d + 100
	for _, n := range []int{1, 3, 40, 300} {
		x, hidden, gain := normal(n*d), normal(n*f), normal(d)
		norm := Norm{Gain: gain, Epsilon: 1e-5}
		ids, targets := make([]int32, n), make([]int32, n)
		for i := range ids {
			ids[i], targets[i] = int32(r.IntN(vocabulary)), int32(r.IntN(vocabulary))
		}
		up, gate, down, table, bias := halves(r, f*d), halves(r, f*d), halves(r, d*f), halves(r, vocabulary*d), normal(f)
		for _, threads := range []int{1, 2} {
			SetThreads(threads)
			for kind := range up {
				for _, c := range []struct {
					name string
					size int
					run  func(y []float32, i int) // with weights [i] of each pair
				}{
					{"embed", n * d, func(y []float32, i int) { Embed(y, table[kind][i], ids) }},
					{"norm linear", n * f, func(y []float32, i int) { NormLinear(y, x, norm, up[kind][i], nil) }},
					{"norm linear with bias", n * f, func(y []float32, i int) { NormLinear(y, x, norm, up[kind][i], bias) }},
					{"linear add", n * d, func(y []float32, i int) { LinearAdd(y, x, hidden, down[kind][i], n) }},
					{"feed-forward", n * d, func(y []float32, i int) {
						FeedForward(y, Hidden{}, x, FeedForwardWeights{Norm: norm, Up: up[kind][i], Down: down[kind][i]})
					}},
					{"SwiGLU", n * d, func(y []float32, i int) {
						FeedForward(y, Hidden{}, x, FeedForwardWeights{Norm: norm, Gate: gate[kind][i], Up: up[kind][i], Down: down[kind][i]})
					}},
					{"cross-entropy", n, func(y []float32, i int) {
						nll := make([]float64, n)
						CrossEntropy(nll, x, table[kind][i], targets)
						for j, v := range nll {
							y[j] = float32(v)
						}
					}},
					{"logits", min(n, 20) * vocabulary, func(y []float32, i int) { Logits(y, x[:min(n, 20)*d], table[kind][i], d) }},
				} {
					half, full := make([]float32, c.size), make([]float32, c.size)
					c.run(half, 0)
					c.run(full, 1)
					if !slices.Equal(half, full) {
						t.Errorf("%s, %s, %d rows, %d threads: the numbers differ", c.name, kind, n, threads)
					}
				}
			}
		}
	}
}

// TestStretches: a product with a matrix that is cut into stretches, against float64.
func TestStretches(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const d = 66
	const vocabulary = 2*mostExpanded/d + 77
	table := halves(r, vocabulary*d)["bfloat16"]
	plain := table[1].f32
	defer SetThreads(Threads())
	for _, n := range []int{1, 6, 130} {
		x := make([]float32, n*d)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		for _, threads := range []int{1, 2} {
			SetThreads(threads)
			y := make([]float32, n*vocabulary)
			Logits(y, x, table[0], d)
			for _, i := range []int{0, n / 2, n - 1} {
				for j := 0; j < vocabulary; j += 97 {
					var want float64
					for k := range d {
						want += float64(x[i*d+k]) * float64(plain[j*d+k])
					}
					if got := y[i*vocabulary+j]; math.Abs(float64(got)-want) > 1e-4 {
						t.Fatalf("%d rows, %d threads: logit %d of row %d is %g, want %g", n, threads, j, i, got, want)
					}
				}
			}
		}
	}
}

func TestTiles(t *testing.T) {
	for _, c := range []struct {
		lo, hi, k int
		want      string // by hand: 2²²/k rows, down to a multiple of 64
	}{
		{0, 10, 4096, "0-10 "},
		{5, 2100, 4096, "5-1029 1029-2053 2053-2100 "}, // 1,024 rows
		{0, 1024, 4096, "0-1024 "},
		{0, 200, 1 << 20, "0-64 64-128 128-192 192-200 "}, // never fewer than 64
		{3, 3, 8, ""},
	} {
		got := ""
		tiles(c.lo, c.hi, c.k, func(lo, hi int) { got += fmt.Sprintf("%d-%d ", lo, hi) })
		if got != c.want {
			t.Errorf("[%d, %d) of %d columns: %q, want %q", c.lo, c.hi, c.k, got, c.want)
		}
	}
}
