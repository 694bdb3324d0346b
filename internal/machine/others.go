package machine

import (
	"time"
)

// Others measures how busy other processes keep the machine beside this one.
type Others struct {
	at        time.Time
	busy, own time.Duration // of all processors, and of this process
	known     bool
}

// WatchOthers begins a measurement.
func WatchOthers() Others {
	o := Others{at: time.Now()}
	o.busy, o.own, o.known = processorTime()
	return o
}

// Cores returns how many cores other processes, and other guests of the same host, have kept
// busy since the measurement began, on average; known is false where the system does not say.
func (o Others) Cores() (cores float64, known bool) {
	now := WatchOthers()
	return othersCores(now.busy-o.busy, now.own-o.own, now.at.Sub(o.at), o.known && now.known)
}

// othersCores computes Cores. Some containers show processors that are never busy, which this
// process proves wrong.
func othersCores(busy, own, elapsed time.Duration, known bool) (float64, bool) {
	if !known || elapsed <= 0 || busy < own/2 {
		return 0, false
	}
	return max(0, float64(busy-own)/float64(elapsed)), true
}
