package models

import (
	"fmt"

	"infinibench/internal/kernel"
	"infinibench/internal/ops"
)

// Decoder feeds a model any number of tokens at a time and returns the logits of the next
// one. It keeps the tokens of the running segment in a key-value cache; a full segment is
// written to memory and the cache emptied, so that decoding computes exactly what a whole
// forward pass computes.
type Decoder struct {
	model  *Model
	state  *State
	past   int // rows of the running segment in the caches
	caches []ops.Cache
	steps  map[int]*Pass // by width
	skip   *Pass         // reads a whole segment, without logits
	fold   *Pass         // writes full caches to the memory
	turn   *Pass         // reads and writes a memory that lives in the token stream
	logits []float32
}

// NewDecoder starts a batch of documents with empty memory.
func (m *Model) NewDecoder(documents int) *Decoder {
	d := &Decoder{model: m, state: m.NewState(documents), steps: map[int]*Pass{}}
	for range m.Config.Layers {
		d.caches = append(d.caches, ops.NewCache(m.shape(documents, 1, m.Config.Segment), documents, m.Config.Segment+2*m.tokens, &d.past))
	}
	switch {
	case m.tokens > 0:
		d.turn = m.newTurn(documents, d.caches)
	case m.Stateful():
		d.fold = m.newFold(documents, d.caches)
	}
	return d
}

// Restart resumes from a state after whole segments and discards what d has read.
func (d *Decoder) Restart(from *State) {
	d.state.Copy(from)
	d.past = 0
}

// State is the memory before the running segment.
func (d *Decoder) State() *State { return d.state }

// Feed reads the next tokens of every document, ids [B, n], and returns the logits [B, V]
// after the last, valid until the next call. The work is proportional to n and the segment
// length, whatever came before. Whole segments with others behind them only update the
// memory, which is cheaper.
func (d *Decoder) Feed(ids []int32) ([]float32, error) {
	batch := d.state.Documents
	if len(ids) == 0 || len(ids)%batch != 0 {
		return nil, fmt.Errorf("models: %d tokens for %d documents", len(ids), batch)
	}
	for _, id := range ids {
		if id < 0 || int(id) >= d.model.Config.Vocabulary {
			return nil, fmt.Errorf("models: token %d outside the vocabulary of %d", id, d.model.Config.Vocabulary)
		}
	}
	n := len(ids) / batch
	full := d.model.tokens + d.model.Config.Segment
	for at := 0; at < n; {
		if d.past == 0 && n-at > d.model.Config.Segment {
			if err := d.pass(ids, at, n); err != nil {
				return nil, err
			}
			at += d.model.Config.Segment
			continue
		}
		if d.past < d.model.tokens {
			if err := d.turn.Run(d.state); err != nil {
				return nil, err
			}
			d.past = d.model.tokens
		}
		width := min(n-at, full-d.past)
		s, ok := d.steps[width]
		if !ok {
			s = d.model.newPass(batch, 1, width, false, d.caches)
			d.steps[width] = s
		}
		if err := d.run(s, ids, at, n); err != nil {
			return nil, err
		}
		at += width
		d.past += width
		if at == n {
			d.predict(Floats(s.Hidden), width)
		}
		if d.past == full {
			for _, f := range []*Pass{d.fold, d.turn} {
				if f == nil {
					continue
				}
				if err := f.Run(d.state); err != nil {
					return nil, err
				}
				f.Carry(d.state)
			}
			d.past = 0
		}
	}
	return d.logits, nil
}

// pass moves the state past the whole segment that begins at offset `at` of ids [B, n].
func (d *Decoder) pass(ids []int32, at, n int) error {
	if !d.model.Stateful() {
		return nil
	}
	if d.skip == nil {
		d.skip = d.model.NewPass(d.state.Documents, 1, d.model.Config.Segment, true)
	}
	if err := d.run(d.skip, ids, at, n); err != nil {
		return err
	}
	d.skip.Carry(d.state)
	return nil
}

// run evaluates the tokens from offset `at` of ids [B, n].
func (d *Decoder) run(p *Pass, ids []int32, at, n int) error {
	for b, width := 0, p.Shape.T; b < d.state.Documents; b++ {
		copy(p.IDs[b*width:(b+1)*width], ids[b*n+at:])
	}
	return p.Run(d.state)
}

// Branch copies the one document of another decoder of the same model to every document of
// d, so that a long prompt is read once and continued in several ways.
func (d *Decoder) Branch(from *Decoder) {
	if from.model != d.model || from.state.Documents != 1 {
		panic("models: a decoder can branch off one document of its own model only")
	}
	for b := range d.state.Documents {
		d.state.CopyDocument(b, from.state, 0)
		for i, c := range d.caches {
			c.CopyDocument(b, from.caches[i])
		}
	}
	d.past = from.past
}

// predict sets the logits after the last of `width` tokens of each document.
func (d *Decoder) predict(hidden []float32, width int) {
	c := d.model.Config
	table := d.model.Head().Weights()
	if d.logits == nil {
		d.logits = make([]float32, d.state.Documents*c.Vocabulary)
	}
	for b := range d.state.Documents {
		x := hidden[((b+1)*width-1)*c.Width() : (b+1)*width*c.Width()]
		kernel.Logits(d.logits[b*c.Vocabulary:(b+1)*c.Vocabulary], x, table, c.Width())
	}
}

// newFold creates the graph of Memory.Write alone, which writes full caches to memory.
func (m *Model) newFold(documents int, caches []ops.Cache) *Pass {
	p := m.newInputs(m.shape(documents, 1, m.Config.Segment))
	for i, initial := range p.Inputs {
		qkv := p.matrix(layerName(i, "cache"), caches[i].QKV, p.Shape.Rows())
		layer := p.layer(i)
		layer.fromCache = true
		p.Out = append(p.Out, last(m.Memory.Write(layer, qkv, initial)))
	}
	return p
}
