package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanners holds the expressions of well-known models, each with a function that
// returns the length in bytes of the first match in a non-empty text. Every text starts
// with a match, so matches cover it. They are hand-written because that is several
// times faster than backtracking; a test compares each with its expression.
var scanners = map[string]func(string) int{
	gpt2Expression:                 firstPiece,
	cl100kExpression(`\p{N}{1,3}`): func(s string) int { return firstOfCL100K(s, 3) },
	cl100kExpression(`\p{N}`):      func(s string) int { return firstOfCL100K(s, 1) },
	o200kExpression:                firstOfO200K,
}

const gpt2Expression = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// cl100kExpression is OpenAI's cl100k_base, as used by Llama 3 (three digits per piece)
// and Qwen (one digit).
func cl100kExpression(digits string) string {
	return `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|` + digits +
		`| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
}

// o200kExpression is OpenAI's o200k_base (GPT-4o).
const o200kExpression = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
	`|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
	`|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// firstOfCL100K is the first match of cl100kExpression.
func firstOfCL100K(s string, maxDigits int) int {
	if n := foldedContraction(s); n > 0 {
		return n
	}
	r, size := utf8.DecodeRuneInString(s)
	class := classOf(r)
	// [^\r\n\p{L}\p{N}]?\p{L}+
	if class == letter {
		return size + run(s[size:], letter)
	}
	if class != number && r != '\r' && r != '\n' {
		if n := run(s[size:], letter); n > 0 {
			return size + n
		}
	}
	return firstWithoutLetters(s, r, size, class, maxDigits, "\r\n")
}

// firstWithoutLetters is the first match of the part of cl100k and o200k after the
// words: numbers, then other characters followed by any of trailing, then white space.
// r is the first rune of s; size and class are its size and class.
func firstWithoutLetters(s string, r rune, size int, class runeClass, maxDigits int, trailing string) int {
	if class == number {
		for n := 1; n < maxDigits; n++ {
			r, next := utf8.DecodeRuneInString(s[size:])
			if next == 0 || classOf(r) != number {
				break
			}
			size += next
		}
		return size
	}
	//  ?[^\s\p{L}\p{N}]+[\r\n]*
	start := 0
	if r == ' ' {
		start = 1
	}
	if n := run(s[start:], other); n > 0 {
		n += start
		for n < len(s) && strings.IndexByte(trailing, s[n]) >= 0 {
			n++
		}
		return n
	}
	return firstSpaces(s)
}

// firstSpaces is the first match of \s*[\r\n]+|\s+(?!\S)|\s+ in a text that starts with
// white space.
func firstSpaces(s string) int {
	n := run(s, space)
	if last := strings.LastIndexAny(s[:n], "\r\n"); last >= 0 {
		return last + 1
	}
	if n == len(s) {
		return n
	}
	if _, last := utf8.DecodeLastRuneInString(s[:n]); last < n {
		return n - last
	}
	return n
}

// foldedContraction is the length of the first match of (?i:'s|'t|'re|'ve|'m|'ll|'d) at
// the start of s, or 0. The long s counts as an s.
func foldedContraction(s string) int {
	if s == "" || s[0] != '\'' {
		return 0
	}
	if strings.HasPrefix(s[1:], "ſ") {
		return 1 + len("ſ")
	}
	for _, c := range [...]string{"s", "t", "re", "ve", "m", "ll", "d"} {
		if len(s) > len(c) && strings.EqualFold(s[1:1+len(c)], c) {
			return 1 + len(c)
		}
	}
	return 0
}

// firstOfO200K is the first match of o200kExpression. A word starts with its capitals:
// [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and then [\p{Ll}\p{Lm}\p{Lo}\p{M}].
func firstOfO200K(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	class := classOf(r)
	prefix := 0 // [^\r\n\p{L}\p{N}]?
	if class != letter && class != number && r != '\r' && r != '\n' {
		prefix = size
	}
	// Each alternative is tried first with the prefix and then without.
	for _, word := range [...]func(string) int{lowerWord, upperWord} {
		for _, start := range [...]int{prefix, 0} {
			if n := word(s[start:]); n > 0 {
				n += start
				return n + foldedContraction(s[n:])
			}
			if prefix == 0 {
				break
			}
		}
	}
	return firstWithoutLetters(s, r, size, class, 3, "\r\n/")
}

// lowerWord is the length of the first match of
// [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+, or 0.
func lowerWord(s string) int {
	upper := runOf(s, isUpper)
	if n := runOf(s[upper:], isLower); n > 0 {
		return upper + n
	}
	// The capitals matched everything: backtrack to the last one that is also lower.
	for end := upper; end > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:end])
		if isLower(r) {
			return end
		}
		end -= size
	}
	return 0
}

// upperWord is the length of the first match of
// [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*, or 0.
func upperWord(s string) int {
	upper := runOf(s, isUpper)
	if upper == 0 {
		return 0
	}
	return upper + runOf(s[upper:], isLower)
}

func isUpper(r rune) bool {
	if r < utf8.RuneSelf {
		return 'A' <= r && r <= 'Z'
	}
	return unicode.In(r, unicode.Lu, unicode.Lt, unicode.Lm, unicode.Lo, unicode.M)
}

func isLower(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z'
	}
	return unicode.In(r, unicode.Ll, unicode.Lm, unicode.Lo, unicode.M)
}

// runOf is the length in bytes of the leading run of runes of a class.
func runOf(s string, in func(rune) bool) int {
	for i, r := range s {
		if !in(r) {
			return i
		}
	}
	return len(s)
}
