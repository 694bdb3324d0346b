package datasets

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxWindow bounds the memory a zstd stream can ask for; it is what the zstd
	// command itself accepts without --long.
	maxWindow = 128 << 20
	// maxExpansion is how many times its own size a compressed file may decode to.
	// Papers compress to a third of their size. gzip can expand 1 byte to 1,000, and
	// zstd to far more, but only in a file made to fill the disk.
	maxExpansion = 200
)

// openLines opens a .jsonl, .jsonl.gz or .jsonl.zst file for reading. Closing the
// result closes the decoder and the file.
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

// decoded returns f itself, or a decoder over it if the name says that it is
// compressed.
func decoded(name string, f io.ReadCloser, size int64) (io.ReadCloser, error) {
	left := max(maxLine, maxExpansion*size)
	name = strings.ToLower(name)
	gz, zst := strings.HasSuffix(name, ".gz"), strings.HasSuffix(name, ".zst")
	switch {
	case (gz || zst) && size == 0: // zcat and zstd refuse it too
		return nil, errors.New("the file is empty, which no compressed file is; fetch it again")
	case gz:
		z, err := newGzipFile(f)
		if err != nil {
			return nil, err
		}
		return &decodedFile{z, f, left}, nil
	case zst:
		// It reads one frame after another and skips skippable frames, as zstd does.
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return &decodedFile{z.IOReadCloser(), f, left}, nil
	}
	return f, nil
}

// decodedFile is a decoder, the file below it and how much more it may produce.
type decodedFile struct {
	io.ReadCloser
	file io.Closer
	left int64
}

func (d *decodedFile) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = fmt.Errorf("the zstd window is over %d MiB; recompress the file without --long", maxWindow>>20)
	}
	if errors.Is(err, zstd.ErrMagicMismatch) {
		err = errors.New("not zstd data, at the start of the file or after the end of a frame; fetch the file again")
	}
	if d.left -= int64(n); d.left < 0 {
		return 0, fmt.Errorf("the file holds over %d times its size, more than text does; decompress it yourself if that is right", maxExpansion)
	}
	return n, err
}

func (d *decodedFile) Close() error {
	return errors.Join(d.ReadCloser.Close(), d.file.Close())
}

// gzipFile reads a gzip file as zcat does: one member after another, treating zero
// bytes after the last as padding. zcat ignores other trailing data with a warning;
// here it is an error, because it may be damaged text.
type gzipFile struct {
	*gzip.Reader
	file *bufio.Reader
}

func newGzipFile(f io.Reader) (*gzipFile, error) {
	file := bufio.NewReaderSize(f, 1<<16)
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipFile{z, file}, nil
}

// Read continues with the next member at the end of one.
func (g *gzipFile) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if err == io.EOF {
		err = g.next()
	}
	return n, err
}

// next opens the next member, or returns io.EOF if there is none.
func (g *gzipFile) next() error {
	first, err := g.file.Peek(1)
	if err != nil {
		return err
	}
	garbage := errors.New("more data after the end of the gzip data, which zcat would leave out; fetch the file again")
	if first[0] != 0 {
		if err := g.Reader.Reset(g.file); errors.Is(err, gzip.ErrHeader) {
			return garbage
		} else if err != nil {
			return err
		}
		g.Reader.Multistream(false)
		return nil
	}
	for {
		if b, err := g.file.ReadByte(); err != nil {
			return err
		} else if b != 0 {
			return garbage
		}
	}
}
