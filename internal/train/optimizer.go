package train

import (
	"fmt"
	"math"

	"infinibench/internal/kernel"
	"infinibench/models"
)

// Optimizer updates the weights of a model from their gradients. The gates β have their
// own learning rate and no decay: at the weights' rate they hardly leave their initial
// value, and decay pulls them to 0, that is, to sigmoid 0.5.
type Optimizer interface {
	// Name is the id in profiles.
	Name() string
	// Step applies one update; rate is for the weights, gateRate for the gates.
	Step(gradients [][]float32, rate, gateRate float64)
	// Moments is what must be saved to resume exactly: named slices that may be
	// overwritten in place.
	Moments() map[string][]float32
	// Steps and SetSteps get and set the number of updates so far, which the bias
	// corrections depend on.
	Steps() int
	SetSteps(int)
}

// AdamW is Adam with decoupled weight decay (Loshchilov & Hutter 2019), with
// moments 0.9 and 0.95 as is usual for language models. Norm gains and gates do
// not decay.
type AdamW struct {
	params []*models.Param
	decay  float64
	step   int
	m, v   [][]float32
}

const (
	adamBeta1   = 0.9
	adamBeta2   = 0.95
	adamEpsilon = 1e-8
)

// NewAdamW starts with zero moments.
func NewAdamW(params []*models.Param, decay float64) *AdamW {
	a := &AdamW{params: params, decay: decay}
	for _, p := range params {
		a.m = append(a.m, make([]float32, len(p.Data())))
		a.v = append(a.v, make([]float32, len(p.Data())))
	}
	return a
}

// Name is "adamw".
func (a *AdamW) Name() string { return "adamw" }

// Steps is the number of updates so far.
func (a *AdamW) Steps() int { return a.step }

// SetSteps restores the number of updates.
func (a *AdamW) SetSteps(n int) { a.step = n }

// Moments is the first and second moment of every weight.
func (a *AdamW) Moments() map[string][]float32 {
	all := map[string][]float32{}
	for i, p := range a.params {
		all["m."+p.Name], all["v."+p.Name] = a.m[i], a.v[i]
	}
	return all
}

// Step applies one update.
func (a *AdamW) Step(gradients [][]float32, rate, gateRate float64) {
	a.step++
	c1 := 1 - math.Pow(adamBeta1, float64(a.step))
	c2 := 1 - math.Pow(adamBeta2, float64(a.step))
	for i, p := range a.params {
		lr, decay := rate, 0.0
		switch p.Group {
		case models.Gate:
			lr = gateRate
		case models.Matrix:
			decay = a.decay
		}
		kernel.AdamStep(p.Data(), gradients[i], a.m[i], a.v[i], kernel.Adam{
			Beta1: adamBeta1, Beta2: adamBeta2,
			Rate:    float32(lr * math.Sqrt(c2) / c1),
			Epsilon: float32(adamEpsilon * math.Sqrt(c2)),
			Keep:    float32(1 - lr*decay),
		})
	}
}

// Adafactor (Shazeer & Stern 2018) is the paper's optimiser. It keeps the second moment of
// a matrix as one number per row and per column, clips updates to root mean square 1, and
// scales the step by the size of the weight. A gate's step is absolute, at its own rate:
// relative to a β that starts at 0, it would never move.
type Adafactor struct {
	params       []*models.Param
	step         int
	rows, column [][]float32 // of a matrix
	full         [][]float32 // of a vector or a gate
}

const (
	adafactorDecay   = 0.8   // β2 at step t is 1 - t^-0.8
	adafactorEpsilon = 1e-30 // added to the squared gradient
	adafactorMinRMS  = 1e-3  // the size below which a weight counts as this large
	adafactorClip    = 1.0   // largest root mean square of an update
)

// NewAdafactor starts with zero moments.
func NewAdafactor(params []*models.Param) *Adafactor {
	a := &Adafactor{params: params, rows: make([][]float32, len(params)), column: make([][]float32, len(params)), full: make([][]float32, len(params))}
	for i, p := range params {
		if p.Group == models.Matrix {
			a.rows[i] = make([]float32, p.Value.Shape()[0])
			a.column[i] = make([]float32, p.Value.Shape()[1])
		} else {
			a.full[i] = make([]float32, len(p.Data()))
		}
	}
	return a
}

// Name is "adafactor".
func (a *Adafactor) Name() string { return "adafactor" }

// Steps is the number of updates so far.
func (a *Adafactor) Steps() int { return a.step }

// SetSteps restores the number of updates.
func (a *Adafactor) SetSteps(n int) { a.step = n }

// Moments is the factored or full second moment of every weight.
func (a *Adafactor) Moments() map[string][]float32 {
	all := map[string][]float32{}
	for i, p := range a.params {
		if a.full[i] != nil {
			all["v."+p.Name] = a.full[i]
		} else {
			all["rows."+p.Name], all["columns."+p.Name] = a.rows[i], a.column[i]
		}
	}
	return all
}

// Step applies one update.
func (a *Adafactor) Step(gradients [][]float32, rate, gateRate float64) {
	a.step++
	beta := 1 - math.Pow(float64(a.step), -adafactorDecay)
	for i, p := range a.params {
		w, g := p.Data(), gradients[i]
		update := make([]float32, len(w))
		if a.full[i] != nil {
			for j, x := range g {
				v := beta*float64(a.full[i][j]) + (1-beta)*(float64(x)*float64(x)+adafactorEpsilon)
				a.full[i][j] = float32(v)
				update[j] = float32(float64(x) / math.Sqrt(v))
			}
		} else {
			factored(update, g, a.rows[i], a.column[i], beta)
		}
		step := rate * math.Max(adafactorMinRMS, rms(w))
		if p.Group == models.Gate {
			step = gateRate
		}
		step /= math.Max(1, rms(update)/adafactorClip)
		for j, u := range update {
			w[j] -= float32(step * float64(u))
		}
	}
}

// factored sets u to g/√v̂ with v̂ = rows·columns/mean(rows) (algorithm 4).
func factored(u, g, rows, columns []float32, beta float64) {
	n := len(columns)
	sums := make([]float64, n)
	var mean float64
	for i := range rows {
		var sum float64
		for j, x := range g[i*n : (i+1)*n] {
			s := float64(x)*float64(x) + adafactorEpsilon
			sum += s
			sums[j] += s
		}
		rows[i] = float32(beta*float64(rows[i]) + (1-beta)*sum/float64(n))
		mean += float64(rows[i])
	}
	mean /= float64(len(rows))
	for j := range columns {
		columns[j] = float32(beta*float64(columns[j]) + (1-beta)*sums[j]/float64(len(rows)))
	}
	for i, r := range rows {
		row := math.Sqrt(mean / float64(r))
		for j, c := range columns {
			u[i*n+j] = float32(float64(g[i*n+j]) * row / math.Sqrt(float64(c)))
		}
	}
}

func rms(x []float32) float64 { return math.Sqrt(kernel.Dot(x, x) / float64(len(x))) }

// NewOptimizer creates an optimiser by its id.
func NewOptimizer(name string, params []*models.Param, decay float64) (Optimizer, error) {
	switch name {
	case "adamw":
		return NewAdamW(params, decay), nil
	case "adafactor":
		if decay != 0 {
			return nil, fmt.Errorf("train: weight_decay is %g, adafactor has none: set it to 0", decay)
		}
		return NewAdafactor(params), nil
	}
	return nil, fmt.Errorf("train: unknown optimizer %q; allowed: adamw, adafactor", name)
}
