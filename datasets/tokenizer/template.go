package tokenizer

import (
	"errors"
	"fmt"
)

// template holds the ids that a post-processor puts before and after a text.
type template struct{ before, after []int32 }

// newTemplate reads a post-processor. ByteLevel only changes offsets, not ids.
func newTemplate(c *component) (template, error) {
	var t template
	for _, step := range c.steps(func(c *component) []*component { return c.Processors }) {
		switch {
		case step == nil:
			return t, errors.New("post_processor: a step is null")
		case step.Type == "ByteLevel":
		case step.Type == "TemplateProcessing":
			one, err := step.template()
			if err != nil {
				return t, fmt.Errorf("post_processor: %w", err)
			}
			// A later step wraps the result of an earlier one.
			t.before = append(one.before, t.before...)
			t.after = append(t.after, one.after...)
		default:
			return t, fmt.Errorf("post_processor %s is not supported: only null, ByteLevel, TemplateProcessing and Sequence", step)
		}
	}
	return t, nil
}

func (c *component) template() (template, error) {
	var t template
	seen := false
	for i, piece := range c.Single {
		switch {
		case piece.Sequence != nil && piece.SpecialToken == nil:
			if seen || piece.Sequence.ID != "A" {
				return t, fmt.Errorf("single[%d]: want the text A exactly once", i)
			}
			seen = true
		case piece.SpecialToken != nil && piece.Sequence == nil:
			special, ok := c.SpecialTokens[piece.SpecialToken.ID]
			if !ok {
				return t, fmt.Errorf("single[%d]: %q is not among special_tokens", i, piece.SpecialToken.ID)
			}
			if seen {
				t.after = append(t.after, special.IDs...)
			} else {
				t.before = append(t.before, special.IDs...)
			}
		default:
			return t, fmt.Errorf("single[%d]: want a Sequence or a SpecialToken", i)
		}
	}
	if !seen {
		return t, errors.New("single does not have the text A")
	}
	return t, nil
}
