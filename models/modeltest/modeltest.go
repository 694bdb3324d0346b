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
	if with, ok := memory.(configured); ok {
		return configured{with.Memory, func(c *models.Config) { with.set(c); set(c) }}
	}
	return configured{memory, set}
}

type configured struct {
	models.Memory
	set func(*models.Config)
}

// wrapped is a memory inside another, in the model with its settings.
func wrapped(memory models.Memory, wrap func(models.Memory) models.Memory) models.Memory {
	if with, ok := memory.(configured); ok {
		return configured{wrap(with.Memory), with.set}
	}
	return wrap(memory)
}

// Llama is trunks of the Llama family, each with some of what distinguishes them; the last
// has everything.
var Llama = []Trunk{
	{"plain", func(*models.Config) {}},
	{"grouped", func(c *models.Config) { c.Heads, c.KeyValueHeads = 4, 2 }},
	{"one key/value head", func(c *models.Config) { c.KeyValueHeads = 1 }},
	{"narrow", func(c *models.Config) { c.ModelWidth = 6 }},
	{"wide", func(c *models.Config) { c.ModelWidth = 10 }},
	{"biases", func(c *models.Config) { c.QKVBias = true }},
	{"norms of queries and keys", func(c *models.Config) { c.QKNorm = true }},
	{"untied", func(c *models.Config) { c.UntiedHead = true }},
	{"scaled frequencies", func(c *models.Config) { c.RopeScaling = scaling }},
	{"everything", func(c *models.Config) {
		c.Heads, c.KeyValueHeads, c.ModelWidth = 4, 2, 10
		c.QKVBias, c.QKNorm, c.UntiedHead, c.RopeScaling = true, true, true, scaling
	}},
}

// scaling, at heads of 4, keeps the frequency 1 and interpolates 1/100.
var scaling = models.RopeScaling{Factor: 8, LowFrequency: 0.1, HighFrequency: 4, OriginalContext: 1024}

// Trunk is a trunk by its name.
type Trunk struct {
	Name string
	set  func(*models.Config)
}

// Of is a memory in this trunk. SwiGLU, a product of two linear functions, grows with the
// square of its weights: they are smaller, so that the loss remains one whose slope
// differences can find.
func (v Trunk) Of(memory models.Memory) models.Memory {
	return With(memory, func(c *models.Config) {
		v.Set(c)
		c.InitStd *= 0.7
	})
}

// Set configures c for this trunk.
func (v Trunk) Set(c *models.Config) {
	c.SwiGLU = true
	v.set(c)
}

// RunLlama checks a memory in a trunk of the Llama family that has everything.
func RunLlama(t *testing.T, memory models.Memory) {
	t.Helper()
	Run(t, Llama[len(Llama)-1].Of(memory))
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
