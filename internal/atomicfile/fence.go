package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrFenced is the error of a change to a directory that another process has taken over.
var ErrFenced = errors.New("another process has taken over")

// A fence ties changes below root to the existence of gate, a directory on the same file
// system. A new file is written in gate and renamed into place; a removed one is renamed
// into gate. Whoever removes gate thus makes all of that fail in one step, even for a
// process that was frozen just before the rename: a check alone would come too early.
type fence struct{ root, gate string }

var (
	fences      = map[string]*fence{} // by root
	fencesMutex sync.RWMutex
)

// Fence lets changes below root succeed only while the directory gate exists; afterwards
// they fail with [ErrFenced]. What is appended through a [File] that was opened before
// goes to that file, which the successor must replace before it reads on.
func Fence(root, gate string) (remove func(), err error) {
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	if gate, err = filepath.Abs(gate); err != nil {
		return nil, err
	}
	fencesMutex.Lock()
	defer fencesMutex.Unlock()
	if fences[root] != nil {
		return nil, fmt.Errorf("atomicfile: %s has a fence already", root)
	}
	fences[root] = &fence{root, gate}
	return func() {
		fencesMutex.Lock()
		defer fencesMutex.Unlock()
		delete(fences, root)
	}, nil
}

// fenceOf is the innermost fence around a file, or nil.
func fenceOf(path string) *fence {
	fencesMutex.RLock()
	defer fencesMutex.RUnlock()
	if len(fences) == 0 {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	for ; ; path = filepath.Dir(path) {
		if f := fences[path]; f != nil {
			return f
		}
		if path == filepath.Dir(path) {
			return nil
		}
	}
}

// check is ErrFenced once the gate is gone. A nil fence never closes.
func (f *fence) check() error {
	if f == nil {
		return nil
	}
	if Gone(f.gate) {
		return fmt.Errorf("atomicfile: %s: %w", f.root, ErrFenced)
	}
	return nil
}

// Gone reports whether a gate has been removed. It opens it, for which a file system asks
// its server; os.Stat may be answered from memory.
func Gone(gate string) bool {
	f, err := os.Open(gate)
	if err == nil {
		f.Close()
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE)
}

// explain replaces the error of a failed change if the fence caused it.
func (f *fence) explain(err error) error {
	if err == nil {
		return nil
	}
	if fenced := f.check(); fenced != nil {
		return fenced
	}
	return err
}

// place is where a file is written before it is renamed to path.
func (f *fence) place(path string) string {
	if f == nil {
		return filepath.Dir(path)
	}
	return f.gate
}
