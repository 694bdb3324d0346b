package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// fenced is a directory with a file, and the gate through which it is changed.
func fenced(t *testing.T) (dir, path, gate string) {
	t.Helper()
	dir = t.TempDir()
	path, gate = filepath.Join(dir, "file"), filepath.Join(dir, ".gate")
	if err := errors.Join(os.Mkdir(gate, 0o755), os.WriteFile(path, []byte("old\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	remove, err := Fence(dir, gate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	return dir, path, gate
}

func content(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "none"
	}
	return string(data)
}

// changesOf are all ways to change a file.
var changesOf = []struct {
	name string
	do   func(path string) error
	want string // of the file afterwards
}{
	{"Write", func(path string) error { return Write(path, []byte("new\n")) }, "new\n"},
	{"RemoveAll", RemoveAll, "none"},
	{"Keep", func(path string) error { return Keep(filepath.Join(filepath.Dir(path), "other"), path) }, "other\n"},
	{"Append", func(path string) error {
		f, err := Append(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Write([]byte("more\n"))
		return err
	}, "old\nmore\n"},
}

// With the gate, every change works, and leaves nothing in it.
func TestFenceOpen(t *testing.T) {
	for _, change := range changesOf {
		dir, path, gate := fenced(t)
		if err := os.WriteFile(filepath.Join(dir, "other"), []byte("other\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := change.do(path); err != nil || content(path) != change.want {
			t.Errorf("%s: %q, %v, want %q", change.name, content(path), err, change.want)
		}
		if left, _ := os.ReadDir(gate); len(left) != 0 {
			t.Errorf("%s left %v", change.name, left)
		}
	}
	dir, _, _ := fenced(t)
	if err := RemoveAll(filepath.Join(dir, "missing")); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "below", "file"), nil); err != nil {
		t.Errorf("a file further below: %v", err)
	}
	if _, err := Fence(dir, dir); err == nil {
		t.Error("a second fence around the same directory")
	}
}

// A process frozen at any moment of a change while its directory is taken over changes
// nothing when it wakes up, except the file that it had open.
func TestFenceClosesAtEveryMoment(t *testing.T) {
	for _, change := range changesOf {
		for n := 1; ; n++ {
			dir, path, gate := fenced(t)
			if err := os.WriteFile(filepath.Join(dir, "other"), []byte("other\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			count, was := 0, ""
			asked, err := changes(t, func(string, string) error {
				if count++; count == n {
					was = content(path)
					// What the lease does: the gate goes, then the log becomes a new file.
					if err := errors.Join(os.RemoveAll(gate), os.WriteFile(path+".copy", []byte(was), 0o644), os.Rename(path+".copy", path)); err != nil {
						t.Fatal(err)
					}
				}
				return nil
			}, func() error { return change.do(path) })
			if count < n {
				if err != nil || len(asked) == 0 {
					t.Errorf("%s undisturbed: %q, %v", change.name, asked, err)
				}
				break
			}
			if got := content(path); got != was {
				t.Errorf("%s, taken over at change %d: the file was %q and is %q", change.name, n, was, got)
			}
			late := change.name == "Write" && n == len(asked) || change.name == "Append" && n > 1 // after the rename; into the old file
			if !errors.Is(err, ErrFenced) && !late {
				t.Errorf("%s, taken over at change %d of %q: %v", change.name, n, asked, err)
			}
		}
	}
}

// Keep gives the second name the content of the first, also when both are one file.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	path, second := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := Keep(path, second); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for _, text := range []string{"1", "2"} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := Keep(path, second); err != nil || content(second) != text {
				t.Errorf("%q, %v, want %q", content(second), err, text)
			}
		}
	}
	if err := Write(path, []byte("3")); err != nil || content(second) != "2" {
		t.Errorf("the kept file is %q, want 2; %v", content(second), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left %v", left)
	}
	if err := duplicate(path, filepath.Join(dir, "c")); err != nil || content(filepath.Join(dir, "c")) != "3" {
		t.Errorf("without links: %q, %v", content(filepath.Join(dir, "c")), err)
	}
}

// TestSweepPassesByGates: the process that sweeps a directory leaves alone what the one that
// holds it, or a directory below, has not finished.
func TestSweepPassesByGates(t *testing.T) {
	dir, path, _ := fenced(t)
	_, err := changes(t, func(change, _ string) error {
		return Sweep(filepath.Dir(dir))
	}, func() error {
		return errors.Join(Write(path, []byte("new\n")), FillDir(filepath.Join(dir, "folder"), func(dir string) error {
			return Write(filepath.Join(dir, "file"), nil)
		}))
	})
	if err != nil || content(path) != "new\n" || content(filepath.Join(dir, "folder", "file")) != "" {
		t.Errorf("%q, %v", content(path), err)
	}
}

// TestFillDirFenced: a folder of a process that has lost the directory does not appear.
func TestFillDirFenced(t *testing.T) {
	dir, _, gate := fenced(t)
	folder := filepath.Join(dir, "folder")
	if err := FillDir(folder, func(string) error { return os.RemoveAll(gate) }); !errors.Is(err, ErrFenced) {
		t.Errorf("error %v", err)
	}
	only(t, dir, "file", "old\n")
}
