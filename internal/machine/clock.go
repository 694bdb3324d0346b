package machine

import (
	"sync"
	"time"
)

// WorkTime returns how long the process has been able to work since some moment in the past;
// only differences are meaningful. It excludes time in which the process was stopped,
// whether by Ctrl-Z, a scheduler's SIGSTOP, a frozen container or a suspended machine:
// speeds and costs measure work, not the calendar.
func WorkTime() time.Duration {
	beating()
	return work.time()
}

var (
	work    = newClock(sinceStart)
	beating = sync.OnceFunc(func() {
		work.time() // the process may have been stopped before the first call
		go func() {
			for range time.Tick(beat) {
				work.time()
			}
		}()
	})
	started    = time.Now()
	sinceStart = func() time.Duration { return time.Since(started) } // monotonic
)

// SIGSTOP cannot be caught, and a frozen container gets no signal at all, so the clock
// looks for gaps instead. It is read at every beat; a gap longer than lapse means that the
// process did not run. On a busy machine, a running program waits far less than that for a
// processor.
const (
	beat  = 100 * time.Millisecond
	lapse = time.Second
)

// clock is a monotonic clock that leaves out long gaps between readings. It is safe for
// concurrent use.
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
