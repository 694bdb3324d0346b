package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"infinibench/models"
)

// In one layer the writes of a segment depend only on its tokens. With the Linear rule, a
// segment with write count 3 therefore leaves the same memory as three copies of it, for any
// division into graphs, and the tokens after it have the same loss.
func TestWriteCounts(t *testing.T) {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.InitStd = 11, 1, 2, 4, 16, 5, 0.5
	m, err := models.New(c, models.Infini{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	segment := func() []int32 {
		ids := make([]int32, c.Segment)
		for i := range ids {
			ids[i] = int32(r.IntN(c.Vocabulary))
		}
		return ids
	}
	a, b, last := segment(), segment(), segment()
	run := func(interval int, repeats []float32, segments ...[]int32) (float64, *Backprop) {
		ids := slices.Concat(segments...)
		weights := make([]float32, len(ids))
		for i := len(ids) - c.Segment; i < len(ids); i++ {
			weights[i] = 1
		}
		p := NewBackprop(m, 1, interval)
		p.WriteCounts = repeats
		loss, err := p.Run(ids, ids, weights)
		if err != nil {
			t.Fatal(err)
		}
		return loss, p
	}
	wantLoss, want := run(1, nil, a, b, b, b, last)
	onceLoss, _ := run(1, nil, a, b, last)
	for _, interval := range []int{1, 2, 0} {
		loss, got := run(interval, []float32{1, 3, 1}, a, b, last)
		if math.Abs(loss-wantLoss) > 1e-5*wantLoss || math.Abs(onceLoss-wantLoss) < 1e-4*wantLoss {
			t.Errorf("interval %d: loss %g, want %g; read once %g", interval, loss, wantLoss, onceLoss)
		}
		for i, x := range want.Final.Data(0, 0) {
			if y := got.Final.Data(0, 0)[i]; math.Abs(float64(x-y)) > 1e-4*(1+math.Abs(float64(x))) {
				t.Fatalf("interval %d: element %d of the memory is %g, want %g", interval, i, y, x)
			}
		}
	}
}
