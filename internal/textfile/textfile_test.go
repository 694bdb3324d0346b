package textfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// The marks are in the Unicode standard, section 23.8, table 23-6.
func TestStrip(t *testing.T) {
	const to = ", by its byte-order mark; convert it: iconv -f "
	for _, c := range []struct{ data, want, err string }{
		{"a", "a", ""},
		{"", "", ""},
		{"\xef\xbb\xbfa", "a", ""},
		{"\xef\xbb\xbf", "", ""},
		{"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa", ""}, // the second is a character
		{"a\ufeff", "a\ufeff", ""},
		{"\xef\xbb", "\xef\xbb", ""}, // half a mark is not one
		{"\xff\xfea\x00", "", "the text is UTF-16" + to + "UTF-16 -t UTF-8 FILE > NEWFILE"},
		{"\xfe\xff\x00a", "", "the text is UTF-16" + to + "UTF-16 -t UTF-8 FILE > NEWFILE"},
		{"\xff\xfe", "", "the text is UTF-16" + to + "UTF-16 -t UTF-8 FILE > NEWFILE"},
		{"\xff\xfe\x00\x00a\x00\x00\x00", "", "the text is UTF-32" + to + "UTF-32 -t UTF-8 FILE > NEWFILE"},
		{"\x00\x00\xfe\xff\x00\x00\x00a", "", "the text is UTF-32" + to + "UTF-32 -t UTF-8 FILE > NEWFILE"},
	} {
		got, err := Strip([]byte(c.data))
		message := ""
		if err != nil {
			message = err.Error()
		}
		if string(got) != c.want || message != c.err {
			t.Errorf("%q: got %q, %v", c.data, got, err)
		}
	}
}

type line struct {
	Number int
	Offset int64
	Text   string
}

func linesOf(r io.Reader, limit int) (all []line, err error) {
	err = Lines(r, limit, func(number int, offset int64, text []byte) error {
		all = append(all, line{number, offset, string(text)})
		return nil
	})
	return all, err
}

func TestLines(t *testing.T) {
	broken := errors.New("the disk is gone")
	after := func(text string) io.Reader { return io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)) }
	for _, c := range []struct {
		reason string
		in     io.Reader
		want   []line
		err    string
	}{
		{"empty", strings.NewReader(""), nil, ""},
		{"short", strings.NewReader("a"), []line{{1, 0, "a"}}, ""},
		{"ends and blank lines", strings.NewReader("a\r\n\n \t\nb\n\r\nc"), []line{{1, 0, "a"}, {4, 7, "b"}, {6, 11, "c"}}, ""},
		{"a signature counts in offsets", strings.NewReader("\ufeffa\nb\n"), []line{{1, 3, "a"}, {2, 5, "b"}}, ""},
		{"only a signature", strings.NewReader("\ufeff"), nil, ""},
		{"U+FEFF later", strings.NewReader("a\n\ufeffb\n"), []line{{1, 0, "a"}, {2, 2, "\ufeffb"}}, ""},
		{"byte by byte", iotest.OneByteReader(strings.NewReader("\ufeffa\nb")), []line{{1, 3, "a"}, {2, 5, "b"}}, ""},
		{"UTF-16", strings.NewReader("\xff\xfea\x00"), nil, "the text is UTF-16, by its byte-order mark; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE"},
		{"half a line, then an error", after("ab\ncd"), []line{{1, 0, "ab"}}, "line 2: the disk is gone"},
		{"an error among the first bytes", after("a\n"), []line{{1, 0, "a"}}, "line 2: the disk is gone"},
		{"an error at once", after(""), nil, "line 1: the disk is gone"},
		{"as long as allowed", strings.NewReader("123456789\n"), []line{{1, 0, "123456789"}}, ""},
		{"too long", strings.NewReader("a\n1234567890\n"), []line{{1, 0, "a"}}, "line 2: longer than 10 bytes"},
	} {
		got, err := linesOf(c.in, 10)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" || message != c.err {
			t.Errorf("%s: %v\n%s", c.reason, err, diff)
		}
	}
	err := Lines(strings.NewReader("a\nb\n"), 10, func(int, int64, []byte) error { return io.ErrNoProgress })
	if !errors.Is(err, io.ErrNoProgress) || err.Error() != "line 1: "+io.ErrNoProgress.Error() {
		t.Errorf("the error of a visit comes back as %v", err)
	}
}

// FuzzLines: each line is at its reported position, and only blank ones are dropped.
func FuzzLines(f *testing.F) {
	f.Add([]byte("\ufeffa\r\n\nb"))
	f.Add([]byte("\xff\xfe\x00\x00"))
	f.Add([]byte("\xef\xbb\n\xef\xbb\xbf"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := linesOf(iotest.HalfReader(bytes.NewReader(data)), 1<<20)
		if err != nil {
			return
		}
		var all strings.Builder
		for _, l := range lines {
			if !bytes.HasPrefix(data[l.Offset:], []byte(l.Text)) {
				t.Errorf("line %d, %q, is not at %d", l.Number, l.Text, l.Offset)
			}
			if want := 1 + bytes.Count(data[:l.Offset], []byte("\n")); l.Number != want {
				t.Errorf("line %d is said to be line %d", want, l.Number)
			}
			all.WriteString(l.Text)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if want := squeeze(strings.TrimPrefix(string(data), Mark)); squeeze(all.String()) != want {
			t.Errorf("got %q of %q", all.String(), data)
		}
	})
}
