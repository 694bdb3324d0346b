package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// twin is one head's memory in float64, written as the equations say.
type twin struct {
	m [][]float64 // [D, D+1]
}

func newTwin(d int) *twin {
	w := &twin{make([][]float64, d)}
	for i := range w.m {
		w.m[i] = make([]float64, d+1)
	}
	return w
}

func sigma64(x float32) float64 { return elu1(float64(x)) }

// read is eq. 7 for one query.
func (w *twin) read(q []float32, epsilon float64) []float64 {
	sum := make([]float64, len(w.m)+1)
	for i, row := range w.m {
		for j, m := range row {
			sum[j] += sigma64(q[i]) * m
		}
	}
	for j := range w.m {
		sum[j] /= sum[len(w.m)] + epsilon
	}
	return sum[:len(w.m)]
}

// write is eq. 8 or 9 for the tokens of one segment: rows of query, key and value.
func (w *twin) write(qkv []float32, tokens int, delta bool, epsilon float64) {
	d := len(w.m)
	add := newTwin(d)
	for t := range tokens {
		row := qkv[t*3*d : (t+1)*3*d]
		key, value := row[d:2*d], make([]float64, d+1)
		for j := range d {
			value[j] = float64(row[2*d+j])
		}
		if delta {
			for j, known := range w.read(key, epsilon) {
				value[j] -= known
			}
		}
		value[d] = 1
		for i := range d {
			for j, v := range value {
				add.m[i][j] += sigma64(key[i]) * v
			}
		}
	}
	for i := range d {
		for j := range add.m[i] {
			w.m[i][j] += add.m[i][j]
		}
	}
}

// TestMillionTokens writes 2²⁰ tokens to a memory, of which z, and with it the
// rounding of every addition, grows linearly. What is read at the end is finite and
// within a bound of what float64 reads.
//
// The bound: n additions to a sum that grows evenly, each rounded by up to 2⁻²⁴ of
// it, are off by n/2·2⁻²⁴ of the sum at worst, 1e-3 for 32,768 segments and 0.03 for
// 2²⁰; roundings that go either way, by about √n·2⁻²⁴, 1e-5 and 6e-5. We allow ten
// times as much, of the largest value, and twenty times for the delta rule, which adds,
// beside each value, what it has read, rounded as well. z is far from the largest float32, 3e38, which would
// take 1e31 tokens.
func TestMillionTokens(t *testing.T) {
	const (
		total   = 1 << 20
		d       = 4
		epsilon = 1e-6
	)
	for _, test := range []struct {
		segment int
		gain    float32 // of keys; 20 makes features up to 100
		delta   bool
		bound   float64
	}{
		{32, 1, false, 1e-4}, {32, 20, true, 2e-4}, {1, 1, false, 6e-4},
	} {
		segments := 1024
		if test.segment == 1 {
			segments = 16384
		}
		s := Shape{B: 1, S: segments, T: test.segment, H: 1, D: d}
		r := rand.New(rand.NewPCG(3, uint64(test.segment)))
		qkv := make([]float32, s.Rows()*3*d)
		states, memory := make([]float32, (s.S+1)*s.MemorySize()), make([]float32, s.MemorySize())
		exact := newTwin(d)
		for range total / s.Rows() {
			for i := range qkv {
				qkv[i] = float32(r.NormFloat64())
			}
			for row := range s.Rows() { // a value that its key foretells, so that what is read is not 0
				q := qkv[row*3*d:]
				for j := range d {
					q[d+j] *= test.gain
					q[2*d+j] = 0.5*q[2*d+j] + 2*float32(math.Tanh(float64(q[d+j])))
				}
			}
			MemoryWrite(s, epsilon, test.delta, nil, states, qkv, memory)
			copy(memory, s.memory(states, 0, s.S, 0))
			for seg := range s.S {
				exact.write(qkv[seg*s.T*3*d:], s.T, test.delta, epsilon)
			}
		}
		one := Shape{B: 1, S: 1, T: 64, H: 1, D: d}
		queries := qkv[:64*3*d]
		got := make([]float32, 64*d)
		MemoryRead(one, epsilon, got, queries, append(memory, memory...))
		var worst, largest float64
		for row := range 64 {
			for j, want := range exact.read(queries[row*3*d:row*3*d+d], epsilon) {
				v := float64(got[row*d+j])
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%+v: read %g", test, v)
				}
				worst, largest = max(worst, math.Abs(v-want)), max(largest, math.Abs(want))
			}
		}
		t.Logf("segments of %d, keys ×%g, delta %v: z is %.3g, off by %.1e at most, values read up to %.2f", test.segment, test.gain, test.delta, memory[d], worst, largest)
		const value = 4 // about the largest that was written: 0.5·4 + 2
		if worst > test.bound*value {
			t.Errorf("%+v: off by %g, allowed %g", test, worst, test.bound*value)
		}
		if largest < 0.1 {
			t.Errorf("%+v: what is read is %g at most, which proves nothing", test, largest)
		}
	}
}

