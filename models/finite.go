package models

import (
	"fmt"
	"slices"
	"strings"
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
				what += fmt.Sprintf(", head %d", head)
			}
			if s.Documents > 1 {
				what += fmt.Sprintf(", document %d of the batch", i/spec.size())
			}
			return &NotFinite{what, float64(data[i])}
		}
	}
	return nil
}

// head is the head that number i of a document's tensor belongs to, -1 for none. A tensor
// has an axis of heads before its last two, or rows that hold the heads side by side.
func (s *State) head(spec StateSpec, i int) int {
	n := len(spec.Shape)
	switch {
	case spec.Tokens:
		return -1
	case n >= 3 && spec.Shape[n-3] == s.config.Heads:
		return i / (spec.Shape[n-1] * spec.Shape[n-2]) % s.config.Heads
	case n == 2 && spec.Shape[1]%s.config.Width() == 0:
		return i % s.config.Width() / s.config.HeadSize
	}
	return -1
}

// FiniteWeights returns a *NotFinite that names a NaN or an infinity in slices as long as
// the weights, in the order of Params; nil means the weights themselves. Of several it
// names one nearest to the loss, where bad gradients begin.
func (m *Model) FiniteWeights(numbers [][]float32) error {
	for k, p := range slices.Backward(m.Params) {
		data := p.Data()
		if numbers != nil {
			data = numbers[k]
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
	d, size := m.Config.Width(), m.Config.HeadSize
	switch weight {
	case "w_qkv": // rows of queries, of keys and of values, each heads side by side
		return fmt.Sprintf("%s, head %d", what, i/d%d/size)
	case "w_o":
		return fmt.Sprintf("%s, head %d", what, i%d/size)
	case "beta":
		return fmt.Sprintf("%s, head %d", what, i)
	}
	return what
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
