package baselines

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"infinibench/models"
	"infinibench/models/modeltest"
)

func TestTransformerXL(t *testing.T) { modeltest.Run(t, TransformerXL{}) }

// Caches that a segment does not fill, and that it overflows.
func TestTransformerXLOtherCaches(t *testing.T) {
	for _, length := range []int{2, 13} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			modeltest.Run(t, TransformerXL{Cache: length})
		})
	}
}

// A cache of more than a segment and less than two.
func TestTransformerXLInLlama(t *testing.T) { modeltest.RunLlama(t, TransformerXL{Cache: 7}) }

func TestTransformerXLT5(t *testing.T) { modeltest.Run(t, TransformerXL{T5: true}) }

// hidden is the last hidden layer of a document, segment by segment.
func hidden(t *testing.T, m *models.Model, ids []int32) []float32 {
	t.Helper()
	state := m.NewState(1)
	var out []float32
	for at := 0; at < len(ids); at += m.Config.Segment {
		pass := m.NewPass(1, 1, m.Config.Segment, false)
		copy(pass.IDs, ids[at:])
		if err := pass.Run(state); err != nil {
			t.Fatal(err)
		}
		out = append(out, models.Floats(pass.Hidden)...)
		pass.Carry(state)
	}
	return out
}

func network(layers, segment int) models.Config {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment = 11, layers, 2, 4, 12, segment
	c.InitStd = 0.5
	return c
}

func draw(n, below int) []int32 {
	r := rand.New(rand.NewPCG(1, 2))
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(r.IntN(below))
	}
	return ids
}

// TestCacheReaches: one layer whose cache holds all that came before says what it
// says when the document is a single segment. The weights are the same for both, as
// they are drawn by name and do not depend on the lengths.
func TestCacheReaches(t *testing.T) {
	const segment, segments = 6, 4
	ids := draw(segment*segments, 11)
	for _, positions := range []string{"relative", "T5", "rotary"} {
		model := func(segment, length int) *models.Model {
			c := network(1, segment)
			if positions == "rotary" {
				modeltest.Llama[len(modeltest.Llama)-1].Set(&c)
			}
			m, err := models.New(c, TransformerXL{Cache: length, T5: positions == "T5"}, 1)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		whole := hidden(t, model(segment*segments, 1), ids)
		near := func(length, tokens int) bool {
			got := hidden(t, model(segment, length), ids)
			for i := range tokens * len(whole) / len(ids) {
				if math.Abs(float64(got[i]-whole[i])) > 1e-5 {
					return false
				}
			}
			return true
		}
		for _, c := range []struct{ length, tokens int }{{segment * (segments - 1), segment * segments}, {100, segment * segments}, {segment, 2 * segment}, {segment - 1, segment + segment}} {
			want := c.length >= segment
			if near(c.length, c.tokens) != want {
				t.Errorf("%s positions: a cache of %d, the first %d tokens: as in one segment is %t, want %t", positions, c.length, c.tokens, !want, want)
			}
		}
	}
}
