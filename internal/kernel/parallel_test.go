package kernel

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
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

// TestTeam: loops inside loops, from several goroutines at once, after the workers
// have gone to sleep, and with more or fewer threads than before.
func TestTeam(t *testing.T) {
	defer SetThreads(Threads())
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for round, threads := range []int{2, 4, 1, 3, 2} {
				SetThreads(threads)
				if caller == 0 {
					time.Sleep(2 * spinTime)
				}
				const n, inner = 7, 5
				var calls atomic.Int32
				Each(n, func(int) { Each(inner, func(int) { calls.Add(1) }) })
				if calls.Load() != n*inner {
					t.Errorf("caller %d, round %d: %d calls, want %d", caller, round, calls.Load(), n*inner)
				}
			}
		})
	}
	callers.Wait()
}

// TestPanic: a panic in any goroutine reaches the caller after all other indices are done, and
// the next loop works.
func TestPanic(t *testing.T) {
	defer SetThreads(Threads())
	SetThreads(2)
	for bad := range 8 {
		var calls atomic.Int32
		func() {
			defer func() {
				if recover() == nil || calls.Load() != 7 {
					t.Errorf("index %d: no panic, or %d of 7 other calls", bad, calls.Load())
				}
			}()
			Each(8, func(i int) {
				if i == bad {
					panic("bad index")
				}
				calls.Add(1)
			})
		}()
	}
	TestEach(t)
}

func TestSetThreads(t *testing.T) {
	defer SetThreads(Threads())
	for _, c := range []struct{ set, want int }{{-1, 1}, {0, 1}, {1, 1}, {5, 5}} {
		if SetThreads(c.set); Threads() != c.want {
			t.Errorf("SetThreads(%d) gives %d, want %d", c.set, Threads(), c.want)
		}
	}
}
