package baselines

import (
	"math"
	"testing"

	"infinibench/internal/train"
	"infinibench/models"
	"infinibench/models/modeltest"
)

// At the default, the window holds all the texts of the suite; two segments do not.
func TestFullAttention(t *testing.T) {
	modeltest.Run(t, FullAttention{})
	t.Run("two segments", func(t *testing.T) { modeltest.Run(t, FullAttention{Segments: 2}) })
}

func TestFullAttentionInLlama(t *testing.T) { modeltest.RunLlama(t, FullAttention{Segments: 2}) }

// TestFullAttentionIsOneLongSegment: over a sequence that fits the window, the loss and every
// gradient equal the memoryless control's with the whole sequence as one segment,
// however many segments a graph holds.
func TestFullAttentionIsOneLongSegment(t *testing.T) {
	const segment, segments, documents = 6, 4, 2
	ids := draw(documents*(segment*segments), 11)
	targets := append(ids[1:len(ids):len(ids)], 3)
	weights := make([]float32, len(ids))
	for i := range weights {
		weights[i] = float32(i%5) / 100
	}
	run := func(segment, interval int, memory models.Memory) (float64, [][]float32) {
		m, err := models.New(network(2, segment), memory, 1)
		if err != nil {
			t.Fatal(err)
		}
		b := train.NewBackprop(m, documents, interval)
		loss, err := b.Run(ids, targets, weights)
		if err != nil {
			t.Fatal(err)
		}
		return loss, b.Gradients
	}
	wantLoss, want := run(segment*segments, 1, LocalOnly{})
	for _, interval := range []int{0, 1, 3} {
		loss, got := run(segment, interval, FullAttention{Segments: segments})
		if math.Abs(loss-wantLoss) > 1e-5*wantLoss {
			t.Errorf("%d segments in a graph: loss %g, of one long segment %g", interval, loss, wantLoss)
		}
		for i := range want {
			var size float64
			for _, x := range want[i] {
				size = max(size, math.Abs(float64(x)))
			}
			for j, x := range want[i] {
				if d := math.Abs(float64(got[i][j] - x)); d > 1e-4*size {
					t.Fatalf("%d segments in a graph: gradient %d of weight %d is %g, of one long segment %g", interval, j, i, got[i][j], x)
				}
			}
		}
	}
}
