package modeltest

import (
	"infinibench/models"
)

// stream runs a model over long documents, some segments to a graph.
type stream struct {
	model     *models.Model
	documents int
	segments  int // in one graph
	passes    map[[2]int]*models.Pass
}

func newStream(m *models.Model, documents, segments int) *stream {
	return &stream{model: m, documents: documents, segments: segments, passes: map[[2]int]*models.Pass{}}
}

func (s *stream) pass(segments, tokens int) *models.Pass {
	key := [2]int{segments, tokens}
	if s.passes[key] == nil {
		s.passes[key] = s.model.NewPass(s.documents, segments, tokens, false)
	}
	return s.passes[key]
}

// run moves state past ids [B, n] and returns the hidden layer [B, n, d].
func (s *stream) run(ids []int32, state *models.State) ([]float32, error) {
	n, d := len(ids)/s.documents, s.model.Config.Width()
	hidden := make([]float32, len(ids)*d)
	for at := 0; at < n; {
		count, width := min(s.segments, (n-at)/segment), segment
		if count == 0 {
			count, width = 1, n-at
		}
		p := s.pass(count, width)
		step := count * width
		for b := range s.documents {
			copy(p.IDs[b*step:(b+1)*step], ids[b*n+at:])
		}
		if err := p.Run(state); err != nil {
			return nil, err
		}
		for b := range s.documents {
			copy(hidden[(b*n+at)*d:(b*n+at+step)*d], models.Floats(p.Hidden)[b*step*d:])
		}
		p.Carry(state)
		at += step
	}
	return hidden, nil
}

// forward runs documents from an empty memory: the hidden layer and the state
// after the last whole segment.
func forward(m *models.Model, documents, segments int, ids []int32) ([]float32, *models.State, error) {
	state := m.NewState(documents)
	hidden, err := newStream(m, documents, segments).run(ids, state)
	return hidden, state, err
}

// copied returns a deep copy of a state.
func copied(m *models.Model, s *models.State) *models.State {
	c := m.NewState(s.Documents)
	c.Copy(s)
	return c
}
