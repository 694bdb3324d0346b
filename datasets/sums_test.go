package datasets

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// From sha256sum, of "abc" (also in FIPS 180-2, B.1) and of the empty file.
const (
	sumABC   = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	sumEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

func TestParseSums(t *testing.T) {
	got, err := parseSums(strings.NewReader(sumABC + "  books/a b.txt\n\n" + strings.ToUpper(sumEmpty) + " *./c\r\n"))
	want := map[string]string{"books/a b.txt": sumABC, "c": sumEmpty}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{sumABC, sumABC + " x", sumABC + "  ", sumABC[1:] + "  x", "z" + sumABC[1:] + "  x", `\` + sumABC + `  x\\y`} {
		_, err := parseSums(strings.NewReader(sumABC + "  ok\n" + bad + "\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || !strings.HasSuffix(err.Error(), ` is not "<sha256>  <file>"`) {
			t.Errorf("%q: got error %v", bad, err)
		}
	}
}

func TestWriteSums(t *testing.T) {
	list := filepath.Join(writeTree(t, map[string]string{sumsFile: "old"}), sumsFile)
	if err := writeSums(list, map[string]string{"b": sumEmpty, "a/x": sumABC}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(list)
	if want := sumABC + "  a/x\n" + sumEmpty + "  b\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if left, _ := os.ReadDir(filepath.Dir(list)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(sumABC + "  a\n"))
	f.Add([]byte(sumABC + " *a/../b\r\n\n" + sumEmpty + "  c d\n"))
	f.Add([]byte(sumABC + "   \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sums, err := parseSums(bytes.NewReader(data))
		if err != nil {
			return
		}
		for name, sum := range sums {
			if name == "" || len(sum) != 64 || strings.ContainsFunc(sum, unicode.IsUpper) {
				t.Errorf("%q has the sum %q", name, sum)
			}
		}
		// What was read is written and read again without change.
		list := filepath.Join(t.TempDir(), sumsFile)
		if err := writeSums(list, sums); err != nil {
			t.Fatal(err)
		}
		again, err := readSums(list)
		if err != nil || !maps.Equal(sums, again) {
			t.Errorf("wrote %v, read %v, %v", sums, again, err)
		}
	})
}
