package lease

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Refresh makes this machine forget what it remembers of the files below the directory. A
// file system may show a file that another machine has replaced with its old size for a
// second or more (FUSE, SMB), or hide a new one (NFS). A new holder that believed that would
// find intact files cut short, and remove them as damaged.
func (l *Lease) Refresh() error {
	return filepath.WalkDir(l.dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = refresh(path) // of a directory, before it is read
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
