// Package lease lets many processes on many machines share a directory tree, such that
// each directory that must have one writer has one: see docs/adr/0010.
//
// The holder of a directory has a token, a directory of a name that never comes again:
//
//	dir/.lock                       locked by the holder where the file system has flock
//	dir/.owner/<token>/owner.json   who holds the directory
//	dir/.owner/<token>/beat         changes every few seconds while the holder lives
//
// A holder that is known to be dead, or whose beat has not changed for a lease, loses the
// directory to the next process that asks. That process removes its token, so that every
// later change by the old holder fails (see [atomicfile.Fence]), however late it wakes up.
package lease

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"infinibench/internal/atomicfile"
)

// Names in a directory that has, or had, a holder. The lock stays, empty.
const (
	LockFile = ".lock"
	ownerDir = ".owner"
	goneDir  = ".owner-gone-" // of a holder that was evicted, until it is removed
	newDir   = ".owner-new-"  // of a process that asks
	ownFile  = "owner.json"
	beatFile = "beat"
)

// IsHidden reports whether a name in a directory belongs to this package.
func IsHidden(name string) bool { return name == LockFile || strings.HasPrefix(name, ownerDir) }

// Lease is the exclusive right to change a directory and everything below it, until another
// process takes it over.
type Lease struct {
	dir, gate string
	lock      *os.File // nil without flock
	unfence   func()
	lost      chan struct{} // closed when somebody else has taken over
	stop      chan struct{}
	beats     sync.WaitGroup
}

// Held is the error of asking for a directory that another process holds.
type Held struct {
	Dir   string
	Owner Owner // zero if it does not say
}

func (h *Held) Error() string {
	return fmt.Sprintf("%s is in use by another bench (%s)", h.Dir, h.Owner)
}

// Try takes a directory, which it creates if needed, or returns a *Held. What it sees of
// the holder is kept in seen, which must be the same at every attempt for this directory:
// a holder that shows no sign of life for a lease is replaced.
func Try(dir string, seen *Sighting) (*Lease, error) {
	period, err := Period()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, locked, err := tryLock(filepath.Join(dir, LockFile))
	if err != nil {
		return nil, err
	}
	owner, token, err := holder(os.DirFS(dir), ".")
	if err != nil {
		closeFile(lock)
		return nil, err
	}
	if locked {
		return nil, &Held{dir, owner}
	}
	if token != "" {
		if !owner.dead(deviceOf(lock)) && !seen.silent(dir, token, max(period, owner.Lease())) {
			closeFile(lock)
			return nil, &Held{dir, owner}
		}
		// Of several processes that see this, one renames this very token.
		err := os.Rename(filepath.Join(dir, ownerDir, token), filepath.Join(dir, goneDir+rand.Text()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			closeFile(lock)
			return nil, err
		}
	}
	l := &Lease{dir: dir, lock: lock, lost: make(chan struct{}), stop: make(chan struct{})}
	if err := l.install(period); err != nil {
		closeFile(lock)
		var held *Held
		if errors.As(err, &held) {
			held.Owner, _, _ = holder(os.DirFS(dir), ".")
		}
		return nil, err
	}
	return l, nil
}

// install makes this process the holder, unless another one is faster.
func (l *Lease) install(period time.Duration) error {
	token := rand.Text()
	prepared, own := filepath.Join(l.dir, newDir+token), filepath.Join(l.dir, ownerDir)
	defer os.RemoveAll(prepared)
	err := prepare(filepath.Join(prepared, token), self(period, deviceOf(l.lock)))
	if err == nil {
		// In one step, and only onto nothing or an empty directory, which os.Rename refuses.
		err = unix.Rename(prepared, own)
	}
	switch {
	case errors.Is(err, fs.ErrExist) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, fs.ErrNotExist): // the new holder removes what others prepare
		return &Held{Dir: l.dir}
	case err != nil:
		return fmt.Errorf("lease: %w", err)
	}
	l.gate = filepath.Join(own, token)
	// Until the old token is gone with all that is in it, its holder can still change files.
	if err := clear(l.dir); err != nil {
		return errors.Join(err, l.leave())
	}
	if l.unfence, err = atomicfile.Fence(l.dir, l.gate); err != nil {
		// By this very process, which has not noticed yet that it lost the directory before.
		return errors.Join(&Held{Dir: l.dir}, l.leave())
	}
	l.beats.Go(func() { l.keepBeating(period / beatsPerLease) })
	return nil
}

// prepare makes the token of an owner.
func prepare(token string, o Owner) error {
	if err := os.MkdirAll(token, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(token, ownFile), text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(token, beatFile), beat(0), 0o644)
}

// clear removes the tokens of earlier holders, and of processes that ask, which ask again.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), goneDir) || strings.HasPrefix(e.Name(), newDir) {
			if err := removeAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeAll is os.RemoveAll, tried again while somebody still adds files. An NFS client
// keeps a removed file that is open as .nfs…, which nobody can rename by its old name.
func removeAll(path string) (err error) {
	for range 100 {
		if err = os.RemoveAll(path); err == nil {
			return nil
		}
		if left := leftIn(path); len(left) > 0 && strings.HasPrefix(left[0], ".nfs") && strings.HasPrefix(left[len(left)-1], ".nfs") {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// leftIn are the names of the files below a directory, in order.
func leftIn(dir string) (names []string) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return nil
	})
	return names
}

// Take retries Try until the directory is free. It calls waiting once, with the holder.
func Take(ctx context.Context, dir string, waiting func(*Held)) (*Lease, error) {
	var seen Sighting
	announced := false
	for {
		l, err := Try(dir, &seen)
		var held *Held
		if !errors.As(err, &held) {
			return l, err
		}
		if !announced && waiting != nil {
			announced = true
			waiting(held)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(Pause()):
		}
	}
}

// Poll is the usual time between two attempts.
const Poll = 200 * time.Millisecond

// Pause is the time between two attempts, short enough to see that a holder is silent.
func Pause() time.Duration {
	period, err := Period()
	if err != nil {
		return Poll // Try reports it
	}
	return min(Poll, period/4)
}

// Context is a context that ends with [atomicfile.ErrFenced] as its cause when another
// process takes over.
func (l *Lease) Context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		select {
		case <-l.lost:
			cancel(fmt.Errorf("lease: %s: %w", l.dir, atomicfile.ErrFenced))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Lost reports whether another process has taken over.
func (l *Lease) Lost() bool {
	select {
	case <-l.lost:
		return true
	default:
	}
	return atomicfile.Gone(l.gate)
}

// Explain replaces the error of work on the directory by [atomicfile.ErrFenced] if another
// process has taken over, whose changes may be the cause. The work is then its own.
func (l *Lease) Explain(err error) error {
	if err == nil || !l.Lost() {
		return err
	}
	return fmt.Errorf("lease: %s: %w", l.dir, atomicfile.ErrFenced)
}

// Release gives the directory back. The holder must have ended all its changes.
func (l *Lease) Release() {
	l.unfence()
	close(l.stop)
	l.beats.Wait()
	_ = l.leave()
	closeFile(l.lock)
}

// leave removes the token, and the directory of tokens unless another process has put its
// own there.
func (l *Lease) leave() error {
	err := os.RemoveAll(l.gate)
	_ = os.Remove(filepath.Dir(l.gate))
	return err
}

func closeFile(f *os.File) {
	if f != nil {
		f.Close()
	}
}
