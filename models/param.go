package models

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"infinibench/internal/kernel"
	"infinibench/internal/ops"

	"gorgonia.org/tensor"
)

// Group determines how the optimiser treats a weight.
type Group string

const (
	Matrix Group = "matrix" // decays
	Vector Group = "vector" // gains of the norms, biases: no decay
	Gate   Group = "gate"   // β: its own learning rate, no decay
)

// Param is one weight of a model. Value is shared by every graph of the model.
type Param struct {
	Name  string // e.g. "layers.0.w_qkv"
	Group Group
	Value *tensor.Dense
}

// Storage is how a weight is stored and what it holds at first.
type Storage int

const (
	Drawn    Storage = iota // float32, drawn from the seed
	Float32                 // float32, all zero
	Float16                 // IEEE 754 binary16, all zero
	BFloat16                // the upper half of a float32, all zero
)

// Data is the weight's numbers, which must be float32.
func (p *Param) Data() []float32 {
	data, ok := p.Value.Data().([]float32)
	if !ok {
		panic(fmt.Sprintf("models: %s is stored as %s: only evaluation takes it so", p.Name, p.Value.Dtype()))
	}
	return data
}

// Weights is the weight's numbers in any storage.
func (p *Param) Weights() kernel.Weights { return ops.Weights(p.Value) }

// specs lists the weights of a model in order, layer by layer.
func specs(c Config, m Memory) []ParamSpec {
	d := c.Width()
	all := []ParamSpec{{Name: "embedding", Shape: []int{c.Vocabulary, d}, Group: Matrix, Random: true}}
	if n := memoryTokens(c, m); n > 0 {
		all = append(all, ParamSpec{Name: "memory_tokens", Shape: []int{n, d}, Group: Matrix, Random: true})
	}
	for i := range c.Layers {
		for _, s := range layerSpecs(c, m, i) {
			s.Name = layerName(i, s.Name)
			all = append(all, s)
		}
	}
	all = append(all, ParamSpec{Name: "norm_final", Shape: []int{d}, Group: Vector, Init: 1})
	if c.UntiedHead {
		all = append(all, ParamSpec{Name: "head", Shape: []int{c.Vocabulary, d}, Group: Matrix, Random: true})
	}
	return all
}

// layerSpecs lists the weights of one layer.
func layerSpecs(c Config, m Memory, i int) []ParamSpec {
	d, qkv := c.Width(), c.ProjectionWidth()
	layer := []ParamSpec{
		{Name: "norm_attention", Shape: []int{d}, Group: Vector, Init: 1},
		{Name: "norm_ffn", Shape: []int{d}, Group: Vector, Init: 1},
	}
	if c.QKNorm {
		layer = append(layer,
			ParamSpec{Name: "norm_q", Shape: []int{c.HeadSize}, Group: Vector, Init: 1},
			ParamSpec{Name: "norm_k", Shape: []int{c.HeadSize}, Group: Vector, Init: 1})
	}
	layer = append(layer, m.Params(c, i)...)
	layer = append(layer, ParamSpec{Name: "w_qkv", Shape: []int{qkv, d}, Group: Matrix, Random: true})
	if c.QKVBias {
		layer = append(layer, ParamSpec{Name: "b_qkv", Shape: []int{qkv}, Group: Vector})
	}
	layer = append(layer, ParamSpec{Name: "w_o", Shape: []int{d, c.AttentionWidth()}, Group: Matrix, Random: true, Output: true})
	if c.SwiGLU {
		layer = append(layer, ParamSpec{Name: "w_gate", Shape: []int{c.FFN, d}, Group: Matrix, Random: true})
	}
	return append(layer,
		ParamSpec{Name: "w_up", Shape: []int{c.FFN, d}, Group: Matrix, Random: true},
		ParamSpec{Name: "w_down", Shape: []int{d, c.FFN}, Group: Matrix, Random: true, Output: true})
}

// Shapes lists the shapes of a model's weights by name, without creating them.
func Shapes(c Config, m Memory) map[string][]int {
	shapes := map[string][]int{}
	for _, s := range specs(c, m) {
		shapes[s.Name] = s.Shape
	}
	return shapes
}

func layerName(layer int, name string) string { return fmt.Sprintf("layers.%d.%s", layer, name) }

// newParam draws a weight from its own random stream, keyed by the seed and the weight's
// name. Two models that differ only in their memory thus start from the same trunk, and
// their results can be paired by seed.
func newParam(c Config, s ParamSpec, seed uint64, storage Storage) *Param {
	p := &Param{Name: s.Name, Group: s.Group}
	shape := tensor.WithShape(s.Shape...)
	n := tensor.Shape(s.Shape).TotalSize()
	switch storage {
	case Float16:
		p.Value = tensor.New(shape, tensor.WithBacking(make([]kernel.Float16, n)))
		return p
	case BFloat16:
		p.Value = tensor.New(shape, tensor.WithBacking(make([]kernel.BFloat16, n)))
		return p
	}
	data := make([]float32, n)
	if s.Random {
		std := c.InitStd
		if s.Output {
			std /= math.Sqrt(2 * float64(c.Layers))
		}
		h := fnv.New64a()
		h.Write([]byte(s.Name))
		r := rand.New(rand.NewPCG(seed, h.Sum64()))
		for i := range data {
			data[i] = float32(r.NormFloat64() * std)
		}
	} else if s.Init != 0 {
		for i := range data {
			data[i] = float32(s.Init)
		}
	}
	p.Value = tensor.New(shape, tensor.WithBacking(data))
	return p
}
