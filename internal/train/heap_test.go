package train

import (
	"runtime"
	"testing"

	"infinibench/internal/kernel"
	"infinibench/models"
)

// TestStepsLeaveNoHeap: once every graph has run, a step of training needs no more
// memory than the one before. The garbage it leaves scales with the number of operations,
// not of tokens, because all buffers are reused.
func TestStepsLeaveNoHeap(t *testing.T) {
	if err := kernel.FallbackReason(); err != nil {
		t.Skipf("products in pure Go list their blocks anew each time: %v", err)
	}
	for _, interval := range []int{0, 1} {
		short, long := garbage(t, interval, 32), garbage(t, interval, 256)
		if long > 2*short { // with eight times the tokens
			t.Errorf("interval %d: a step allocates %d bytes with segments of 32 tokens, %d with 256", interval, short, long)
		}
	}
}

// garbage is how many bytes a step allocates, and fails if it keeps some of them.
func garbage(t *testing.T, interval, segment int) uint64 {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment = 64, 2, 2, 16, 128, segment
	m, err := models.New(c, models.Infini{Delta: true}, 1)
	if err != nil {
		t.Fatal(err)
	}
	const documents, segments = 2, 4
	n := documents * segments * c.Segment
	ids, weights := make([]int32, n), make([]float32, n)
	for i := range ids {
		ids[i], weights[i] = int32(i*i%c.Vocabulary), 1/float32(n)
	}
	heap := func() (live, total uint64) {
		runtime.GC() // the second empties what pools keep over the first
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc, s.TotalAlloc
	}
	b, adam := NewBackprop(m, documents, interval), NewAdamW(m.Params, 0.1)
	steps := func(n int) (live, total uint64) {
		for range n {
			if _, err := b.Run(ids, ids, weights); err != nil {
				t.Fatal(err)
			}
			adam.Step(b.Gradients, 1e-3, 1e-3)
		}
		return heap()
	}
	// Several steps, so that scratch memory lost to a collection weighs little.
	const more = 40
	live, total := steps(3)
	after, sum := steps(more)
	if after > live+live/50 {
		// Once, it may be what a collection met in use. What steps keep grows again.
		if again, _ := steps(more); again > after+live/50 {
			t.Errorf("interval %d, segments of %d: the heap grows from %d to %d to %d bytes in %d steps each", interval, segment, live, after, again, more)
		}
	}
	runtime.KeepAlive(b)
	return (sum - total) / more
}
