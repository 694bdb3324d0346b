package tokenizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// preTokenizer cuts a normalised text into the pieces that merges never cross.
type preTokenizer struct {
	steps []cut
	bytes bool // ends with ByteLevel: the model sees bytes, not characters
}

// cut yields the pieces of a text in order. first reports whether the text is the start
// of the input.
type cut func(text string, first bool, yield func(piece string, first bool))

// split yields the pieces of a text, none of them empty.
func (p *preTokenizer) split(text string, first bool, yield func(string)) {
	p.from(0, text, first, yield)
}

func (p *preTokenizer) from(step int, text string, first bool, yield func(string)) {
	switch {
	case text == "":
	case step == len(p.steps):
		yield(text)
	default:
		p.steps[step](text, first, func(piece string, first bool) { p.from(step+1, piece, first, yield) })
	}
}

// newPreTokenizer makes a preTokenizer; without prefix it puts no space before a text.
func newPreTokenizer(c *component, prefix bool) (*preTokenizer, error) {
	p := &preTokenizer{}
	for _, step := range c.steps(func(c *component) []*component { return c.PreTokenizers }) {
		if p.bytes {
			return nil, errors.New("pre_tokenizer: ByteLevel must be the last step")
		}
		if step == nil {
			return nil, errors.New("pre_tokenizer: a step is null")
		}
		var next cut
		var err error
		switch step.Type {
		case "ByteLevel":
			p.bytes = true
			next = byteLevelCut(prefix && isTrue(step.AddPrefixSpace, true), isTrue(step.UseRegex, true))
		case "Split":
			next, err = newSplit(step)
		case "Digits":
			behavior := "Contiguous"
			if isTrue(step.IndividualDigits, false) {
				behavior = "Isolated"
			}
			next = cutAt(digits, behavior, false)
		case "Metaspace":
			next, err = newMetaspace(step, prefix)
		case "WhitespaceSplit":
			next = cutAt(spaces, "Removed", false)
		default:
			return nil, fmt.Errorf("pre_tokenizer %s is not supported: only ByteLevel, Digits, Metaspace, Sequence, Split and WhitespaceSplit", step)
		}
		if err != nil {
			return nil, fmt.Errorf("pre_tokenizer %w", err)
		}
		p.steps = append(p.steps, next)
	}
	return p, nil
}

// span is a stretch [start, end) of a text that either matches a pattern or does not.
type span struct {
	start, end int
	match      bool
}

// matcher divides a text into spans.
type matcher func(text string) []span

// digits matches each numeric character.
func digits(text string) []span { return eachRune(text, unicode.IsNumber) }

// spaces matches each white space character.
func spaces(text string) []span { return eachRune(text, unicode.IsSpace) }

// eachRune matches every rune of a class by itself; the stretches between are one span
// each.
func eachRune(text string, in func(rune) bool) []span {
	var all []span
	done := 0
	for i, r := range text {
		if !in(r) {
			continue
		}
		if done < i {
			all = append(all, span{done, i, false})
		}
		done = i + utf8.RuneLen(r)
		all = append(all, span{i, done, true})
	}
	if done < len(text) {
		all = append(all, span{done, len(text), false})
	}
	return all
}

// literal matches a string.
func literal(s string) matcher {
	return func(text string) []span {
		var all []span
		done := 0
		for {
			i := strings.Index(text[done:], s)
			if i < 0 {
				break
			}
			all = append(all, span{done, done + i, false}, span{done + i, done + i + len(s), true})
			done += i + len(s)
		}
		return append(all, span{done, len(text), false})
	}
}

// newExpression matches a regular expression by backtracking: package regexp has no
// look-ahead.
func newExpression(expression string) (matcher, error) {
	re, err := regexp2.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("the expression cannot be compiled: %w", err)
	}
	return func(text string) []span {
		var all []span
		done := 0
		// The only possible error is a time limit, and none is set.
		matches, _ := re.FindAllStringIndex(text, -1)
		for _, m := range matches {
			all = append(all, span{done, m[0], false}, span{m[0], m[1], true})
			done = m[1]
		}
		return append(all, span{done, len(text), false})
	}, nil
}

// cutAt cuts a text at matches. behavior, in the library's terms, determines what
// becomes of the matches; invert swaps matches and the rest.
func cutAt(find matcher, behavior string, invert bool) cut {
	return func(text string, first bool, yield func(string, bool)) {
		spans := find(text)
		if invert {
			for i := range spans {
				spans[i].match = !spans[i].match
			}
		}
		for _, s := range joinSpans(spans, behavior) {
			if s.start < s.end {
				yield(text[s.start:s.end], first && s.start == 0)
			}
		}
	}
}

