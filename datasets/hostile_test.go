package datasets

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/internal/download"
	"infinibench/internal/textfile"

	"github.com/google/go-cmp/cmp"
)

// repeated is an endless text of one byte.
type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// A small file that decodes to a huge one is rejected before it fills memory or disk.
// 70 MB compress to under 70 KB, of which 64 MiB may be decoded.
func TestOpenLinesRefusesBombs(t *testing.T) {
	text := strings.Repeat("\n", 70_000_000)
	for name, data := range map[string]string{"bomb.jsonl.gz": gzipped(t, text), "bomb.jsonl.zst": zstdCompressed(t, text)} {
		dir := writeTree(t, map[string]string{name: data})
		in, err := openLines(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, in)
		in.Close()
		if err == nil || !strings.HasPrefix(err.Error(), "the file holds over 200 times its size") || n > maxLine {
			t.Errorf("%s of %d bytes gave %d, %v", name, len(data), n, err)
		}
	}
	// Ordinary text, however, may have any length.
	in, err := openLines(filepath.Join(writeTree(t, map[string]string{"a.jsonl.gz": gzipped(t, proofPileLines)}), "a.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if data, err := io.ReadAll(in); err != nil || string(data) != proofPileLines {
		t.Errorf("%d bytes of %d, %v", len(data), len(proofPileLines), err)
	}
}

// A line that never ends costs no more than one of the maximum length.
func TestScanLinesRefusesEndlessLine(t *testing.T) {
	in := &io.LimitedReader{R: repeated('x'), N: math.MaxInt64}
	err := textfile.Lines(in, 1<<20, func(int, int64, []byte) error { return nil })
	wantError(t, err, "line 1: longer than 1048576 bytes", "")
	if read := math.MaxInt64 - in.N; read > 1<<20 {
		t.Errorf("%d bytes were read", read)
	}
}

func TestReadMetadataTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metadata.csv")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 4<<30); err != nil { // a hole, so it takes no disk
		t.Fatal(err)
	}
	_, err := readMetadata(path)
	wantError(t, err, "DIR: larger than 64 MiB, which no metadata.csv should be", path)
}

func TestParseSumsRefusesTraversal(t *testing.T) {
	for _, name := range []string{"../x", "a/../../x", "/etc/passwd", `..\x`, ".."} {
		_, err := parseSums(strings.NewReader(sumABC + "  ok\n" + sumABC + "  " + name + "\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || !strings.HasSuffix(err.Error(), " is not below the folder of the list") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

// A link in the folder of a corpus does not lead a download out of it.
func TestDownloadStaysInItsFolder(t *testing.T) {
	for _, c := range []struct{ reason, link, target string }{
		{"the part", bookName + ".part", "outside/file"},
		{"a part to be made", bookName + ".part", "outside/new"},
		{"the file", bookName, "outside/file"},
		{"the folder", "test", "outside"},
		{"up and down", bookName + ".part", "../../outside/file"},
	} {
		base := writeTree(t, map[string]string{"outside/file": "untouched", "data/": ""})
		dir := filepath.Join(base, "data")
		link := filepath.Join(dir, filepath.FromSlash(c.link))
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		target := c.target
		if !strings.HasPrefix(target, "..") {
			target = filepath.Join(base, target)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Skipf("this system makes no links: %v", err)
		}
		store := newFakeStore(t, map[string]string{bookName: bookText})
		file := download.File{Name: bookName, URL: store.URL + "/deepmind-gutenberg/" + bookName, Size: int64(len(bookText)), MD5: hexMD5(bookText)}
		_, err := store.fetcher().Client.Fetch(t.Context(), dir, file, func(int64) {})
		if err == nil || !strings.Contains(err.Error(), "path escapes from parent") {
			t.Errorf("%s: error %v", c.reason, err)
		}
		if diff := cmp.Diff(map[string]string{"file": "untouched"}, filesBelow(t, filepath.Join(base, "outside"))); diff != "" {
			t.Errorf("%s: outside the folder: %s", c.reason, diff)
		}
		if len(store.gets) > 0 {
			t.Errorf("%s: transfers %v", c.reason, store.gets)
		}
	}
}

// A store may redirect a transfer, but not to a local file and not off the encrypted
// connection. Such a redirect fails at once, without a retry.
func TestDownloadRedirects(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(bookText), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(bookText)) }))
	defer plain.Close()
	for _, c := range []struct{ to, err string }{
		{"file://" + secret, "redirected to file://" + secret + ", which is not https"},
		{plain.URL, "redirected to " + plain.URL + ", which is not https"},
		{"/", "more than 10 redirections"},
	} {
		tries := 0
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Referer") == "" {
				tries++
			}
			http.Redirect(w, r, c.to, http.StatusFound)
		}))
		store := &fakeStore{Server: server}
		dir := t.TempDir()
		file := download.File{Name: bookName, URL: server.URL + "/x", Size: int64(len(bookText)), MD5: hexMD5(bookText)}
		_, err := store.fetcher().Client.Fetch(t.Context(), dir, file, func(int64) {})
		server.Close()
		if err == nil || !strings.HasSuffix(err.Error(), c.err) || tries != 1 {
			t.Errorf("to %s: error %v after %d tries", c.to, err, tries)
		}
		if _, err := os.Stat(filepath.Join(dir, bookName)); err == nil {
			t.Errorf("to %s: the file is there", c.to)
		}
	}
}

// PG19's store lists only MD5. A SHA-256 recorded earlier, or supplied by the user,
// must also match before the file gets its final name.
func TestFetchHoldsRecordedSums(t *testing.T) {
	store := newFakeStore(t, pg19Objects())
	wrong := hexSHA256("another text")
	dir := writeTree(t, map[string]string{sumsFile: wrong + "  test/2.txt\n"})
	err := store.fetcher().fetch(t.Context(), "pg19", dir, Test, nil)
	wantError(t, err, "fetch pg19: test/2.txt: its SHA-256 is "+hexSHA256("two")+", it should be "+wrong, "")
	if _, err := os.Stat(filepath.Join(dir, "test", "2.txt")); err == nil {
		t.Error("the file is there")
	}
}

// Whatever bytes a file of lines holds, plain or compressed, its lines are found or the
// file is rejected; the lines of a plain file are at the positions reported.
func FuzzLines(f *testing.F) {
	suffixes := []string{"", ".gz", ".zst"}
	f.Add([]byte(proofPileLines), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		suffix := suffixes[int(kind)%len(suffixes)]
		in, err := decoded("lines"+suffix, io.NopCloser(bytes.NewReader(data)), int64(len(data)))
		if err != nil {
			return
		}
		defer in.Close()
		last := 0
		err = textfile.Lines(in, 1<<12, func(number int, offset int64, line []byte) error {
			if number <= last || len(line) > 1<<12 || bytes.IndexByte(line, '\n') >= 0 {
				t.Errorf("line %d, %d bytes, after line %d", number, len(line), last)
			}
			last = number
			if suffix == "" && !bytes.HasPrefix(data[offset:], line) {
				t.Errorf("line %d does not stand at byte %d", number, offset)
			}
			_, _, err := parseProofPile(line)
			return err
		})
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("the error names no line: %v", err)
		}
	})
}
