package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readBytes(b []byte) (map[string]string, []Tensor, error) {
	return read(bytes.NewReader(b), int64(len(b)))
}

// file is a file of a header and some bytes of data.
func file(header, data string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func TestReadExactBytes(t *testing.T) {
	metadata, tensors, err := readBytes([]byte(example.bytes))
	if err != nil {
		t.Fatal(err)
	}
	want := maps.Clone(example.metadata)
	want["sha256"] = example.sum
	if diff := cmp.Diff(want, metadata); diff != "" {
		t.Error(diff)
	}
	wantTensors := []Tensor{example.tensors[0], {Name: "n", Shape: []int{}, Data: example.tensors[1].Data}}
	if diff := cmp.Diff(wantTensors, tensors); diff != "" {
		t.Error(diff)
	}
}

// The bytes that the format's own library (huggingface/safetensors, tensor.rs,
// test_serialization and test_empty) must write.
func TestReadReferenceBytes(t *testing.T) {
	metadata, tensors, err := readBytes(file(`{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}`,
		"\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40\x00\x00\xa0\x40"))
	want := []Tensor{{Name: "attn.0", Shape: []int{1, 2, 3}, Data: []float32{0, 1, 2, 3, 4, 5}}}
	if err != nil || len(metadata) != 0 || !cmp.Equal(tensors, want) {
		t.Errorf("got %v, %v, %v", metadata, tensors, err)
	}
	metadata, tensors, err = readBytes([]byte{8, 0, 0, 0, 0, 0, 0, 0, '{', '}', 32, 32, 32, 32, 32, 32})
	if err != nil || len(metadata) != 0 || len(tensors) != 0 {
		t.Errorf("got %v, %v, %v", metadata, tensors, err)
	}
}

// testdata/nlpodyssey.safetensors was written by github.com/nlpodyssey/safetensors
// of 2025-02-09 from the values here.
func TestReadOtherWriter(t *testing.T) {
	metadata, tensors, err := Read(filepath.Join("testdata", "nlpodyssey.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"format": "pt", "näme": "x\n\"y\""}, metadata); diff != "" {
		t.Error(diff)
	}
	want := []Tensor{
		{Name: `a "ü"`, Shape: []int{1, 1}, Data: []float32{7}},
		{Name: "b", Shape: []int{1}, Data: []float32{float32(math.Copysign(0, -1))}},
		{Name: "empty", Shape: []int{0, 4}, Data: []float32{}},
		{Name: "w", Shape: []int{2, 3}, Data: []float32{0, 1, -2, 0.5, float32(math.Inf(1)), 1e-45}},
	}
	if diff := cmp.Diff(want, tensors); diff != "" {
		t.Error(diff)
	}
	if !math.Signbit(float64(tensors[1].Data[0])) {
		t.Error("-0 was read as 0")
	}
}

func TestReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	bits := []uint32{0, 1, 0x7fffffff, 0x7f800001, 0x7fc00000, 0x80000000, 0xff800000, 0xffffffff}
	data := make([]float32, 3*chunk+5) // several chunks and a part of one
	for i := range data {
		data[i] = math.Float32frombits(bits[i%len(bits)] ^ uint32(i/len(bits)))
	}
	in := []Tensor{{Name: "z", Shape: []int{len(data)}, Data: data}, {Name: "", Shape: []int{0}, Data: nil}, {Name: "a\nb", Shape: []int{1}, Data: []float32{3}}}
	if err := Write(path, nil, in); err != nil {
		t.Fatal(err)
	}
	metadata, out, err := Read(path)
	if err != nil || len(metadata) != 1 || len(out) != 3 {
		t.Fatalf("got %v, %d tensors, %v", metadata, len(out), err)
	}
	// A tensor without data begins where the next one begins.
	if names := []string{out[0].Name, out[1].Name, out[2].Name}; !cmp.Equal(names, []string{"z", "", "a\nb"}) {
		t.Errorf("got the order %q", names)
	}
	for i, v := range out[0].Data { // by bits: there are NaNs
		if got, want := math.Float32bits(v), math.Float32bits(data[i]); got != want {
			t.Fatalf("number %d is %#x, want %#x", i, got, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	const advice = ": the file is damaged or no safetensors file; delete it, or put a good copy in its place"
	ones := strings.Repeat("\x01", 16)
	for _, c := range []struct {
		reason string
		file   []byte
		want   string
	}{
		{"empty", nil, `0 bytes, too short for the length of a header` + advice},
		{"a header longer than the file", file(`{}`, "")[:9], `the header should have 2 bytes, 1 are left` + advice},
		{"a header above the limit", []byte("\x01\xe1\xf5\x05\x00\x00\x00\x00"), `the header should have 100000001 bytes, more than the limit of 100000000` + advice},
		{"a header length that is negative as int64", []byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), `the header should have 18446744073709551615 bytes, more than the limit of 100000000` + advice},
		{"no header", file(``, ""), `header: does not begin with {` + advice},
		{"space before the header", file(` {}`, ""), `header: does not begin with {` + advice},
		{"not UTF-8", file("{\"\xff\":1}", ""), `header: invalid UTF-8` + advice},
		{"half a header", file(`{"a":{"dtype":"F32"`, ""), `header: "a": ends too early` + advice},
		{"two headers", file(`{}{}`, ""), `header: continues after its end` + advice},
		{"an array", file(`{"a":[]}`, ""), `header: "a": [ where { should be` + advice},
		{"metadata that is not a string", file(`{"__metadata__":{"a":1}}`, ""), `header: "__metadata__": "a": 1 is not a string` + advice},
		{"deep nesting", file(`{"a":`+strings.Repeat("[", 1000), ""), `header: "a": [ where { should be` + advice},
		{"a name twice", file(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, ""), `header: "a" occurs twice` + advice},
		{"a metadata key twice", file(`{"__metadata__":{"a":"1","a":"2"}}`, ""), `header: "__metadata__": "a" occurs twice` + advice},
		{"a key of a tensor twice", file(`{"a":{"shape":[],"shape":[1]}}`, ""), `header: "a": "shape" occurs twice` + advice},
		{"an unknown key", file(`{"a":{"Dtype":"F32"}}`, ""), `header: "a": "Dtype": unknown key; allowed: dtype, shape, data_offsets` + advice},
		{"no dtype", file(`{"a":{"shape":[],"data_offsets":[0,0]}}`, ""), `header: "a": dtype is missing` + advice},
		{"no shape", file(`{"a":{"dtype":"F32","data_offsets":[0,0]}}`, ""), `header: "a": shape is missing` + advice},
		{"null for a shape", file(`{"a":{"dtype":"F32","shape":null,"data_offsets":[0,0]}}`, ""), `header: "a": "shape": null where [ should be` + advice},
		{"no offsets", file(`{"a":{"dtype":"F32","shape":[]}}`, ""), `header: "a": data_offsets are [], want a begin and an end` + advice},
		{"one offset", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[4]}}`, ones[:4]), `header: "a": data_offsets are [4], want a begin and an end` + advice},
		{"offsets backwards", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}`, ones[:4]), `header: "a": data_offsets are [4 0], want a begin and an end` + advice},
		{"a negative shape", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}`, ""), `header: "a": "shape": -1 is not a whole number from 0 to 9223372036854775807` + advice},
		{"a fraction", file(`{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, ones[:4]), `header: "a": "shape": 1.0 is not a whole number from 0 to 9223372036854775807` + advice},
		{"a number beyond int", file(`{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,0]}}`, ""), `header: "a": "shape": 9223372036854775808 is not a whole number from 0 to 9223372036854775807` + advice},
		{"a shape whose size overflows to 0", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, ""), `tensor "a": shape [4294967296 4294967296] is too large` + advice},
		{"a shape whose bytes overflow to 0", file(`{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}`, ""), `tensor "a": shape [4611686018427387904] is too large` + advice},
		{"a gap before", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, ones[:8]), `tensor "a" begins at byte 4 of the data, not at 0 where the one before ends` + advice},
		{"overlap", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, ones[:12]), `tensor "b" begins at byte 4 of the data, not at 8 where the one before ends` + advice},
		{"the same place twice", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, ones[:4]), `tensor "b" begins at byte 0 of the data, not at 4 where the one before ends` + advice},
		{"a shape of another size", file(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}`, ones), `tensor "a" has 16 bytes, its shape [3] needs 12` + advice},
		{"data missing", file(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, ones[:15]), `the tensors need 16 bytes of data, there are 15` + advice},
		{"data left over", file(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}`, ones), `the tensors need 12 bytes of data, there are 16` + advice},
		{"data promised far beyond the file", file(`{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`, ones), `the tensors need 4398046511104 bytes of data, there are 16` + advice},
		{"another dtype", file(`{"a":{"dtype":"BF16","shape":[8],"data_offsets":[0,16]}}`, ones), `tensor "a" has dtype "BF16", only F32 can be read: convert the file`},
		{"a checksum elsewhere", file(`{"__metadata__":{"format":"x","sha256":"`+noSum+`"}}`, ""), `its sha256 is not one that was written here` + advice},
		{"a short checksum", file(`{"__metadata__":{"sha256":"00"}}`, ""), `its sha256 is not one that was written here` + advice},
		// Digest of the 102 bytes by Python's hashlib.
		{"a wrong checksum", file(`{"__metadata__":{"sha256":"`+strings.Repeat("1", 64)+`"}}`, ""), `its sha256 is 37f6cab6b4d660d9748878ee7a8a75df25468b81ed6ae160d24a9df1f7cce0ce, it should be ` + strings.Repeat("1", 64) + advice},
	} {
		t.Run(c.reason, func(t *testing.T) {
			_, tensors, err := readBytes(c.file)
			if err == nil || err.Error() != c.want || tensors != nil {
				t.Errorf("got  %v, %v\nwant %s", tensors, err, c.want)
			}
		})
	}
}

