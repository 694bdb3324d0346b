// Package tokenizer turns text into ids and back: one id per byte, one per word of a
// closed vocabulary, or byte-level BPE as in GPT-2.
//
// A perplexity means nothing without the unit it counts. A tokenizer's name therefore
// depends only on what the tokenizer does: it survives [Save] and [Load], and every
// result records it.
package tokenizer

import "fmt"

// Tokenizer turns text into ids and back. Decode(Encode(s)) == s for every s that
// Encode accepts. Implementations are safe for concurrent use.
type Tokenizer interface {
	// Name identifies the tokenizer in results: "bytes", "word-168", "gpt2",
	// "bpe-4096-1a2b3c4d".
	Name() string
	// Size is V, the size of the vocabulary; ids are in [0, V).
	Size() int
	// Encode returns the ids of a text. A word-level tokenizer rejects an unknown word
	// and reports the word and its position; the others accept any bytes.
	Encode(text string) ([]int32, error)
	// Decode returns the text of ids. An id outside [0, V) is an error. Ids cut out of
	// an encoding may start or end inside a rune; their text is then not valid UTF-8.
	Decode(ids []int32) (string, error)
}

// Bytes is the tokenizer whose 256 ids are the byte values.
func Bytes() Tokenizer { return byteLevel{} }

type byteLevel struct{}

func (byteLevel) Name() string { return "bytes" }

func (byteLevel) Size() int { return 256 }

func (byteLevel) Encode(text string) ([]int32, error) {
	ids := make([]int32, len(text))
	for i := range len(text) {
		ids[i] = int32(text[i])
	}
	return ids, nil
}

func (t byteLevel) Decode(ids []int32) (string, error) {
	text := make([]byte, len(ids))
	for i, id := range ids {
		if err := checkID(t, i, id); err != nil {
			return "", err
		}
		text[i] = byte(id)
	}
	return string(text), nil
}

// checkID returns an error for an id, at index i, that t does not have.
func checkID(t Tokenizer, i int, id int32) error {
	if id < 0 || int(id) >= t.Size() {
		return fmt.Errorf("%s: id %d at index %d is outside [0, %d)", t.Name(), id, i, t.Size())
	}
	return nil
}
