package models

import (
	"fmt"
	"math"
	"runtime"
	"sync/atomic"

	"infinibench/internal/ops"

	G "gorgonia.org/gorgonia"
)

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// runs counts the runs of all passes.
var runs atomic.Int64

// collectEvery is the number of runs between two collections of the garbage that gorgonia
// leaves on each, some 15 KB. Left to itself, the collector waits until the garbage is as
// large as weights and buffers, and memory seems to grow with the length of a text.
const collectEvery = 32

// Run evaluates every node once, from a state that it leaves unchanged. The first run
// compiles the graph; nothing may be added to it afterwards.
func (p *Pass) Run(from *State) error {
	if p.machine == nil {
		p.machine = G.NewTapeMachine(p.Graph)
	}
	p.In.Copy(from)
	defer p.machine.Reset()
	if runs.Add(1)%collectEvery == 0 {
		runtime.GC()
	}
	return p.machine.RunAll()
}

// Floats returns the numbers of a node after a run, valid until the next run.
func Floats(n *G.Node) []float32 { return n.Value().Data().([]float32) }

// Carry moves the outgoing state of the last run to state.
func (p *Pass) Carry(state *State) {
	for l, layer := range p.Out {
		for i, n := range layer {
			copy(state.Data(l, i), Floats(n))
		}
	}
}

// Scorer evaluates a model without gradients over B documents at a time.
type Scorer struct {
	pass    *Pass
	targets []int32
	nll     *G.Node
}

// NewScorer builds the graph for a batch of documents and a width: the segment
// length, or less for the tail of a document.
func (m *Model) NewScorer(documents, tokens int) *Scorer {
	p := m.NewPass(documents, 1, tokens, false)
	s := &Scorer{pass: p, targets: make([]int32, p.Shape.Rows())}
	s.nll = ops.TokenNLL(p.Hidden, p.Head(), Constant(p, "targets", s.targets))
	return s
}

// Score returns the negative log-likelihood, in nats, of each target [B·T] given the ids
// up to and including its position, and moves state past the segment (a tail is read but
// not written). The result is valid until the next call.
func (s *Scorer) Score(ids, targets []int32, state *State) ([]float64, error) {
	if len(ids) != len(s.pass.IDs) || len(targets) != len(s.targets) {
		return nil, fmt.Errorf("models: %d ids and %d targets, want %d", len(ids), len(targets), len(s.pass.IDs))
	}
	copy(s.pass.IDs, ids)
	copy(s.targets, targets)
	if err := s.pass.Run(state); err != nil {
		return nil, err
	}
	s.pass.Carry(state)
	return s.nll.Value().Data().([]float64), nil
}

// Hidden is the normalised last hidden layer [B·T, d] of the last Score.
func (s *Scorer) Hidden() []float32 { return Floats(s.pass.Hidden) }
