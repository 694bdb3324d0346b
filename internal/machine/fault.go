package machine

import (
	"errors"
	"os"
	"syscall"
)

// remedies are the errors of the system that say what the machine lacks, and nothing about
// the file that was read or written, with what to do.
var remedies = map[syscall.Errno]string{
	syscall.EMFILE: "raise the limit on open files (ulimit -n)",
	syscall.ENFILE: "the whole system has too many files open",
	syscall.ENOSPC: "free some space, or name a directory on another disk",
	syscall.EDQUOT: "free some of your quota, or name a directory on another disk",
	syscall.EFBIG:  "raise the limit on the size of files (ulimit -f)",
	syscall.EROFS:  "name a directory that can be written",
	syscall.ENOMEM: "free some memory, or raise the limit on it",
	syscall.EIO:    "the disk or the network share fails: check its cables and the system's log",
}

// Fault is an error that the machine is to blame for and no file.
type Fault struct {
	Err    error
	Remedy string // what to do
}

func (f *Fault) Error() string { return f.Err.Error() + ": " + f.Remedy }

// Unwrap is the error without the remedy.
func (f *Fault) Unwrap() error { return f.Err }

// AsFault returns an error as a *Fault if the machine is to blame for it, and nil if it is
// not. A reader that passes over damaged files must not pass over those.
func AsFault(err error) error {
	var fault *Fault
	if errors.As(err, &fault) {
		return err // it says what to do already
	}
	var errno syscall.Errno
	if errors.As(err, &errno) && remedies[errno] != "" {
		return &Fault{err, remedies[errno]}
	}
	return nil
}

// CreateTemp is os.CreateTemp in the directory for temporary files, with an error that
// says where that is.
func CreateTemp(pattern string) (*os.File, error) {
	file, err := os.CreateTemp("", pattern)
	if err != nil {
		return nil, &Fault{err, "set TMPDIR to a directory that exists and can be written, with room for the unpacked files"}
	}
	return file, nil
}
