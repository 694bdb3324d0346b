package main

import (
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

// progressDelay is the time before progress is first shown; shorter work needs none.
// progressInterval separates the lines of a log file, progressRedraw the drawings of a bar.
const (
	progressDelay    = 2 * time.Second
	progressInterval = 10 * time.Second
	progressRedraw   = 100 * time.Millisecond
)

// progress shows the progress of a long verb: a bar on a terminal, an occasional line in a
// log elsewhere. It is safe for concurrent use.
type progress struct {
	verb     string
	out      io.Writer
	terminal bool
	bytes    bool // counts are bytes
	tokens   bool // counts are tokens

	now func() time.Duration // working time, so that a suspended hour affects neither speed nor estimate

	mu          sync.Mutex
	start, last time.Duration // start of the work; time of the last line or drawing
	done, total int64
	note        string
	bar         *progressbar.ProgressBar // nil until there is something to show

	// The speed counts from the first call of set: what is done by then may come from an
	// earlier run.
	begun bool
	first int64
	since time.Duration
}

// progress starts the clock. The total may be set later, with set. The caller must call
// finish.
func (env *environment) progress(verb string, total int64) *progress {
	clock := env.workTime()
	now := clock()
	return &progress{verb: verb, out: env.stderr, terminal: env.terminal, now: clock, start: now, last: now, since: now, total: total}
}

// set reports the amount done and the total; note describes the current work, or is "".
func (p *progress) set(done, total int64, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.begun {
		p.first, p.since = done, p.now()
	}
	p.update(done, total, note)
}

// add reports n more as done, for workers that know only their own share.
func (p *progress) add(n int64, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.update(p.done+n, p.total, note)
}

// before reports that an earlier run did n of the amount that was reported or is about to
// be reported, so that it does not count towards the speed.
func (p *progress) before(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first += n
}

// advance is add for work that an earlier run may have done.
func (p *progress) advance(n int64, before bool) {
	if before {
		p.before(n)
	}
	p.add(n, "")
}

// interrupt prints something between two drawings of the bar.
func (p *progress) interrupt(print func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Clear()
	}
	print()
}

// finish prints the final state, whether the work is complete or not.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.bar != nil:
		fmt.Fprintln(p.out) // leaves the bar on the screen
	case p.total > 0 && !p.terminal && p.now()-p.start >= progressDelay:
		fmt.Fprintf(p.out, "%s: %s in %v%s%s\n", p.verb, p.fraction(), (p.now() - p.start).Round(time.Second), p.speed(p.now()), p.comma())
	}
}

func (p *progress) update(done, total int64, note string) {
	p.done, p.total, p.note, p.begun = done, total, note, true
	if total <= 0 {
		return
	}
	now := p.now()
	complete := done >= total
	switch {
	case p.terminal && p.bar == nil && (complete || now-p.start < progressDelay):
	case p.terminal && (complete || p.bar == nil || now-p.last >= progressRedraw):
		p.last = now
		p.draw(now)
	case !p.terminal && !complete && now-p.last >= progressInterval: // the last line is for finish
		p.last = now
		fmt.Fprintf(p.out, "%s: %s%s%s\n", p.verb, p.fraction(), p.eta(now), p.speed(now)+p.comma())
	}
}

// draw draws the bar in its current state.
func (p *progress) draw(now time.Duration) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(p.total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionShowBytes(p.bytes),
			progressbar.OptionSetPredictTime(false), // its estimate includes the work of an earlier run
			progressbar.OptionShowDescriptionAtLineEnd())
	}
	if p.bar.GetMax64() != p.total {
		p.bar.ChangeMax64(p.total)
	}
	// Set the option directly: Describe would draw the bar, and Set64 draws it again.
	progressbar.OptionSetDescription(p.verb + p.eta(now) + p.speed(now) + p.comma())(p.bar)
	p.bar.Set64(p.done)
}

// fraction is "35% (350/1000)".
func (p *progress) fraction() string {
	format := func(n int64) string { return fmt.Sprint(n) }
	if p.bytes {
		format = func(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }
	}
	return fmt.Sprintf("%d%% (%s/%s)", p.done*100/p.total, format(p.done), format(p.total))
}

// eta is " eta 1m20s", at the mean speed so far, or "" while that is unknown.
func (p *progress) eta(now time.Duration) string {
	worked := p.done - p.first
	if worked <= 0 || p.done >= p.total {
		return ""
	}
	left := float64(now-p.since) / float64(worked) * float64(p.total-p.done)
	return " eta " + time.Duration(left).Round(time.Second).String()
}

// speed is the mean so far, ", 1,234 tokens/s" or ", 1.2 MB/s"; "" while it is unknown, and
// for other counts.
func (p *progress) speed(now time.Duration) string {
	worked, seconds := p.done-p.first, (now - p.since).Seconds()
	rate := math.Round(float64(worked) / seconds)
	switch {
	case worked <= 0 || seconds <= 0:
	case p.tokens:
		return fmt.Sprintf(", %s tokens/s", humanize.Comma(int64(rate)))
	case p.bytes:
		return fmt.Sprintf(", %s/s", humanize.Bytes(uint64(rate)))
	}
	return ""
}

func (p *progress) comma() string {
	if p.note == "" {
		return ""
	}
	return ", " + p.note
}
