package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// inputs covers the range the networks use, with both clamps and zero inside.
func inputs(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * math.Pow(10, r.Float64()*3-1.5))
	}
	copy(x, []float32{0, 1, 1e-20, -1e-20, 4, -4, 30, -30})
	return x
}

func TestElementaryAgainstFloat64(t *testing.T) {
	normal := func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	for _, x := range inputs(4096) {
		X := float64(x)
		for _, c := range []struct {
			name      string
			got       float32
			want, tol float64
		}{
			{"exp", exp32(min(x, 80)), math.Exp(math.Max(math.Min(X, 80), expMin)), 3e-7 * math.Exp(math.Min(X, 80))},
			{"erf", erf32(x), math.Erf(X), 5e-7},
			{"gelu", at(gelu, x), X * normal(X), 5e-7 * (1 + math.Abs(X))},
			{"swiglu", at(func(y, x []float32) { swiglu(y, x, []float32{2, 2, 2, 2, 2, 2, 2, 2}) }, x), 2 * X / (1 + math.Exp(-X)), 1e-6 * (1 + math.Abs(X))},
			{"sigma", at(func(y, x []float32) { copy(y, x); sigma(y) }, min(x, 80)), elu1(math.Min(X, 80)), 3e-7 * (1 + math.Abs(X))},
		} {
			if math.Abs(float64(c.got)-c.want) > c.tol+1e-37 {
				t.Errorf("%s(%g) = %g, want %g", c.name, x, c.got, c.want)
			}
		}
	}
}

func elu1(x float64) float64 {
	if x > 0 {
		return x + 1
	}
	return math.Exp(x)
}

func at(f func(y, x []float32), x float32) float32 {
	in, out := make([]float32, 8), make([]float32, 8)
	for i := range in {
		in[i] = x
	}
	f(out, in)
	return out[3]
}

