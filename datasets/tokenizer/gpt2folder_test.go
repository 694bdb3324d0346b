package tokenizer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoadGPT2Folder: the two files are found under either publisher's names, even if
// only one of them was renamed.
func TestLoadGPT2Folder(t *testing.T) {
	const merges = "#version: 0.2\na b\n"
	encoder := tinyEncoder(t)
	for _, c := range []struct {
		reason  string
		files   map[string]string
		missing string // what the error names; "" for none
	}{
		{"OpenAI", map[string]string{"encoder.json": encoder, "vocab.bpe": merges}, ""},
		{"Hugging Face", map[string]string{"vocab.json": encoder, "merges.txt": merges}, ""},
		{"one renamed", map[string]string{"vocab.json": encoder, "vocab.bpe": merges}, ""},
		{"OpenAI's win", map[string]string{"encoder.json": encoder, "vocab.bpe": merges, "vocab.json": "{", "merges.txt": "x"}, ""},
		{"empty", nil, "DIR: no encoder.json or vocab.json; "},
		{"no merges", map[string]string{"vocab.json": encoder}, "DIR: no vocab.bpe or merges.txt; "},
		{"only tokenizer.json", map[string]string{"tokenizer.json": "{}"}, "DIR: no encoder.json or vocab.json; "},
	} {
		dir := t.TempDir()
		for name, text := range c.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b, err := LoadGPT2Folder(dir)
		if c.missing != "" {
			if err == nil || !strings.HasPrefix(err.Error(), strings.Replace(c.missing, "DIR", dir, 1)) || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: error %v", c.reason, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.reason, err)
			continue
		}
		// "ab" is one token by the only merge; "ba" has none.
		if ids, err := b.Encode("abba"); err != nil || len(ids) != 3 {
			t.Errorf("%s: %v, %v", c.reason, ids, err)
		}
	}
}
