package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"infinibench/internal/textfile"
)

// officialSplits are the three splits in the order they are reported.
var officialSplits = []Split{Train, Validation, Test}

// ReadText reads a file as one document. It drops a UTF-8 signature at the start, as
// editors, browsers and Python's "utf-8-sig" do: the signature names the encoding and
// is not part of the text. Everything else is returned byte for byte, including line
// ends and any other U+FEFF, because word and byte perplexities count them. Errors name
// the file.
func ReadText(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fileError(path, err)
	}
	return CheckText(path, data)
}

// CheckText returns data as text without a leading UTF-8 signature, or an error that
// starts with name and says why data cannot be a document.
func CheckText(name string, data []byte) (string, error) {
	data, err := textfile.Strip(data)
	if err == nil {
		err = checkText(data)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(data), nil
}

// checkText returns why data cannot be a document: it is blank, binary or not UTF-8.
// Offsets count bytes from 0.
func checkText(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("no text: the file is empty or blank; fetch it again")
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return fmt.Errorf("NUL at byte %d: a binary file, not text", i)
	}
	return checkUTF8(data)
}

// checkUTF8 reports the offset of the first byte that is not UTF-8.
func checkUTF8(data []byte) error {
	if utf8.Valid(data) {
		return nil
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return fmt.Errorf("invalid UTF-8 at byte %d; convert the text to UTF-8 or fetch it again", i)
		}
		i += size
	}
}

// CountWords counts whitespace-separated words.
func CountWords(text string) int64 {
	var n int64
	for range strings.FieldsSeq(text) {
		n++
	}
	return n
}

// fileError drops the name of the system call from an error about a path: users know
// the file, not the call.
func fileError(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// documentRange is the error for a document index out of range.
func documentRange(corpus string, split Split, n, i int) error {
	return fmt.Errorf("%s: no document %d in split %q, which has %d", corpus, i, split, n)
}
