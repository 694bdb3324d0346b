package modeltest

import (
	"fmt"
	"math"

	"infinibench/internal/train"
	"infinibench/models"
)

// problem is a loss over two documents of three segments and perhaps a tail, on
// all tokens or on the last whole segment alone.
type problem struct {
	length       int
	ids, targets []int32
	weights      []float32
}

const problemDocuments = 2

func newProblem(length int, lastSegmentOnly bool) problem {
	r := source(3)
	p := problem{
		length:  length,
		ids:     tokens(r, problemDocuments*length),
		targets: tokens(r, problemDocuments*length),
		weights: make([]float32, problemDocuments*length),
	}
	for i := range p.weights {
		if at := i % length / segment; !lastSegmentOnly || at == 2 {
			p.weights[i] = float32(r.Float64()) / segment
		}
	}
	return p
}

// backprop is the loss and its gradients by train.Backprop.
func (p problem) backprop(m *models.Model, interval int) (float64, *train.Backprop, error) {
	b := train.NewBackprop(m, problemDocuments, interval)
	loss, err := b.Run(p.ids, p.targets, p.weights)
	return loss, b, err
}

// frozen is the loss from forward passes alone. After each segment it resets the tensors
// that the memory declares not differentiable to their values on the first call. A
// gradient that stops at them is the gradient of this function.
type frozen struct {
	problem
	model  *models.Model
	stream *stream
	states []*models.State // after each segment of the first call
}

func (f *frozen) loss() (float64, error) {
	first := f.states == nil
	state := f.model.NewState(problemDocuments)
	var sum float64
	for at := 0; at < f.length; at += segment {
		w := min(segment, f.length-at)
		var piece []int32
		for b := range problemDocuments {
			piece = append(piece, f.ids[b*f.length+at:][:w]...)
		}
		hidden, err := f.stream.run(piece, state)
		if err != nil {
			return 0, err
		}
		logits := predictions(f.model, hidden)
		for i := range piece {
			from := i/w*f.length + at + i%w
			if f.weights[from] != 0 {
				sum += float64(f.weights[from]) * tokenNLL(logits[i*vocabulary:][:vocabulary], f.targets[from])
			}
		}
		if first {
			f.states = append(f.states, copied(f.model, state))
		}
		for l := range state.Layers {
			for i, spec := range state.Specs(l) {
				if !spec.Differentiable {
					copy(state.Data(l, i), f.states[at/segment].Data(l, i))
				}
			}
		}
	}
	return sum, nil
}

// slope is the derivative of the loss along a direction of one weight, by a difference
// formula of fourth order, and its uncertainty. Each of the steps is half the one before:
// with large ones the curvature of the loss shows, with small ones its rounding. The two
// neighbours that agree best are taken, and their disagreement is the uncertainty (Ridders
// 1982 chooses steps in a similar way).
func (f *frozen) slope(p *models.Param, direction []float32) (slope, doubt float64, err error) {
	base := append([]float32(nil), p.Data()...)
	defer copy(p.Data(), base)
	var odd [4]float64 // loss(h) - loss(-h) for h = 1/128, 1/256, …
	for i := range odd {
		for _, sign := range []float32{1, -1} {
			for j, x := range base {
				p.Data()[j] = x + sign*direction[j]/float32(int(128)<<i)
			}
			loss, err := f.loss()
			if err != nil {
				return 0, 0, err
			}
			odd[i] += float64(sign) * loss
		}
	}
	var slopes [3]float64
	for i := range slopes {
		slopes[i] = (8*odd[i+1] - odd[i]) / 12 * float64(int(256)<<i)
	}
	doubt = math.Inf(1)
	for i, fine := range slopes[1:] {
		if d := math.Abs(fine - slopes[i]); d < doubt {
			slope, doubt = (fine+slopes[i])/2, d
		}
	}
	return slope, doubt, nil
}

// How far the differences of slope may deviate, beyond their own uncertainty.
const (
	// A loss of three nats is rounded by some 2e-7, as its logits are float32; the formula
	// has weights of 3/2 in all, over steps down to 1/1024.
	slopeNoise = 3e-4 // nats
	// By accident, neighbours may agree better with each other than with the slope.
	slopeTolerance = 5e-4 // of the gradient's norm
	// More uncertainty than this could hide a wrong gradient.
	slopeDoubt = 0.05 // of the gradient's norm
)

