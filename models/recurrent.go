package models

import (
	"infinibench/internal/ops"

	G "gorgonia.org/gorgonia"
)

// A memory that lives in the token stream (StateSpec.Tokens) is m rows of the model's own
// width. Each segment of T tokens is processed as one sequence,
//
//	[memory; tokens; memory],  m + T + m rows,
//
// under the causal mask and positions of a sequence of that length. Every token sees the
// memory before it; the memory after it sees every token, and its last hidden layer
// becomes the memory of the next segment (Bulatov, Kuratov & Burtsev 2022, section 3.2). A
// segment therefore cannot begin before the last layer has finished the previous one, so a
// graph of several segments repeats the stack of layers for each. A stretch shorter than a
// segment writes nothing and has no rows behind it.
//
// A document starts with learned rows, the weight memory_tokens. The state is the memory
// minus these rows, so that an empty memory is zero as in every model, and the rows that
// enter a segment are exactly the rows that left the segment before.

// memoryTokens is the number of tokens of a memory that lives in the stream, or 0.
func memoryTokens(c Config, m Memory) int {
	for _, s := range m.State(c, 0) {
		if s.Tokens {
			return s.Shape[0]
		}
	}
	return 0
}

// recur builds the pass over the embedded ids x [B·S·T, d], segment by segment.
func (p *Pass) recur(x *G.Node, stateOnly bool) {
	m, shape := p.model.tokens, p.Shape
	whole := shape.T == p.model.Config.Segment
	rows := p.model.shape(shape.B, 1, m+shape.T)
	if whole {
		rows.T += m
	}
	p.Out = make([][]*G.Node, p.model.Config.Layers)
	p.Out[0] = p.Inputs[0]
	var hidden []*G.Node
	for s := range shape.S {
		memory := p.memory(p.Out[0][0])
		parts := []*G.Node{memory, ops.SliceRows(shape.B, x, s*shape.T, shape.T)}
		if whole {
			parts = append(parts, memory)
		}
		y := p.through(rows, ops.ConcatRows(shape.B, parts...), nil)
		if !stateOnly {
			hidden = append(hidden, ops.SliceRows(shape.B, y, m, shape.T))
		}
		if whole {
			p.Out[0] = []*G.Node{p.state(ops.SliceRows(shape.B, y, m+shape.T, m))}
		}
	}
	if !stateOnly {
		p.Hidden = ops.ConcatRows(shape.B, hidden...)
	}
}

// memory is the memory tokens [B·m, d] of a state.
func (p *Pass) memory(state *G.Node) *G.Node {
	return ops.Offset(state, 1, p.param("memory_tokens"), p.Shape.B*p.model.tokens, p.model.Config.Width())
}

// state is the state [1, B, m, d] whose memory tokens are y [B·m, d]: memory's inverse.
func (p *Pass) state(y *G.Node) *G.Node {
	return ops.Offset(y, -1, p.param("memory_tokens"), 1, p.Shape.B, p.model.tokens, p.model.Config.Width())
}

// through applies all layers and the last norm to the rows x.
func (p *Pass) through(shape ops.Shape, x *G.Node, caches []ops.Cache) *G.Node {
	for i, states := range p.Inputs {
		layer := p.layer(i)
		layer.Shape = shape
		if caches != nil {
			layer.cache = &caches[i]
		}
		x = layer.finish(x, p.model.Memory.Read(layer, layer.project(x), states))
	}
	return p.normed(x)
}

// newTurn creates the graph of the memory tokens alone, for decoding. On empty caches, it
// stores what the segment's tokens will read; on full ones, it computes the next state.
func (m *Model) newTurn(documents int, caches []ops.Cache) *Pass {
	shape := m.shape(documents, 1, m.tokens)
	p := m.newInputs(shape)
	y := p.through(shape, p.memory(p.Inputs[0][0]), caches)
	p.Out = make([][]*G.Node, m.Config.Layers)
	p.Out[0] = []*G.Node{p.state(y)}
	return p
}
