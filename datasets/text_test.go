package datasets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeTree writes files, named with slashes, below a new folder; a name that ends
// in a slash is an empty folder.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		folder := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if folder == path {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sharedData is the folder of real texts next to the repository. Tests that need it are
// skipped without it.
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		data := filepath.Join(dir, "shared", "data")
		if _, err := os.Stat(data); err == nil {
			return data
		}
	}
	t.Skip("no shared/data beside the repository")
	return ""
}

// wantError checks an error's exact text; DIR in want is replaced by dir.
func wantError(t *testing.T, err error, want, dir string) {
	t.Helper()
	want = strings.ReplaceAll(want, "DIR", dir)
	switch {
	case err == nil:
		t.Errorf("no error, want %q", want)
	case err.Error() != want:
		t.Errorf("got error\n\t%s\nwant\n\t%s", err, want)
	}
}

func TestReadTextFile(t *testing.T) {
	const blank = "DIR: no text: the file is empty or blank; fetch it again"
	tests := []struct {
		name, data, err string
	}{
		{"plain", "a b\n", ""},
		{"line ends, marks inside and U+FFFD stay", "a\r\n\ufeffb \ufffd", ""},
		{"empty", "", blank},
		{"blank", " \n\t", blank},
		{"binary", "abc\x00d", "DIR: NUL at byte 3: a binary file, not text"},
		// é is two bytes; 0xE9 is é in Latin-1.
		{"latin-1", "\u00e9t\xe9", "DIR: invalid UTF-8 at byte 3; convert the text to UTF-8 or fetch it again"},
		{"cut in a character", "abc\xc3", "DIR: invalid UTF-8 at byte 3; convert the text to UTF-8 or fetch it again"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(writeTree(t, map[string]string{"x.txt": test.data}), "x.txt")
			text, err := ReadText(path)
			if test.err != "" {
				wantError(t, err, test.err, path)
			} else if err != nil || text != test.data {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
	// A UTF-8 signature is no text; one in the middle, or a second one, is.
	for data, want := range map[string]string{"\ufeffa \ufeffb": "a \ufeffb", "\ufeff\ufeffa": "\ufeffa", "\ufeffa\r\n": "a\r\n"} {
		if got, err := CheckText("x", []byte(data)); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", data, got, err, want)
		}
	}
	for data, err := range map[string]string{
		"\ufeff \n":     "x: no text: the file is empty or blank; fetch it again",
		"\xff\xfea\x00": "x: the text is UTF-16, by its byte-order mark; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE",
	} {
		_, got := CheckText("x", []byte(data))
		wantError(t, got, err, "")
	}
	absent := filepath.Join(t.TempDir(), "absent.txt")
	_, err := ReadText(absent)
	wantError(t, err, "DIR: no such file or directory", absent)
}

func TestCountTextWords(t *testing.T) {
	// U+00A0 and U+2003 are white space in Unicode, the zero-width U+200B is not.
	for text, want := range map[string]int64{
		"": 0, " \n ": 0, "one": 1, " a\u00a0b\u2003c\td\n": 4, "a\u200bb": 1,
	} {
		if got := CountWords(text); got != want {
			t.Errorf("%q has %d words, want %d", text, got, want)
		}
	}
}
