package machine

import (
	"sync"
	"time"
)

// WorkTime is how long the process has been able to work since some moment in the past.
// Only differences mean something. Time in which the process was stopped is left out,
// whether by Ctrl-Z, a scheduler's SIGSTOP, a frozen container or a suspended machine:
// speeds and costs measure work, not the calendar.
func WorkTime() time.Duration {
	beating()
	return work.time()
}

var (
	work    = newClock(sinceStart)
	beating = sync.OnceFunc(func() {
		work.time() // the process may have been stopped before anybody asked
		go func() {
			for range time.Tick(beat) {
				work.time()
			}
		}()
	})
	started    = time.Now()
	sinceStart = func() time.Duration { return time.Since(started) } // monotonic
)

// SIGSTOP cannot be caught and a frozen container gets no signal at all, so the clock
// looks for the gap instead. It is read at every beat, and a gap longer than lapse means
// that the process did not run. The longest pauses of a program that runs, for a
// processor on a busy machine, are far shorter.
const (
	beat  = 100 * time.Millisecond
	lapse = time.Second
)

// clock is a monotonic clock without the gaps between readings. Several goroutines may
// use one.
type clock struct {
	now func() time.Duration

	mutex         sync.Mutex
	last, stopped time.Duration
}

func newClock(now func() time.Duration) *clock { return &clock{now: now, last: now()} }

func (c *clock) time() time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := c.now()
	if gap := now - c.last; gap > lapse {
		c.stopped += gap - beat // up to one beat of it was work
	}
	c.last = now
	return now - c.stopped
}