// gradient: back-propagation through three segments and a tail gives the slope of
// the loss along random directions of every weight, both for a loss on all tokens
// and for one on the last segment, which the first segments reach through the
// memory alone.
//
// A memory's auxiliary loss is left out: which weights it trains is its own choice.
func gradient(memory models.Memory) error {
	m, err := tiny(withoutLoss(memory))
	if err != nil {
		return err
	}
	r := source(4)
	for _, lastOnly := range []bool{false, true} {
		p := newProblem(length, lastOnly)
		loss, b, err := p.backprop(m, 1)
		if err != nil {
			return err
		}
		f := &frozen{problem: p, model: m, stream: newStream(m, problemDocuments, 1)}
		want, err := f.loss()
		if err != nil {
			return err
		}
		if math.Abs(loss-want) > rounding*want {
			return fmt.Errorf("loss is %g, by a forward pass %g", loss, want)
		}
		for i, param := range m.Params {
			var norm float64
			for _, g := range b.Gradients[i] {
				norm += float64(g) * float64(g)
			}
			norm = math.Sqrt(norm)
			for range 3 {
				direction := make([]float32, len(param.Data()))
				var got float64
				for j := range direction {
					direction[j] = float32(r.NormFloat64())
					got += float64(direction[j]) * float64(b.Gradients[i][j])
				}
				want, doubt, err := f.slope(param, direction)
				if err != nil {
					return err
				}
				if doubt > slopeDoubt*norm+slopeNoise || !(math.Abs(got-want) <= doubt+slopeTolerance*norm+slopeNoise) {
					return fmt.Errorf("loss on last segment only: %t; slope of %s is %.6g by back-propagation, %.6g ± %.2g by differences (norm of the gradient %.3g)", lastOnly, param.Name, got, want, doubt, norm)
				}
			}
		}
	}
	return nil
}

// withoutLoss strips the auxiliary loss from a memory.
func withoutLoss(memory models.Memory) models.Memory {
	return wrapped(memory, func(m models.Memory) models.Memory { return struct{ models.Memory }{m} })
}

// stopGradient is a memory whose state passes no gradient from segment to segment.
type stopGradient struct{ models.Memory }

func (s stopGradient) State(c models.Config, layer int) []models.StateSpec {
	specs := append([]models.StateSpec(nil), s.Memory.State(c, layer)...)
	for i := range specs {
		specs[i].Differentiable = false
	}
	return specs
}

// gradientReachesWriting: when the state is differentiable, a loss on the last segment
// trains w_qkv of every layer to write well in earlier ones. Treating each segment as the
// start of a document must give a different gradient.
func gradientReachesWriting(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	differentiable := false
	for l := range m.Config.Layers {
		for _, spec := range memory.State(m.Config, l) {
			differentiable = differentiable || spec.Differentiable
		}
	}
	if !differentiable {
		return nil
	}
	cut, err := tiny(wrapped(memory, func(m models.Memory) models.Memory { return stopGradient{m} }))
	if err != nil {
		return err
	}
	p := newProblem(length, true)
	_, whole, err := p.backprop(m, 1)
	if err != nil {
		return err
	}
	_, parts, err := p.backprop(cut, 1)
	if err != nil {
		return err
	}
	for i, param := range m.Params {
		for l := range m.Config.Layers {
			if param.Name == fmt.Sprintf("layers.%d.w_qkv", l) && near("", whole.Gradients[i], parts.Gradients[i], 0.01) == nil {
				return fmt.Errorf("the gradient of %s is the same when each segment starts a document: no segment learns what to write for the next", param.Name)
			}
		}
	}
	return nil
}

// gradientInterval: the number of segments in a graph does not change the gradient, nor
// does anything left over from the previous run.
func gradientInterval(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	for _, n := range []int{3 * segment, length} {
		p := newProblem(n, false)
		wantLoss, want, err := p.backprop(m, 1)
		if err != nil {
			return err
		}
		for _, interval := range []int{1, 2, 3, 0} {
			got := train.NewBackprop(m, problemDocuments, interval)
			for run := range 2 {
				loss, err := got.Run(p.ids, p.targets, p.weights)
				if err != nil {
					return err
				}
				what := fmt.Sprintf("%d tokens, %d segments to a graph (0 is all), run %d", n, interval, run)
				if math.Abs(loss-wantLoss) > rounding*wantLoss {
					return fmt.Errorf("%s: loss is %g, with one segment to a graph %g", what, loss, wantLoss)
				}
				if err := nearState(what, got.Final, want.Final, rounding); err != nil {
					return err
				}
				for i, param := range m.Params {
					if err := near(what+": gradient of "+param.Name, got.Gradients[i], want.Gradients[i], gradientRounding); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
