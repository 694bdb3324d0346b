package modeltest

import (
	"errors"
	"fmt"
	"math"

	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// causality: no output depends on a later token, neither inside a segment nor through the
// memory. Checked to the byte.
func causality(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	d := m.Config.Width()
	ids := tokens(source(1), length)
	for _, segments := range []int{1, 3} {
		before, _, err := forward(m, 1, segments, ids)
		if err != nil {
			return err
		}
		for moved := range ids {
			changed := append([]int32(nil), ids...)
			changed[moved] = (ids[moved] + 1) % vocabulary
			after, _, err := forward(m, 1, segments, changed)
			if err != nil {
				return err
			}
			if err := near(fmt.Sprintf("changing token %d, %d segments to a graph: output before it", moved, segments), after[:moved*d], before[:moved*d], 0); err != nil {
				return err
			}
			if same(after[moved*d:(moved+1)*d], before[moved*d:(moved+1)*d]) {
				return fmt.Errorf("changing token %d leaves its own output as it was", moved)
			}
		}
	}
	return nil
}

// carry: a memory with a state passes information to the next segment; one without passes
// none.
func carry(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	d := m.Config.Width()
	ids := tokens(source(1), 2*segment)
	before, _, err := forward(m, 1, 1, ids)
	if err != nil {
		return err
	}
	ids[0] = (ids[0] + 1) % vocabulary
	after, _, err := forward(m, 1, 1, ids)
	if err != nil {
		return err
	}
	unmoved := same(before[segment*d:], after[segment*d:])
	if stateful := m.Stateful(); stateful && unmoved {
		return errors.New("there is a state, yet no segment changes the output of the next")
	} else if !stateful && !unmoved {
		return errors.New("there is no state, yet a segment changes the output of the next")
	}
	return nil
}

// batch: a document gives the same numbers alone, among others and at any index.
func batch(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	n := length * m.Config.Width()
	ids := tokens(source(1), 3*length)
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}} {
		var together []int32
		for _, doc := range order {
			together = append(together, ids[doc*length:(doc+1)*length]...)
		}
		hidden, state, err := forward(m, 3, 1, together)
		if err != nil {
			return err
		}
		for place, doc := range order {
			alone, final, err := forward(m, 1, 1, ids[doc*length:(doc+1)*length])
			if err != nil {
				return err
			}
			what := fmt.Sprintf("document %d in place %d of a batch", doc, place)
			if err := near(what, hidden[place*n:(place+1)*n], alone, rounding); err != nil {
				return err
			}
			row := m.NewState(1)
			row.CopyDocument(0, state, place)
			if err := nearState(what, row, final, rounding); err != nil {
				return err
			}
		}
	}
	return nil
}

// segments: one graph of several segments, each layer going through all of them
// (the paper's section 4.1), computes what one graph per segment does.
func segments(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	ids := tokens(source(1), 2*(4*segment+tailLength))
	want, wantState, err := forward(m, 2, 1, ids)
	if err != nil {
		return err
	}
	for _, count := range []int{2, 3, 4} {
		got, state, err := forward(m, 2, count, ids)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%d segments to a graph", count)
		if err := errors.Join(near(what, got, want, rounding), nearState(what, state, wantState, rounding)); err != nil {
			return err
		}
	}
	return nil
}

// repeatable: the same tokens from the same state give the same bytes; nothing is
// remembered outside the state.
func repeatable(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	ids := tokens(source(1), 2*length)
	s := newStream(m, 2, 1)
	state := m.NewState(2)
	first, err := s.run(ids, state)
	if err != nil {
		return err
	}
	final := copied(m, state)
	state.Zero()
	second, err := s.run(ids, state)
	if err != nil {
		return err
	}
	return errors.Join(near("second run", second, first, 0), nearState("second run", state, final, 0))
}

// tail: a stretch shorter than a segment reads the memory as a whole segment does,
// and writes nothing.
func tail(memory models.Memory) error {
	m, err := tiny(memory)
	if err != nil {
		return err
	}
	r := source(1)
	_, state, err := forward(m, 2, 1, tokens(r, 2*2*segment))
	if err != nil {
		return err
	}
	before := copied(m, state)
	whole := tokens(r, 2*segment)
	short := append(append([]int32(nil), whole[:tailLength]...), whole[segment:segment+tailLength]...)
	got, err := newStream(m, 2, 1).run(short, state)
	if err != nil {
		return err
	}
	if err := nearState("a tail", state, before, 0); err != nil {
		return err
	}
	want, err := newStream(m, 2, 1).run(whole, state)
	if err != nil {
		return err
	}
	d := m.Config.Width()
	for b := range 2 {
		if err := near("output of a tail", got[b*tailLength*d:(b+1)*tailLength*d], want[b*segment*d:][:tailLength*d], rounding); err != nil {
			return err
		}
	}
	return nil
}

// listener builds local attention beside what a memory reads: the trunk's, or the memory's
// own if it has another in its place.
type listener struct {
	models.Memory
	local, read []*G.Node
}

func (l *listener) Read(layer *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	read := l.Memory.Read(layer, qkv, states)
	local := layer.Local
	if own, ok := l.Memory.(interface {
		Local(*models.Layer, *G.Node) *G.Node
	}); ok {
		local = func(qkv *G.Node) *G.Node { return own.Local(layer, qkv) }
	}
	l.local, l.read = append(l.local, local(qkv)), append(l.read, read)
	return read
}

// empty: a memory in which nothing was written returns zeros. The output is then local
// attention, in each row and head times a share from 0 to 1.
func empty(memory models.Memory) error {
	spy := new(listener)
	m, err := tiny(wrapped(memory, func(m models.Memory) models.Memory {
		spy.Memory = m
		return spy
	}))
	if err != nil {
		return err
	}
	pass := m.NewPass(2, 1, segment, false)
	copy(pass.IDs, tokens(source(1), len(pass.IDs)))
	if err := pass.Run(m.NewState(2)); err != nil {
		return err
	}
	size := m.Config.HeadSize
	for l, node := range spy.read {
		read, local := models.Floats(node), models.Floats(spy.local[l])
		for at := 0; at < len(read); at += size {
			var along, norm, off float64
			for j, x := range local[at : at+size] {
				along += float64(x) * float64(read[at+j])
				norm += float64(x) * float64(x)
			}
			share := along / norm
			for j, x := range local[at : at+size] {
				off = max(off, math.Abs(float64(read[at+j])-share*float64(x)))
			}
			if !(share > -rounding && share < 1+rounding && off <= rounding*math.Sqrt(norm)) {
				return fmt.Errorf("layer %d, token %d: with an empty memory, read is %g away from %g times local attention", l, at/m.Config.AttentionWidth(), off, share)
			}
		}
	}
	return nil
}
