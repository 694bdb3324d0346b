// Package textfile reads text files as other programs write them: with or without a
// byte-order mark, with LF or CR LF line ends, with or without a line end after the
// last line.
package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Mark is U+FEFF in UTF-8. At the start of a file it is a signature, which many Windows
// programs write and text readers skip; anywhere else it is an ordinary character.
const Mark = "\ufeff"

// foreign maps the byte-order marks of other encodings to their iconv names. Longer
// marks come first: UTF-32's starts with UTF-16's.
var foreign = []struct{ mark, name string }{
	{"\xff\xfe\x00\x00", "UTF-32"},
	{"\x00\x00\xfe\xff", "UTF-32"},
	{"\xff\xfe", "UTF-16"},
	{"\xfe\xff", "UTF-16"},
}

// maxMark is the length of the longest byte-order mark.
const maxMark = 4

// Strip returns data without a leading UTF-8 signature; it removes only one. A
// byte-order mark of another encoding is an error that names the encoding and says how
// to convert the file.
func Strip(data []byte) ([]byte, error) {
	for _, f := range foreign {
		if bytes.HasPrefix(data, []byte(f.mark)) {
			return nil, fmt.Errorf("the text is %s, by its byte-order mark; convert it: iconv -f %s -t UTF-8 FILE > NEWFILE", f.name, f.name)
		}
	}
	return bytes.TrimPrefix(data, []byte(Mark)), nil
}

// Lines calls visit for every line of r that is not blank. It passes the line number
// (from 1, counting blank lines), the byte offset in r, and the bytes of the line
// without its line end, which are valid only during the call. A signature is skipped
// but counts in the offset. A line of more than limit bytes is an error. Errors name
// the line.
func Lines(r io.Reader, limit int, visit func(number int, offset int64, line []byte) error) error {
	r, start, err := stripped(r)
	if err != nil {
		return err
	}
	next := start // offset of the line after this one
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, min(limit, 1<<20)), limit)
	lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		// Bytes before a read error are an incomplete line, not a last line without a
		// line end.
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
	case err != nil:
		return fmt.Errorf("line %d: %w", number+1, err)
	}
	return nil
}

// stripped is Strip for a stream; skipped is the length of the signature in bytes.
func stripped(r io.Reader) (rest io.Reader, skipped int64, err error) {
	head := make([]byte, maxMark)
	n, failed := io.ReadFull(r, head)
	head, err = Strip(head[:n])
	if err != nil {
		return nil, 0, err
	}
	if failed != nil && failed != io.EOF && failed != io.ErrUnexpectedEOF {
		r = broken{failed} // returned again after the bytes before it
	}
	return io.MultiReader(bytes.NewReader(head), r), int64(n - len(head)), nil
}

// broken is a stream that has failed.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
