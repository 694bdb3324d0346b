package lease

import (
	"io/fs"
	"path/filepath"
)

// Refresh makes this machine forget what it remembers of the files below the directory. A
// file system may show a file that another machine has replaced with its old size for a
// second or more (FUSE, SMB), or hide a new one (NFS). A new holder that believed that would
// find intact files cut short, and remove them as damaged. What cannot be asked about, its
// reader reports.
func (l *Lease) Refresh() {
	_ = filepath.WalkDir(l.dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			refresh(path) // a directory before it is read
		}
		return nil
	})
}
