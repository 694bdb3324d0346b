// Package modeltest is the conformance suite of models.Memory. One line runs it on a new
// memory,
//
//	func TestMine(t *testing.T) { modeltest.Run(t, Mine{}) }
//
// and each failure names the property of a segment-by-segment model that it breaks.
package modeltest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"infinibench/models"
)

// Run checks a memory for every property of the suite. It is deterministic and takes
// seconds.
func Run(t *testing.T, memory models.Memory) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.test(memory); err != nil {
				t.Error(err)
			}
		})
	}
}

// With runs a memory in a model with other settings.
func With(memory models.Memory, set func(*models.Config)) models.Memory {
	return configured{memory, set}
}

type configured struct {
	models.Memory
	set func(*models.Config)
}

// check is one property. It returns an error rather than failing a test, so that
// the suite can be tested with memories that break it.
type check struct {
	name string
	test func(models.Memory) error
}

var checks = []check{
	{"causality", causality},
	{"carry", carry},
	{"batch", batch},
	{"segments", segments},
	{"repeatable", repeatable},
	{"tail", tail},
	{"empty", empty},
	{"generate", generate},
	{"gradient", gradient},
	{"gradient reaches writing", gradientReachesWriting},
	{"gradient interval", gradientInterval},
	{"documents", documents},
	{"layers", layers},
	{"reset", reset},
	{"finite", finite},
	{"footprint", footprint},
}

// The network of the suite: the smallest with several of everything.
const (
	vocabulary = 13
	segment    = 5
	tailLength = 3
	length     = 3*segment + tailLength
)

// tiny builds the network around a memory. Its weights are large, so that every path
// matters, and its gains and gates all differ, so that none can replace another unnoticed.
func tiny(memory models.Memory) (*models.Model, error) {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment = vocabulary, 2, 2, 4, 12, segment
	c.InitStd = 0.5
	if with, ok := memory.(configured); ok {
		with.set(&c)
		memory = with.Memory
	}
	m, err := models.New(c, memory, 1)
	if err != nil {
		return nil, err
	}
	r := source(2)
	for _, p := range m.Params {
		if p.Group != models.Matrix {
			for i := range p.Data() {
				p.Data()[i] += float32(r.NormFloat64() / 3)
			}
		}
	}
	return m, nil
}

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func tokens(r *rand.Rand, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(r.IntN(vocabulary))
	}
	return ids
}

// rounding is how far two computations of the same numbers may differ, as a fraction of
// the largest; gradients involve more sums than values.
const (
	rounding         = 1e-5
	gradientRounding = 5e-5
)

// near returns an error for the first number of got that differs from want by more than
// tolerance times the largest of want; 0 requires identical bytes.
func near(what string, got, want []float32, tolerance float32) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	var size float32
	for _, w := range want {
		size = max(size, w, -w)
	}
	for i, w := range want {
		if d := got[i] - w; !(d <= tolerance*size && -d <= tolerance*size) {
			return fmt.Errorf("%s: number %d is %g, want %g", what, i, got[i], w)
		}
	}
	return nil
}

// nearState is near for every tensor of two states.
func nearState(what string, got, want *models.State, tolerance float32) error {
	for l := range want.Layers {
		for i, spec := range want.Specs(l) {
			if err := near(fmt.Sprintf("%s: %s of layer %d", what, spec.Name, l), got.Data(l, i), want.Data(l, i), tolerance); err != nil {
				return err
			}
		}
	}
	return nil
}

// same reports whether two slices are identical to the byte.
func same(a, b []float32) bool { return near("", a, b, 0) == nil }
