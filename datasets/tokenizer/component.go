package tokenizer

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// component is one step of a tokenizer.json: a normalizer, a pre-tokenizer, a
// post-processor or a decoder, with the settings of every supported type. A nil setting
// is absent from the file.
type component struct {
	Type string `json:"type"`

	// ByteLevel. An absent use_regex means true.
	AddPrefixSpace *bool `json:"add_prefix_space,omitempty"`
	TrimOffsets    *bool `json:"trim_offsets,omitempty"`
	UseRegex       *bool `json:"use_regex,omitempty"`

	// Sequence, under a name for each kind of step.
	Normalizers   []*component `json:"normalizers,omitempty"`
	PreTokenizers []*component `json:"pretokenizers,omitempty"`
	Processors    []*component `json:"processors,omitempty"`
	Decoders      []*component `json:"decoders,omitempty"`

	// Prepend; Replace and Split; the decoder Strip.
	Prepend  *string  `json:"prepend,omitempty"`
	Pattern  *pattern `json:"pattern,omitempty"`
	Content  *string  `json:"content,omitempty"`
	Behavior *string  `json:"behavior,omitempty"`
	Invert   *bool    `json:"invert,omitempty"`
	Start    *int     `json:"start,omitempty"`
	Stop     *int     `json:"stop,omitempty"`

	// Metaspace; Digits.
	Replacement      *string `json:"replacement,omitempty"`
	StrRep           *string `json:"str_rep,omitempty"` // always equal to replacement
	PrependScheme    *string `json:"prepend_scheme,omitempty"`
	Split            *bool   `json:"split,omitempty"`
	IndividualDigits *bool   `json:"individual_digits,omitempty"`

	// TemplateProcessing. The template for a pair of texts is not used.
	Single        []templatePiece         `json:"single,omitempty"`
	Pair          jsontext.Value          `json:"pair,omitempty"`
	SpecialTokens map[string]specialToken `json:"special_tokens,omitempty"`
}

// pattern is a literal string or a regular expression in Oniguruma's syntax.
type pattern struct {
	String *string `json:"String,omitempty"`
	Regex  *string `json:"Regex,omitempty"`
}

// templatePiece is the text ("A") or a special token, identified by its id in
// SpecialTokens.
type templatePiece struct {
	Sequence     *templateID `json:"Sequence,omitempty"`
	SpecialToken *templateID `json:"SpecialToken,omitempty"`
}

type templateID struct {
	ID     string `json:"id"`
	TypeID int    `json:"type_id"`
}

type specialToken struct {
	ID     string   `json:"id"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

// String names a component in an error message.
func (c *component) String() string {
	if c == nil {
		return "null"
	}
	return fmt.Sprintf("%q", c.Type)
}

// steps returns the components of a Sequence, flattened; any other component is its own
// only step, and null has none. A null inside a Sequence is kept, for the caller to
// reject.
func (c *component) steps(of func(*component) []*component) []*component {
	if c == nil {
		return nil
	}
	if c.Type != "Sequence" {
		return []*component{c}
	}
	var all []*component
	for _, step := range of(c) {
		if step == nil {
			all = append(all, nil)
			continue
		}
		all = append(all, step.steps(of)...)
	}
	return all
}

// isTrue returns the value of a switch, or its default if it is absent.
func isTrue(b *bool, absent bool) bool {
	if b == nil {
		return absent
	}
	return *b
}
