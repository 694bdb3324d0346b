package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// file is a tokenizer.json of the Hugging Face tokenizers library, version 1.0, without its
// model, as far as the format is known here; the code of the library is its only
// documentation.
type file struct {
	Version       string         `json:"version"`
	Truncation    jsontext.Value `json:"truncation"`
	Padding       jsontext.Value `json:"padding"`
	AddedTokens   []addedToken   `json:"added_tokens"`
	Normalizer    *component     `json:"normalizer"`
	PreTokenizer  *component     `json:"pre_tokenizer"`
	PostProcessor *component     `json:"post_processor"`
	Decoder       *component     `json:"decoder"`
}

// savedFile is a file with its model, as it is written.
type savedFile struct {
	file
	Model any `json:"model"`
}

// bpeModel is the model of type "BPE". unk_token, fuse_unk and byte_fallback determine
// what becomes of a character missing from the vocabulary.
type bpeModel struct {
	Type         string     `json:"type"`
	Dropout      *float64   `json:"dropout"`
	UnkToken     *string    `json:"unk_token"`
	Prefix       *string    `json:"continuing_subword_prefix"`
	Suffix       *string    `json:"end_of_word_suffix"`
	FuseUnk      bool       `json:"fuse_unk"`
	ByteFallback bool       `json:"byte_fallback"`
	IgnoreMerges bool       `json:"ignore_merges"`
	Vocab        vocabulary `json:"vocab"`
	Merges       []rule     `json:"merges"`
}

// wordModel is the model of type "WordLevel".
type wordModel struct {
	Type     string     `json:"type"`
	Vocab    vocabulary `json:"vocab"`
	UnkToken string     `json:"unk_token"`
}

// bpeFile and wordFile are tokenizer files; only the model section is read.
type (
	bpeFile struct {
		Model bpeModel `json:"model"`
	}
	wordFile struct {
		Model wordModel `json:"model"`
	}
)

// vocabulary maps tokens to their ids.
type vocabulary map[string]int32

// MarshalJSON writes the tokens in order of their ids, as the library does.
func (v vocabulary) MarshalJSON() ([]byte, error) {
	names, err := byID(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for id, name := range names {
		if id > 0 {
			b.WriteByte(',')
		}
		quoted, err := marshal(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s:%d", quoted, id)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// rule is a merge. Newer files write it as ["a","b"], older ones as "a b". Both are
// read; the older form is written, because all versions read it.
type rule [2]string

// UnmarshalJSON reads both forms.
func (r *rule) UnmarshalJSON(data []byte) error {
	var s string
	if jsonread.Line(data, &s) == nil {
		parsed, err := parseRule(s)
		*r = parsed
		return err
	}
	var parts []string
	if err := jsonread.Line(data, &parts); err != nil || len(parts) != 2 {
		return fmt.Errorf("want a merge, \"a b\" or [\"a\",\"b\"], got %.40s", data)
	}
	*r = rule(parts)
	return nil
}

// MarshalJSON writes "a b".
func (r rule) MarshalJSON() ([]byte, error) { return marshal(r[0] + " " + r[1]) }

// marshal is json.Marshal without HTML escapes.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
