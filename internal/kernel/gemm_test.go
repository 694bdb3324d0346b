package kernel

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// withLibraries runs f with OpenBLAS, where there is one, and with gonum.
func withLibraries(t *testing.T, f func(t *testing.T)) {
	chosen := library
	defer func() { library = chosen }()
	t.Run("openblas", func(t *testing.T) {
		if _, err := chosen(); err != nil {
			t.Skipf("%v: make setup installs it", err)
		}
		f(t)
	})
	library = withoutLibrary
	t.Run("gonum", f)
}

var errLeftOut = errors.New("left out")

func withoutLibrary() (*openBLAS, error) { return nil, errLeftOut }

// operand is a matrix inside a wider one, as a head is inside a projection: it
// starts some numbers in, and NaN fills what nothing may read.
type operand struct {
	rows, columns, ld int
	data              []float32
}

func randomOperand(r *rand.Rand, transposed bool, rows, columns int) operand {
	if transposed {
		rows, columns = columns, rows
	}
	o := operand{rows: rows, columns: columns, ld: columns + r.IntN(4)}
	o.data = make([]float32, (rows-1)*o.ld+columns)
	for i := range o.data {
		if o.data[i] = float32(math.NaN()); i%o.ld < columns {
			o.data[i] = float32(r.NormFloat64())
		}
	}
	return o
}

func (o operand) at(transposed bool, i, j int) float64 {
	if transposed {
		i, j = j, i
	}
	return float64(o.data[i*o.ld+j])
}

type gemm func(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)

// testGemm holds a product against its definition in float64.
func testGemm(t *testing.T, product gemm, m, n, k int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(m), uint64(n*1000+k)))
	for _, transA := range []bool{false, true} {
		for _, transB := range []bool{false, true} {
			for _, scale := range []struct{ alpha, beta float32 }{{1, 0}, {1, 1}, {-0.5, 0.25}} {
				a, b, c := randomOperand(r, transA, m, k), randomOperand(r, transB, k, n), randomOperand(r, false, m, n)
				want := make([]float64, len(c.data))
				for i := range m {
					for j := range n {
						for l := range k {
							want[i*c.ld+j] += float64(scale.alpha) * a.at(transA, i, l) * b.at(transB, l, j)
						}
						if scale.beta != 0 {
							want[i*c.ld+j] += float64(scale.beta) * c.at(false, i, j)
						} else {
							// Nothing that C held may shine through.
							c.data[i*c.ld+j] = float32(math.NaN())
						}
					}
				}
				product(transA, transB, m, n, k, scale.alpha, a.data, a.ld, b.data, b.ld, scale.beta, c.data, c.ld)
				for i, got := range c.data {
					if i%c.ld >= n {
						if got == got {
							t.Fatalf("transposed %t %t, %dx%dx%d: a number outside C was set", transA, transB, m, n, k)
						}
					} else if d := math.Abs(float64(got) - want[i]); !(d <= 1e-6*math.Sqrt(float64(k))*4) {
						t.Fatalf("transposed %t %t, %dx%dx%d, α %g β %g: C[%d, %d] = %g, want %g",
							transA, transB, m, n, k, scale.alpha, scale.beta, i/c.ld, i%c.ld, got, want[i])
					}
				}
			}
		}
	}
}

func TestGemm(t *testing.T) {
	withLibraries(t, func(t *testing.T) {
		for _, s := range [][3]int{{1, 1, 1}, {1, 9, 5}, {8, 8, 8}, {7, 1, 130}, {33, 17, 64}, {131, 33, 9}} {
			testGemm(t, Gemm, s[0], s[1], s[2])
		}
	})
}

// TestParallelGemm has sizes on both sides of the bound below which one goroutine
// does it all, and rows that no number of threads divides.
func TestParallelGemm(t *testing.T) {
	defer SetThreads(Threads())
	withLibraries(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3} {
			SetThreads(n)
			for _, s := range [][3]int{{5, 7, 9}, {131, 63, 65}, {17, 130, 129}, {257, 33, 31}} {
				testGemm(t, ParallelGemm, s[0], s[1], s[2])
			}
		}
	})
}

