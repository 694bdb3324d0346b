package modeltest

import (
	"errors"
	"fmt"

	"infinibench/models"
)

// documents: what one document writes leaves the others' memory and output as
// they are, to the byte.
func documents(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	r := source(1)
	ids := tokens(r, 3*length)
	hidden, state, err := forward(m, 3, 1, ids)
	if err != nil {
		return err
	}
	copy(ids[length:2*length], tokens(r, length))
	changed, other, err := forward(m, 3, 1, ids)
	if err != nil {
		return err
	}
	n := length * m.Config.Width()
	for _, doc := range []int{0, 2} {
		what := fmt.Sprintf("document %d after a change of document 1", doc)
		if err := errors.Join(near(what, changed[doc*n:(doc+1)*n], hidden[doc*n:(doc+1)*n], 0), nearDocument(m, what, other, doc, state, doc)); err != nil {
			return err
		}
	}
	return nil
}

// nearDocument compares one document of each of two states to the byte.
func nearDocument(m *models.Model, what string, got *models.State, i int, want *models.State, j int) error {
	a, b := m.NewState(1), m.NewState(1)
	a.CopyDocument(0, got, i)
	b.CopyDocument(0, want, j)
	return nearState(what, a, b, 0)
}

// layers: a layer writes to its own memory alone. Here layer 0 passes nothing up, because
// its output projection is zero; only a shared memory could carry anything from one
// layer's memory to the other's.
func layers(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	clear(m.Param("layers.0.w_o").Data())
	r := source(1)
	_, before, err := forward(m, 1, 1, tokens(r, 2*segment))
	if err != nil {
		return err
	}
	_, other, err := forward(m, 1, 1, tokens(r, 2*segment))
	if err != nil {
		return err
	}
	ids := tokens(r, segment)
	s := newStream(m, 1, 1)
	plain := copied(m, before)
	if _, err := s.run(ids, plain); err != nil {
		return err
	}
	for swapped := range m.Config.Layers {
		state := copied(m, before)
		for i := range state.Specs(swapped) {
			copy(state.Data(swapped, i), other.Data(swapped, i))
		}
		if _, err := s.run(ids, state); err != nil {
			return err
		}
		for l := range m.Config.Layers {
			for i, spec := range state.Specs(l) {
				if l != swapped {
					what := fmt.Sprintf("%s of layer %d after a change of layer %d's", spec.Name, l, swapped)
					if err := near(what, state.Data(l, i), plain.Data(l, i), 0); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// reset: State.Reset clears one document and leaves the others unchanged.
func reset(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	r := source(1)
	_, state, err := forward(m, 3, 1, tokens(r, 3*2*segment))
	if err != nil {
		return err
	}
	going, fresh := copied(m, state), m.NewState(3)
	state.Reset(1)
	for doc, want := range []*models.State{going, fresh, going} {
		if err := nearDocument(m, fmt.Sprintf("document %d after a reset of 1", doc), state, doc, want, doc); err != nil {
			return err
		}
	}
	ids := tokens(r, 3*segment)
	s := newStream(m, 3, 1)
	var outputs [][]float32
	for _, from := range []*models.State{going, fresh, state} {
		hidden, err := s.run(ids, from)
		if err != nil {
			return err
		}
		outputs = append(outputs, hidden)
	}
	n := segment * m.Config.Width()
	for doc, want := range []int{0, 1, 0} {
		what := fmt.Sprintf("output of document %d after a reset of 1", doc)
		if err := near(what, outputs[2][doc*n:(doc+1)*n], outputs[want][doc*n:(doc+1)*n], 0); err != nil {
			return err
		}
	}
	return nil
}

// finite: state and output stay finite over 512 segments, even if the inputs of attention
// are twenty times as large.
func finite(memory models.Memory) error {
	for _, gain := range []float32{1, 20} {
		m, err := tiny(memory)
		if err != nil {
			return err
		}
		for l := range m.Config.Layers {
			g := m.Param(fmt.Sprintf("layers.%d.norm_attention", l)).Data()
			for i := range g {
				g[i] *= gain
			}
		}
		r, s, state := source(1), newStream(m, 1, 8), m.NewState(1)
		for done := 0; done < 512; done += s.segments {
			hidden, err := s.run(tokens(r, s.segments*segment), state)
			if err != nil {
				return err
			}
			if err := state.Finite(); err != nil {
				return fmt.Errorf("input gain %g: after %d segments %w", gain, done+s.segments, err)
			}
			for _, x := range hidden {
				if x-x != 0 {
					return fmt.Errorf("input gain %g: the output is %g within %d segments", gain, x, done+s.segments)
				}
			}
		}
	}
	return nil
}

// footprint: the formula, the sizes that the memory declares and the bytes of a
// live state agree.
func footprint(memory models.Memory) error {
	for _, c := range []struct{ layers, heads, size, segment, documents int }{{1, 1, 2, 3, 1}, {3, 2, 6, 4, 2}, {2, 5, 4, 7, 3}} {
		config := models.Defaults()
		config.Vocabulary, config.FFN = vocabulary, 4
		config.Layers, config.Heads, config.HeadSize, config.Segment = c.layers, c.heads, c.size, c.segment
		if with, ok := memory.(configured); ok {
			with.set(&config)
		}
		m, err := models.New(config, memory, 1)
		if err != nil {
			return err
		}
		formula, want := memory.Footprint(config)
		if formula == "" {
			return errors.New("the footprint has no formula")
		}
		var declared int64
		for l := range config.Layers {
			for _, spec := range memory.State(config, l) {
				if spec.Counted {
					n := int64(1)
					for _, d := range spec.Shape {
						n *= int64(d)
					}
					declared += n
				}
			}
		}
		if declared != want {
			return fmt.Errorf("%+v: the state declares %d numbers that count, %s is %d", c, declared, formula, want)
		}
		if got := m.NewState(c.documents).Bytes(); got != 4*want*int64(c.documents) {
			return fmt.Errorf("%+v: a live state has %d bytes that count, %s is %d numbers", c, got, formula, want)
		}
	}
	return nil
}
