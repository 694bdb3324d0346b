package experiments

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"infinibench/datasets/tokenizer"
)

// TestKeptTokenizer: a tokenizer is ignored unless it is as saved, whichever of its two files
// is damaged, truncated or missing.
func TestKeptTokenizer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bytes.json")
	for _, name := range []string{path, tokenizerSum(path)} {
		for _, damage := range []struct {
			reason string
			do     func([]byte) []byte // nil: the file is removed
		}{
			{"a flipped bit at the start", func(b []byte) []byte { b[0] ^= 1; return b }},
			{"a flipped bit in the middle", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }},
			{"a flipped bit at the end", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }},
			{"an end that is missing", func(b []byte) []byte { return b[:len(b)-1] }},
			{"nothing", func([]byte) []byte { return []byte{} }},
			{"more than there was", func(b []byte) []byte { return append(b, '\n') }},
			{"no file", nil},
		} {
			if err := keepTokenizer(path, tokenizer.Bytes()); err != nil {
				t.Fatal(err)
			}
			if kept, err := keptTokenizer(path); err != nil || kept == nil || kept.Size() != 256 {
				t.Fatalf("kept %v, %v", kept, err)
			}
			if damage.do == nil {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			} else {
				data, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, damage.do(slices.Clone(data)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if kept, err := keptTokenizer(path); err != nil || kept != nil {
				t.Errorf("%s with %s: kept %v, %v", filepath.Base(name), damage.reason, kept, err)
			}
		}
	}
}
