package atomicfile

import (
	"io"
	"os"
	"sync/atomic"
)

// Hook is called before every change to a file, with the change ("create", "write",
// "sync", "rename" or "remove") and the file's final path. If it returns an error, that
// replaces the change. A write is made in two halves, with a call before each, so that it
// can fail half-way.
type Hook func(change, path string) error

var hook atomic.Pointer[Hook]

// SetHook lets tests make the disk fail, or kill the process, at any change. nil removes the
// hook.
func SetHook(h Hook) {
	if h == nil {
		hook.Store(nil)
		return
	}
	hook.Store(&h)
}

func ask(change, path string) error {
	if h := hook.Load(); h != nil {
		return (*h)(change, path)
	}
	return nil
}

// File is a file being written.
type File struct {
	file  *os.File
	path  string // its final path
	fence *fence // around that path; nil if there is none
}

// Append opens an existing file to add to its end.
func Append(path string) (*File, error) {
	if err := ask("create", path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	// Once it is open: had the fence closed before, this would be the successor's file.
	fence := fenceOf(path)
	if err := fence.check(); err != nil {
		f.Close()
		return nil, err
	}
	return &File{f, path, fence}, nil
}

func (f *File) Write(p []byte) (int, error) {
	if err := f.fence.check(); err != nil {
		return 0, err
	}
	return f.halves(p, f.file.Write)
}

// WriteAt overwrites the bytes at an offset.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	return f.halves(p, func(part []byte) (int, error) {
		n, err := f.file.WriteAt(part, offset)
		offset += int64(n)
		return n, err
	})
}

// halves writes p at once or, for a hook, in two parts.
func (f *File) halves(p []byte, write func([]byte) (int, error)) (int, error) {
	if hook.Load() == nil {
		return write(p)
	}
	done := 0
	for _, part := range [][]byte{p[:len(p)/2], p[len(p)/2:]} {
		if err := ask("write", f.path); err != nil {
			return done, err
		}
		n, err := write(part)
		if done += n; err != nil {
			return done, err
		}
	}
	return done, nil
}

// Sync flushes the file to the disk.
func (f *File) Sync() error {
	if err := ask("sync", f.path); err != nil {
		return err
	}
	return f.file.Sync()
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

var _ io.WriterAt = (*File)(nil)
