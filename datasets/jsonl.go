package datasets

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxLine bounds the memory one line of a JSONL file can take. The longest
	// paper of proof-pile is near 1.6 million tokens, a tenth of this in bytes.
	maxLine = 64 << 20
	// maxWindow bounds the memory a zstd stream can ask for; it is what the zstd
	// command itself accepts without --long.
	maxWindow = 128 << 20
	// maxExpansion is how many times its own size a compressed file may hold. Papers
	// shrink to a third; gzip can make 1 byte of 1,000 and zstd of far more, but only
	// of a file that was made to fill the disk.
	maxExpansion = 200
)

// openLines opens a .jsonl, .jsonl.gz or .jsonl.zst file for reading from its
// start; closing it closes the decoder and the file.
func openLines(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fileError(name, err)
	}
	in, err := decoded(name, f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return in, nil
}

// decoded is f itself, or what it holds when its name says that it is compressed.
func decoded(name string, f io.ReadCloser, size int64) (io.ReadCloser, error) {
	left := max(maxLine, maxExpansion*size)
	name = strings.ToLower(name)
	switch {
	case strings.HasSuffix(name, ".gz"):
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, err
		}
		return &decodedFile{z, f, left}, nil
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return &decodedFile{z.IOReadCloser(), f, left}, nil
	}
	return f, nil
}

// decodedFile is a decoder, the file below it and how much may still come of it.
type decodedFile struct {
	io.ReadCloser
	file io.Closer
	left int64
}

func (d *decodedFile) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if d.left -= int64(n); d.left < 0 {
		return 0, fmt.Errorf("the file holds over %d times its size, more than text does; decompress it yourself if that is right", maxExpansion)
	}
	return n, err
}

func (d *decodedFile) Close() error {
	return errors.Join(d.ReadCloser.Close(), d.file.Close())
}

// scanLines calls visit for every line that is not blank, with its number (from
// 1), its offset in r and its bytes without the line end, valid during the call.
// A line longer than limit bytes is an error. Errors name the line.
func scanLines(r io.Reader, limit int, visit func(number int, offset int64, line []byte) error) error {
	var start, next int64 // offsets of this line and of the one after
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, min(limit, 1<<20)), limit)
	lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		// What stands before a read error is half a line, not a last line without
		// its line end.
		if err := lines.Err(); err != nil && bytes.IndexByte(data, '\n') < 0 {
			return 0, nil, err
		}
		advance, line, err := bufio.ScanLines(data, atEOF)
		start, next = next, next+int64(advance)
		return advance, line, err
	})
	number := 0
	for lines.Scan() {
		number++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := visit(number, start, lines.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: longer than %d bytes", number+1, limit)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("line %d: the zstd window is over %d MiB; recompress the file without --long", number+1, maxWindow>>20)
	case err != nil:
		return fmt.Errorf("line %d: %w", number+1, err)
	}
	return nil
}

// parseProofPile reads one line of proof-pile, or of another collection that has
// papers of arXiv: its text, and the part of the collection it belongs to, which is
// proof-pile's config ("arxiv", "books", "formal", ...) or as [lineMeta] names it. The
// files on the hub have an object under "meta"; the same lines saved through the
// datasets library have that object as a JSON string, so both are read.
func parseProofPile(line []byte) (text, config string, err error) {
	var record struct {
		Text   *string         `json:"text"`
		Meta   json.RawMessage `json:"meta"`
		Subset string          `json:"red_pajama_subset"`
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return "", "", fmt.Errorf("not a JSON object with text and meta: %w", err)
	}
	if record.Text == nil {
		return "", "", errors.New(`no "text"; ` + lineForm)
	}
	object := []byte(record.Meta)
	if bytes.HasPrefix(object, []byte{'"'}) {
		var quoted string
		if err := json.Unmarshal(object, &quoted); err != nil {
			return "", "", fmt.Errorf("meta: %w", err)
		}
		object = []byte(quoted)
	}
	var meta lineMeta
	if len(object) > 0 {
		if err := json.Unmarshal(object, &meta); err != nil {
			return "", "", fmt.Errorf("meta: %w", err)
		}
	}
	if config, err = meta.part(record.Subset); err != nil {
		return "", "", err
	}
	return *record.Text, config, nil
}
