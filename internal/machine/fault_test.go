package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAsFault(t *testing.T) {
	path := func(err error) error {
		return fmt.Errorf("pg19: %w", &fs.PathError{Op: "open", Path: "7.txt", Err: err})
	}
	tests := []struct {
		err  error
		want string // its end; "" for no fault
	}{
		{nil, ""},
		{errors.New("no text"), ""},
		{path(fs.ErrNotExist), ""},
		{path(syscall.EACCES), ""}, // belongs to the file
		{path(syscall.EMFILE), "too many open files: raise the limit on open files (ulimit -n)"},
		{path(syscall.ENOSPC), "no space left on device: free some space, or name a directory on another disk"},
		{path(syscall.EDQUOT), "disk quota exceeded: free some of your quota, or name a directory on another disk"},
		{fmt.Errorf("verify: %w", &Fault{errors.New("why"), "what to do"}), "verify: why: what to do"},
	}
	for _, test := range tests {
		switch got := AsFault(test.err); {
		case (got != nil) != (test.want != ""):
			t.Errorf("%v: got %v, want a fault: %t", test.err, got, test.want != "")
		case got != nil && !strings.HasSuffix(got.Error(), test.want):
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

func TestCreateTempWithoutDirectory(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", missing)
	_, err := CreateTemp("papers-*")
	if AsFault(err) == nil || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), "set TMPDIR") {
		t.Errorf("got %v, want a fault of the machine that names %s and TMPDIR", err, missing)
	}
}
