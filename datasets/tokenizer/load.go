package tokenizer

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// Load reads tokenizer.json of the Hugging Face tokenizers library: what [Save]
// writes, and other files of the same kind, which is byte-level BPE with GPT-2's
// pieces, or words between white space. Whatever would give other ids or another
// text than the library does is an error that says what is not supported. One
// difference stays: the library finds special tokens in a text, a [BPE] does not.
func Load(path string) (Tokenizer, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	t, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func parse(data []byte) (Tokenizer, error) {
	var f file
	if err := jsonread.Document(data, &f); err != nil {
		return nil, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	switch {
	case f.Version != "1.0":
		return nil, fmt.Errorf("version %q is not supported: only 1.0", f.Version)
	case !isNull(f.Truncation):
		return nil, errors.New("truncation is not supported: set it to null")
	case !isNull(f.Padding):
		return nil, errors.New("padding is not supported: set it to null")
	case f.Normalizer != nil:
		return nil, fmt.Errorf("normalizer %q is not supported: only null", f.Normalizer.Type)
	case f.PostProcessor != nil && f.PostProcessor.Type != "ByteLevel": // that one changes no ids
		return nil, fmt.Errorf("post_processor %q is not supported: only null and ByteLevel", f.PostProcessor.Type)
	case isNull(f.Model):
		return nil, errors.New("model is missing")
	}
	// The file is read again for its model, so that an error has the place in the file.
	var kind struct {
		Model struct {
			Type string `json:"type"`
		} `json:"model"`
	}
	if err := jsonread.Document(data, &kind); err != nil {
		return nil, err
	}
	switch kind.Model.Type {
	case "BPE":
		var m bpeFile
		if err := jsonread.Document(data, &m); err != nil {
			return nil, err
		}
		return f.bpe(m.Model)
	case "WordLevel":
		var m wordFile
		if err := jsonread.Document(data, &m); err != nil {
			return nil, err
		}
		return f.word(m.Model)
	}
	return nil, fmt.Errorf("model.type %q is not supported: only BPE and WordLevel", kind.Model.Type)
}

func (f *file) bpe(m bpeModel) (Tokenizer, error) {
	pre := f.PreTokenizer
	switch {
	case pre == nil || pre.Type != "ByteLevel":
		return nil, fmt.Errorf("pre_tokenizer %s is not supported with BPE: only ByteLevel", pre)
	case pre.AddPrefixSpace == nil || *pre.AddPrefixSpace:
		return nil, errors.New("pre_tokenizer.add_prefix_space is not supported: set it to false")
	case pre.UseRegex != nil && !*pre.UseRegex:
		return nil, errors.New("pre_tokenizer.use_regex false is not supported: only true, GPT-2's pieces")
	case f.Decoder == nil || f.Decoder.Type != "ByteLevel":
		return nil, fmt.Errorf("decoder %s is not supported with BPE: only ByteLevel", f.Decoder)
	case m.Dropout != nil && *m.Dropout != 0:
		return nil, errors.New("model.dropout is not supported: set it to null")
	case m.Prefix != nil && *m.Prefix != "":
		return nil, fmt.Errorf("model.continuing_subword_prefix %q is not supported: only null", *m.Prefix)
	case m.Suffix != nil && *m.Suffix != "":
		return nil, fmt.Errorf("model.end_of_word_suffix %q is not supported: only null", *m.Suffix)
	case m.IgnoreMerges:
		return nil, errors.New("model.ignore_merges is not supported: set it to false")
	}
	special, err := f.addTo(&m)
	if err != nil {
		return nil, err
	}
	rules := make([][2]string, len(m.Merges))
	for i, r := range m.Merges {
		rules[i] = r
	}
	b, err := newBPE(m.Vocab, special, rules)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if b.isBytes() {
		return Bytes(), nil
	}
	return b, nil
}

// addTo adds the special tokens to the vocabulary and returns their names.
func (f *file) addTo(m *bpeModel) ([]string, error) {
	if m.Vocab == nil {
		m.Vocab = make(vocabulary)
	}
	var special []string
	for i, a := range f.AddedTokens {
		if !a.Special {
			return nil, fmt.Errorf("added_tokens[%d], %q, is not special: tokens to be looked for in the text are not supported", i, a.Content)
		}
		if id, ok := m.Vocab[a.Content]; ok && id != a.ID {
			return nil, fmt.Errorf("added_tokens[%d], %q, has id %d, but in model.vocab id %d", i, a.Content, a.ID, id)
		}
		m.Vocab[a.Content] = a.ID
		special = append(special, a.Content)
	}
	return special, nil
}

// isBytes says whether b does nothing that [Bytes] does not.
func (b *BPE) isBytes() bool {
	for value, id := range b.bytes {
		if int(id) != value {
			return false
		}
	}
	return len(b.tokens) == 256
}

func (f *file) word(m wordModel) (Tokenizer, error) {
	switch {
	case f.PreTokenizer == nil || f.PreTokenizer.Type != "WhitespaceSplit":
		return nil, fmt.Errorf("pre_tokenizer %s is not supported with WordLevel: only WhitespaceSplit", f.PreTokenizer)
	case f.Decoder != nil:
		return nil, fmt.Errorf("decoder %s is not supported with WordLevel: only null", f.Decoder)
	case len(f.AddedTokens) > 0:
		return nil, fmt.Errorf("added_tokens[0], %q, is not supported with WordLevel", f.AddedTokens[0].Content)
	}
	if _, ok := m.Vocab[m.UnkToken]; ok {
		return nil, fmt.Errorf("model.unk_token %q is in the vocabulary: giving unknown words an id is not supported", m.UnkToken)
	}
	words, err := byID(m.Vocab)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	w, err := NewWord(words)
	if err != nil {
		return nil, fmt.Errorf("model.vocab: %w", err)
	}
	return w, nil
}

// String names a component in an error.
func (c *component) String() string {
	if c == nil {
		return "null"
	}
	return fmt.Sprintf("%q", c.Type)
}

func isNull(raw jsontext.Value) bool { return len(raw) == 0 || string(raw) == "null" }
