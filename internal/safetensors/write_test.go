package safetensors

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// example is hand-assembled from the format's description. Its checksum is that
// of Python's hashlib over the same bytes with zeros in its place.
var example = struct {
	metadata map[string]string
	tensors  []Tensor
	sum      string
	bytes    string
}{
	metadata: map[string]string{"über": `a"b`, "format": "x"},
	tensors:  []Tensor{{Name: "w", Shape: []int{1, 2, 3}, Data: []float32{0, 1, 2, 3, 4, 5}}, {Name: "n", Shape: nil, Data: []float32{-0.5}}},
	sum:      exampleSum,
	bytes: "\xf0\x00\x00\x00\x00\x00\x00\x00" + // 234 bytes of JSON and 6 of padding
		`{"__metadata__":{"sha256":"` + exampleSum + `","format":"x","über":"a\"b"},` +
		`"w":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]},"n":{"dtype":"F32","shape":[],"data_offsets":[24,28]}}      ` +
		"\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40\x00\x00\xa0\x40" +
		"\x00\x00\x00\xbf",
}

const exampleSum = "35bf19a4cf7fc66d5fdfa5b3b2e3a7780572e98056c1fbe180699ee7eb3a4e11"

func TestWriteExactBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	for range 2 { // the second replaces the first
		if err := Write(path, example.metadata, example.tensors); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != example.bytes {
			t.Errorf("got  %q, %v\nwant %q", got, err, example.bytes)
		}
	}
	onlyFile(t, path)
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o644 {
		t.Errorf("mode is %v", info.Mode())
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	for _, c := range []struct {
		reason   string
		metadata map[string]string
		tensors  []Tensor
		want     string
	}{
		{"the checksum's key", map[string]string{"sha256": "x"}, nil, `metadata key "sha256" is reserved for the checksum`},
		{"broken text", map[string]string{"a": "\xff"}, nil, `metadata "a": "\xff" is not UTF-8`},
		{"a shape that is not the data's", nil, []Tensor{{Name: "w", Shape: []int{2, 3}, Data: one}}, `tensor "w" has 1 numbers, which do not fill its shape [2 3]`},
		{"a negative shape", nil, []Tensor{{Name: "w", Shape: []int{-1, -1}, Data: one}}, `tensor "w" has 1 numbers, which do not fill its shape [-1 -1]`},
		{"a shape that overflows to 1", nil, []Tensor{{Name: "w", Shape: []int{math.MaxInt, math.MaxInt}, Data: one}}, `tensor "w" has 1 numbers, which do not fill its shape [9223372036854775807 9223372036854775807]`},
		{"two of a name", nil, []Tensor{{Name: "w", Shape: []int{1}, Data: one}, {Name: "w", Shape: []int{1}, Data: one}}, `two tensors have the name "w"`},
		{"the metadata's name", nil, []Tensor{{Name: "__metadata__", Shape: []int{1}, Data: one}}, `"__metadata__" cannot be the name of a tensor`},
		{"a header beyond the limit", map[string]string{"a": strings.Repeat("x", headerLimit)}, nil, `names and metadata take 100000104 bytes, more than the limit of 100000000`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			err := Write(path, c.metadata, c.tensors)
			if want := "safetensors: write " + path + ": " + c.want; err == nil || err.Error() != want {
				t.Errorf("got %v\nwant %s", err, want)
			}
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A path below a regular file cannot be written, not even by root.
func TestWriteWhereNothingCanBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(file, "x.safetensors")
	err := Write(path, nil, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "safetensors: write "+path+": ") || !strings.HasSuffix(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
}

// The rename over a folder fails last, when the temporary file is complete.
func TestWriteLeavesNothingBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, example.metadata, example.tensors); err == nil {
		t.Error("a folder was replaced by a file")
	}
	onlyFile(t, path)
}

func TestWriteAtTheSameTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			tensors := []Tensor{{Name: "w", Shape: []int{50_000}, Data: slices.Repeat([]float32{float32(i)}, 50_000)}}
			if err := Write(path, map[string]string{"i": fmt.Sprint(i)}, tensors); err != nil {
				t.Error(err)
			}
			if _, _, err := Read(path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	metadata, tensors, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(tensors[0].Data[49_999]), metadata["i"]; got != want {
		t.Errorf("metadata of writer %s, data of writer %s", want, got)
	}
	onlyFile(t, path)
}

func onlyFile(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 || files[0].Name() != filepath.Base(path) {
		t.Errorf("want only %s, got %v, %v", filepath.Base(path), files, err)
	}
}
