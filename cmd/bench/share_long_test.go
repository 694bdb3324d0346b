//go:build long

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"infinibench/internal/lease"
)

// member is one of several processes that share a run.
type member struct {
	cmd    *exec.Cmd
	said   *bytes.Buffer
	ended  chan error
	awake  time.Time // when it is to be woken up; zero if it is not frozen
	killed bool
}

// party is eight processes on one folder.
type party struct {
	*victim
	random  *rand.Rand
	runs    []string // the folder as each of them sees it, in turn
	env     []string
	members []*member
	started int
	takings int // cells that were taken over from a frozen process
}

func (p *party) join() *member {
	m := &member{ended: make(chan error, 1)}
	m.cmd, m.said = p.share("bench", p.runs[p.started%len(p.runs)], p.env...)
	p.started++
	go func() { m.ended <- m.cmd.Wait() }()
	return m
}

// chaos kills and freezes processes until the run is done or the event limit is reached.
func (p *party) chaos(period time.Duration, events int) (kills, freezes int) {
	p.t.Helper()
	for range 8 {
		p.members = append(p.members, p.join())
	}
	next := time.Now()
	for len(p.members) > 0 {
		time.Sleep(5 * time.Millisecond)
		now := time.Now()
		left := p.members[:0]
		for _, m := range p.members {
			if !m.awake.IsZero() && now.After(m.awake) {
				m.cmd.Process.Signal(syscall.SIGCONT)
				m.awake = time.Time{}
			}
			select {
			case err := <-m.ended:
				p.takings += strings.Count(m.said.String(), " was taken over by another process")
				if m.killed {
					left = append(left, p.join())
				} else if err != nil {
					p.t.Errorf("%v\n%s", err, m.said)
				}
			default:
				left = append(left, m)
			}
		}
		p.members = left
		if len(p.members) == 0 || now.Before(next) || kills+freezes >= events {
			continue
		}
		next = now.Add(time.Duration(p.random.IntN(300)) * time.Millisecond)
		m := p.members[p.random.IntN(len(p.members))]
		switch {
		case m.killed:
		case p.random.IntN(2) == 0:
			m.cmd.Process.Kill()
			m.killed = true
			kills++
		case m.awake.IsZero():
			m.cmd.Process.Signal(syscall.SIGSTOP)
			m.awake = now.Add(period/2 + time.Duration(p.random.Int64N(int64(5*period))))
			freezes++
		}
	}
	return kills, freezes
}

// mounts exposes a folder at two paths through independent user-space file systems. Each has
// its own kernel locks and its own cache, like two machines with a share mounted without
// locks.
func mounts(t *testing.T, folder string) []string {
	t.Helper()
	bindfs, err := exec.LookPath("bindfs")
	if err != nil {
		t.Skip("no file system in user space: apt-get install bindfs")
	}
	var places []string
	for i := range 2 {
		place := t.TempDir()
		if out, err := exec.Command(bindfs, "--no-allow-other", folder, place).CombinedOutput(); err != nil {
			t.Skipf("bindfs %d: %v: %s", i, err, out)
		}
		t.Cleanup(func() { unix.Unmount(place, unix.MNT_DETACH) })
		places = append(places, place)
	}
	return places
}

// TestParty: eight processes on one folder, killed and frozen for longer than the lease 200
// times: no cell is lost, nothing saved is done again, and the results are one quiet run's.
func TestParty(t *testing.T) {
	const events = 200
	const period = time.Second
	profile := func(v *victim) {
		text := strings.Replace(strings.Replace(killProfile, "STEPS", "1500", 1), "seeds: [1]", "seeds: [1, 2]", 1) // six cells, so that some of the processes only watch
		text = strings.Replace(text, "workers: 2", "workers: 1", 1)
		if err := os.WriteFile(filepath.Join(v.work, "kill.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	quiet := newVictim(t, "bench", 5)
	profile(quiet)
	first, said := quiet.share("bench", "runs")
	if err := first.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	want := quiet.outcome(false)
	for _, test := range []struct {
		name string
		env  []string
		fuse bool
	}{
		{name: "flock"},
		{name: "without flock", env: []string{lease.FlockVariable + "=off"}},
		{name: "two mounts with their own locks", fuse: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			kills, freezes, takings, runs, random := 0, 0, 0, 0, rand.New(rand.NewPCG(8, 200))
			for kills+freezes < events {
				v := newVictim(t, "bench", 5)
				profile(v)
				p := &party{victim: v, random: random, runs: []string{"runs"}, env: append(test.env, fmt.Sprintf("%s=%v", lease.PeriodVariable, period))}
				if test.fuse {
					folder := filepath.Join(v.work, "runs")
					if err := os.Mkdir(folder, 0o755); err != nil {
						t.Fatal(err)
					}
					p.runs = mounts(t, folder)
				}
				watched := make(chan struct{})
				go func() { // what is saved stays saved, and a report can be made at any time
					defer close(watched)
					for {
						select {
						case <-t.Context().Done():
							return
						case watched <- struct{}{}:
							return
						case <-time.After(300 * time.Millisecond):
							v.remember()
						}
					}
				}()
				k, f := p.chaos(period, events-kills-freezes)
				<-watched
				v.remember()
				kills, freezes, takings, runs = kills+k, freezes+f, takings+p.takings, runs+1
				v.same(want, false)
			}
			t.Logf("%d kills and %d freezes in %d runs; %d cells were taken over from a frozen process", kills, freezes, runs, takings)
			if test.name != "flock" && takings == 0 {
				t.Error("no frozen process lost a cell: nothing was tried")
			}
		})
	}
}
