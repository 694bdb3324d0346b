package tokenizer

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// normalizer changes a text before it is cut into pieces.
type normalizer []func(string) string

func (n normalizer) apply(text string) string {
	for _, step := range n {
		text = step(text)
	}
	return text
}

// unicodeForms are the normalisation forms by the name of their component.
var unicodeForms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

// newNormalizer makes a normalizer; without prefix it leaves out what is put before a text.
func newNormalizer(c *component, prefix bool) (normalizer, error) {
	var n normalizer
	for _, step := range c.steps(func(c *component) []*component { return c.Normalizers }) {
		if step == nil {
			return nil, fmt.Errorf("normalizer: a step is null")
		}
		form, isForm := unicodeForms[step.Type]
		switch {
		case isForm:
			n = append(n, form.String)
		case step.Type == "Prepend" && step.Prepend != nil:
			if before := *step.Prepend; prefix {
				n = append(n, func(s string) string {
					if s == "" {
						return s
					}
					return before + s
				})
			}
		case step.Type == "Replace":
			replace, err := newReplacer(step)
			if err != nil {
				return nil, fmt.Errorf("normalizer %w", err)
			}
			n = append(n, replace)
		default:
			return nil, fmt.Errorf("normalizer %s is not supported: only NFC, NFD, NFKC, NFKD, Prepend, Replace and Sequence", step)
		}
	}
	return n, nil
}

// newReplacer makes the function of a Replace, for a normalizer or a decoder.
func newReplacer(c *component) (func(string) string, error) {
	if c.Pattern == nil || c.Pattern.String == nil || *c.Pattern.String == "" || c.Content == nil {
		return nil, fmt.Errorf("%q needs a pattern.String that is not empty, and content", c.Type)
	}
	from, to := *c.Pattern.String, *c.Content
	return func(s string) string { return strings.ReplaceAll(s, from, to) }, nil
}
