package baselines

import (
	"testing"

	"infinibench/models"
	"infinibench/models/modeltest"
)

func TestMemorizing(t *testing.T) { modeltest.Run(t, Memorizing{}) }

func TestMemorizingInLlama(t *testing.T) { modeltest.RunLlama(t, Memorizing{Entries: 7}) }

// A memory that overflows within a graph.
func TestMemorizingFull(t *testing.T) { modeltest.Run(t, Memorizing{Entries: 7}) }

// The variant of the profile paper, and fewer neighbours than there are entries: the
// others find all that they have, the suite's documents being shorter than 32. One
// fewer, for where it changes which are found the loss jumps, and has no slope; with one
// left out that is rare enough for the check of gradients.
func TestMemorizingT5(t *testing.T) {
	modeltest.Run(t, Memorizing{TransformerXL: TransformerXL{T5: true}, Entries: 7, K: 6})
}

// The ninth of twelve layers, as the paper has it, and some of ours.
func TestMemorizingLayer(t *testing.T) {
	for layers, want := range map[int]int{1: 0, 2: 1, 3: 1, 4: 2, 12: 8} {
		c := network(layers, 4)
		for l := range layers {
			if has := len(Memorizing{}.State(c, l)) > len(TransformerXL{}.State(c, l)); has != (l == want) {
				t.Errorf("layer %d of %d has a memory: %t", l, layers, has)
			}
		}
	}
}

// TestPaperSizes: the paper's Table 2 at its own settings. It prints 50M, and 183M for
// 65,000 entries.
func TestPaperSizes(t *testing.T) {
	c := models.Config{Layers: 12, Heads: 8, HeadSize: 128, Segment: 2048}
	for _, m := range []struct {
		memory  models.Memory
		want    int64
		formula string
	}{
		{TransformerXL{}, 50_331_648, "(d_key+d_value)·H·N·l"},
		{TransformerXL{Cache: 4096}, 2 * 50_331_648, "(d_key+d_value)·H·C·l"},
		{Memorizing{}, 184_549_376, "(d_key+d_value)·H·(N·l+M)"},
		{Memorizing{Entries: 65_000}, 183_451_648, "(d_key+d_value)·H·(N·l+M)"},
	} {
		if formula, got := m.memory.Footprint(c); got != m.want || formula != m.formula {
			t.Errorf("%+v carries %d numbers by %s, want %d by %s", m.memory, got, formula, m.want, m.formula)
		}
	}
}

// TestMemoryIsTheDifference: with the gate shut, the model is our Transformer-XL, to
// the byte and from the same seed.
func TestMemoryIsTheDifference(t *testing.T) {
	ids := draw(24, 11)
	c := network(3, 6)
	c.GateInit = -1e4
	var out [2][]float32
	for i, memory := range []models.Memory{TransformerXL{}, Memorizing{}} {
		m, err := models.New(c, memory, 1)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = hidden(t, m, ids)
	}
	for i, x := range out[0] {
		if out[1][i] != x {
			t.Fatalf("number %d of the last hidden layer is %g with a memory that is not listened to, %g without", i, out[1][i], x)
		}
	}
}
