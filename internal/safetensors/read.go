package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Read returns the metadata and the tensors of a file, in the order of their data. It does
// not trust the file: it checks every length against the file's size before allocating.
//
// If the metadata has the key "sha256", Read has verified the checksum, and the file is as
// Write left it. Files of other programs lack the key and are read as they are. A caller
// that expects a file of Write must therefore check for the key, since damage to the key's
// own name makes the file look like another program's.
func Read(path string) (metadata map[string]string, tensors []Tensor, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("safetensors: %s is not a file", path)
	}
	metadata, tensors, err = read(f, info.Size())
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return metadata, tensors, nil
}

// ErrDamaged is wrapped by Check's error for a file that is not as Write left it.
var ErrDamaged = errors.New("the file is damaged")

// Check verifies the checksum of a file of Write, without loading it into memory.
func Check(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	defer f.Close()
	fail := func(format string, args ...any) error {
		return fmt.Errorf("safetensors: %s: %w: "+format, append([]any{path, ErrDamaged}, args...)...)
	}
	head := make([]byte, sumAt+len(noSum))
	if _, err := io.ReadFull(f, head); err == io.EOF || err == io.ErrUnexpectedEOF {
		return fail("it ends within its header")
	} else if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if string(head[lengthSize:sumAt]) != opening {
		return fail("it does not begin with its checksum")
	}
	want := string(head[sumAt:])
	copy(head[sumAt:], noSum)
	sum := sha256.New()
	sum.Write(head)
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fail("its sha256 is %s, it should be %q", got, want)
	}
	return nil
}

// damaged adds the remedy to an error.
func damaged(format string, args ...any) error {
	return fmt.Errorf(format+": the file is damaged or no safetensors file; delete it, or put a good copy in its place", args...)
}

// read reads a file of a known size.
func read(r io.Reader, size int64) (map[string]string, []Tensor, error) {
	head, err := readHeader(r, size)
	if err != nil {
		return nil, nil, err
	}
	metadata, entries, err := parse(head[lengthSize:])
	if err != nil {
		return nil, nil, damaged("header: %w", err)
	}
	for _, e := range entries {
		if e.dtype != "F32" {
			return nil, nil, fmt.Errorf("tensor %q has dtype %q, only F32 can be read: convert the file", e.name, e.dtype)
		}
	}
	if err := arrange(entries, size-int64(len(head))); err != nil {
		return nil, nil, damaged("%w", err)
	}

	want, protected := metadata[checksumKey]
	if protected {
		if !bytes.HasPrefix(head[lengthSize:], []byte(opening+want)) || len(want) != len(noSum) {
			return nil, nil, damaged("its sha256 is not one that was written here")
		}
		copy(head[sumAt:], noSum)
	}
	sum := sha256.New()
	sum.Write(head)
	tensors, err := readData(io.TeeReader(r, sum), entries)
	if err != nil {
		return nil, nil, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); protected && got != want {
		return nil, nil, damaged("its sha256 is %s, it should be %s", got, want)
	}
	return metadata, tensors, nil
}

// readHeader returns the start of the file, up to the data.
func readHeader(r io.Reader, size int64) ([]byte, error) {
	if size < lengthSize {
		return nil, damaged("%d bytes, too short for the length of a header", size)
	}
	head := make([]byte, lengthSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(head)
	if n > headerLimit {
		return nil, damaged("the header should have %d bytes, more than the limit of %d", n, headerLimit)
	}
	if n > uint64(size-lengthSize) {
		return nil, damaged("the header should have %d bytes, %d are left", n, size-lengthSize)
	}
	head = append(head, make([]byte, n)...)
	_, err := io.ReadFull(r, head[lengthSize:])
	return head, err
}

// arrange sorts the tensors by position and checks that each takes the bytes its shape
// needs, that they follow one another without gap or overlap, and that they fill the size
// bytes of data. Other programs order the header by name.
func arrange(entries []entry, size int64) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.begin != b.begin {
			return a.begin - b.begin
		}
		return a.end - b.end
	})
	at := 0
	for _, e := range entries {
		n, ok := volume(e.shape)
		if !ok {
			return fmt.Errorf("tensor %q: shape %v is too large", e.name, e.shape)
		}
		if e.begin != at {
			return fmt.Errorf("tensor %q begins at byte %d of the data, not at %d where the one before ends", e.name, e.begin, at)
		}
		size, known := typeSizes[e.dtype]
		if !known {
			return fmt.Errorf("tensor %q has the unknown dtype %q", e.name, e.dtype)
		}
		if e.end-e.begin != n*size {
			return fmt.Errorf("tensor %q has %d bytes, its shape %v needs %d", e.name, e.end-e.begin, e.shape, n*size)
		}
		at = e.end
	}
	if int64(at) != size {
		return fmt.Errorf("the tensors need %d bytes of data, there are %d", at, size)
	}
	return nil
}

func readData(r io.Reader, entries []entry) ([]Tensor, error) {
	buf := make([]byte, chunk*numberSize)
	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		data := make([]float32, (e.end-e.begin)/numberSize)
		for numbers := range slices.Chunk(data, chunk) {
			part := buf[:len(numbers)*numberSize]
			if _, err := io.ReadFull(r, part); err != nil {
				return nil, fmt.Errorf("tensor %q: %w", e.name, err)
			}
			decode(numbers, part, F32)
		}
		tensors[i] = Tensor{Name: e.name, Shape: e.shape, Data: data}
	}
	return tensors, nil
}
