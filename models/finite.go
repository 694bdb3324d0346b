package models

import (
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// NotFinite is the error for a number that is NaN or infinite.
type NotFinite struct {
	What  string // "memory of layer 1, head 0"
	Value float64
}

func (e *NotFinite) Error() string { return fmt.Sprintf("%s is %g", e.What, e.Value) }

// Finite returns a *NotFinite that names the first NaN or infinity in the state, or nil.
func (s *State) Finite() error {
	for l, layer := range s.specs {
		for k, spec := range layer {
			data := s.Data(l, k)
			i := notFinite(data)
			if i < 0 {
				continue
			}
			what := fmt.Sprintf("%s of layer %d", spec.Name, l)
			if head := s.head(spec, i%spec.size()); head >= 0 {
				what += fmt.Sprintf(", %s %d", s.config.kvName(), head)
			}
			if s.Documents > 1 {
				what += fmt.Sprintf(", document %d of the batch", i/spec.size())
			}
			return &NotFinite{what, float64(data[i])}
		}
	}
	return nil
}

// head is the key/value head that number i of a document's tensor belongs to, -1 for none.
// A tensor has an axis of heads before its last two, or rows that hold the heads side by
// side.
func (s *State) head(spec StateSpec, i int) int {
	n, heads, size := len(spec.Shape), s.config.KVHeads(), s.config.HeadSize
	switch {
	case spec.Tokens:
		return -1
	case n >= 3 && spec.Shape[n-3] == heads:
		return i / (spec.Shape[n-1] * spec.Shape[n-2]) % heads
	case n == 2 && spec.Shape[1]%(heads*size) == 0:
		return i / size % heads
	}
	return -1
}

// FiniteWeights returns a *NotFinite that names a NaN or an infinity in slices as long as
// the weights, in the order of Params; nil means the weights themselves. Of several it
// names one nearest to the loss, where bad gradients begin.
func (m *Model) FiniteWeights(numbers [][]float32) error {
	for k, p := range slices.Backward(m.Params) {
		var data []float32
		switch {
		case numbers != nil:
			data = numbers[k]
		case p.Value.Dtype() == tensor.Float32: // others are checked on reading and never change
			data = p.Data()
		}
		if i := notFinite(data); i >= 0 {
			return &NotFinite{m.place(p.Name, i), float64(data[i])}
		}
	}
	return nil
}

// place names number i of a weight: "w_qkv of layer 1, head 0".
func (m *Model) place(name string, i int) string {
	rest, ok := strings.CutPrefix(name, "layers.")
	if !ok {
		return name
	}
	layer, weight, _ := strings.Cut(rest, ".")
	what := fmt.Sprintf("%s of layer %s", weight, layer)
	c := m.Config
	switch weight {
	case "w_qkv":
		return what + c.projected(i/c.Width())
	case "b_qkv":
		return what + c.projected(i)
	case "w_o":
		return fmt.Sprintf("%s, head %d", what, i%c.AttentionWidth()/c.HeadSize)
	case "beta":
		return fmt.Sprintf("%s, head %d", what, i)
	}
	return what
}

// projected names the head of a row of a projection: rows of queries, of keys and of
// values, each heads side by side.
func (c Config) projected(row int) string {
	if h := row / c.HeadSize; h < c.Heads {
		return fmt.Sprintf(", head %d", h)
	} else {
		return fmt.Sprintf(", %s %d", c.kvName(), (h-c.Heads)%c.KVHeads())
	}
}

// kvName is what messages call a head of keys and values.
func (c Config) kvName() string {
	if c.KVHeads() == c.Heads {
		return "head"
	}
	return "key/value head"
}

// notFinite is the index of the first NaN or infinity, -1 if there is none.
func notFinite(data []float32) int {
	for i, v := range data {
		if v-v != 0 {
			return i
		}
	}
	return -1
}
