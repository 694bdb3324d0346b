package tokenizer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// GPT-2's two files, by OpenAI's names and by Hugging Face's. The bytes are the same.
var (
	gpt2Vocabularies = []string{"encoder.json", "vocab.json"}
	gpt2Merges       = []string{"vocab.bpe", "merges.txt"}
)

// LoadGPT2Folder reads GPT-2's tokenizer from a folder that holds its two files:
// encoder.json and vocab.bpe of OpenAI's release, or vocab.json and merges.txt as
// Hugging Face calls them. OpenAI's names come first where a folder has both.
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

// firstFile returns the path of the first of some files that a folder has.
func firstFile(dir string, names []string) (string, error) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", fmt.Errorf("%s: no %s or %s; put GPT-2's two files there, encoder.json and vocab.bpe, or vocab.json and merges.txt: %w", dir, names[0], names[1], fs.ErrNotExist)
}
