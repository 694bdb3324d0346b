package experiments

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/atomicfile"
	"infinibench/internal/results"
)

// IsTokenizerPath reports whether a profile names a tokenizer by the path of a
// tokenizer.json or of the folder that holds it.
func IsTokenizerPath(s string) bool {
	return strings.ContainsAny(s, `/\`) || strings.EqualFold(filepath.Ext(s), ".json")
}

// loadTokenizer loads the tokenizer of a corpus that names it by a path.
func loadTokenizer(s results.CorpusSettings) (tokenizer.Tokenizer, error) {
	t, err := tokenizer.Load(s.Tokenizer)
	if err != nil || !s.Template {
		return t, err
	}
	return tokenizer.WithTemplate(t)
}

// tokenizer.json is a foreign format without room for a checksum, so the checksum is in a
// file next to it, in the format of sha256sum. Without it, a word damaged on disk would
// change results unnoticed.

func tokenizerSum(path string) string { return path + ".sha256" }

func sumLine(path string, data []byte) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256(data), filepath.Base(path))
}

// keptTokenizer loads the tokenizer that keepTokenizer saved; it is nil if there is none or if
// the files have changed.
func keptTokenizer(path string) (tokenizer.Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err == nil {
		var sum []byte
		if sum, err = os.ReadFile(tokenizerSum(path)); err == nil && string(sum) == sumLine(path, data) {
			return tokenizer.Load(path)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, err
}

func keepTokenizer(path string, t tokenizer.Tokenizer) error {
	if err := tokenizer.Save(t, path); err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return atomicfile.Write(tokenizerSum(path), []byte(sumLine(path, data)))
}
