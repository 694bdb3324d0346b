// Package train fits a model: back-propagation through segments, optimisers,
// schedules and checkpoints.
package train

import (
	"errors"
	"fmt"

	"infinibench/internal/ops"
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// Backprop computes the loss of sequences and its gradient with respect to every weight,
// through all segments (paper section 4.1 and appendix A). A first pass, forward, keeps
// only the states at the chunk boundaries. A second pass, from the last chunk to the
// first, runs each chunk again, with the gradient of its outgoing state as one more input.
// A chunk is `interval` segments; 1 is the paper's "gradient checkpointing after each
// segment".
type Backprop struct {
	// WriteCounts [B, segments] is how often the write of each whole segment to a
	// compressive memory counts in the next Run; nil means once.
	WriteCounts []float32
	// Gradients holds the result of Run, one slice per weight in the order of
	// Model.Params.
	Gradients [][]float32
	// Trained selects the weights that Run takes a gradient of; the others' stays 0. It
	// must be set before the first Run; nil selects all.
	Trained func(*models.Param) bool
	// Final is the state after the last whole segment of Run.
	Final *models.State
	// Auxiliary is the memory's auxiliary loss in Run, summed over all layers and
	// averaged over the tokens if the weights sum to 1; 0 for a memory without one.
	// Gradients includes its gradient; the loss that Run returns excludes it.
	Auxiliary float64

	model          *models.Model
	documents      int
	interval       int
	chunks         map[width]*chunk
	advances       map[width]*models.Pass // compute the state after a chunk
	boundaries     []*models.State
	gradient       *models.State // of the loss with respect to the state after the current chunk
	checkGradients bool          // for NaN and infinity, after every chunk
}

type width struct{ segments, tokens int }

// NewBackprop prepares for batches of documents. interval is the number of
// segments in one graph; 0 puts the whole sequence in one.
func NewBackprop(m *models.Model, documents, interval int) *Backprop {
	b := &Backprop{
		model: m, documents: documents, interval: interval,
		chunks: map[width]*chunk{}, advances: map[width]*models.Pass{},
		gradient: m.NewState(documents), Final: m.NewState(documents),
	}
	for _, p := range m.Params {
		b.Gradients = append(b.Gradients, make([]float32, len(p.Data())))
	}
	return b
}

// selected is the gradients of the weights that are trained.
func (b *Backprop) selected() [][]float32 {
	if b.Trained == nil {
		return b.Gradients
	}
	var some [][]float32
	for i, p := range b.model.Params {
		if b.Trained(p) {
			some = append(some, b.Gradients[i])
		}
	}
	return some
}

// Run returns Σ weights·nll over sequences of equal length that start with an empty
// memory. ids, targets and weights are [B, length]; targets[i] is the token that follows
// ids[i]. A tail shorter than a segment is read but not written. If a loss or a memory is
// not finite, the error says where that began.
func (b *Backprop) Run(ids, targets []int32, weights []float32) (float64, error) {
	loss, err := b.run(ids, targets, weights)
	if broken := new(models.NotFinite); errors.As(err, &broken) {
		err = b.locate(ids, targets, weights, err)
	}
	return loss, err
}

// locate repeats a failed run, one segment at a time and checking all weights and
// gradients, and returns where the failure began; or found, what is known already.
func (b *Backprop) locate(ids, targets []int32, weights []float32, found error) error {
	if err := b.model.FiniteWeights(nil); err != nil {
		return err
	}
	again := NewBackprop(b.model, b.documents, 1)
	again.WriteCounts, again.Trained, again.checkGradients = b.WriteCounts, b.Trained, true
	if _, err := again.run(ids, targets, weights); err != nil {
		return err
	}
	return found
}

func (b *Backprop) run(ids, targets []int32, weights []float32) (float64, error) {
	length := len(ids) / b.documents
	if len(ids) != length*b.documents || len(targets) != len(ids) || len(weights) != len(ids) || length == 0 {
		return 0, fmt.Errorf("train: %d ids, %d targets and %d weights for %d documents", len(ids), len(targets), len(weights), b.documents)
	}
	for _, g := range b.Gradients {
		clear(g)
	}
	plan := b.plan(length)
	if err := b.forward(plan, ids, length); err != nil {
		return 0, err
	}
	var loss, weight float64
	for _, w := range weights {
		weight += float64(w)
	}
	share := weight / float64(len(weights))
	b.Auxiliary = 0
	b.gradient.Zero()
	for i := len(plan) - 1; i >= 0; i-- {
		c := b.chunk(plan[i].width)
		c.fill(ids, targets, weights, plan[i].from, length)
		b.setWriteCounts(c.pass, plan[i].from, length)
		c.outgoing.Copy(b.gradient)
		c.share[0] = float32(share)
		if err := c.pass.Run(b.boundaries[i]); err != nil {
			return 0, err
		}
		if i == len(plan)-1 {
			c.pass.Carry(b.Final)
			if err := b.Final.Finite(); err != nil {
				return 0, b.in(plan[i], err)
			}
		}
		part := float64(c.loss.Value().Data().(float32))
		if part-part != 0 {
			return 0, b.in(plan[i], &models.NotFinite{What: "loss", Value: part})
		}
		if b.checkGradients {
			if err := b.model.FiniteWeights(b.Gradients); err != nil {
				return 0, b.in(plan[i], fmt.Errorf("gradient of %w", err))
			}
		}
		loss += part
		for _, n := range c.losses {
			b.Auxiliary += share * float64(n.Value().Data().(float32))
		}
		b.gradient.Copy(c.incoming)
	}
	return loss, nil
}

// in adds the segments of a chunk to an error.
func (b *Backprop) in(p place, err error) error {
	first := p.from / b.model.Config.Segment
	if p.segments == 1 {
		return fmt.Errorf("segment %d: %w", first, err)
	}
	return fmt.Errorf("segments %d to %d: %w", first, first+p.segments-1, err)
}

// place is one chunk of a sequence: its width and the token it starts at.
type place struct {
	width
	from int
}

// plan cuts a sequence into chunks.
func (b *Backprop) plan(length int) []place {
	n := b.model.Config.Segment
	interval := b.interval
	if interval == 0 {
		interval = max(length/n, 1)
	}
	var plan []place
	at := 0
	for left := length / n; left > 0; {
		s := min(interval, left)
		plan = append(plan, place{width{s, n}, at})
		at += s * n
		left -= s
	}
	if at < length {
		plan = append(plan, place{width{1, length - at}, at})
	}
	return plan
}

// forward fills the states before each chunk.
func (b *Backprop) forward(plan []place, ids []int32, length int) error {
	for len(b.boundaries) < len(plan) {
		b.boundaries = append(b.boundaries, b.model.NewState(b.documents))
	}
	b.boundaries[0].Zero()
	if !b.model.Stateful() {
		return nil
	}
	for i, p := range plan[:len(plan)-1] {
		a := b.advances[p.width]
		if a == nil {
			a = b.model.NewPass(b.documents, p.segments, p.tokens, true)
			b.advances[p.width] = a
		}
		gather(a.IDs, ids, p.from, length, b.documents)
		b.setWriteCounts(a, p.from, length)
		if err := a.Run(b.boundaries[i]); err != nil {
			return err
		}
		a.Carry(b.boundaries[i+1])
		if err := b.boundaries[i+1].Finite(); err != nil {
			return b.in(p, err)
		}
	}
	return nil
}

// setWriteCounts sets how often the write of each segment of a pass counts.
func (b *Backprop) setWriteCounts(p *models.Pass, from, length int) {
	n := b.model.Config.Segment
	switch {
	case p.Shape.T < n: // a tail is not written
	case b.WriteCounts == nil:
		for i := range p.WriteCounts {
			p.WriteCounts[i] = 1
		}
	default:
		gather(p.WriteCounts, b.WriteCounts, from/n, length/n, b.documents)
	}
}

// chunk is the graph of the loss and the gradients over a few segments.
type chunk struct {
	pass     *models.Pass
	targets  []int32
	weights  []float32
	loss     *G.Node
	losses   []*G.Node     // the memory's own
	share    []float32     // of a token in them
	outgoing *models.State // gradient of the loss with respect to the outgoing state
	incoming *models.State // and with respect to the incoming state
}

func (b *Backprop) chunk(w width) *chunk {
	if c := b.chunks[w]; c != nil {
		return c
	}
	p := b.model.NewPass(b.documents, w.segments, w.tokens, false)
	n := p.Shape.Rows()
	c := &chunk{
		pass: p, targets: make([]int32, n), weights: make([]float32, n),
		outgoing: b.model.NewState(b.documents), incoming: b.model.NewState(b.documents),
	}
	c.loss = ops.CrossEntropy(p.Hidden, p.Head(), models.Constant(p, "targets", c.targets), models.Constant(p, "weights", c.weights))
	roots := []ops.Root{{Node: c.loss}}
	c.losses, c.share = p.Losses(), []float32{0}
	for _, n := range c.losses {
		roots = append(roots, ops.Root{Node: n, Gradient: c.share})
	}
	var leaves []ops.Leaf
	for i, param := range p.Params {
		if b.Trained == nil || b.Trained(b.model.Params[i]) {
			leaves = append(leaves, ops.Leaf{Node: param, Gradient: b.Gradients[i], Add: true})
		}
	}
	for l, layer := range p.Out {
		for i, out := range layer {
			if !c.outgoing.Specs(l)[i].Differentiable {
				continue
			}
			leaves = append(leaves, ops.Leaf{Node: p.Inputs[l][i], Gradient: c.incoming.Data(l, i)})
			if w.tokens == b.model.Config.Segment { // a tail is not written
				roots = append(roots, ops.Root{Node: out, Gradient: c.outgoing.Data(l, i)})
			}
		}
	}
	if err := ops.Gradient(roots, leaves); err != nil {
		panic(fmt.Sprintf("train: gradient of the graph: %v", err))
	}
	b.chunks[w] = c
	return c
}

func (c *chunk) fill(ids, targets []int32, weights []float32, from, length int) {
	documents := c.pass.Shape.B
	gather(c.pass.IDs, ids, from, length, documents)
	gather(c.targets, targets, from, length, documents)
	gather(c.weights, weights, from, length, documents)
}

// gather copies one range of every row of x [B, length].
func gather[T any](dst, x []T, from, length, documents int) {
	n := len(dst) / documents
	for d := range documents {
		copy(dst[d*n:(d+1)*n], x[d*length+from:])
	}
}
