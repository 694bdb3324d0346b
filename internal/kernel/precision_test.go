package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Rounding to nearest, ties to even, by hand: a bfloat16 has 7 bits of mantissa, so the step
// at 1 is 2⁻⁷.
func TestRoundBFloat16(t *testing.T) {
	from := []float32{1, 1 + 0x1p-8, 1 + 0x1.8p-7, 1 + 0x1p-8 + 0x1p-20, -3.14159265, 0, float32(math.Inf(-1)), 0x1p-133, 3.4e38}
	want := []float32{1, 1, 1 + 0x1p-6, 1 + 0x1p-7, -3.140625, 0, float32(math.Inf(-1)), 0x1p-133, float32(math.Inf(1))}
	from, want = append(from, from...), append(want, want...)
	for i, f := range []func([]uint16, []float32){plainRoundBFloat16, roundBFloat16} {
		to, got := make([]uint16, len(from)), make([]float32, len(from))
		f(to, from)
		plainExpandBFloat16(got, to)
		if !slices.Equal(got, want) {
			t.Errorf("version %d: %v, want %v", i, got, want)
		}
	}
}

func TestSetPrecision(t *testing.T) {
	if err := SetPrecision("fp8"); err == nil || err.Error() != `precision is "fp8", must be float32 or bf16` {
		t.Errorf("got %v", err)
	}
	if Precision() != Float32 {
		t.Errorf("the precision is %s, want %s unless set", Precision(), Float32)
	}
}

// inBF16 runs a test in BF16, if there is oneDNN.
func inBF16(t *testing.T, run func()) {
	t.Helper()
	if err := SetPrecision(BF16); err != nil {
		t.Skip(err)
	}
	defer SetPrecision(Float32)
	if !strings.Contains(BLAS(), "; dense products in bf16 by oneDNN ") {
		t.Errorf("rows would say %q", BLAS())
	}
	run()
}

// TestDenseGemm compares products of rounded numbers with float64, whose sums of k terms are
// exact to k·2⁻⁵²; ours are float32.
func TestDenseGemm(t *testing.T) {
	inBF16(t, func() {
		r := rand.New(rand.NewPCG(5, 6))
		for _, c := range []struct{ m, n, k int }{{1, 1, 1}, {3, 5, 7}, {17, 33, 65}, {130, 70, 200}} {
			for i := range 8 {
				transA, transB, beta := i&1 != 0, i&2 != 0, float32(i>>2)
				lda, ldb, ldc := rows(!transA, c.m, c.k)+3, rows(!transB, c.k, c.n)+2, c.n+1
				a, b := randoms(r, rows(transA, c.m, c.k)*lda), randoms(r, rows(transB, c.k, c.n)*ldb)
				got := randoms(r, c.m*ldc)
				want := slices.Clone(got)
				denseGemm(transA, transB, c.m, c.n, c.k, 1, a, lda, b, ldb, beta, got, ldc)
				at := func(x []float32, ld int, transposed bool, i, j int) float64 {
					if transposed {
						i, j = j, i
					}
					var to [1]uint16
					plainRoundBFloat16(to[:], x[i*ld+j:i*ld+j+1])
					return float64(bfloat16(to[0]))
				}
				for row := range c.m {
					for column := range c.n {
						sum := float64(beta) * float64(want[row*ldc+column])
						for k := range c.k {
							sum += at(a, lda, transA, row, k) * at(b, ldb, transB, k, column)
						}
						want[row*ldc+column] = float32(sum)
					}
				}
				for j, v := range got { // what lies between the rows is untouched
					if d := math.Abs(float64(v - want[j])); d > 1e-5*(1+math.Abs(float64(want[j]))) {
						t.Fatalf("%+v, transposed %t and %t, β %g: number %d is %g, want %g", c, transA, transB, beta, j, v, want[j])
					}
				}
			}
		}
	})
}

func randoms(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// The dense operations are near their float32 results: numbers rounded to 8 bits of mantissa are
// wrong by 2⁻⁹ at most, so a sum of products of normal numbers by some 2⁻⁸ of its deviation.
func TestBF16Operations(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const n, d, f = 90, 64, 256
	x, dy, gain := randoms(r, n*d), randoms(r, n*d), randoms(r, d)
	w := FeedForwardWeights{Norm: Norm{gain, 1e-5}, Gate: Float32s(randoms(r, f*d)), Up: Float32s(randoms(r, f*d)), Down: Float32s(randoms(r, d*f))}
	run := func() (all [][]float32) {
		y, dx := make([]float32, n*d), make([]float32, n*d)
		keep := Hidden{make([]float32, n*f), make([]float32, n*f)}
		dgain, dup, dgate, ddown := make([]float32, d), make([]float32, f*d), make([]float32, f*d), make([]float32, d*f)
		FeedForward(y, keep, x, w)
		FeedForwardGradient(dx, FeedForwardGradients{Gradient{To: dgain}, Gradient{To: dgate}, Gradient{To: dup}, Gradient{To: ddown}}, dy, keep, x, w)
		return [][]float32{y, dx, dgain, dup, dgate, ddown}
	}
	want := run()
	inBF16(t, func() {
		for i, got := range run() {
			var off, size float64
			for j, v := range got {
				off += math.Pow(float64(v-want[i][j]), 2)
				size += math.Pow(float64(want[i][j]), 2)
			}
			if e := math.Sqrt(off / size); e == 0 || e > 0.02 {
				t.Errorf("result %d is off by %.4f of its size, want above 0 and below 0.02", i, e)
			}
		}
	})
}

func BenchmarkDenseGemm(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, precision := range []string{Float32, BF16} {
		if err := SetPrecision(precision); err != nil {
			b.Skip(err)
		}
		for _, c := range []struct{ m, n, k int }{{512, 1536, 576}, {512, 576, 1536}, {512, 960, 576}, {256, 7232, 576}, {512, 512, 128}} {
			x, w, y := randoms(r, c.m*c.k), randoms(r, c.n*c.k), make([]float32, c.m*c.n)
			b.Run(fmt.Sprintf("%s/%dx%dx%d", precision, c.m, c.k, c.n), func(b *testing.B) {
				for b.Loop() {
					denseGemm(false, true, c.m, c.n, c.k, 1, x, c.k, w, c.k, 0, y, c.n)
				}
				b.ReportMetric(2e-9*float64(c.m*c.n*c.k)*float64(b.N)/b.Elapsed().Seconds(), "GFLOP/s")
			})
		}
	}
	SetPrecision(Float32)
}
