package tokenizer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// GPT-2's two files, under OpenAI's names and Hugging Face's. The bytes are the same.
var (
	gpt2Vocabularies = []string{"encoder.json", "vocab.json"}
	gpt2Merges       = []string{"vocab.bpe", "merges.txt"}
)

// LoadGPT2Folder reads GPT-2's tokenizer from a folder with its two files: encoder.json
// and vocab.bpe, as OpenAI released them, or vocab.json and merges.txt, as Hugging Face
// names them. OpenAI's names take precedence.
func LoadGPT2Folder(dir string) (*BPE, error) {
	vocabulary, err := firstFile(dir, gpt2Vocabularies)
	if err != nil {
		return nil, err
	}
	merges, err := firstFile(dir, gpt2Merges)
	if err != nil {
		return nil, err
	}
	return LoadGPT2(vocabulary, merges)
}

// firstFile returns the path of the first of several files that a folder has.
func firstFile(dir string, names []string) (string, error) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", fmt.Errorf("%s: no %s or %s; put GPT-2's two files there, encoder.json and vocab.bpe, or vocab.json and merges.txt: %w", dir, names[0], names[1], fs.ErrNotExist)
}
