package experiments

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"infinibench/internal/lease"
)

// queue is the cells that a run has to make, in order. Those that another process holds go
// back to its end.
type queue struct {
	mutex sync.Mutex
	turns []*turn
}

// turn is a cell in the queue.
type turn struct {
	PlannedCell
	before  fs.FileInfo    // of its result when the run began; nil if there was none
	seen    lease.Sighting // of the process that holds it
	waiting bool           // a note has said who that is
	due     time.Time      // not to be tried before
}

func (q *queue) add(o Options, c PlannedCell) {
	t := &turn{PlannedCell: c}
	t.before, _ = os.Stat(filepath.Join(o.Directory(), c.Key(), "result.json"))
	q.turns = append(q.turns, t)
}

// next takes the first cell that is due. If there is none yet, it says how long to wait; 0
// if the queue is empty.
func (q *queue) next(now time.Time) (t *turn, wait time.Duration) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for i, t := range q.turns {
		d := t.due.Sub(now)
		if d <= 0 {
			q.turns = append(q.turns[:i:i], q.turns[i+1:]...)
			return t, 0
		}
		if wait == 0 || d < wait {
			wait = d
		}
	}
	return nil, wait
}

// later requeues a cell that another process holds. With many such cells each is polled less
// often, but often enough to notice a dead holder.
func (q *queue) later(t *turn, now time.Time) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	wait := lease.Pause() * time.Duration(20+len(q.turns)) / 20
	if period, err := lease.Period(); err == nil {
		wait = min(wait, period/4)
	}
	t.due = now.Add(wait)
	q.turns = append(q.turns, t)
}

// changed reports whether another process has written the result since this run began.
func (t *turn) changed(files cellFiles) bool {
	now, err := os.Stat(files.path("result.json"))
	return err == nil && (t.before == nil || !os.SameFile(t.before, now) || !t.before.ModTime().Equal(now.ModTime()))
}
