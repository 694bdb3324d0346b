package experiments

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const lockName = ".lock"

// lock keeps other processes out of a runs directory. The kernel holds the lock and
// releases it when the process ends, even if it is killed; the file names the current
// owner, or the last one if that was killed.
func lock(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, lockName)
	file := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
	free, err := file.TryLock()
	var cannotOpen *fs.PathError
	switch {
	case errors.As(err, &cannotOpen):
		return nil, fmt.Errorf("experiments: cannot write to the runs directory: %w", err)
	case err != nil:
		return nil, fmt.Errorf("experiments: %s cannot be locked, so two bench processes might write to it: %w; use a local directory", dir, err)
	case !free:
		owner, _ := os.ReadFile(path)
		return nil, fmt.Errorf("experiments: %s is in use by another bench (%s); wait for it, or give this one a directory of its own", dir, owner)
	}
	_ = os.WriteFile(path, []byte(thisProcess()), 0o644) // only names the owner in the message above
	return func() {
		_ = os.Truncate(path, 0)
		_ = file.Close()
	}, nil
}

// thisProcess names this process as the owner of a lock; [ParseOwner] reads it back.
func thisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), host, time.Now().Format(time.RFC3339))
}
