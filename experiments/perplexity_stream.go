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

// visitor receives the negative log-likelihood, in nats, of token i ≥ 1 of a document
// under one ablation.
type visitor func(a Ablation, document, i int, nll float64)

// stream scores documents by the perplexity protocol: each document is one
// stream, its segments in order, the memory carried from segment to segment and
// empty at the start; every token but the first is scored exactly once. Documents
// are scored in batches, which changes results only by rounding. With ablate, the two
// ablations are scored at the same time, on the memory that the intact model wrote.
type stream struct {
	model   *models.Model
	visit   visitor
	tick    func(tokens int) // called with the number of tokens of every scored batch
	ablate  bool
	scorers map[[2]int]*models.Scorer // by documents and width
}

func newStream(m *models.Model, ablate bool, tick func(tokens int)) *stream {
	return &stream{model: m, tick: tick, ablate: ablate && m.Stateful(), scorers: map[[2]int]*models.Scorer{}}
}

func (s *stream) scorer(documents, width int) *models.Scorer {
	key := [2]int{documents, width}
	if s.scorers[key] == nil {
		s.scorers[key] = s.model.NewScorer(documents, width)
	}
	return s.scorers[key]
}

// scoredWidth is how many tokens the last stretch of a document is filled up to: the whole
// segment, unless that is long, as the context of a pretrained model may be.
func scoredWidth(tokens, segment int) int {
	const short = 1024
	width := segment
	for segment > short && width/2 >= max(tokens, short/4) {
		width /= 2
	}
	return width
}

// scoreGroup scores documents side by side. They come longest first, so those still
// running are always the first ones.
func (s *stream) scoreGroup(ctx context.Context, documents [][]int32) error {
	n := s.model.Config.Segment
	// The memory of every document, of one that has ended its last.
	all := s.model.NewState(len(documents))
	for at, running := 0, len(documents); ; at += n {
		if err := ctx.Err(); err != nil {
			return err
		}
		whole := 0 // documents with a whole segment of targets left
		for whole < running && len(documents[whole])-1 >= at+n {
			whole++
		}
		for d := whole; d < running; d++ {
			if err := s.scoreSegment(documents[d:d+1], d, at, all); err != nil {
				return err
			}
		}
		if whole == 0 {
			return nil
		}
		if err := s.scoreSegment(documents[:whole], 0, at, all); err != nil {
			return err
		}
		running = whole
	}
}

// scoreSegment scores one segment of some documents, the first of which is number first
// of the group. The last stretch of a document may be short: it is padded, which does not
// affect earlier tokens, and its memory is not used again.
func (s *stream) scoreSegment(documents [][]int32, first, at int, all *models.State) error {
	segment := s.model.Config.Segment
	width := min(segment, len(documents[0])-1-at)
	if width <= 0 {
		return nil
	}
	n := scoredWidth(width, segment)
	ids, targets := make([]int32, len(documents)*n), make([]int32, len(documents)*n)
	for d, tokens := range documents {
		copy(ids[d*n:(d+1)*n], tokens[at:at+width])
		copy(targets[d*n:(d+1)*n], tokens[at+1:at+width+1])
	}
	score := func(a Ablation, memory *models.State) error {
		nll, err := s.scorer(len(documents), n).Score(ids, targets, memory)
		if err != nil {
			return err
		}
		for d := range documents {
			for i, v := range nll[d*n : d*n+width] {
				s.visit(a, first+d, at+i+1, v)
			}
		}
		return nil
	}
	// memories returns the memories of the documents or of their neighbours in the group.
	memories := func(neighbour int) *models.State {
		m := s.model.NewState(len(documents))
		for d := range documents {
			m.CopyDocument(d, all, (first+d+neighbour)%all.Documents)
		}
		return m
	}
	if s.ablate {
		if err := score(Zeroed, s.model.NewState(len(documents))); err != nil {
			return err
		}
		if all.Documents > 1 {
			if err := score(Shuffled, memories(1)); err != nil {
				return err
			}
		}
	}
	state := memories(0)
	if err := score(Intact, state); err != nil {
		return err
	}
	if err := state.Finite(); err != nil {
		return fmt.Errorf("experiments: segment %d, which ends at token %d: %w", at/segment, at+width, err)
	}
	if width == segment {
		for d := range documents {
			all.CopyDocument(first+d, state, d)
		}
	}
	s.tick(len(documents) * width)
	return nil
}
