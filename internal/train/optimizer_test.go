package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"infinibench/models"

	"gorgonia.org/tensor"
)

func param(name string, g models.Group, shape []int, data ...float32) *models.Param {
	return &models.Param{Name: name, Group: g, Value: tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))}
}

// Two updates by hand. With the gradients 1 and -1 and moments 0.9 and 0.95:
//
//	m1 = 0.1, m̂1 = 1             v1 = 0.05,   v̂1 = 1
//	m2 = 0.09 - 0.1 = -0.01      v2 = 0.0475 + 0.05 = 0.0975
//	m̂2 = -0.01/0.19 = -1/19      v̂2 = 0.0975/0.0975 = 1
//
// so that the steps are rate·1 and rate·(-1/19), and before each a matrix shrinks
// by 1 - rate·decay = 0.95. The size of a gradient cancels, except beside ε: at
// gradients of 1e-8 the steps are half as large.
func TestAdamW(t *testing.T) {
	const rate, gateRate, decay = 0.1, 0.02, 0.5
	params := []*models.Param{
		param("w", models.Matrix, []int{1, 2}, 2, 2),
		param("gain", models.Vector, []int{2}, 2, 2),
		param("beta", models.Gate, []int{2}, 0, 2),
	}
	a := NewAdamW(params, decay)
	for step, want := range [][][]float32{
		{{1.8, 1.8}, {1.9, 1.95}, {-0.02, 1.98}},
		{{1.71 + 0.1/19, 1.71 + 0.1/19}, {1.9 + 0.1/19, 1.95 + 0.05/19}, {-0.02 + 0.02/19, 1.98 + 0.02/19}},
	} {
		sign := float32(1 - 2*step)
		a.Step([][]float32{{sign, 1000 * sign}, {sign, 1e-8 * sign}, {sign, sign}}, rate, gateRate)
		for i, p := range params {
			for j, got := range p.Data() {
				if math.Abs(float64(got-want[i][j])) > 1e-6 {
					t.Errorf("step %d: %s[%d] is %.8f, want %.8f", step+1, p.Name, j, got, want[i][j])
				}
			}
		}
	}
	if a.Steps() != 2 {
		t.Errorf("%d steps", a.Steps())
	}
	moments := a.Moments()
	if m, v := moments["m.w"][0], moments["v.w"][0]; math.Abs(float64(m)+0.01) > 1e-7 || math.Abs(float64(v)-0.0975) > 1e-7 || len(moments) != 6 {
		t.Errorf("m %g, v %g of %d moments", m, v, len(moments))
	}
}

// naiveAdafactor is Shazeer & Stern 2018 (arXiv 1804.04235) in float64, written
// from its algorithms 4 (matrices, n×m), 5 (vectors) and the settings of 6 but for
// the relative step sizes ρ, which are the caller's.
type naiveAdafactor struct {
	n, m       int // 0, m for a vector
	t          int
	x, r, c, v []float64
}

func (a *naiveAdafactor) step(g []float64, rho float64) {
	const epsilon1, epsilon2, d = 1e-30, 1e-3, 1.0
	if a.t++; a.t == 1 {
		a.r, a.c, a.v = make([]float64, a.n), make([]float64, a.m), make([]float64, a.m)
	}
	rms := func(x []float64) float64 {
		var sum float64
		for _, v := range x {
			sum += v * v
		}
		return math.Sqrt(sum / float64(len(x)))
	}
	alpha := math.Max(epsilon2, rms(a.x)) * rho
	beta2 := 1 - math.Pow(float64(a.t), -0.8)
	u := make([]float64, len(g))
	if a.n == 0 {
		for j := range a.v {
			a.v[j] = beta2*a.v[j] + (1-beta2)*(g[j]*g[j]+epsilon1)
			u[j] = g[j] / math.Sqrt(a.v[j])
		}
	} else {
		for i := range a.r { // R = β R + (1-β)(G² + ε)·1
			a.r[i] *= beta2
			for j := range a.c {
				a.r[i] += (1 - beta2) * (g[i*a.m+j]*g[i*a.m+j] + epsilon1)
			}
		}
		for j := range a.c { // C = β C + (1-β) 1ᵀ(G² + ε)
			a.c[j] *= beta2
			for i := range a.r {
				a.c[j] += (1 - beta2) * (g[i*a.m+j]*g[i*a.m+j] + epsilon1)
			}
		}
		var total float64 // 1ᵀR
		for _, r := range a.r {
			total += r
		}
		for i, r := range a.r {
			for j, c := range a.c {
				u[i*a.m+j] = g[i*a.m+j] / math.Sqrt(r*c/total)
			}
		}
	}
	clip := math.Max(1, rms(u)/d)
	for i := range a.x {
		a.x[i] -= alpha * u[i] / clip
	}
}

