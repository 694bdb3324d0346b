package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"infinibench/internal/machine"
)

var threads atomic.Int32

// cores is how many threads can work at the same time: more would only wait for the
// others with their eyes open. Who does the work is no part of a result.
var cores = machine.Cores()

func init() { threads.Store(int32(cores)) }

// SetThreads sets how many goroutines one operation may use. Results are
// reproducible to the byte for one setting; n < 1 counts as 1.
func SetThreads(n int) { threads.Store(int32(max(n, 1))) }

// Threads is the present setting.
func Threads() int { return int(threads.Load()) }

// Split calls f on consecutive ranges that cover [0, n), each a multiple of grain
// but the last. The division depends only on n, grain and Threads, never on timing;
// which thread takes which range does.
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

// Each calls f(i) for every i in [0, n); a thread that is done with one index takes
// the next. The calls must not write to the same place.
func Each(n int, f func(i int)) {
	if min(Threads(), n, cores) <= 1 || !crew.TryLock() {
		for i := range n {
			f(i)
		}
		return
	}
	defer crew.Unlock()
	crew.run(n, f)
}

// A program of thousands of short parallel loops spends its time in waking
// goroutines and waiting for them, if each loop starts its own. So the workers
// stay, and wait for the next loop with their eyes open for a while before they
// sleep; and a goroutine keeps its thread while it works, for Go's scheduler would
// carry it from one to another every few milliseconds. Together a fifth more
// tokens per second on two cores.
const patience = 5 * time.Millisecond

// team is the workers beside the calling goroutine. The lock is held for the time
// of a loop; a second loop at the same time runs on its caller alone.
type team struct {
	sync.Mutex
	job     atomic.Pointer[job]
	workers []*worker
	caller  sleeper
}

var crew team

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

// sleeper is a goroutine that waits for something that another does.
type sleeper struct {
	asleep atomic.Bool
	alarm  chan struct{}
}

// wait returns once ready does.
func (s *sleeper) wait(ready func() bool) {
	start := time.Now()
	for spins := 1; !ready(); spins++ {
		if spins%64 != 0 {
			continue
		}
		if time.Since(start) < patience {
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

// wake ends the sleep, if it is one.
func (s *sleeper) wake() {
	if s.asleep.Load() && s.asleep.CompareAndSwap(true, false) {
		s.alarm <- struct{}{}
	}
}

func (t *team) run(n int, f func(i int)) {
	j := &job{f: f, n: int32(n), helpers: int32(min(Threads(), n, cores) - 1)}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t.hire(int(j.helpers))
	t.job.Store(j)
	for _, w := range t.workers[:j.helpers] {
		w.wake()
	}
	j.work()
	t.caller.wait(func() bool { return j.done.Load() == j.n })
	j.f = nil // the last loop must not keep a model alive
	if failure := j.failure.Load(); failure != nil {
		panic(*failure)
	}
}

func (t *team) hire(n int) {
	if t.caller.alarm == nil {
		t.caller.alarm = make(chan struct{}, 1)
	}
	for len(t.workers) < n {
		w := &worker{sleeper: sleeper{alarm: make(chan struct{}, 1)}, rank: int32(len(t.workers))}
		t.workers = append(t.workers, w)
		go w.serve(t)
	}
}

func (w *worker) serve(t *team) {
	runtime.LockOSThread()
	var last *job
	for {
		var j *job
		w.wait(func() bool {
			j = t.job.Load()
			return j != last && j != nil && w.rank < j.helpers
		})
		last = j
		if j.work() {
			t.caller.wake()
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

// call keeps a panic for the goroutine that wants the loop: until every index is
// done, nobody may go on.
func (j *job) call(i int) {
	defer func() {
		if failure := recover(); failure != nil {
			j.failure.CompareAndSwap(nil, &failure)
		}
	}()
	j.f(i)
}
