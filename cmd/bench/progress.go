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

// When progress speaks: work that is over sooner needs no word, and a log file one
// now and then.
const (
	progressDelay    = 2 * time.Second
	progressInterval = 10 * time.Second
	progressRedraw   = 100 * time.Millisecond
)

// progress tells how far a long verb is: a bar on a terminal, a line in a log now
// and then elsewhere. Several goroutines may use one.
type progress struct {
	verb     string
	out      io.Writer
	terminal bool
	bytes    bool // counts are bytes
	tokens   bool // counts are tokens

	now func() time.Duration // of work: an hour's Ctrl-Z is neither speed nor estimate

	mu          sync.Mutex
	start, last time.Duration // of the work; of the last line or drawing
	done, total int64
	note        string
	bar         *progressbar.ProgressBar // nil until there is something to show

	// The speed counts from the first set: what is done then may be from an
	// earlier run.
	begun bool
	first int64
	since time.Duration
}

// progress starts the clock. The total may be told later, with set. The caller
// defers finish.
func (env *environment) progress(verb string, total int64) *progress {
	clock := env.workTime()
	now := clock()
	return &progress{verb: verb, out: env.stderr, terminal: env.terminal, now: clock, start: now, last: now, since: now, total: total}
}

// set says how much is done of how much in all; note is what is being done, or "".
func (p *progress) set(done, total int64, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.begun {
		p.first, p.since = done, p.now()
	}
	p.tell(done, total, note)
}

// add says that n more are done, for workers that know only their own share.
func (p *progress) add(n int64, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell(p.done+n, p.total, note)
}

// before says that n of what is done, or is told next, was done by an earlier run:
// it says nothing of the speed.
func (p *progress) before(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first += n
}

// advance is add, for work some of which was done before.
func (p *progress) advance(n int64, before bool) {
	if before {
		p.before(n)
	}
	p.add(n, "")
}

// interrupt prints something between two states of the bar.
func (p *progress) interrupt(print func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Clear()
	}
	print()
}

// finish tells where the work ended, complete or not.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.bar != nil:
		fmt.Fprintln(p.out) // leaves the bar where it is
	case p.total > 0 && !p.terminal && p.now()-p.start >= progressDelay:
		fmt.Fprintf(p.out, "%s: %s in %v%s%s\n", p.verb, p.fraction(), (p.now() - p.start).Round(time.Second), p.speed(p.now()), p.comma())
	}
}

func (p *progress) tell(done, total int64, note string) {
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

// draw shows the bar as it now stands.
func (p *progress) draw(now time.Duration) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(p.total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionShowBytes(p.bytes),
			progressbar.OptionSetPredictTime(false), // its estimate counts what an earlier run did
			progressbar.OptionShowDescriptionAtLineEnd())
	}
	if p.bar.GetMax64() != p.total {
		p.bar.ChangeMax64(p.total)
	}
	// Describe would draw, and Set64 draws again.
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

// eta is " eta 1m20s", at the mean speed so far; "" while there is none.
func (p *progress) eta(now time.Duration) string {
	worked := p.done - p.first
	if worked <= 0 || p.done >= p.total {
		return ""
	}
	left := float64(now-p.since) / float64(worked) * float64(p.total-p.done)
	return " eta " + time.Duration(left).Round(time.Second).String()
}

// speed is ", 1,234 tokens/s" or ", 1.2 MB/s", the mean so far; "" while there is none,
// and of what is neither.
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
