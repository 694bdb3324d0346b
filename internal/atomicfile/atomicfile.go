// Package atomicfile replaces files whole: at any moment, also after a kill or a
// power cut, the old content stands there or the new, and never a part.
package atomicfile

import (
	"os"
	"path/filepath"
	"runtime"
)

// Write puts data in the place of path.
func Write(path string, data []byte) error {
	return Fill(path, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
}

// Fill puts a file that write fills in the place of path, readable by all, and
// leaves nothing behind if that fails.
func Fill(path string, write func(*os.File) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil { // CreateTemp keeps a file to its owner
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename survive a power cut.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // which cannot, and journals renames itself
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
