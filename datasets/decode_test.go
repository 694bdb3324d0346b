package datasets

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// What happens to text before bytes that are not gzip data. The other cases are in
// docs/formats.md, whose table is tested in cmd/bench. zcat of gzip 1.12 prints the
// text of each case, with a warning for the last three.
func TestGzipFile(t *testing.T) {
	member := gzipped(t, "text\n")
	const more = "more data after the end of the gzip data, which zcat would leave out; fetch the file again"
	for _, c := range []struct{ reason, data, want, err string }{
		{"one member", member, "text\n", ""},
		{"three members, one of them empty", member + gzipped(t, "") + member, "text\ntext\n", ""},
		{"zeros", member + "\x00\x00\x00", "text\n", ""},
		{"garbage", member + "garbage and more", "text\n", more},
		{"a member after zeros", member + "\x00" + member, "text\n", more},
		{"zeros and garbage", member + "\x00x", "text\n", more},
	} {
		in, err := openLines(filepath.Join(writeTree(t, map[string]string{"a.gz": c.data}), "a.gz"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		in.Close()
		if message := text(err); string(got) != c.want || message != c.err {
			t.Errorf("%s: got %q, %v", c.reason, got, err)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FuzzDecoded: whatever a file holds, it is read to an end or an error within bounds.
func FuzzDecoded(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08"), true)
	f.Add([]byte("\x28\xb5\x2f\xfd"), false)
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00"), true)
	f.Fuzz(func(t *testing.T, data []byte, gz bool) {
		name := "a.zst"
		if gz {
			name = "a.gz"
		}
		in, err := decoded(name, io.NopCloser(strings.NewReader(string(data))), int64(len(data)))
		if err != nil {
			return
		}
		defer in.Close()
		if n, _ := io.Copy(io.Discard, in); n > max(maxLine, maxExpansion*int64(len(data))) {
			t.Errorf("%d bytes of %d", n, len(data))
		}
	})
}