func TestAdafactor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, scale float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64() * scale)
		}
		return x
	}
	for _, c := range []struct {
		reason string
		n, m   int
		weight float64 // standard deviation
		grow   float64 // factor of the gradient from step to step
	}{
		{"a matrix", 5, 3, 1, 1},
		{"a wide matrix, smaller than ε2", 2, 9, 1e-5, 1},
		{"a matrix whose updates are clipped", 4, 4, 0.1, 10},
		{"a matrix with shrinking gradients", 4, 4, 0.1, 0.1},
		{"one row", 1, 6, 1, 1},
		{"a vector", 0, 7, 1, 1},
		{"a vector of zeros", 0, 7, 0, 1},
		{"a vector whose updates are clipped", 0, 7, 1, 10},
	} {
		t.Run(c.reason, func(t *testing.T) {
			size, shape, group := max(c.n, 1)*c.m, []int{c.n, c.m}, models.Matrix
			if c.n == 0 {
				shape, group = []int{c.m}, models.Vector
			}
			p := param("w", group, shape, draw(size, c.weight)...)
			want := &naiveAdafactor{n: c.n, m: c.m}
			for _, v := range p.Data() {
				want.x = append(want.x, float64(v))
			}
			a := NewAdafactor([]*models.Param{p})
			scale, worst := 1e-3, 0.0
			for step := range 12 {
				g := draw(size, scale)
				g[0] = 0
				if step == 3 {
					clear(g)
				}
				wide := make([]float64, size)
				for i, v := range g {
					wide[i] = float64(v)
				}
				rho := 0.1 / float64(step+1)
				before := slices.Clone(want.x)
				a.Step([][]float32{g}, rho, 99) // the gates' rate is not for these
				want.step(wide, rho)
				scale *= c.grow
				for i, v := range p.Data() {
					// Roundings of float32 add up; an update is around 0.1/(step+1)
					// of the size of the weight.
					tolerance := 1e-6 * math.Max(1e-3, math.Abs(before[i])) * float64(step+1)
					diff := math.Abs(float64(v) - want.x[i])
					worst = max(worst, diff/tolerance)
					if !(diff <= tolerance) {
						t.Fatalf("step %d: element %d is %g, want %g", step+1, i, v, want.x[i])
					}
				}
			}
			t.Logf("largest difference: %.2g of the tolerance", worst)
		})
	}
}

// The first update of an all-zero gradient is 0, not 0/0.
func TestAdafactorZeroGradient(t *testing.T) {
	params := []*models.Param{param("w", models.Matrix, []int{2, 2}, 1, 2, 3, 4), param("beta", models.Gate, []int{1}, 0.5)}
	NewAdafactor(params).Step([][]float32{make([]float32, 4), {0}}, 0.1, 0.1)
	if !slices.Equal(params[0].Data(), []float32{1, 2, 3, 4}) || params[1].Data()[0] != 0.5 {
		t.Errorf("got %v, %v", params[0].Data(), params[1].Data())
	}
}

// Under a constant gradient v̂ is the gradient's square, so each update is the
// step size itself. A gate takes ten steps of its own rate; a vector, whose steps
// are relative, goes 10·rate·ε2 from zero and would stay at sigmoid(β) = 0.5.
func TestAdafactorMovesGatesFromZero(t *testing.T) {
	const rate, gateRate = 0.01, 0.05
	params := []*models.Param{param("beta", models.Gate, []int{2}, 0, 3), param("gain", models.Vector, []int{2}, 0, 0)}
	a := NewAdafactor(params)
	for range 10 {
		a.Step([][]float32{{2, -2}, {2, -2}}, rate, gateRate)
	}
	for i, want := range []float64{-0.5, 3.5} {
		if got := float64(params[0].Data()[i]); math.Abs(got-want) > 1e-6 {
			t.Errorf("gate %d is %g, want %g", i, got, want)
		}
	}
	for i, want := range []float64{-1e-4, 1e-4} {
		if got := float64(params[1].Data()[i]); math.Abs(got-want) > 1e-9 {
			t.Errorf("gain %d is %g, want %g", i, got, want)
		}
	}
}

// Moments are the numbers in use, not a copy: a checkpoint is restored into them.
func TestMomentsAreLive(t *testing.T) {
	for _, name := range []string{"adamw", "adafactor"} {
		moved := func(restore bool) float32 {
			w := param("w", models.Matrix, []int{1, 1}, 1)
			o, err := NewOptimizer(name, []*models.Param{w}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if restore {
				o.SetSteps(9)
				for _, m := range o.Moments() {
					m[0] = 100
				}
			}
			if want := map[bool]int{false: 0, true: 9}[restore]; o.Steps() != want || o.Name() != name {
				t.Errorf("%s: %d steps, want %d", o.Name(), o.Steps(), want)
			}
			o.Step([][]float32{{1}}, 0.1, 0)
			return w.Data()[0]
		}
		if moved(true) == moved(false) {
			t.Errorf("%s: moments have no effect", name)
		}
	}
}

func TestNewOptimizerRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		decay float64
		want  string
	}{
		{"sgd", 0, `train: unknown optimizer "sgd"; allowed: adamw, adafactor`},
		{"adafactor", 0.01, `train: weight_decay is 0.01, adafactor has none: set it to 0`},
	} {
		if o, err := NewOptimizer(c.name, nil, c.decay); err == nil || err.Error() != c.want || o != nil {
			t.Errorf("got %v, %v, want %s", o, err, c.want)
		}
	}
}
