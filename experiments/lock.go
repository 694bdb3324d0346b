package experiments

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const lockName = ".lock"

// lock keeps a second process off a runs directory. The lock is the kernel's, so
// it is gone with the process however that ends; the file says whose it is, or
// whose it was last if that was killed.
func lock(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("experiments: cannot write to the runs directory: %w", err)
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		owner, _ := os.ReadFile(path)
		f.Close()
		return nil, fmt.Errorf("experiments: %s is in use by another bench (%s); wait for it, or give this one a directory of its own", dir, owner)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("experiments: %s cannot be locked, so that two bench might write there: %w; use a local directory", dir, err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(thisProcess()), 0) // only for the message above
	}
	return func() {
		_ = f.Truncate(0)
		f.Close()
	}, nil
}

// thisProcess says who holds a lock.
func thisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), host, time.Now().Format(time.RFC3339))
}
