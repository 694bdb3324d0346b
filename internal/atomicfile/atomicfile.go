// Package atomicfile changes files so that a kill or a power cut does no harm.
// [Write] and [Fill] replace a file whole: at any moment the old content stands
// there or the new, and never a part. [Append] adds to a log, of which a kill can
// leave a part of the last line.
package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// A file that is being written is called ".name.123.tmp" until it is whole.
const (
	temporaryPrefix = "."
	temporarySuffix = ".tmp"
)

// Write puts data in the place of path.
func Write(path string, data []byte) error {
	return Fill(path, func(f *File) error {
		_, err := f.Write(data)
		return err
	})
}

// Fill puts a file that write fills in the place of path, readable by all, and
// leaves nothing behind if that fails. What a kill leaves behind, Sweep removes.
func Fill(path string, write func(*File) error) (err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	// Held until dir is closed; tells Sweep that somebody is at work. Where a file
	// system has no such locks, Sweep gets none either and removes nothing.
	_ = unix.Flock(int(dir.Fd()), unix.LOCK_SH)

	if err = ask("create", path); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(dir.Name(), temporaryPrefix+filepath.Base(path)+".*"+temporarySuffix)
	if err != nil {
		return err
	}
	f := &File{temporary, path}
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

// Rename gives a file another name, in place of what has that name.
func Rename(from, to string) error {
	if err := ask("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// RemoveAll removes a file, or a directory with all that is in it, if it is there.
func RemoveAll(path string) error {
	if err := ask("remove", path); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// Sweep removes the unfinished files that killed writers left in root and in all
// directories below it. A directory in which somebody is writing is passed over.
func Sweep(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return sweep(path)
	})
}

func sweep(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	if unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil
	}
	for _, name := range names {
		if !strings.HasPrefix(name, temporaryPrefix) || !strings.HasSuffix(name, temporarySuffix) {
			continue
		}
		// One that is gone was finished by its writer in the meantime.
		if err := os.Remove(filepath.Join(path, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// syncDir makes a rename survive a power cut.
func syncDir(dir *os.File, path string) error {
	if runtime.GOOS == "windows" { // which cannot, and journals renames itself
		return nil
	}
	if err := ask("sync", path); err != nil {
		return err
	}
	return dir.Sync()
}
