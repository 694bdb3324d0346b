package tokenizer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// Load reads a tokenizer.json of the Hugging Face tokenizers library, given its path or
// the folder of its model. What [Save] wrote for this package's own tokenizers loads as
// the same kind; any other BPE becomes a [Pretrained]. A file for which the ids or
// texts would differ from the library's is an error that names the unsupported setting.
func Load(path string) (Tokenizer, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "tokenizer.json")
	}
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
	var f struct {
		file
		Model *struct {
			Type   string         `json:"type"`
			Merges jsontext.Value `json:"merges"`
		} `json:"model"`
	}
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
	case f.Model == nil:
		return nil, errors.New("model is missing")
	}
	// The type of the model determines how the model is read, in a second pass over the
	// whole file, so that an error has its position in the file.
	switch {
	case f.Model.Type == "BPE", f.Model.Type == "" && f.Model.Merges != nil: // GPT-2's file on the hub has no type
		var m bpeFile
		if err := jsonread.Document(data, &m); err != nil {
			return nil, err
		}
		if b := f.bpe(&m.Model); b != nil {
			return b, nil
		}
		return parsePretrained(data, &f.file, &m.Model)
	case f.Model.Type == "WordLevel":
		var m wordFile
		if err := jsonread.Document(data, &m); err != nil {
			return nil, err
		}
		return f.word(m.Model)
	}
	return nil, fmt.Errorf("model.type %q is not supported: only BPE and WordLevel", f.Model.Type)
}

// isByteLevelBPE reports whether the file splits and decodes a text exactly as a [BPE] does.
func (f *file) isByteLevelBPE() bool {
	isByteLevel := func(c *component) bool { return c != nil && c.Type == "ByteLevel" }
	pre := f.PreTokenizer
	return f.Normalizer == nil &&
		isByteLevel(pre) && !isTrue(pre.AddPrefixSpace, true) && isTrue(pre.UseRegex, true) &&
		(f.PostProcessor == nil || isByteLevel(f.PostProcessor)) && isByteLevel(f.Decoder)
}

// bpe returns the file as a [BPE] or [Bytes], or nil if they cannot represent it in full.
// A BPE, unlike the library, does not recognise special tokens in a text; the only file
// with special tokens that becomes a BPE is GPT-2's, as [Save] writes it.
//
// It reports no error: parsePretrained does, for both kinds.
func (f *file) bpe(m *bpeModel) Tokenizer {
	if m.IgnoreMerges || !f.isByteLevelBPE() || m.supported() != nil {
		return nil
	}
	var special []string
	for _, a := range f.AddedTokens {
		if id, ok := m.Vocab[a.Content]; !ok || id != a.ID || !a.Special || f.PostProcessor != nil {
			return nil
		}
		special = append(special, a.Content)
	}
	if _, ok := m.Vocab[endOfText]; ok && len(special) == 0 {
		special = []string{endOfText}
	}
	rules := make([][2]string, len(m.Merges))
	for i, r := range m.Merges {
		rules[i] = r
	}
	b, err := newBPE(m.Vocab, special, rules)
	switch {
	case err != nil: // such as gaps in the ids, or bytes without a token
		return nil
	case b.isBytes():
		return Bytes()
	case len(f.AddedTokens) > 0 && b.name != "gpt2":
		return nil
	}
	return b
}

// isBytes reports whether b is equivalent to [Bytes].
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
	case f.Normalizer != nil:
		return nil, fmt.Errorf("normalizer %s is not supported with WordLevel: only null", f.Normalizer)
	case f.PostProcessor != nil:
		return nil, fmt.Errorf("post_processor %s is not supported with WordLevel: only null", f.PostProcessor)
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

func isNull(raw jsontext.Value) bool { return len(raw) == 0 || string(raw) == "null" }
