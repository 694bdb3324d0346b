package modeltest

import (
	"infinibench/models"
)

// stream runs a model over long documents, some segments to a graph.
type stream struct {
	model     *models.Model
	documents int
	segments  int // in one graph
	graphs    map[[2]int]*graph
}

type graph struct {
	pass    *models.Pass
	machine *models.Machine
}

func newStream(m *models.Model, documents, segments int) *stream {
	return &stream{model: m, documents: documents, segments: segments, graphs: map[[2]int]*graph{}}
}

func (s *stream) graph(segments, tokens int) *graph {
	key := [2]int{segments, tokens}
	if s.graphs[key] == nil {
		pass := s.model.NewPass(s.documents, segments, tokens, false)
		s.graphs[key] = &graph{pass, models.NewMachine(pass.Graph)}
	}
	return s.graphs[key]
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
		g := s.graph(count, width)
		step := count * width
		for b := range s.documents {
			copy(g.pass.IDs[b*step:(b+1)*step], ids[b*n+at:])
		}
		g.pass.In.Copy(state)
		if err := g.machine.Run(); err != nil {
			return nil, err
		}
		for b := range s.documents {
			copy(hidden[(b*n+at)*d:(b*n+at+step)*d], models.Floats(g.pass.Hidden)[b*step*d:])
		}
		g.pass.Carry(state)
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

// copied is a state of its own with the same numbers.
func copied(m *models.Model, s *models.State) *models.State {
	c := m.NewState(s.Documents)
	c.Copy(s)
	return c
}
