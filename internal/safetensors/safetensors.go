// Package safetensors reads and writes weights in the safetensors format
// (https://github.com/huggingface/safetensors#format), which other programs also read:
//
//	8 bytes   length of the header, little-endian
//	header    JSON: {"__metadata__": {key: text}, name: {"dtype", "shape", "data_offsets"}, …}
//	data      the tensors' numbers, row-major, little-endian, without gaps
//
// The format has no checksum, so a flipped bit in the data would be read as a slightly
// different weight. Write therefore puts one first in the metadata: "sha256" is the
// SHA-256, as 64 hexadecimal digits, of the whole file with these 64 digits written as
// zeros. It protects every byte: the length, the header with the names, shapes and other
// metadata, its padding, and the data.
package safetensors

import "math"

// Tensor is a named array of numbers.
type Tensor struct {
	Name  string
	Shape []int     // empty for a single number
	Data  []float32 // row-major
	Type  string    // in the file: F32, F16 or BF16; "" is F32. Read reads only F32 and leaves it empty
}

// kind is the type that the tensor is written in.
func (t Tensor) kind() string {
	if t.Type == "" {
		return F32
	}
	return t.Type
}

const (
	metadataKey = "__metadata__"
	checksumKey = "sha256"
	// opening begins the header of every file written here, so that the digits of the
	// checksum are at a known offset.
	opening = `{"` + metadataKey + `":{"` + checksumKey + `":"`
	noSum   = "0000000000000000000000000000000000000000000000000000000000000000"
	sumAt   = lengthSize + len(opening)

	lengthSize  = 8
	headerLimit = 100_000_000 // bytes; the limit of the format's own library
	numberSize  = 4           // bytes of a float32
	largestSize = 8           // bytes of the largest number of the format
	chunk       = 16 << 10    // numbers converted at a time
)

// volume is the number of elements of a shape. It is not ok if a dimension is negative or
// the size in bytes overflows.
func volume(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt/largestSize/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}
