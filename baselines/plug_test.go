package baselines

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"infinibench/internal/train"
	"infinibench/models"
	"infinibench/models/modeltest"
)

// trunks is the paper's trunk and all of the Llama family.
func trunks() map[string]models.Config {
	base := network(2, 6)
	all := map[string]models.Config{"the paper's": base}
	for _, v := range modeltest.Llama {
		c := base
		v.Set(&c)
		all[v.Name] = c
	}
	return all
}

// bits is the bytes of numbers, in which 0 and -0 differ.
func bits(x []float32) []uint32 {
	b := make([]uint32, len(x))
	for i, v := range x {
		b[i] = math.Float32bits(v)
	}
	return b
}

// outputs is what a model makes of documents, batch 2: the last hidden layers, the logits
// of a decoder that reads one token after another, and the gradients of a loss.
type outputs struct {
	hidden, logits []float32
	gradients      map[string][]float32
}

func run(t *testing.T, m *models.Model, ids []int32, length int) outputs {
	t.Helper()
	out := outputs{gradients: map[string][]float32{}}
	for b := range 2 {
		out.hidden = append(out.hidden, hidden(t, m, ids[b*length:(b+1)*length])...)
	}
	d := m.NewDecoder(2)
	for at := range length {
		logits, err := d.Feed([]int32{ids[at], ids[length+at]})
		if err != nil {
			t.Fatal(err)
		}
		out.logits = append(out.logits, logits...)
	}
	b := train.NewBackprop(m, 2, 1)
	weights := slices.Repeat([]float32{1 / float32(len(ids))}, len(ids))
	if _, err := b.Run(ids, append(slices.Clone(ids[1:]), 0), weights); err != nil {
		t.Fatal(err)
	}
	for i, p := range m.Params {
		out.gradients[p.Name] = b.Gradients[i]
	}
	return out
}

// TestPluggedIn: a memory behind a shut gate leaves a model as it is, bit for bit. That is
// what plugging it into a pretrained model begins with, and it must hold for every trunk.
func TestPluggedIn(t *testing.T) {
	shut := float32(math.Inf(-1))
	const segment, segments = 6, 3
	for name, c := range trunks() {
		for _, p := range []struct {
			what         string
			base, memory models.Memory
			beta         float32
			change       func(*models.Config)
			segments     int
			same         bool
		}{
			{"linear", LocalOnly{}, models.Infini{}, shut, nil, 1, true},
			{"linear, ungated start", LocalOnly{}, models.Infini{}, shut, func(c *models.Config) { c.UngatedStart = true }, 1, true},
			{"delta", LocalOnly{}, models.Infini{Delta: true}, shut, nil, 1, true},
			{"delta, positions", LocalOnly{}, models.Infini{Delta: true}, shut, func(c *models.Config) { c.MemoryPositions = true }, 1, true},
			{"memorizing, three segments", TransformerXL{}, Memorizing{}, shut, nil, segments, true},
			{"linear, three segments", LocalOnly{}, models.Infini{}, shut, nil, segments, true},
			// The first segment needs no gate to be left alone.
			{"linear, ungated start, open gate", LocalOnly{}, models.Infini{}, 0, func(c *models.Config) { c.UngatedStart = true }, 1, true},
			// These show that the test sees a difference.
			{"linear, open gate", LocalOnly{}, models.Infini{}, 0, nil, 1, false},
			{"linear, ungated start, open gate, three segments", LocalOnly{}, models.Infini{}, 0, func(c *models.Config) { c.UngatedStart = true }, segments, false},
		} {
			t.Run(name+", "+p.what, func(t *testing.T) {
				c := c
				if p.change != nil {
					p.change(&c)
				}
				base, plugged := newModel(t, c, p.base), newModel(t, c, p.memory)
				for _, w := range plugged.Params {
					if w.Group == models.Gate {
						for i := range w.Data() {
							w.Data()[i] = p.beta
						}
					}
				}
				ids := draw(2*segment*p.segments, c.Vocabulary)
				want, got := run(t, base, ids, segment*p.segments), run(t, plugged, ids, segment*p.segments)
				if same := slices.Equal(bits(got.hidden), bits(want.hidden)); same != p.same {
					t.Errorf("the hidden layer is the base's: %t, want %t", same, p.same)
				}
				if same := slices.Equal(bits(got.logits), bits(want.logits)); same != p.same {
					t.Errorf("the logits of decoding are the base's: %t, want %t", same, p.same)
				}
				for name, g := range want.gradients {
					if same := slices.Equal(got.gradients[name], g); p.same && !same {
						t.Errorf("the gradient of %s is not the base's", name)
					}
				}
				for _, w := range plugged.Params {
					if g := got.gradients[w.Name]; p.same && w.Group == models.Gate && slices.ContainsFunc(g, func(x float32) bool { return x != 0 }) {
						t.Errorf("the gradient of %s is %v", w.Name, g)
					}
				}
			})
		}
	}
}

func newModel(t *testing.T, c models.Config, memory models.Memory) *models.Model {
	t.Helper()
	m, err := models.New(c, memory, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestCachePluggedIn: the cache with rotary positions is empty in the first segment, which
// is then the base's.
func TestCachePluggedIn(t *testing.T) {
	for name, c := range trunks() {
		if !c.Llama() {
			continue
		}
		for _, length := range []int{1, 6, 15} {
			t.Run(fmt.Sprintf("%s, cache of %d", name, length), func(t *testing.T) {
				ids := draw(2*c.Segment, c.Vocabulary)
				want, got := run(t, newModel(t, c, LocalOnly{}), ids, c.Segment), run(t, newModel(t, c, TransformerXL{Cache: length}), ids, c.Segment)
				if !slices.Equal(bits(got.hidden), bits(want.hidden)) {
					t.Error("the hidden layer is not the base's")
				}
				if !slices.Equal(bits(got.logits), bits(want.logits)) {
					t.Error("the logits of decoding are not the base's")
				}
			})
		}
	}
}
