package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"infinibench/internal/machine"
)

var threads atomic.Int32

// cores is how many threads can run at the same time; more would only spin. It has no
// influence on results.
var cores = machine.Cores()

func init() { threads.Store(int32(cores)) }

// SetThreads sets how many goroutines one operation may use. Results are
// reproducible to the byte for one setting; n < 1 counts as 1.
func SetThreads(n int) { threads.Store(int32(max(n, 1))) }

// Threads is the current setting.
func Threads() int { return int(threads.Load()) }

// Split calls f on consecutive ranges that cover [0, n), each but the last a multiple of
// grain. The division depends only on n, grain and Threads; only which thread takes which
// range depends on timing.
func Split(n, grain int, f func(lo, hi int)) {
	blocks := (n + grain - 1) / grain
	pieces := min(Threads(), blocks)
	if pieces <= 1 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	Each(pieces, func(i int) {
		f(blocks*i/pieces*grain, min(blocks*(i+1)/pieces*grain, n))
	})
}

// Each calls f(i) for every i in [0, n), in parallel; a thread that finishes one index
// takes the next. The calls must not write to the same memory.
func Each(n int, f func(i int)) {
	if min(Threads(), n, cores) <= 1 || !threadPool.TryLock() {
		for i := range n {
			f(i)
		}
		return
	}
	defer threadPool.Unlock()
	threadPool.run(n, f)
}

// If each of thousands of short parallel loops started its own goroutines, the program
// would spend its time waking and awaiting them. So the workers persist, and spin for a
// while for the next loop before they sleep. Each is locked to a thread while it works,
// for Go's scheduler would otherwise move it every few milliseconds. Together: a fifth
// more tokens per second on two cores.
const spinTime = 5 * time.Millisecond

// After this time, a spinning thread offers its core to other threads: the one that it waits
// for may be waiting for a core. On an idle machine the offer costs less than a microsecond.
const patience = 20 * time.Microsecond

// pool is the workers beside the calling goroutine. Its lock is held for the duration of a
// loop; a second loop at the same time runs on its caller alone.
type pool struct {
	sync.Mutex
	job     atomic.Pointer[job]
	workers []*worker
	caller  sleeper
}

var threadPool pool

// job is one loop.
type job struct {
	f          func(i int)
	n          int32
	next, done atomic.Int32
	helpers    int32 // workers that may take part
	failure    atomic.Pointer[any]
}

type worker struct {
	sleeper
	rank int32
}

// sleeper is a goroutine that waits for another.
type sleeper struct {
	asleep atomic.Bool
	alarm  chan struct{}
}

// wait returns once ready() is true: it spins first, then sleeps until woken.
func (s *sleeper) wait(ready func() bool) {
	start := time.Now()
	for spins := 1; !ready(); spins++ {
		if spins%64 != 0 {
			continue
		}
		if waited := time.Since(start); waited < spinTime {
			if waited > patience {
				yield()
			}
			continue
		}
		runtime.Gosched()
		s.asleep.Store(true)
		if ready() && s.asleep.CompareAndSwap(true, false) {
			return
		}
		<-s.alarm
	}
}

// wake wakes the goroutine if it sleeps.
func (s *sleeper) wake() {
	if s.asleep.Load() && s.asleep.CompareAndSwap(true, false) {
		s.alarm <- struct{}{}
	}
}

func (p *pool) run(n int, f func(i int)) {
	j := &job{f: f, n: int32(n), helpers: int32(min(Threads(), n, cores) - 1)}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p.grow(int(j.helpers))
	p.job.Store(j)
	for _, w := range p.workers[:j.helpers] {
		w.wake()
	}
	j.work()
	p.caller.wait(func() bool { return j.done.Load() == j.n })
	j.f = nil // the last loop must not keep a model alive
	if failure := j.failure.Load(); failure != nil {
		panic(*failure)
	}
}

func (p *pool) grow(n int) {
	if p.caller.alarm == nil {
		p.caller.alarm = make(chan struct{}, 1)
	}
	for len(p.workers) < n {
		w := &worker{sleeper: sleeper{alarm: make(chan struct{}, 1)}, rank: int32(len(p.workers))}
		p.workers = append(p.workers, w)
		go w.serve(p)
	}
}

func (w *worker) serve(p *pool) {
	runtime.LockOSThread()
	var last *job
	for {
		var j *job
		w.wait(func() bool {
			j = p.job.Load()
			return j != last && j != nil && w.rank < j.helpers
		})
		last = j
		if j.work() {
			p.caller.wake()
		}
	}
}

// work takes indices until there are no more, and says whether it finished the last.
func (j *job) work() (finished bool) {
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return finished
		}
		j.call(int(i))
		finished = j.done.Add(1) == j.n
	}
}

// call keeps a panic for the goroutine that started the loop, which must not resume before
// every index is done.
func (j *job) call(i int) {
	defer func() {
		if failure := recover(); failure != nil {
			j.failure.CompareAndSwap(nil, &failure)
		}
	}()
	j.f(i)
}
