package experiments

import (
	"context"
	"fmt"

	"infinibench/models"
)

// Ablation is a way of scoring a trained model; all three are made in one pass.
type Ablation int

const (
	Intact   Ablation = iota
	Zeroed            // every segment reads an empty memory
	Shuffled          // every segment reads the memory of another document
	ablations
)

// visitor is told the negative log-likelihood, in nats, of token i ≥ 1 of a
// document under one ablation.
type visitor func(a Ablation, document, i int, nll float64)

// stream scores documents by the perplexity protocol: each document is one
// stream, its segments in order, the memory carried from segment to segment and
// empty at the start; every token but the first is scored exactly once. Documents
// go side by side, which changes no number beyond rounding. With ablate, the two
// ablations are scored along the way, on the memory that the intact model wrote.
type stream struct {
	model   *models.Model
	visit   visitor
	tick    func(tokens int) // told of every batch of tokens scored
	ablate  bool
	scorers map[[2]int]*models.Scorer // by documents and width
}

func newStream(m *models.Model, ablate bool, tick func(tokens int)) *stream {
	return &stream{model: m, tick: tick, ablate: ablate && len(m.Memory.State(m.Config)) > 0, scorers: map[[2]int]*models.Scorer{}}
}

func (s *stream) scorer(documents, width int) *models.Scorer {
	key := [2]int{documents, width}
	if s.scorers[key] == nil {
		s.scorers[key] = s.model.NewScorer(documents, width)
	}
	return s.scorers[key]
}

// group scores documents side by side. They come longest first, so those still
// running are always the first ones.
func (s *stream) group(ctx context.Context, documents [][]int32) error {
	n := s.model.Config.Segment
	state := s.model.NewState(len(documents))
	for at := 0; ; at += n {
		if err := ctx.Err(); err != nil {
			return err
		}
		whole := 0 // documents with a whole segment of targets left
		for whole < len(documents) && len(documents[whole])-1 >= at+n {
			whole++
		}
		for d := whole; d < len(documents); d++ {
			if err := s.tail(documents[d], d, at, state); err != nil {
				return err
			}
		}
		if whole == 0 {
			return nil
		}
		if whole < len(documents) {
			documents = documents[:whole]
			smaller := s.model.NewState(whole)
			for d := range whole {
				smaller.CopyDocument(d, state, d)
			}
			state = smaller
		}
		if err := s.segment(documents, at, state); err != nil {
			return err
		}
	}
}

// segment scores one whole segment of every running document.
func (s *stream) segment(documents [][]int32, at int, state *models.State) error {
	n := s.model.Config.Segment
	ids, targets := make([]int32, 0, len(documents)*n), make([]int32, 0, len(documents)*n)
	for _, d := range documents {
		ids = append(ids, d[at:at+n]...)
		targets = append(targets, d[at+1:at+n+1]...)
	}
	score := func(a Ablation, memory *models.State) error {
		nll, err := s.scorer(len(documents), n).Score(ids, targets, memory)
		if err != nil {
			return err
		}
		for d := range documents {
			for i, v := range nll[d*n : (d+1)*n] {
				s.visit(a, d, at+i+1, v)
			}
		}
		return nil
	}
	if s.ablate {
		if err := score(Zeroed, s.model.NewState(len(documents))); err != nil {
			return err
		}
		if len(documents) > 1 {
			if err := score(Shuffled, rotated(s.model, state)); err != nil {
				return err
			}
		}
	}
	if err := score(Intact, state); err != nil {
		return err
	}
	if layer, name, ok := state.Finite(); !ok {
		return fmt.Errorf("experiments: %s of layer %d is not finite after token %d", name, layer, at+n)
	}
	s.tick(len(ids))
	return nil
}

// tail scores the last stretch of a document, shorter than a segment, on its own.
func (s *stream) tail(document []int32, d, at int, state *models.State) error {
	width := len(document) - 1 - at
	if width <= 0 {
		return nil
	}
	ids, targets := document[at:at+width], document[at+1:at+width+1]
	score := func(a Ablation, from *models.State, row int) error {
		memory := s.model.NewState(1)
		if from != nil {
			memory.CopyDocument(0, from, row)
		}
		nll, err := s.scorer(1, width).Score(ids, targets, memory)
		if err != nil {
			return err
		}
		for i, v := range nll {
			s.visit(a, d, at+i+1, v)
		}
		return nil
	}
	if s.ablate {
		if err := score(Zeroed, nil, 0); err != nil {
			return err
		}
		if state.Documents > 1 {
			if err := score(Shuffled, state, (d+1)%state.Documents); err != nil {
				return err
			}
		}
	}
	s.tick(width)
	return score(Intact, state, d)
}

// rotated gives each document the memory of the next.
func rotated(m *models.Model, s *models.State) *models.State {
	other := m.NewState(s.Documents)
	for row := range s.Documents {
		other.CopyDocument(row, s, (row+1)%s.Documents)
	}
	return other
}
