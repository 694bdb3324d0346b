package passkey

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"infinibench/datasets/tokenizer"
)

// filler holds the tokens that hide the needle, repeated as often as needed.
type filler struct {
	name  string
	ids   []int32
	drawn bool // the seed decides where it starts; otherwise at the first token
}

// books makes filler of texts in order.
func books(t tokenizer.Tokenizer, texts []string) (filler, error) {
	f := filler{drawn: true}
	if len(texts) == 0 {
		return f, errors.New("no text for filler: give at least one")
	}
	for i, text := range texts {
		switch {
		case strings.TrimSpace(text) == "":
			return f, fmt.Errorf("text %d of %d for filler is blank: leave it out", i+1, len(texts))
		case strings.Contains(text, "pass key is"):
			return f, fmt.Errorf("text %d of %d for filler has a \"pass key\" of its own, at byte %d: leave it out",
				i+1, len(texts), strings.Index(text, "pass key is"))
		}
		ids, err := tokenizer.EncodeContinuation(t, text)
		if err != nil {
			return f, fmt.Errorf("text %d of %d for filler: %w", i+1, len(texts), err)
		}
		if len(ids) == 0 {
			return f, fmt.Errorf("text %d of %d for filler has no token of %s: leave it out", i+1, len(texts), t.Name())
		}
		f.ids = append(f.ids, ids...)
	}
	sum := sha256.Sum256(littleEndian(f.ids))
	f.name = fmt.Sprintf("books-%.4x", sum[:])
	return f, nil
}

// start returns the filler token that a sample begins with.
func (f *filler) start(seed uint64) int {
	if !f.drawn {
		return 0
	}
	return rand.New(rand.NewPCG(seed, 0)).IntN(len(f.ids))
}

// fillerReader yields the tokens of a filler in order.
type fillerReader struct {
	ids []int32
	at  int
}

func (f *filler) reader(seed uint64) *fillerReader { return &fillerReader{f.ids, f.start(seed)} }

// append adds the next n tokens to ids.
func (r *fillerReader) append(ids []int32, n int) []int32 {
	for n > 0 {
		some := min(n, len(r.ids)-r.at)
		ids = append(ids, r.ids[r.at:r.at+some]...)
		n -= some
		r.at = (r.at + some) % len(r.ids)
	}
	return ids
}
