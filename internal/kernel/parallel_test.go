package kernel

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestSplit: every index once, cuts at multiples of the grain, never more ranges
// than threads.
func TestSplit(t *testing.T) {
	defer SetThreads(Threads())
	for _, threads := range []int{1, 2, 3, 8} {
		SetThreads(threads)
		for n := range 70 {
			for _, grain := range []int{1, 4, 16} {
				seen := make([]atomic.Int32, n)
				var ranges atomic.Int32
				Split(n, grain, func(lo, hi int) {
					ranges.Add(1)
					if lo >= hi || lo%grain != 0 || hi%grain != 0 && hi != n {
						t.Errorf("Split(%d, %d) with %d threads: range %d to %d", n, grain, threads, lo, hi)
					}
					for i := lo; i < hi; i++ {
						seen[i].Add(1)
					}
				})
				if ranges.Load() > int32(threads) {
					t.Errorf("Split(%d, %d) with %d threads: %d ranges", n, grain, threads, ranges.Load())
				}
				for i := range seen {
					if seen[i].Load() != 1 {
						t.Fatalf("Split(%d, %d) with %d threads: index %d was handed out %d times", n, grain, threads, i, seen[i].Load())
					}
				}
			}
		}
	}
}

func TestEach(t *testing.T) {
	defer SetThreads(Threads())
	for _, threads := range []int{1, 2, 3, 8} {
		SetThreads(threads)
		for n := range 20 {
			var lock sync.Mutex
			seen := map[int]int{}
			Each(n, func(i int) {
				lock.Lock()
				defer lock.Unlock()
				seen[i]++
			})
			for i := range n {
				if seen[i] != 1 || len(seen) != n {
					t.Fatalf("Each(%d) with %d threads: calls %v", n, threads, seen)
				}
			}
		}
	}
}

func TestSetThreads(t *testing.T) {
	defer SetThreads(Threads())
	for _, c := range []struct{ set, want int }{{-1, 1}, {0, 1}, {1, 1}, {5, 5}} {
		if SetThreads(c.set); Threads() != c.want {
			t.Errorf("SetThreads(%d) gives %d, want %d", c.set, Threads(), c.want)
		}
	}
}
