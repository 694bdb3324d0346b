package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// ErrChanged is wrapped by the error about a file that changed while it was read.
var ErrChanged = errors.New("the file changed while it was read")

// File is a file whose header has been read and checked against its size, but whose numbers
// are still on the disk. It may come from any program and hold any type of number.
type File struct {
	Path     string
	Metadata map[string]string
	Tensors  []Info // in the order of their data

	file   *os.File
	begin  fs.FileInfo // when it was opened
	data   int64       // offset of the numbers
	sealed bool
}

// Info describes a tensor of a File.
type Info struct {
	Name  string
	Type  string // dtype: F32, BF16, I64, …
	Shape []int

	at int64 // offset from the first number of the file
}

// Size is the number of elements.
func (t Info) Size() int {
	n, _ := volume(t.Shape) // arrange has checked it
	return n
}

// Bytes is the size of the numbers in the file.
func (t Info) Bytes() int64 { return int64(t.Size()) * int64(typeSizes[t.Type]) }

// Readable reports whether the numbers can be read as float32.
func (t Info) Readable() bool { return readable(t.Type) }

func readable(kind string) bool { return kind == F32 || kind == F16 || kind == BF16 }

// Open reads the header of a file. The caller closes it.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f := &File{Path: path, file: file}
	if err := f.open(); err != nil {
		file.Close()
		return nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return f, nil
}

func (f *File) open() (err error) {
	if f.begin, err = f.file.Stat(); err != nil {
		return err
	}
	if !f.begin.Mode().IsRegular() {
		return errors.New("is not a file")
	}
	head, err := readHeader(f.file, f.begin.Size())
	if err != nil {
		return err
	}
	metadata, entries, err := parse(head[lengthSize:])
	if err != nil {
		return damaged("header: %w", err)
	}
	f.Metadata, f.data = metadata, int64(len(head))
	f.sealed = bytes.HasPrefix(head[lengthSize:], []byte(opening))
	if err := arrange(entries, f.begin.Size()-f.data); err != nil {
		return damaged("%w", err)
	}
	for _, e := range entries {
		f.Tensors = append(f.Tensors, Info{Name: e.name, Type: e.dtype, Shape: e.shape, at: int64(e.begin)})
	}
	return nil
}

// Read fills to with the numbers of a tensor from element from on, converted to float32. It
// may be called from several goroutines.
func (f *File) Read(t Info, from int, to []float32) error {
	if !t.Readable() {
		panic(fmt.Sprintf("safetensors: read tensor %q of %s", t.Name, t.Type))
	}
	return readFrom(f, t, from, to, func(to []float32, part []byte) { decode(to, part, t.Type) })
}

// ReadBits is Read for a tensor of F16 or BF16, without the conversion.
func ReadBits[T ~uint16](f *File, t Info, from int, to []T) error {
	if t.Type != F16 && t.Type != BF16 {
		panic(fmt.Sprintf("safetensors: read 16 bits of tensor %q of %s", t.Name, t.Type))
	}
	return readFrom(f, t, from, to, func(to []T, part []byte) {
		for i := range to {
			to[i] = T(binary.LittleEndian.Uint16(part[2*i:]))
		}
	})
}

func readFrom[T any](f *File, t Info, from int, to []T, decode func(to []T, part []byte)) error {
	if from < 0 || len(to) > t.Size()-from {
		panic(fmt.Sprintf("safetensors: read %d numbers from %d of tensor %q", len(to), from, t.Name))
	}
	size := typeSizes[t.Type]
	at := f.data + t.at + int64(from)*int64(size)
	buf := make([]byte, min(len(to), chunk)*size)
	for numbers := range slices.Chunk(to, chunk) {
		part := buf[:len(numbers)*size]
		if _, err := f.file.ReadAt(part, at); err == io.EOF {
			return fmt.Errorf("safetensors: %s: %w: it ends within tensor %q", f.Path, ErrChanged, t.Name)
		} else if err != nil {
			return fmt.Errorf("safetensors: %s: tensor %q: %w", f.Path, t.Name, err)
		}
		decode(numbers, part)
		at += int64(len(part))
	}
	return nil
}

// Check verifies the checksum, if the file was written by Write, which costs reading it
// once more.
func (f *File) Check() error {
	if !f.sealed {
		return nil
	}
	return Check(f.Path)
}

// Unchanged returns an error if the file was written to, replaced or removed since Open.
func (f *File) Unchanged() error {
	now, err := os.Stat(f.Path)
	if err != nil {
		return fmt.Errorf("safetensors: %w: %w", ErrChanged, err)
	}
	if !os.SameFile(now, f.begin) || now.Size() != f.begin.Size() || !now.ModTime().Equal(f.begin.ModTime()) {
		return fmt.Errorf("safetensors: %s: %w: wait until nothing writes to it, then try again", f.Path, ErrChanged)
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
