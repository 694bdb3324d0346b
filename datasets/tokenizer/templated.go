package tokenizer

import (
	"fmt"
	"slices"
)

// TemplateSuffix ends the name of a tokenizer that WithTemplate returned.
const TemplateSuffix = "+template"

// templated starts each text with the ids of its tokenizer's template.
type templated struct{ *Pretrained }

// WithTemplate returns t, starting each text with the special tokens that the template of
// its tokenizer.json puts before a text, such as Llama's <s>. A continuation has none, and
// Decode leaves them out. What a template puts after a text is left out: a model that reads
// on should not see an end. A tokenizer whose template puts nothing before a text is an
// error.
func WithTemplate(t Tokenizer) (Tokenizer, error) {
	p, ok := t.(*Pretrained)
	if !ok || len(p.template.before) == 0 {
		return nil, fmt.Errorf("%s has no template that starts a text", t.Name())
	}
	return templated{p}, nil
}

func (t templated) Name() string { return t.Pretrained.Name() + TemplateSuffix }

func (t templated) Encode(text string) ([]int32, error) {
	return t.encode(slices.Clone(t.template.before), text, t.start)
}

func (t templated) Decode(ids []int32) (string, error) {
	if n := len(t.template.before); len(ids) >= n && slices.Equal(ids[:n], t.template.before) {
		ids = ids[n:]
	}
	return t.Pretrained.Decode(ids)
}
