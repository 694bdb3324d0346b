package safetensors

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"infinibench/internal/atomicfile"
)

// Write replaces the file at path. Equal arguments give equal bytes: the tensors in the
// given order; the metadata, after the checksum, in the order of its keys. The new file is
// complete and synced under another name before it replaces the old one, so that a reader,
// even after a crash, finds either the old file or the new one. The key "sha256" is
// reserved for Write.
func Write(path string, metadata map[string]string, tensors []Tensor) error {
	head, err := header(metadata, tensors)
	if err == nil {
		err = atomicfile.Fill(path, func(f *atomicfile.File) error { return fill(f, head, tensors) })
	}
	if err != nil {
		return fmt.Errorf("safetensors: write %s: %w", path, err)
	}
	return nil
}

// header is the start of the file up to the data, with zeros for the checksum.
func header(metadata map[string]string, tensors []Tensor) ([]byte, error) {
	b := append(make([]byte, lengthSize), opening+noSum+`"`...)
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if key == checksumKey {
			return nil, fmt.Errorf("metadata key %q is reserved for the checksum", key)
		}
		if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
			return nil, fmt.Errorf("metadata %q: %q is not UTF-8", key, metadata[key])
		}
		b = fmt.Appendf(b, ",%s:%s", asJSON(key), asJSON(metadata[key]))
	}
	b = append(b, '}')
	at, seen := 0, map[string]bool{}
	for _, t := range tensors {
		n, ok := volume(t.Shape)
		switch {
		case !utf8.ValidString(t.Name) || t.Name == metadataKey:
			return nil, fmt.Errorf("%q cannot be the name of a tensor", t.Name)
		case seen[t.Name]:
			return nil, fmt.Errorf("two tensors have the name %q", t.Name)
		case !ok || n != len(t.Data):
			return nil, fmt.Errorf("tensor %q has %d numbers, which do not fill its shape %v", t.Name, len(t.Data), t.Shape)
		case !readable(t.kind()):
			return nil, fmt.Errorf("tensor %q has the type %q; only F32, F16 and BF16 can be written", t.Name, t.Type)
		}
		seen[t.Name] = true
		shape := append([]int{}, t.Shape...) // never null
		size := n * typeSizes[t.kind()]
		b = fmt.Appendf(b, `,%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, asJSON(t.Name), t.kind(), asJSON(shape), at, at+size)
		at += size
	}
	b = append(b, '}')
	for len(b)%8 != 0 { // the data begins at a multiple of 8
		b = append(b, ' ')
	}
	if n := len(b) - lengthSize; n > headerLimit {
		return nil, fmt.Errorf("names and metadata take %d bytes, more than the limit of %d", n, headerLimit)
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-lengthSize))
	return b, nil
}

// asJSON encodes a string or whole numbers, which cannot fail.
func asJSON(v any) []byte {
	b, _ := json.Marshal(v)
	return b
}

// fill writes header and data, then the checksum of both into the header.
func fill(f *atomicfile.File, head []byte, tensors []Tensor) error {
	sum := sha256.New()
	w := io.MultiWriter(f, sum)
	if _, err := w.Write(head); err != nil {
		return err
	}
	buf := make([]byte, 0, chunk*numberSize)
	for _, t := range tensors {
		for numbers := range slices.Chunk(t.Data, chunk) {
			buf = encode(buf[:0], numbers, t.kind())
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
	}
	_, err := f.WriteAt([]byte(hex.EncodeToString(sum.Sum(nil))), int64(sumAt))
	return err
}
