package machine

import (
	"testing"
	"time"
)

// The wanted times are sums by hand: a gap of more than a second counts as one beat.
func TestWorkTime(t *testing.T) {
	tests := []struct {
		reason   string
		readings []time.Duration // of the monotonic clock
		want     time.Duration
	}{
		{"work without a stop", []time.Duration{100, 200, 300}, 300},
		{"a slow machine is not a stopped one", []time.Duration{100, 1100, 2000}, 2000},
		{"a minute of Ctrl-Z", []time.Duration{100, 60_100, 60_200}, 300},
		{"two stops", []time.Duration{100, 5100, 5200, 9200}, 400},
		{"stopped before the first reading", []time.Duration{3000}, 100},
	}
	for _, test := range tests {
		now := time.Duration(0)
		c := newClock(func() time.Duration { return now })
		var got time.Duration
		for _, reading := range test.readings {
			now = reading * time.Millisecond
			got = c.time()
		}
		if want := test.want * time.Millisecond; got != want {
			t.Errorf("%s: %v of work, want %v", test.reason, got, want)
		}
	}
}

// Whoever reads the clock right after a stop, before the next beat, must not see it.
func TestWorkTimeNeverFallsAndSkipsTheGapAtOnce(t *testing.T) {
	now := time.Duration(0)
	c := newClock(func() time.Duration { return now })
	before := c.time()
	now += time.Hour
	if after := c.time(); after < before || after > before+beat {
		t.Errorf("the clock went from %v to %v over an hour's stop, want at most %v more", before, after, beat)
	}
}
