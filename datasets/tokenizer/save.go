package tokenizer

import (
	"fmt"
	"slices"

	"infinibench/internal/atomicfile"
)

// Save writes a tokenizer of this package as a tokenizer.json, from which the Hugging
// Face tokenizers library produces the same ids. A BPE becomes a model of type BPE;
// [Bytes] becomes one without merges whose ids are the byte values. A [Word] becomes a
// model of type WordLevel whose unk_token is the empty string: it is never a word, so
// an unknown word is an error there too. A [Pretrained] is written byte for byte as it
// was read; whether it starts texts with its template is not in the file.
//
// The file is written to a temporary file and renamed, so it is never incomplete.
func Save(t Tokenizer, path string) error {
	if p := pretrained(t); p != nil {
		return atomicfile.Write(path, p.file)
	}
	f, err := fileOf(t)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := marshal(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, append(data, '\n'))
}

func fileOf(t Tokenizer) (*savedFile, error) {
	switch t := t.(type) {
	case byteLevel:
		model := bpeModel{Type: "BPE", Vocab: make(vocabulary, 256), Merges: []rule{}}
		for value, r := range byteRune {
			model.Vocab[string(r)] = int32(value)
		}
		return byteLevelFile(model, []addedToken{}), nil
	case *BPE:
		return byteLevelFile(t.model(), t.addedTokens()), nil
	case *Word:
		return &savedFile{
			file:  file{Version: "1.0", AddedTokens: []addedToken{}, PreTokenizer: &component{Type: "WhitespaceSplit"}},
			Model: wordModel{Type: "WordLevel", Vocab: t.ids, UnkToken: ""},
		}, nil
	}
	return nil, fmt.Errorf("a %T has no form as tokenizer.json", t)
}

func byteLevelFile(m bpeModel, added []addedToken) *savedFile {
	// The switches have no effect on a decoder, but the library requires them.
	byteLevel := &component{Type: "ByteLevel", AddPrefixSpace: new(false), TrimOffsets: new(true), UseRegex: new(true)}
	return &savedFile{file{Version: "1.0", AddedTokens: added, PreTokenizer: byteLevel, Decoder: byteLevel}, m}
}

func (b *BPE) model() bpeModel {
	m := bpeModel{Type: "BPE", Vocab: make(vocabulary, len(b.tokens)), Merges: make([]rule, len(b.rules))}
	for id, token := range b.tokens {
		if special, ok := b.special[token]; !ok || special != int32(id) {
			token = toAlphabet(token)
		}
		m.Vocab[token] = int32(id)
	}
	for i, p := range b.rules {
		m.Merges[i] = rule{toAlphabet(b.tokens[p.left]), toAlphabet(b.tokens[p.right])}
	}
	return m
}

// addedTokens returns GPT-2's special tokens. Special tokens of other vocabularies are
// left out, because the library would recognise them in a text and a [BPE] does not.
func (b *BPE) addedTokens() []addedToken {
	if b.name != "gpt2" {
		return []addedToken{}
	}
	added := make([]addedToken, 0, len(b.special))
	for content, id := range b.special {
		added = append(added, addedToken{ID: id, Content: content, Special: true})
	}
	slices.SortFunc(added, func(x, y addedToken) int { return int(x.ID - y.ID) })
	return added
}
