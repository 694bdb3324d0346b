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

// What sha256sum -c of coreutils 9.1 reads, tried by hand with files of these names;
// "refused" marks lines that it calls "improperly formatted" and skips.
func TestParseSums(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	for _, c := range []struct {
		reason, list string
		want         map[string]string
	}{
		{"text and binary mode", sumABC + "  books/a b.txt\n" + sumEmpty + " *./c\n", map[string]string{"books/a b.txt": sumABC, "c": sumEmpty}},
		{"upper case, CR LF, blank lines", strings.ToUpper(sumABC) + "  a\r\n\r\n\n", map[string]string{"a": sumABC}},
		{"no line end", sumABC + "  a", map[string]string{"a": sumABC}},
		{"comments", "# books\n" + sumABC + "  a\n#\n", map[string]string{"a": sumABC}},
		{"white space before", " \t" + sumABC + "  a\n", map[string]string{"a": sumABC}},
		{"a tab", sumABC + "\t a\n", map[string]string{"a": sumABC}},
		{"--tag", "SHA256 (a (1).txt) = " + sumABC + "\n", map[string]string{"a (1).txt": sumABC}},
		{"openssl", "SHA256(a)= " + sumABC + "\n", map[string]string{"a": sumABC}},
		{"BSD reversed", sumABC + " a\n" + sumEmpty + " *b\n", map[string]string{"a": sumABC, "*b": sumEmpty}},
		{"spaces in front of a name", sumABC + "   a\n", map[string]string{" a": sumABC}},
		{"escapes", `\` + sumABC + `  b\\c\nd\re` + "\n", map[string]string{"b\\c\nd\re": sumABC}},
		{"escapes with --tag", `\SHA256 (b\\c) = ` + sumABC + "\n", map[string]string{`b\c`: sumABC}},
		{"one file twice", sumABC + "  a\n" + sumABC + " *./a\n", map[string]string{"a": sumABC}},
		{"a byte-order mark", mark + sumABC + "  a\r\n", map[string]string{"a": sumABC}}, // sha256sum loses the line
	} {
		got, err := parseSums(strings.NewReader(c.list))
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v", c.reason, got, err)
		}
	}
	const malformed = ` is not "<sha256>  <file>" or "SHA256 (<file>) = <sha256>"`
	for _, c := range []struct{ bad, err string }{
		{sumABC, malformed}, {sumABC + " x", malformed}, {sumABC + "  ", malformed}, {sumABC[1:] + "  x", malformed}, {"z" + sumABC[1:] + "  x", malformed},
		{" # x", malformed}, {"SHA1 (x) = a9993e364706816aba3e25717850c26c9cd0d89d", malformed}, {"SHA256 (x) = " + sumABC + " ", malformed},
		{mark + sumABC + "  x", malformed},
		{`\` + sumABC + `  x\y`, ` has a backslash that is not part of \\, \n or \r`},
		{`\` + sumABC + `  x\`, ` has a backslash that is not part of \\, \n or \r`},
		{sumEmpty + "  ok", `another sum of "ok" than on line 1`},
	} {
		_, err := parseSums(strings.NewReader(sumABC + "  ok\n" + c.bad + "\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || !strings.HasSuffix(err.Error(), c.err) {
			t.Errorf("%q: got error %v", c.bad, err)
		}
	}
	_, err := parseSums(strings.NewReader("\xff\xfea\x00"))
	wantError(t, err, "the text is UTF-16, by its byte-order mark; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE", "")
}

func TestWriteSums(t *testing.T) {
	list := filepath.Join(writeTree(t, map[string]string{sumsFile: "old"}), sumsFile)
	sums := map[string]string{"b": sumEmpty, "a/x": sumABC, "c\nd\\e\r": sumABC}
	if err := writeSums(list, sums); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(list)
	if want := sumABC + "  a/x\n" + sumEmpty + "  b\n\\" + sumABC + `  c\nd\\e\r` + "\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if left, _ := os.ReadDir(filepath.Dir(list)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if back, err := readSums(list); err != nil || !maps.Equal(back, sums) {
		t.Errorf("read back: %v, %v", back, err)
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(sumABC + "  a\n"))
	f.Add([]byte(sumABC + " *a/../b\r\n\n" + sumEmpty + "  c d\n"))
	f.Add([]byte(sumABC + "   \n"))
	f.Add([]byte("\xef\xbb\xbf#\n\\SHA256 (a\\\\b) = " + sumABC + "\r\n" + sumEmpty + " c"))
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
