package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// changes runs work and returns what the hook was asked about, by file.
func changes(t *testing.T, hook Hook, work func() error) (asked []string, err error) {
	t.Helper()
	SetHook(func(change, path string) error {
		asked = append(asked, change+" "+filepath.Base(path))
		return hook(change, path)
	})
	defer SetHook(nil)
	err = work()
	return asked, err
}

func never(string, string) error { return nil }

// By hand: each change in the order in which it must happen for a power cut to do
// no harm; each write is two halves.
func TestHookSeesEveryChange(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, test := range []struct {
		work func() error
		want []string
	}{
		{func() error { return Write(path, []byte("abcd")) },
			[]string{"create file", "write file", "write file", "sync file", "rename file", "sync file"}},
		{func() error {
			f, err := Append(path)
			if err != nil {
				return err
			}
			defer f.Close()
			if _, err := f.Write([]byte("ef")); err != nil {
				return err
			}
			return f.Sync()
		}, []string{"create file", "write file", "write file", "sync file"}},
		{func() error { return Keep(path, path+"2") }, []string{"rename file2"}},
		{func() error { return RemoveAll(path) }, []string{"remove file"}},
		{func() error { return Rename(path+"2", path) }, []string{"rename file", "sync file"}},
		{func() error { return RemoveAll(path) }, []string{"remove file"}},
	} {
		if asked, err := changes(t, never, test.work); err != nil || !slices.Equal(asked, test.want) {
			t.Errorf("got %q, want %q; %v", asked, test.want, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}

// TestEveryFailure: whichever change fails, the file is the old one or the new one,
// the error is the disk's, and nothing is left beside it, unless even removing
// fails, as it does for a process that was killed; Sweep does it then.
func TestEveryFailure(t *testing.T) {
	full := errors.New("disk full")
	for _, killed := range []bool{false, true} {
		for n := 1; ; n++ {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := Write(path, []byte("old")); err != nil {
				t.Fatal(err)
			}
			count := 0
			asked, err := changes(t, func(change, _ string) error {
				if count++; count == n || killed && count > n {
					return full
				}
				return nil
			}, func() error { return Write(path, []byte("new")) })
			if err == nil {
				if len(asked) != 6 || n != 7 {
					t.Errorf("%d changes, none of which failed at number %d", len(asked), n)
				}
				break
			}
			want := "old"
			if n == 6 { // the sync of the directory, after the rename
				want = "new"
			}
			if err != full {
				t.Errorf("change %d: error %v", n, err)
			}
			if killed {
				if entries, _ := os.ReadDir(dir); n >= 2 && n <= 5 && len(entries) != 2 {
					t.Errorf("change %d: a killed writer left %v, want its temporary file", n, entries)
				}
				if err := Sweep(filepath.Dir(dir)); err != nil {
					t.Fatal(err)
				}
			}
			only(t, dir, "file", want)
		}
	}
}

// TestHalfWritten: of a line whose second half does not fit, the first is there.
func TestHalfWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	if err := Write(path, []byte("1\n")); err != nil {
		t.Fatal(err)
	}
	full, count := errors.New("disk full"), 0
	_, err := changes(t, func(change, _ string) error {
		if change == "write" {
			if count++; count == 2 {
				return full
			}
		}
		return nil
	}, func() error {
		f, err := Append(path)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := f.Write([]byte("abcdef"))
		if n != 3 {
			t.Errorf("%d bytes written, want 3", n)
		}
		return err
	})
	if err != full {
		t.Errorf("error %v", err)
	}
	only(t, dir, "log", "1\nabc")
}

// TestSweepPassesByWriters: Sweep leaves other programs' files, and files that somebody
// is writing.
func TestSweepPassesByWriters(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".file.12.tmp", "a.tmp", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := Fill(filepath.Join(dir, "new"), func(f *File) error {
		if err := Sweep(dir); err != nil {
			return err
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 4 {
			t.Errorf("swept while somebody was writing; left %v", entries)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{".hidden", "a.tmp", "new"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
}
