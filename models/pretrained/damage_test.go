package pretrained

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A weight file that is cut short, or whose header says something else, is refused by name,
// alone and as one of several.
func TestOpenDamagedWeights(t *testing.T) {
	const norm = `"model.norm.weight":{"dtype":"`
	replace := func(old, new string) func([]byte) []byte {
		return func(data []byte) []byte { return bytes.Replace(data, []byte(old), []byte(new), 1) }
	}
	for reason, c := range map[string]struct {
		change func([]byte) []byte
		want   string
	}{
		"a byte short":    {func(data []byte) []byte { return data[:len(data)-1] }, "the tensors need "},
		"half a header":   {func(data []byte) []byte { return data[:200] }, "192 are left: the file is damaged or no safetensors file"},
		"empty":           {func([]byte) []byte { return nil }, "0 bytes, too short for the length of a header"},
		"a claim of 4GB":  {func(data []byte) []byte { return append([]byte{0, 0, 0, 0, 1, 0, 0, 0}, data[8:]...) }, "the header should have 4294967296 bytes, more than the limit of 100000000"},
		"whole numbers":   {replace(norm+"F32", norm+"I32"), `tensor "model.norm.weight" has the type I32; F32, F16 and BF16 can be read`},
		"an unknown type": {replace(norm+"F32", norm+"X32"), `tensor "model.norm.weight" has the unknown dtype "X32"`},
	} {
		for _, name := range []string{"model.safetensors", "model-00002-of-00002.safetensors"} {
			f := newFixture()
			if name != "model.safetensors" {
				f.shards()
			}
			dir := f.write(t)
			path := filepath.Join(dir, name)
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, c.change(data), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, %s: got %v, want %s", reason, name, err, c.want)
			}
		}
	}
}
