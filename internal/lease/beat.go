package lease

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A holder changes its beat several times in a lease, so that one late write of a slow
// file server does not cost it the directory.
const (
	defaultPeriod = time.Minute
	beatsPerLease = 6
)

// PeriodVariable names the environment variable with another lease, such as 5m for a file
// server that hangs for minutes.
const PeriodVariable = "INFINIBENCH_LEASE"

// Period is the time without a sign of life after which a holder counts as dead.
func Period() (time.Duration, error) {
	text := os.Getenv(PeriodVariable)
	if text == "" {
		return defaultPeriod, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 100*time.Millisecond || d > 24*time.Hour {
		return 0, fmt.Errorf("lease: %s is %q, want a time such as 60s, from 100ms to 24h", PeriodVariable, text)
	}
	return d, nil
}

// beat is the n-th content of the file. All have one length: it is written in place, as
// NFS shows others a changed file sooner than a new one.
func beat(n int) []byte { return fmt.Appendf(nil, "%020d\n", n) }

// keepBeating shows that this process lives, until it stops or loses the directory.
func (l *Lease) keepBeating(every time.Duration) {
	path := filepath.Join(l.gate, beatFile)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESTALE) {
			close(l.lost)
			return
		}
		if err != nil {
			continue // a full table of open files, a server that hangs: the next beat may come through
		}
		_, _ = f.WriteAt(beat(n), 0)
		_ = f.Close()
	}
}

// Sighting is what one process has seen of the holder of a directory. It trusts neither
// another machine's clock nor the times of files: a beat is old when it was the same for a
// lease by this process's own clock.
type Sighting struct {
	token, beat string
	since, last time.Time // with the monotonic clock
}

// silent reports whether a holder has shown no sign of life for a lease. The process must
// have looked often: one that was suspended itself has seen nothing.
func (s *Sighting) silent(dir, token string, period time.Duration) bool {
	data, _ := os.ReadFile(filepath.Join(dir, ownerDir, token, beatFile)) // without one it never changes
	return s.see(token, string(data), time.Now(), period)
}

func (s *Sighting) see(token, beat string, now time.Time, period time.Duration) bool {
	if token != s.token || beat != s.beat || now.Sub(s.last) > period/2 {
		s.token, s.beat, s.since = token, beat, now
	}
	s.last = now
	return now.Sub(s.since) >= period
}