// TestDenormals: the exponential stops above the smallest normal number, so features
// and probabilities are never denormal; where products of small numbers are, results
// are right to the last denormal. No processor flag is set to flush them to zero: Go
// moves goroutines between threads, which have that flag each. What they cost is
// measured by BenchmarkDenormals.
func TestDenormals(t *testing.T) {
	const smallestNormal = 1.1754943508222875e-38
	for _, x := range []float32{-87, -88, -100, -1000, -math.MaxFloat32} {
		for name, y := range map[string]float32{"exp": exp32(x), "sigma": at(func(y, x []float32) { copy(y, x); sigma(y) }, x)} {
			if y < smallestNormal || y > 1.7e-38 { // e^-87 = 1.6e-38
				t.Errorf("%s(%g) = %g", name, x, y)
			}
		}
	}
	const d, tokens = 16, 32
	s := Shape{B: 1, S: 1, T: tokens, H: 1, D: d}
	r := rand.New(rand.NewPCG(5, 6))
	for _, test := range []struct {
		reason      string
		key, memory float64 // keys and queries are added this; the memory is of this size
		sums        float64 // size of what is added up
	}{
		{"usual numbers", 0, 1, 10},
		{"a denormal memory", 0, 1e-40, 10},
		{"features at the clamp", -100, 0, 0},
		{"both", -100, 1e-40, 0},
	} {
		qkv := make([]float32, tokens*3*d)
		for i := range qkv {
			qkv[i] = float32(r.NormFloat64())
			if i%(3*d) < 2*d {
				qkv[i] += float32(test.key)
			}
		}
		initial, exact := make([]float32, s.MemorySize()), newTwin(d)
		for i := range initial {
			initial[i] = float32(r.Float64() * test.memory)
			exact.m[i/(d+1)][i%(d+1)] = float64(initial[i])
		}
		states, out := make([]float32, 2*s.MemorySize()), make([]float32, tokens*d)
		MemoryWrite(s, 1e-6, true, nil, states, qkv, initial)
		MemoryRead(s, 1e-6, out, qkv, states)
		near := func(what string, got float32, want float64) {
			t.Helper()
			// The clamp makes features up to 1e-38 too large, of 32 tokens with values up to 4.
			if math.Abs(float64(got)-want) > 1e-6*test.sums+1e-5*math.Abs(want)+200*smallestNormal {
				t.Errorf("%s: %s is %g, want %g", test.reason, what, got, want)
			}
		}
		for row := range tokens {
			for j, want := range exact.read(qkv[row*3*d:row*3*d+d], 1e-6) {
				near("what is read", out[row*d+j], want)
			}
		}
		exact.write(qkv, tokens, true, 1e-6)
		for i, v := range s.memory(states, 0, 1, 0) {
			near("the memory", v, exact.m[i/(d+1)][i%(d+1)])
		}
	}
}

// BenchmarkDenormals compares the loops on usual and on denormal numbers.
func BenchmarkDenormals(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	fill := func(n int, size float32) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64()) * size
		}
		return x
	}
	s := Shape{B: 1, S: 1, T: 64, H: 1, D: 64}
	for _, size := range []float32{1, 1e-40} {
		name := map[float32]string{1: "usual", 1e-40: "denormal"}[size]
		qkv, states, out := fill(64*3*64, 1), fill(2*s.MemorySize(), size), make([]float32, 64*64)
		b.Run("read/"+name, func(b *testing.B) {
			for b.Loop() {
				MemoryRead(s, 1e-6, out, qkv, states)
			}
		})
		w, g, m, v := fill(1<<14, 1), make([]float32, 1<<14), fill(1<<14, size), make([]float32, 1<<14)
		b.Run("adam/"+name, func(b *testing.B) {
			for b.Loop() {
				AdamStep(w, g, m, v, Adam{Beta1: 1, Beta2: 1, Rate: 1e-3, Epsilon: 1e-8, Keep: 1})
			}
		})
	}
}
