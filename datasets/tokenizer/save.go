package tokenizer

import (
	"fmt"
	"slices"

	"infinibench/internal/atomicfile"
)

// Save writes a tokenizer of this package as tokenizer.json of the Hugging Face
// tokenizers library, which reads it and gives the same ids. A BPE is a model of
// type BPE, [Bytes] one without merges whose ids are the values of the bytes,
// and a [Word] a model of type WordLevel whose unk_token is the empty string,
// which is never a word, so that an unknown word is an error there too. A
// [Pretrained] is written byte for byte as it was read.
//
// The file is there whole or not at all: it is written beside and renamed.
func Save(t Tokenizer, path string) error {
	if p, ok := t.(*Pretrained); ok {
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

func fileOf(t Tokenizer) (*file, error) {
	switch t := t.(type) {
	case byteLevel:
		model := bpeModel{Type: "BPE", Vocab: make(vocabulary, 256), Merges: []rule{}}
		for value, r := range byteRune {
			model.Vocab[string(r)] = int32(value)
		}
		return byteLevelFile(model, []addedToken{})
	case *BPE:
		return byteLevelFile(t.model(), t.addedTokens())
	case *Word:
		model, err := marshal(wordModel{Type: "WordLevel", Vocab: t.ids, UnkToken: ""})
		if err != nil {
			return nil, err
		}
		return &file{
			Version:      "1.0",
			AddedTokens:  []addedToken{},
			PreTokenizer: &component{Type: "WhitespaceSplit"},
			Model:        model,
		}, nil
	}
	return nil, fmt.Errorf("a %T has no form as tokenizer.json", t)
}

func byteLevelFile(m bpeModel, added []addedToken) (*file, error) {
	model, err := marshal(m)
	if err != nil {
		return nil, err
	}
	return &file{
		Version:     "1.0",
		AddedTokens: added,
		PreTokenizer: &component{
			Type: "ByteLevel", AddPrefixSpace: new(false), TrimOffsets: new(true), UseRegex: new(true),
		},
		// A decoder does nothing with the switches, but the library wants them.
		Decoder: &component{
			Type: "ByteLevel", AddPrefixSpace: new(false), TrimOffsets: new(true), UseRegex: new(true),
		},
		Model: model,
	}, nil
}

func (b *BPE) model() bpeModel {
	m := bpeModel{Type: "BPE", Vocab: make(vocabulary, len(b.tokens)), Merges: make([]rule, len(b.rules))}
	for id, token := range b.tokens {
		if special, ok := b.special[token]; !ok || special != int32(id) {
			token = written(token)
		}
		m.Vocab[token] = int32(id)
	}
	for i, p := range b.rules {
		m.Merges[i] = rule{written(b.tokens[p.left]), written(b.tokens[p.right])}
	}
	return m
}

// addedTokens are GPT-2's special tokens. Those of other vocabularies are left out,
// since the library would find them in a text and a [BPE] does not.
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
