package models

import (
	"fmt"

	"infinibench/internal/kernel"
	"infinibench/internal/ops"
)

// Decoder feeds a model any number of tokens at a time and gives the logits of
// the next one. Tokens of the running segment stand in a key-value cache; when
// the segment is full it is written to memory and the cache is empty again, so
// that what decoding computes equals what a whole forward pass computes.
type Decoder struct {
	model  *Model
	state  *State
	past   int // rows of the running segment in the caches
	caches []ops.Cache
	steps  map[int]*step // by width
	skip   *step         // past a whole segment without logits
	fold   *fold
	turn   *fold // of a memory that lives in the token stream
	logits []float32
}

type step struct {
	pass    *Pass
	machine *Machine
}

// NewDecoder starts a batch of documents with empty memory.
func (m *Model) NewDecoder(documents int) *Decoder {
	d := &Decoder{model: m, state: m.NewState(documents), steps: map[int]*step{}}
	for range m.Config.Layers {
		d.caches = append(d.caches, ops.Cache{QKV: make([]float32, documents*(m.Config.Segment+2*m.tokens)*3*m.Config.Width()), Past: &d.past})
	}
	switch {
	case m.tokens > 0:
		d.turn = m.newTurn(documents, d.caches)
	case m.Stateful():
		d.fold = m.newFold(documents, d.caches)
	}
	return d
}

// Reset makes all documents begin again.
func (d *Decoder) Reset() {
	d.state.Zero()
	d.past = 0
}

// Restart goes on from a state that has read whole segments, forgetting what d has read.
func (d *Decoder) Restart(from *State) {
	d.state.Copy(from)
	d.past = 0
}

// State is the memory from before the running segment.
func (d *Decoder) State() *State { return d.state }

// Feed takes the next tokens of every document, ids [B, n], and returns the
// logits [B, V] after the last, valid until the next call. The work is in
// proportion to n and the segment length, never to what went before. Whole segments
// that others follow pass through the memory alone, which is cheaper.
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
			if err := d.turn.evaluate(d.state); err != nil {
				return nil, err
			}
			d.past = d.model.tokens
		}
		width := min(n-at, full-d.past)
		s, ok := d.steps[width]
		if !ok {
			pass := d.model.newPass(batch, 1, width, false, d.caches)
			s = &step{pass, NewMachine(pass.Graph)}
			d.steps[width] = s
		}
		if err := s.run(d.state, ids, at, n); err != nil {
			return nil, err
		}
		at += width
		d.past += width
		if at == n {
			d.predict(Floats(s.pass.Hidden), width)
		}
		if d.past == full {
			for _, f := range []*fold{d.fold, d.turn} {
				if f == nil {
					continue
				}
				if err := f.evaluate(d.state); err != nil {
					return nil, err
				}
				f.pass.Carry(d.state)
			}
			d.past = 0
		}
	}
	return d.logits, nil
}

// pass moves the state past the whole segment at a place of ids [B, n].
func (d *Decoder) pass(ids []int32, at, n int) error {
	if !d.model.Stateful() {
		return nil
	}
	if d.skip == nil {
		pass := d.model.NewPass(d.state.Documents, 1, d.model.Config.Segment, true)
		d.skip = &step{pass, NewMachine(pass.Graph)}
	}
	if err := d.skip.run(d.state, ids, at, n); err != nil {
		return err
	}
	d.skip.pass.Carry(d.state)
	return nil
}

// run evaluates the tokens at a place of ids [B, n].
func (s *step) run(state *State, ids []int32, at, n int) error {
	for b, width := 0, s.pass.Shape.T; b < state.Documents; b++ {
		copy(s.pass.IDs[b*width:(b+1)*width], ids[b*n+at:])
	}
	s.pass.In.Copy(state)
	return s.machine.Run()
}

// Branch makes every document of d what the one document of another decoder of the
// model is: what one reading of a long prompt led to can go on in several ways.
func (d *Decoder) Branch(from *Decoder) {
	if from.model != d.model || from.state.Documents != 1 {
		panic("models: a decoder can branch off one document of its own model only")
	}
	for b := range d.state.Documents {
		d.state.CopyDocument(b, from.state, 0)
		for i, c := range d.caches {
			copy(c.QKV[b*len(from.caches[i].QKV):], from.caches[i].QKV)
		}
	}
	d.past = from.past
}

// predict sets the logits after the last of `width` tokens of each document.
func (d *Decoder) predict(hidden []float32, width int) {
	c := d.model.Config
	table := d.model.Param("embedding").Data()
	if d.logits == nil {
		d.logits = make([]float32, d.state.Documents*c.Vocabulary)
	}
	for b := range d.state.Documents {
		x := hidden[((b+1)*width-1)*c.Width() : (b+1)*width*c.Width()]
		kernel.Logits(d.logits[b*c.Vocabulary:(b+1)*c.Vocabulary], x, table, c.Width())
	}
}

// fold writes a full cache to memory: the graph of Memory.Write alone, or that of
// memory tokens.
type fold struct {
	pass    *Pass
	machine *Machine
}

func (m *Model) newFold(documents int, caches []ops.Cache) *fold {
	c := m.Config
	f := &fold{pass: m.newInputs(ops.Shape{B: documents, S: 1, T: c.Segment, H: c.Heads, D: c.HeadSize})}
	for i, initial := range f.pass.Inputs {
		qkv := f.pass.matrix(layerName(i, "cache"), caches[i].QKV, f.pass.Shape.Rows())
		f.pass.Out = append(f.pass.Out, last(m.Memory.Write(f.pass.layer(i), qkv, initial)))
	}
	f.machine = NewMachine(f.pass.Graph)
	return f
}

func (f *fold) evaluate(state *State) error {
	f.pass.In.Copy(state)
	return f.machine.Run()
}
