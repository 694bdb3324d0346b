// Package atomicfile changes files so that a kill or a power cut does no harm. [Write] and
// [Fill] replace a whole file: at any moment it has either its old content or its new,
// never a part. [Append] adds to a log; a kill can leave it with a partial last line.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A file is called ".name.123.tmp" until it is complete.
const (
	temporaryPrefix = "."
	temporarySuffix = ".tmp"
)

// Write replaces the file at path by data.
func Write(path string, data []byte) error {
	return Fill(path, func(f *File) error {
		_, err := f.Write(data)
		return err
	})
}

// Fill replaces the file at path by one that write fills, readable by all. If that fails,
// it leaves nothing behind; Sweep removes what a kill leaves behind.
func Fill(path string, write func(*File) error) (err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	fence := fenceOf(path)
	defer func() { err = fence.explain(err) }()
	if fence == nil {
		// Held until dir is closed, so that Sweep sees that somebody is writing. On a file
		// system without such locks, Sweep gets none either, and removes nothing.
		_ = unix.Flock(int(dir.Fd()), unix.LOCK_SH)
	}

	if err = ask("create", path); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(fence.place(path), pattern(path))
	if err != nil {
		return err
	}
	f := &File{temporary, path, fence}
	defer func() {
		if err != nil {
			temporary.Close()
			if ask("remove", path) == nil {
				os.Remove(temporary.Name())
			}
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = temporary.Chmod(0o644); err != nil { // CreateTemp keeps a file to its owner
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = temporary.Close(); err != nil {
		return err
	}
	if err = ask("rename", path); err != nil {
		return err
	}
	if err = os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncDir(dir, path)
}

// pattern is the name of a file until it is complete, for os.CreateTemp.
func pattern(path string) string {
	return temporaryPrefix + filepath.Base(path) + ".*" + temporarySuffix
}

// FillDir makes a directory, from what write puts into another one. At path there must be
// nothing, or an empty directory. If that fails, it leaves nothing behind.
func FillDir(path string, write func(dir string) error) (err error) {
	fence := fenceOf(path)
	defer func() { err = fence.explain(err) }()
	temporary, err := os.MkdirTemp(fence.place(path), pattern(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(temporary)
		}
	}()
	if err := os.Chmod(temporary, 0o755); err != nil { // MkdirTemp keeps it to its owner
		return err
	}
	if err := write(temporary); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // only if it is empty
		return err
	}
	return Rename(temporary, path)
}

// Rename renames a file or a directory, replacing any file of that name. It ignores fences;
// Keep respects them.
func Rename(from, to string) error {
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := ask("rename", to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(dir, to)
}

// Keep adds a second name to a file, replacing any file of that name. Replacing the file
// under one name leaves the other unchanged.
func Keep(path, as string) (err error) {
	fence := fenceOf(as)
	defer func() { err = fence.explain(err) }()
	if err := ask("rename", as); err != nil {
		return err
	}
	// Under a free name first, since a link replaces nothing.
	reserved, err := os.CreateTemp(fence.place(as), pattern(as))
	if err != nil {
		return err
	}
	name := reserved.Name()
	defer os.Remove(name) // also if both names are of one file already: renaming then does nothing
	if err := errors.Join(reserved.Close(), os.Remove(name)); err != nil {
		return err
	}
	if err := os.Link(path, name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := duplicate(path, name); err != nil { // a file system without links
			return err
		}
	}
	return os.Rename(name, as)
}

func duplicate(path, name string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}

// RemoveAll removes a file, or a directory and its contents, if it exists.
func RemoveAll(path string) error {
	if err := ask("remove", path); err != nil {
		return err
	}
	fence := fenceOf(path)
	if fence == nil {
		return os.RemoveAll(path)
	}
	trash := filepath.Join(fence.gate, fmt.Sprintf("%s%s.%d%s", temporaryPrefix, filepath.Base(path), removals.Add(1), temporarySuffix))
	err := os.Rename(path, trash)
	if errors.Is(err, fs.ErrNotExist) {
		return fence.check() // there was nothing to remove, or it is no longer ours
	}
	if err != nil {
		return fence.explain(err)
	}
	return os.RemoveAll(trash)
}

// removals numbers the removed files; no other process adds files to a gate.
var removals atomic.Int64

// Sweep removes the unfinished files that killed writers left in root and all directories
// below it. It skips a directory in which somebody is writing, or that is gone meanwhile,
// and hidden ones: the gate of a [Fence] belongs to the process that made it, which may be
// writing there, and goes with all that is in it.
func Sweep(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.IsDir() {
			return err
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		return SweepOnly(path)
	})
}

// SweepOnly is Sweep without the directories below.
func SweepOnly(path string) error {
	dir, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if errors.Is(err, fs.ErrNotExist) { // removed while it was read
		return nil
	}
	if err != nil {
		return err
	}
	if unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasPrefix(name, temporaryPrefix) || !strings.HasSuffix(name, temporarySuffix) {
			continue
		}
		// If it is gone, its writer has finished it in the meantime.
		if err := os.Remove(filepath.Join(path, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// syncDir makes a rename survive a power cut.
func syncDir(dir *os.File, path string) error {
	if err := ask("sync", path); err != nil {
		return err
	}
	return dir.Sync()
}
