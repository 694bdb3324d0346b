package lease

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// FlockVariable names the environment variable that, set to off, does without kernel
// locks: for file systems whose locks hang, and for tests.
const FlockVariable = "INFINIBENCH_FLOCK"

// deviceOf identifies the mounted file system of a file, on this machine; 0 if unknown. Of
// two mounts of one file system, each may have its own locks.
func deviceOf(f *os.File) uint64 {
	var s unix.Stat_t
	if f == nil || unix.Fstat(int(f.Fd()), &s) != nil {
		return 0
	}
	return uint64(s.Dev)
}

// tryLock locks a file, which it creates. Without an error, the file is locked by this
// process; or by another one, and locked is true; or it is nil, as the file system has no
// such locks.
func tryLock(path string) (file *os.File, locked bool, err error) {
	if os.Getenv(FlockVariable) == "off" {
		return nil, false, nil
	}
	file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, false, err
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err == nil {
		return file, false, nil
	}
	file.Close()
	return nil, errors.Is(err, unix.EWOULDBLOCK), nil
}
