package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

var threads atomic.Int32

func init() { threads.Store(int32(runtime.NumCPU())) }

// SetThreads sets how many goroutines one operation may use. Results are
// reproducible to the byte for one setting; n < 1 counts as 1.
func SetThreads(n int) { threads.Store(int32(max(n, 1))) }

// Threads is the present setting.
func Threads() int { return int(threads.Load()) }

// Split calls f on consecutive ranges that cover [0, n), one per thread, each a
// multiple of grain but the last. The division depends only on n, grain and
// Threads, never on timing.
func Split(n, grain int, f func(lo, hi int)) {
	workers := min(Threads(), (n+grain-1)/grain)
	if workers <= 1 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	blocks := (n + grain - 1) / grain
	var wait sync.WaitGroup
	for w := 1; w < workers; w++ {
		lo, hi := blocks*w/workers*grain, min(blocks*(w+1)/workers*grain, n)
		wait.Go(func() { f(lo, hi) })
	}
	f(0, blocks/workers*grain)
	wait.Wait()
}

// Each calls f(i) for every i in [0, n), dividing the indices among the threads
// in turn. The calls must not write to the same place.
func Each(n int, f func(i int)) {
	workers := min(Threads(), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var wait sync.WaitGroup
	for w := 1; w < workers; w++ {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	for i := 0; i < n; i += workers {
		f(i)
	}
	wait.Wait()
}