// TestVectorTwins holds the chosen implementation against the plain one at
// every length around the vector width; without vectors both are the same.
func TestVectorTwins(t *testing.T) {
	for n := 1; n < 70; n++ {
		x, dy := inputs(n + 8)[8:], inputs(n)
		for i := range x {
			x[i] = max(-20, min(20, x[i]))
			dy[i] = max(-2, min(2, dy[i]))
		}
		compare := func(name string, plain, chosen []float32) {
			t.Helper()
			for i := range plain {
				if d := math.Abs(float64(plain[i] - chosen[i])); d > 1e-6*(1+math.Abs(float64(plain[i]))) {
					t.Fatalf("%s, length %d: element %d is %g, plain form %g", name, n, i, chosen[i], plain[i])
				}
			}
		}
		run := func(name string, plain, chosen func(y []float32)) {
			a, b := append([]float32(nil), dy...), append([]float32(nil), dy...)
			plain(a)
			chosen(b)
			compare(name, a, b)
		}
		run("axpy", func(y []float32) { plainAxpy(y, 0.7, x) }, func(y []float32) { axpy(y, 0.7, x) })
		run("scale", func(y []float32) { plainScale(y, 0.7) }, func(y []float32) { scale(y, 0.7) })
		run("sigma", plainSigma, sigma)
		run("sigmaGradient", func(y []float32) { plainSigmaGradient(y, x) }, func(y []float32) { sigmaGradient(y, x) })
		run("gelu", func(y []float32) { plainGelu(y, x) }, func(y []float32) { gelu(y, x) })
		values, chosenValues := make([]float32, n), make([]float32, n)
		run("geluGradient", func(y []float32) { plainGeluGradient(y, values, dy, x) }, func(y []float32) { geluGradient(y, chosenValues, dy, x) })
		compare("geluGradient's values", values, chosenValues)
		run("geluGradient in place", func(y []float32) { plainGeluGradient(y, values, x, y) }, func(y []float32) { geluGradient(y, values, x, y) })
		run("swiglu", func(y []float32) { plainSwiglu(y, x, y) }, func(y []float32) { swiglu(y, x, y) })
		third, chosenThird := make([]float32, n), make([]float32, n)
		run("swigluGradient by the gate", func(y []float32) { plainSwigluGradient(y, third, values, x, y, dy) }, func(y []float32) { swigluGradient(y, chosenThird, chosenValues, x, y, dy) })
		compare("swigluGradient by the other factor", third, chosenThird)
		compare("swigluGradient's values", values, chosenValues)
		run("swigluGradient by the other factor, in place", func(y []float32) { plainSwigluGradient(third, y, values, x, dy, y) }, func(y []float32) { swigluGradient(chosenThird, y, chosenValues, x, dy, y) })
		run("multiply", func(y []float32) { plainMultiply(y, 0.7, x, dy) }, func(y []float32) { multiply(y, 0.7, x, dy) })
		run("multiplyAdd", func(y []float32) { plainMultiplyAdd(y, 0.7, x, dy) }, func(y []float32) { multiplyAdd(y, 0.7, x, dy) })
		run("blend", func(y []float32) { plainBlend(y, 0.7, x, 0.2, y) }, func(y []float32) { blend(y, 0.7, x, 0.2, y) })
		for part := range 3 { // weight, first and second moment
			step := func(adam func(w, g, m, v []float32, a Adam)) func(y []float32) {
				return func(y []float32) {
					second := make([]float32, n)
					for i := range second {
						second[i] = x[i] * x[i]
					}
					all := [3][]float32{y, append([]float32(nil), x...), second}
					adam(all[0], dy, all[1], all[2], Adam{Beta1: 0.9, Beta2: 0.95, Rate: 0.1, Epsilon: 1e-3, Keep: 0.99})
					copy(y, all[part])
				}
			}
			run("adam", step(plainAdam), step(adam))
		}
		run("softmaxGradient", func(y []float32) { plainSoftmaxGradient(y, x, dy, 0.3, 0.5) }, func(y []float32) { softmaxGradient(y, x, dy, 0.3, 0.5) })
		run("expSum", func(y []float32) { y[0] = plainExpSum(y, x, 20) }, func(y []float32) { y[0] = expSum(y, x, 20) })
		compare("largest", []float32{plainLargest(x)}, []float32{largest(x)})
		var magnitude float32
		for i := range x {
			magnitude += float32(math.Abs(float64(x[i] * dy[i])))
		}
		compare("dot", []float32{plainDot(x, dy) / (1 + magnitude)}, []float32{dot(x, dy) / (1 + magnitude)})
	}
}

// TestTurn holds the rotation of rows with gaps between them, in place and not,
// against the plain form.
func TestTurn(t *testing.T) {
	for _, half := range []int{1, 3, 8, 16, 20, 32} {
		const rows, from, to = 5, 70, 64
		angles, u := inputs(2*rows*half), inputs(rows*from)
		cos, sin := angles[:rows*half], angles[rows*half:]
		for _, inPlace := range []bool{false, true} {
			results := [2][]float32{}
			for i, f := range []func(x, y []float32, to int, u, v []float32, from int, cos, sin []float32, half int){plainRotatePairs, rotatePairs} {
				x := append([]float32(nil), u...)
				if inPlace {
					f(x, x[half:], from, x, x[half:], from, cos, sin, half)
				} else {
					f(x, x[half:], to, u, u[half:], from, cos, sin, half)
				}
				results[i] = x
			}
			for i, want := range results[0] {
				if d := math.Abs(float64(results[1][i] - want)); d > 1e-6*(1+math.Abs(float64(want))) {
					t.Fatalf("half %d, in place %t: element %d is %g, plain form %g", half, inPlace, i, results[1][i], want)
				}
			}
		}
	}
}

func BenchmarkElementary(b *testing.B) {
	x, y, z := inputs(4096), make([]float32, 4096), make([]float32, 4096)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"exp/plain", func() { plainExpSum(y, x, 0) }}, {"exp/chosen", func() { expSum(y, x, 0) }},
		{"gelu/plain", func() { plainGelu(y, x) }}, {"gelu/chosen", func() { gelu(y, x) }},
		{"geluGradient/chosen", func() { geluGradient(y, z, x, x) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(4 * 4096)
			for b.Loop() {
				c.f()
			}
		})
	}
}
