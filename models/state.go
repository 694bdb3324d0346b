package models

import (
	"gorgonia.org/tensor"
)

// State is what a model carries from one segment to the next, for a batch of
// documents: per layer, one tensor [1, B, …] for each of its StateSpecs.
type State struct {
	Documents int
	Layers    [][]*tensor.Dense
	specs     [][]StateSpec
	config    Config
}

// NewState creates an empty memory for a batch of documents.
func (m *Model) NewState(documents int) *State {
	s := &State{Documents: documents, Layers: make([][]*tensor.Dense, m.Config.Layers), config: m.Config}
	for i := range s.Layers {
		specs := m.Memory.State(m.Config, i)
		s.specs = append(s.specs, specs)
		for _, spec := range specs {
			shape := append([]int{1, documents}, spec.Shape...)
			s.Layers[i] = append(s.Layers[i], tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32)))
		}
	}
	return s
}

// Data is the numbers of one tensor, [B, …].
func (s *State) Data(layer, spec int) []float32 { return s.Layers[layer][spec].Data().([]float32) }

// Specs describes the tensors of a layer.
func (s *State) Specs(layer int) []StateSpec { return s.specs[layer] }

// each calls f with every tensor and the size of one document's part of it.
func (s *State) each(f func(layer, spec int, data []float32, size int)) {
	for l := range s.Layers {
		for i, spec := range s.specs[l] {
			f(l, i, s.Data(l, i), spec.size())
		}
	}
}

// Zero empties the memory of every document.
func (s *State) Zero() {
	s.each(func(_, _ int, data []float32, _ int) { clear(data) })
}

// Reset empties the memory of one document.
func (s *State) Reset(document int) {
	s.each(func(_, _ int, data []float32, size int) {
		clear(data[document*size : (document+1)*size])
	})
}

// CopyDocument overwrites the memory of document `to` with document `from` of another
// state of the same model.
func (s *State) CopyDocument(to int, other *State, from int) {
	s.each(func(l, i int, data []float32, size int) {
		copy(data[to*size:(to+1)*size], other.Data(l, i)[from*size:(from+1)*size])
	})
}

// Copy overwrites the state with another of the same shape.
func (s *State) Copy(other *State) {
	s.each(func(l, i int, data []float32, _ int) { copy(data, other.Data(l, i)) })
}

// Bytes is the size of the numbers that the paper counts as memory, measured on
// the live tensors.
func (s *State) Bytes() int64 {
	var n int64
	s.each(func(l, i int, data []float32, _ int) {
		if s.specs[l][i].Counted {
			n += int64(len(data)) * 4
		}
	})
	return n
}
