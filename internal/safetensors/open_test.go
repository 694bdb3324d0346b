package safetensors

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mixed is a file of several types, its bytes assembled by hand: 1.5 is 0x3fc00000 as a
// float32, 0x3fc0 as a bfloat16 and 0x3e00 as a half.
var mixed = file(`{"f":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"n":{"dtype":"I64","shape":[1],"data_offsets":[4,12]},`+
	`"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[12,16]},"h":{"dtype":"F16","shape":[3],"data_offsets":[16,22]}}`,
	"\x00\x00\xc0\x3f"+"\x01\x00\x00\x00\x00\x00\x00\x00"+"\xc0\x3f\xc0\xbf"+"\x00\x3e\x00\xbe\x01\x00")

func saved(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenReadsEveryType(t *testing.T) {
	f, err := Open(saved(t, mixed))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := map[string][]float32{}
	for _, info := range f.Tensors {
		if !info.Readable() {
			got[info.Name] = nil
			continue
		}
		data := make([]float32, info.Size())
		if err := f.Read(info, 0, data); err != nil {
			t.Fatal(err)
		}
		got[info.Name] = data
	}
	want := map[string][]float32{"f": {1.5}, "n": nil, "b": {1.5, -1.5}, "h": {1.5, -1.5, 0x1p-24}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	part := make([]float32, 1)
	if err := f.Read(f.Tensors[3], 1, part); err != nil || part[0] != -1.5 {
		t.Errorf("element 1 of h is %v, %v, want -1.5", part, err)
	}
	if f.Tensors[2].Bytes() != 4 || f.Tensors[1].Bytes() != 8 {
		t.Errorf("b has %d bytes, n %d, want 4 and 8", f.Tensors[2].Bytes(), f.Tensors[1].Bytes())
	}
	if err := f.Unchanged(); err != nil {
		t.Error(err)
	}
}

func TestWriteTypes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	in := []Tensor{{Name: "b", Shape: []int{2}, Data: []float32{1.5, 1.00390625}, Type: BF16}, {Name: "h", Shape: []int{1}, Data: []float32{-1.5}, Type: F16}}
	if err := Write(path, map[string]string{"format": "pt"}, in); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(string(data), "\xc0\x3f\x80\x3f\x00\xbe") { // 1.00390625 is half-way to the next: even is 1
		t.Errorf("the data ends with %x, %v", data[len(data)-6:], err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, append(data[:len(data)-1:len(data)-1], 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); !errors.Is(err, ErrDamaged) {
		t.Errorf("a changed number gives %v", err)
	}
	if err := Write(path, nil, []Tensor{{Name: "i", Shape: []int{0}, Type: "I8"}}); err == nil || !strings.Contains(err.Error(), `tensor "i" has the type "I8"; only F32, F16 and BF16 can be written`) {
		t.Errorf("an I8 tensor gives %v", err)
	}
}

func TestOpenNoticesChange(t *testing.T) {
	for reason, change := range map[string]func(t *testing.T, path string){
		"removed": func(t *testing.T, path string) { os.Remove(path) },
		"replaced by equal bytes": func(t *testing.T, path string) {
			info, _ := os.Stat(path)
			os.Rename(saved(t, mixed), path)
			os.Chtimes(path, info.ModTime(), info.ModTime())
		},
		"cut": func(t *testing.T, path string) { os.Truncate(path, int64(len(mixed))-4) },
		"written again": func(t *testing.T, path string) {
			os.Chtimes(path, time.Time{}, time.Now().Add(time.Second))
		},
	} {
		path := saved(t, mixed)
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		change(t, path)
		if err := f.Unchanged(); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", reason, err)
		}
		f.Close()
	}
	path := saved(t, mixed)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	os.Truncate(path, int64(len(mixed))-4)
	if err := f.Read(f.Tensors[3], 0, make([]float32, 3)); !errors.Is(err, ErrChanged) {
		t.Errorf("a read behind the end gives %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for reason, c := range map[string]struct {
		data []byte
		want string
	}{
		"a claim of 4 GB":  {append([]byte{0, 0, 0, 0, 1, 0, 0, 0}, "{}"...), "the header should have 4294967296 bytes, more than the limit of 100000000"},
		"an unknown dtype": {file(`{"a":{"dtype":"F12","shape":[1],"data_offsets":[0,4]}}`, "abcd"), `tensor "a" has the unknown dtype "F12"`},
		"a size of 4 for a BF16": {file(`{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,4]}}`, "abcd"),
			`tensor "a" has 4 bytes, its shape [1] needs 2`},
		"a shape whose bytes overflow": {file(`{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}`, ""),
			`tensor "a": shape [2305843009213693952] is too large`},
	} {
		f, err := Open(saved(t, c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", reason, err, c.want)
		}
		if f != nil {
			t.Errorf("%s: a file was returned", reason)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder gives %v", err)
	}
}