// TestGemmRepeats: the same numbers in, the same bytes out, at any thread count.
func TestGemmRepeats(t *testing.T) {
	defer SetThreads(Threads())
	const m, n, k = 129, 67, 131
	r := rand.New(rand.NewPCG(3, 3))
	a, b := randomOperand(r, false, m, k), randomOperand(r, true, k, n)
	withLibraries(t, func(t *testing.T) {
		for _, workers := range []int{1, 2, 4} {
			SetThreads(workers)
			var first []float32
			for range 4 {
				c := make([]float32, m*n)
				ParallelGemm(false, true, m, n, k, 1, a.data, a.ld, b.data, b.ld, 0, c, n)
				if first == nil {
					first = c
				} else if !slices.Equal(c, first) {
					t.Fatalf("%d threads: two runs differ", workers)
				}
			}
		}
	})
}

// TestGemmRefusesShortSlices: the library would read and write past their end.
func TestGemmRefusesShortSlices(t *testing.T) {
	withLibraries(t, func(t *testing.T) {
		for _, c := range []struct{ a, b, c, ldc int }{{5, 6, 4, 2}, {6, 5, 4, 2}, {6, 6, 3, 2}, {6, 6, 4, 1}} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("lengths %+v pass for a 2x3 times 3x2 product", c)
					}
				}()
				Gemm(false, false, 2, 2, 3, 1, make([]float32, c.a), 3, make([]float32, c.b), 2, 0, make([]float32, c.c), c.ldc)
			}()
		}
	})
}

func TestOpenLibrary(t *testing.T) {
	for _, c := range []struct{ choice, err string }{
		{"gonum", "INFINIBENCH_BLAS=gonum"},
		{"/no/such/library.so", "no OpenBLAS among /no/such/library.so"},
	} {
		t.Setenv("INFINIBENCH_BLAS", c.choice)
		if _, err := openLibrary(); err == nil || err.Error() != c.err {
			t.Errorf("INFINIBENCH_BLAS=%s: error %v, want %s", c.choice, err, c.err)
		}
	}
}

func TestBLASNamesTheLibrary(t *testing.T) {
	withLibraries(t, func(t *testing.T) {
		if _, err := library(); err != nil {
			if BLAS() != "gonum (pure Go)" || FallbackReason() != err {
				t.Errorf("BLAS is %q, reason %v", BLAS(), FallbackReason())
			}
		} else if BLAS() == "gonum (pure Go)" || FallbackReason() != nil {
			t.Errorf("BLAS is %q, reason %v", BLAS(), FallbackReason())
		}
	})
}

// TestNarrowKernel: real libraries printed the first four descriptions; the last is made up.
func TestNarrowKernel(t *testing.T) {
	for config, want := range map[string]string{
		"OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Prescott MAX_THREADS=64":    "Prescott", // Debian 12, Emerald Rapids
		"OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Cooperlake MAX_THREADS=64":  "",         // Debian 12, Sapphire Rapids
		"OpenBLAS 0.3.29 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Cooperlake MAX_THREADS=128": "",         // Debian 13, Emerald Rapids
		"OpenBLAS 0.3.7.dev NO_AFFINITY USE_OPENMP HASWELL MAX_THREADS=64":               "",         // built for one processor
		"OpenBLAS 0.3.21 NO_AFFINITY SANDYBRIDGE MAX_THREADS=64":                         "SANDYBRIDGE",
	} {
		if got := narrowKernel(config); got != want {
			t.Errorf("%s: %q, want %q", config, got, want)
		}
	}
}

func BenchmarkGemm(b *testing.B) {
	chosen := library
	defer func() { library = chosen }()
	for _, s := range [][3]int{{64, 64, 64}, {256, 32, 256}, {256, 256, 256}} {
		m, n, k := s[0], s[1], s[2]
		x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		for _, l := range []struct {
			name string
			open func() (*openBLAS, error)
		}{{"chosen", chosen}, {"gonum", withoutLibrary}} {
			library = l.open
			b.Run(fmt.Sprintf("%s/%dx%dx%d", l.name, m, n, k), func(b *testing.B) {
				b.SetBytes(int64(4 * (len(x) + len(y) + len(z))))
				for b.Loop() {
					Gemm(false, true, m, n, k, 1, x, k, y, k, 0, z, n)
				}
				b.ReportMetric(2*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
