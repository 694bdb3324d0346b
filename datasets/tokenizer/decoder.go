package tokenizer

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decoder turns the tokens of a list of ids into text, step by step; the output of the
// last step is joined.
type decoder []func(tokens []string) []string

func (d decoder) text(tokens []string) string {
	for _, step := range d {
		tokens = step(tokens)
	}
	return strings.Join(tokens, "")
}

func newDecoder(c *component) (decoder, error) {
	if c == nil {
		return decoder{func(tokens []string) []string { return []string{strings.Join(tokens, " ")} }}, nil
	}
	var d decoder
	for _, step := range c.steps(func(c *component) []*component { return c.Decoders }) {
		if step == nil {
			return nil, fmt.Errorf("decoder: a step is null")
		}
		switch step.Type {
		case "ByteLevel":
			d = append(d, decodeBytes)
		case "ByteFallback":
			d = append(d, decodeFallback)
		case "Fuse":
			d = append(d, func(tokens []string) []string { return []string{strings.Join(tokens, "")} })
		case "Replace":
			replace, err := newReplacer(step)
			if err != nil {
				return nil, fmt.Errorf("decoder %w", err)
			}
			d = append(d, eachToken(func(_ int, token string) string { return replace(token) }))
		case "Strip":
			strip, err := newStrip(step)
			if err != nil {
				return nil, err
			}
			d = append(d, strip)
		case "Metaspace":
			mark := "▁"
			if step.Replacement != nil {
				mark = *step.Replacement
			}
			prepended := isTrue(step.AddPrefixSpace, true)
			if step.PrependScheme != nil {
				prepended = *step.PrependScheme != "never"
			}
			d = append(d, eachToken(func(i int, token string) string {
				if i == 0 && prepended {
					return strings.ReplaceAll(token, mark, "")
				}
				return strings.ReplaceAll(token, mark, " ")
			}))
		default:
			return nil, fmt.Errorf("decoder %s is not supported: only ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence and Strip", step)
		}
	}
	return d, nil
}

func eachToken(f func(i int, token string) string) func([]string) []string {
	return func(tokens []string) []string {
		for i, token := range tokens {
			tokens[i] = f(i, token)
		}
		return tokens
	}
}

// decodeBytes joins the bytes of tokens in GPT-2's alphabet. A token with a character
// outside the alphabet represents itself.
func decodeBytes(tokens []string) []string {
	var text []byte
	for _, token := range tokens {
		if raw, err := fromAlphabet(token); err == nil {
			token = raw
		}
		text = append(text, token...)
	}
	return []string{lossy(text)}
}

// decodeFallback turns runs of tokens such as <0xE2> into the characters that their
// bytes spell, or into one U+FFFD per byte if they are not valid UTF-8.
func decodeFallback(tokens []string) []string {
	out := make([]string, 0, len(tokens))
	var run []byte
	flush := func() {
		switch {
		case len(run) == 0:
		case utf8.Valid(run):
			out = append(out, string(run))
		default:
			for range run {
				out = append(out, "\uFFFD")
			}
		}
		run = run[:0]
	}
	for _, token := range tokens {
		if b, ok := fallbackByte(token); ok {
			run = append(run, b)
			continue
		}
		flush()
		out = append(out, token)
	}
	flush()
	return out
}

// fallbackByte returns the byte spelled by a token such as <0xE2>.
func fallbackByte(token string) (byte, bool) {
	if len(token) != 6 || !strings.HasPrefix(token, "<0x") || token[5] != '>' {
		return 0, false
	}
	b, err := strconv.ParseUint(token[3:5], 16, 8)
	return byte(b), err == nil
}

// newStrip makes the decoder Strip, which removes up to start characters from the
// beginning and up to stop from the end of each token.
func newStrip(c *component) (func([]string) []string, error) {
	if c.Content == nil || utf8.RuneCountInString(*c.Content) != 1 || c.Start == nil || c.Stop == nil {
		return nil, fmt.Errorf(`decoder "Strip" needs content of one character, start and stop`)
	}
	content, start, stop := *c.Content, *c.Start, *c.Stop
	return eachToken(func(_ int, token string) string {
		for range start {
			rest, ok := strings.CutPrefix(token, content)
			if !ok {
				break
			}
			token = rest
		}
		for range stop {
			rest, ok := strings.CutSuffix(token, content)
			if !ok {
				break
			}
			token = rest
		}
		return token
	}), nil
}

// lossy is Rust's String::from_utf8_lossy: each maximal invalid stretch that could
// begin a character becomes one U+FFFD.
func lossy(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			for size < len(text) && !utf8.FullRune(text[:size+1]) {
				size++
			}
			b.WriteRune(utf8.RuneError)
		} else {
			b.Write(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}
