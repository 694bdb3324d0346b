package tokenizer

import (
	"fmt"
	"strings"
)

// EncodeContinuation returns the ids of a text that follows another one. Tokenizers such
// as Llama 2's put a space before a text; they put none before a continuation, so that
// texts which are encoded one after the other read as one.
func EncodeContinuation(t Tokenizer, text string) ([]int32, error) {
	if p := pretrained(t); p != nil {
		return p.encode(nil, text, p.middle)
	}
	return t.Encode(text)
}

// pretrained is the tokenizer of a pretrained model, with or without its template; nil for
// any other kind.
func pretrained(t Tokenizer) *Pretrained {
	switch t := t.(type) {
	case *Pretrained:
		return t
	case templated:
		return t.Pretrained
	}
	return nil
}

// DecodeContinuation returns the text of ids that follow others. Tokenizers that put a
// space before a text remove the first space when they decode; here that space stays.
func DecodeContinuation(t Tokenizer, ids []int32) (string, error) {
	p := pretrained(t)
	if p == nil {
		return t.Decode(ids)
	}
	before, err := p.Encode("a")
	if err != nil {
		return "", err
	}
	text, err := p.Decode(before)
	if err != nil {
		return "", err
	}
	both, err := p.Decode(append(before, ids...))
	if err != nil {
		return "", err
	}
	rest, ok := strings.CutPrefix(both, text)
	if !ok {
		return "", fmt.Errorf("%s: ids after %q decode to %q, which does not continue it", t.Name(), text, both)
	}
	return rest, nil
}
