package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// In a synctest bubble the clock advances only in time.Sleep, so every time below is
// exact.

// fakeClock is the clock of the bubble in which it is called.
func fakeClock() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

func TestProgressLog(t *testing.T) {
	tests := []struct {
		reason string
		work   func(env *environment)
		want   []string
	}{
		{"work under two seconds is not worth a word", func(env *environment) {
			p := env.progress("train", 10)
			defer p.finish()
			for range 10 {
				time.Sleep(199 * time.Millisecond)
				p.add(1, "")
			}
		}, nil},
		{"short work has one line, at its end", func(env *environment) {
			p := env.progress("train", 4)
			defer p.finish()
			for range 4 {
				time.Sleep(time.Second)
				p.add(1, "")
			}
		}, []string{"train: 100% (4/4) in 4s"}},
		// Steps of 100 ms: after 10 s 100 are done, and the other 200 take 20 s.
		{"a line every ten seconds, with the note of the time", func(env *environment) {
			p := env.progress("train", 300)
			defer p.finish()
			for i := range 300 {
				time.Sleep(100 * time.Millisecond)
				p.add(1, fmt.Sprintf("loss %d", 300-i))
			}
		}, []string{
			"train: 33% (100/300) eta 20s, loss 201",
			"train: 66% (200/300) eta 10s, loss 101",
			"train: 100% (300/300) in 30s, loss 1",
		}},
		{"minutes are written as minutes", func(env *environment) {
			p := env.progress("train", 100)
			for range 2 {
				time.Sleep(10 * time.Second)
				p.add(10, "")
			}
		}, []string{"train: 10% (10/100) eta 1m30s", "train: 20% (20/100) eta 1m20s"}},
		// 500 of 1000 came from an earlier run: the 100 done now took 10 s, so the
		// other 400 take 40 s, not the 7 s that counting all 600 would give.
		{"what an earlier run did says nothing of speed", func(env *environment) {
			p := env.progress("train", 0)
			p.set(500, 1000, "")
			time.Sleep(10 * time.Second)
			p.set(600, 1000, "")
		}, []string{"train: 60% (600/1000) eta 40s"}},
		{"no estimate before anything is done", func(env *environment) {
			p := env.progress("train", 10)
			time.Sleep(10 * time.Second)
			p.set(0, 10, "reading")
		}, []string{"train: 0% (0/10), reading"}},
		{"work that stops early says where", func(env *environment) {
			p := env.progress("train", 10)
			time.Sleep(3 * time.Second)
			p.add(3, "")
			p.finish()
		}, []string{"train: 30% (3/10) in 3s"}},
		// Decimal units: 1.5 GB is 1.5e9 bytes.
		{"bytes", func(env *environment) {
			p := env.progress("fetch pg19", 0)
			p.bytes = true
			p.set(0, 3e9, "")
			time.Sleep(10 * time.Second)
			p.set(1.5e9, 3e9, "1 of 3 files")
		}, []string{"fetch pg19: 50% (1.5 GB/3.0 GB) eta 10s, 150 MB/s, 1 of 3 files"}},
		// 100 tokens in 10 s, and then 3 s for 300: 400 in 13 s.
		{"tokens have a speed", func(env *environment) {
			p := env.progress("train", 0)
			p.tokens = true
			p.set(25_000, 25_600, "")
			time.Sleep(10 * time.Second)
			p.set(25_100, 25_600, "novel")
			time.Sleep(3 * time.Second)
			p.set(25_400, 25_600, "novel")
			p.finish()
		}, []string{"train: 98% (25100/25600) eta 50s, 10 tokens/s, novel", "train: 99% (25400/25600) in 13s, 31 tokens/s, novel"}},
		{"what an earlier run did has no speed", func(env *environment) {
			p := env.progress("train", 100_000)
			p.tokens = true
			p.advance(40_000, true)
			time.Sleep(10 * time.Second)
			p.advance(50_000, false)
		}, []string{"train: 90% (90000/100000) eta 2s, 5,000 tokens/s"}},
		{"an unknown total is not shown", func(env *environment) {
			p := env.progress("train", 0)
			time.Sleep(time.Minute)
			p.add(5, "")
			p.finish()
		}, nil},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				test.work(&environment{stderr: &log, clock: fakeClock()})
				if diff := cmp.Diff(test.want, lines(log.String())); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// drawing is one state of the bar: percent, count and the text after them.
var drawing = regexp.MustCompile(`(\d+)% \|.*\| \((\d+)/(\d+)\) *(.*?) *$`)

func TestProgressBar(t *testing.T) {
	tests := []struct {
		reason string
		steps  int
		want   []string // the first drawing and the last two
	}{
		{"nothing for two seconds", 19, nil},
		// The bar begins at 2 s with 20 of 30 done in steps of 0.1 s: 1 s is left.
		// The last step but one leaves 0.1 s.
		{"then a bar to the end", 30, []string{"66 20/30 verb eta 1s, note", "96 29/30 verb eta 0s, note", "100 30/30 verb, note"}},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var screen bytes.Buffer
				p := (&environment{stderr: &screen, terminal: true, clock: fakeClock()}).progress("verb", int64(test.steps))
				for range test.steps {
					time.Sleep(100 * time.Millisecond)
					p.add(1, "note")
				}
				p.finish()
				var got []string
				for _, text := range strings.FieldsFunc(screen.String(), func(r rune) bool { return r == '\r' || r == '\n' }) {
					if m := drawing.FindStringSubmatch(text); m != nil {
						got = append(got, fmt.Sprintf("%s %s/%s %s", m[1], m[2], m[3], m[4]))
					}
				}
				if len(got) > 3 {
					got = append(got[:1:1], got[len(got)-2:]...)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s\n%q", diff, screen.String())
				}
				if len(got) > 0 != strings.HasSuffix(screen.String(), "\n") {
					t.Errorf("the next line would not begin on its own: %q", screen.String())
				}
			})
		})
	}
}

// The workers' counts add up to the total in any order; the race detector checks the rest.
func TestProgressOfSeveralWorkers(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			p := (&environment{stderr: &log, terminal: terminal, clock: fakeClock()}).progress("train", 8*500)
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					for range 500 {
						time.Sleep(10 * time.Millisecond)
						p.add(1, "")
					}
				})
			}
			wait.Wait()
			p.finish()
			want := "train: 100% (4000/4000) in 5s\n"
			if terminal {
				want = "(4000/4000)"
			}
			if !strings.Contains(log.String(), want) {
				t.Errorf("terminal %v: %q does not hold %q", terminal, log.String(), want)
			}
		})
	}
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
