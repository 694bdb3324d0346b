package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"infinibench/models"
)

func gatesOnly(p *models.Param) bool { return p.Group == models.Gate }

// Of selected weights the gradient is the same, of all others it is 0.
func TestSelectedGradients(t *testing.T) {
	all, whole, run := sickly(t, models.Infini{}, 0)
	if err := run(); err != nil {
		t.Fatal(err)
	}
	_, part, run := sickly(t, models.Infini{}, 0)
	part.Trained = gatesOnly
	if err := run(); err != nil {
		t.Fatal(err)
	}
	for i, p := range all.Params {
		want := whole.Gradients[i]
		if !gatesOnly(p) {
			want = make([]float32, len(want))
		} else if slices.Max(want) == 0 {
			t.Fatalf("%s has no gradient to compare", p.Name)
		}
		if !slices.Equal(part.Gradients[i], want) {
			t.Errorf("%s: gradient %v, want %v", p.Name, part.Gradients[i], want)
		}
	}
}

// A training of selected weights leaves the others as they were, bit for bit, weight decay
// or not, and reports the norm of the selected gradients alone.
func TestSelectedTraining(t *testing.T) {
	m := savedModel(t, models.Infini{}, 1, func(c *models.Config) { c.Layers = 2 })
	const n = 2 * 14 // two documents of three segments and a tail
	batch := Batch{IDs: make([]int32, n), Targets: make([]int32, n), Weights: make([]float32, n)}
	weights := make([]float32, n)
	for i := range batch.IDs {
		batch.IDs[i], batch.Targets[i], batch.Weights[i], weights[i] = int32(i%7), int32((i+1)%7), 1, 1./n
	}
	b := NewBackprop(m, 2, 0)
	if _, err := b.Run(batch.IDs, batch.Targets, weights); err != nil {
		t.Fatal(err)
	}
	var square float64 // of the gates' gradients in the first step, by hand
	for i, p := range m.Params {
		for _, g := range b.Gradients[i] {
			if gatesOnly(p) {
				square += float64(g) * float64(g)
			}
		}
	}
	before := map[string][]float32{}
	for _, p := range m.Params {
		before[p.Name] = slices.Clone(p.Data())
	}
	o, err := NewOptimizer("adamw", Selected(m, gatesOnly), 0.1)
	if err != nil {
		t.Fatal(err)
	}
	s := Settings{Documents: 2, Length: 14, Steps: 3, Rate: 0.1, GateRate: 0.1, ClipNorm: 1, Trained: gatesOnly}
	var norm float64
	err = Fit(context.Background(), m, o, again{batch}, s, func(int) error { return nil }, func(l Line) error {
		if l.Step == 1 {
			norm = l.GradNorm
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(norm-math.Sqrt(square)) > 1e-6*norm {
		t.Errorf("norm of the gradient %v, want %v", norm, math.Sqrt(square))
	}
	for _, p := range m.Params {
		if same := slices.Equal(p.Data(), before[p.Name]); same == gatesOnly(p) {
			t.Errorf("%s has changed: %t", p.Name, !same)
		}
	}
}