// Errors of Read begin with the file's name, and fs.ErrNotExist distinguishes a missing
// file from an unreadable one.
func TestReadNamesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	_, _, err := Read(path)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "safetensors: open "+path+": no such file or directory" {
		t.Errorf("got %v", err)
	}
	_, _, err = Read(filepath.Dir(path))
	if want := "safetensors: " + filepath.Dir(path) + " is not a file"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := os.WriteFile(path, []byte("short"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err = Read(path)
	if want := "safetensors: " + path + ": 5 bytes, too short for the length of a header: the file is damaged or no safetensors file; delete it, or put a good copy in its place"; err == nil || err.Error() != want || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Every single flipped bit is an error, or takes the name of the checksum away,
// which is what Read tells callers to ask for.
func TestReadNoticesEveryBit(t *testing.T) {
	unprotected := 0
	for i := range len(example.bytes) * 8 {
		b := []byte(example.bytes)
		b[i/8] ^= 1 << (i % 8)
		metadata, tensors, err := readBytes(b)
		if _, protected := metadata[checksumKey]; err == nil && protected {
			t.Errorf("bit %d of byte %d (%q): read as %v %v", i%8, i/8, example.bytes[i/8], metadata, tensors)
		}
		if err == nil {
			unprotected++
		}
	}
	// At most the 48 bits of the six letters of its name.
	if unprotected == 0 || unprotected > 48 {
		t.Errorf("%d bits take the checksum away", unprotected)
	}
}

func TestReadNoticesEveryByte(t *testing.T) {
	for i := range len(example.bytes) {
		for _, v := range []byte{0, ' ', '"', '0', '9', 'a', '{', '}', 0x7f, 0xff} {
			b := []byte(example.bytes)
			if b[i] == v {
				continue
			}
			b[i] = v
			if metadata, _, err := readBytes(b); err == nil && metadata[checksumKey] != "" {
				t.Errorf("byte %d set to %#x was not noticed", i, v)
			}
		}
	}
}

func TestReadNoticesEveryLength(t *testing.T) {
	for n := range len(example.bytes) {
		if _, _, err := readBytes([]byte(example.bytes[:n])); err == nil {
			t.Errorf("the first %d of %d bytes were read", n, len(example.bytes))
		}
	}
	if _, _, err := readBytes([]byte(example.bytes + "\x00")); err == nil {
		t.Error("a byte too many was not noticed")
	}
}

// What a small file promises must not be allocated, and a large one not twice.
func TestReadMemory(t *testing.T) {
	allocated := func(f func()) int64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc - before.TotalAlloc)
	}
	const slack = 1 << 20
	liar := append(binary.LittleEndian.AppendUint64(nil, headerLimit-1), "{}"...)
	if n := allocated(func() { readBytes(liar) }); n > slack {
		t.Errorf("%d bytes allocated for a header that is not there", n)
	}
	path := filepath.Join(t.TempDir(), "x")
	const size = 16 << 20
	if err := Write(path, nil, []Tensor{{Name: "w", Shape: []int{size / 4}, Data: make([]float32, size/4)}}); err != nil {
		t.Fatal(err)
	}
	if n := allocated(func() { Read(path) }); n > size+slack {
		t.Errorf("%d bytes allocated for a file of %d", n, size)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(example.bytes))
	f.Add([]byte(example.bytes[:100]))
	f.Add(file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"c":{"dtype":"F32","shape":[3,0],"data_offsets":[4,4]}}`, strings.Repeat("\x7f", 12)))
	f.Add(file(`{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, "ab"))
	f.Add(file(`{"__metadata__":{"a":"b","a":"c"}}`, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, tensors, err := readBytes(b)
		if err != nil {
			return
		}
		names, bytes := map[string]bool{}, 0
		for _, x := range tensors {
			n := 1
			for _, d := range x.Shape {
				n *= d
			}
			if n != len(x.Data) || names[x.Name] {
				t.Errorf("tensor %q of shape %v with %d numbers", x.Name, x.Shape, len(x.Data))
			}
			names[x.Name] = true
			bytes += 4 * n
		}
		if bytes > len(b)-10 {
			t.Errorf("%d bytes of data from a file of %d", bytes, len(b))
		}
	})
}