// joinSpans joins or drops spans as the library's SplitDelimiterBehavior says.
func joinSpans(spans []span, behavior string) []span {
	var out []span
	switch behavior {
	case "Removed":
		for _, s := range spans {
			if !s.match {
				out = append(out, s)
			}
		}
	case "Isolated":
		return spans
	case "Contiguous":
		for _, s := range spans {
			if n := len(out); n > 0 && out[n-1].match == s.match {
				out[n-1].end = s.end
			} else if s.start < s.end {
				out = append(out, s)
			}
		}
	case "MergedWithPrevious":
		previous := false
		for _, s := range spans {
			if n := len(out); s.match && !previous && n > 0 {
				out[n-1].end = s.end
			} else {
				out = append(out, s)
			}
			previous = s.match
		}
	case "MergedWithNext":
		// The library walks backwards, so only the last of several matches in a row
		// joins what follows.
		next := false
		for i := len(spans) - 1; i >= 0; i-- {
			s := spans[i]
			if n := len(out); s.match && !next && n > 0 {
				out[n-1].start = s.start
			} else {
				out = append(out, s)
			}
			next = s.match
		}
		slices.Reverse(out)
	}
	return out
}

// newSplit makes the cut for a Split.
func newSplit(c *component) (cut, error) {
	if c.Pattern == nil || c.Behavior == nil {
		return nil, errors.New(`"Split" needs pattern and behavior`)
	}
	behavior, invert := *c.Behavior, isTrue(c.Invert, false)
	switch behavior {
	case "Removed", "Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext":
	default:
		return nil, fmt.Errorf(`"Split": behavior %q is unknown`, behavior)
	}
	switch {
	case c.Pattern.String != nil && *c.Pattern.String != "":
		return cutAt(literal(*c.Pattern.String), behavior, invert), nil
	case c.Pattern.Regex == nil:
		return nil, errors.New(`"Split": pattern needs String or Regex`)
	}
	expression := *c.Pattern.Regex
	// The scanners cover every text, so all pieces are matches.
	if scan, ok := scanners[expression]; ok && (behavior == "Isolated" || behavior == "Removed" && invert) {
		return scanCut(scan), nil
	}
	find, err := newExpression(expression)
	if err != nil {
		return nil, fmt.Errorf(`"Split": %w`, err)
	}
	return cutAt(find, behavior, invert), nil
}

// scanCut cuts a text with a scanner.
func scanCut(scan func(string) int) cut {
	return func(text string, first bool, yield func(string, bool)) {
		for text != "" {
			n := scan(text)
			yield(text[:n], first)
			text, first = text[n:], false
		}
	}
}

// byteLevelCut is the cut of ByteLevel; mapping the bytes is left to the model.
func byteLevelCut(prefixSpace, useRegex bool) cut {
	scan := func(s string) int { return len(s) }
	if useRegex {
		scan = firstPiece
	}
	pieces := scanCut(scan)
	return func(text string, first bool, yield func(string, bool)) {
		if prefixSpace && text[0] != ' ' {
			text = " " + text
		}
		pieces(text, first, yield)
	}
}

// newMetaspace makes the cut for a Metaspace, which writes spaces as "▁" and cuts
// before them.
func newMetaspace(c *component, prefix bool) (cut, error) {
	mark := "▁"
	if c.Replacement != nil {
		mark = *c.Replacement
	}
	scheme := "always"
	if c.PrependScheme != nil {
		scheme = *c.PrependScheme
	} else if !isTrue(c.AddPrefixSpace, true) {
		scheme = "never"
	}
	if utf8.RuneCountInString(mark) != 1 || scheme != "always" && scheme != "first" && scheme != "never" {
		return nil, fmt.Errorf(`"Metaspace": replacement %q and prepend_scheme %q: want one character, and always, first or never`, mark, scheme)
	}
	pieces := cut(func(text string, first bool, yield func(string, bool)) { yield(text, first) })
	if isTrue(c.Split, true) {
		pieces = cutAt(literal(mark), "MergedWithNext", false)
	}
	return func(text string, first bool, yield func(string, bool)) {
		text = strings.ReplaceAll(text, " ", mark)
		if prefix && (scheme == "always" || scheme == "first" && first) && !strings.HasPrefix(text, mark) {
			text = mark + text
		}
		pieces(text, first, yield)
	}, nil
}
