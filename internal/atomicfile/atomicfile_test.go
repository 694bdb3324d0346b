package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// only checks that a directory holds one file of that name, mode and content.
func only(t *testing.T, dir, name, content string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Fatalf("directory holds %v, want %s alone; %v", entries, name, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || string(data) != content {
		t.Errorf("content %q, want %q; %v", data, content, err)
	}
	if info, _ := entries[0].Info(); info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, want 0644", info.Mode())
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, content := range []string{"first", "second, longer", ""} {
		if err := Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		only(t, dir, "file", content)
	}
}

// TestFailure: a failed write leaves the old file and nothing else.
func TestFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	if err := Fill(path, func(f *File) error { f.Write([]byte("half")); return full }); err != full {
		t.Errorf("error %v, want the writer's", err)
	}
	only(t, dir, "file", "old")
	if err := Write(filepath.Join(path, "below"), nil); err == nil {
		t.Error("no error for a path below a file")
	}
	only(t, dir, "file", "old")
}
