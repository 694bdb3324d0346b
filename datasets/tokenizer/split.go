package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// firstPiece is the length in bytes of the first piece of s, which must not be empty.
// Merges never cross the border between two pieces. The pieces match GPT-2's regular
// expression (encoder.py of its release), whose alternatives are tried in this order:
//
//	's|'t|'re|'ve|'m|'ll|'d
//	 ?\p{L}+
//	 ?\p{N}+
//	 ?[^\s\p{L}\p{N}]+
//	\s+(?!\S)
//	\s+
//
// It is hand-written because Go's regexp has no look-ahead. The last two lines say that
// white space before a word leaves its last rune to the word's piece if that rune is a
// space, and makes it a piece of its own otherwise.
//
// A byte that is not part of valid UTF-8 matches the fourth line. Letters and numbers
// follow the Unicode version of Go's tables (15.0 in Go 1.26); a library with newer
// tables may see letters where this sees unassigned runes.
func firstPiece(s string) int {
	if n := contraction(s); n > 0 {
		return n
	}
	start := 0
	if s[0] == ' ' {
		start = 1
	}
	if start < len(s) {
		r, size := utf8.DecodeRuneInString(s[start:])
		if class := classOf(r); class != space {
			return start + size + run(s[start+size:], class)
		}
	}
	n := run(s, space)
	if n == len(s) {
		return n
	}
	if _, last := utf8.DecodeLastRuneInString(s[:n]); last < n {
		return n - last
	}
	return n
}

// contraction is the length of the English contraction that s starts with, or 0.
func contraction(s string) int {
	if s[0] != '\'' {
		return 0
	}
	for _, c := range [...]string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"} {
		if strings.HasPrefix(s, c) {
			return len(c)
		}
	}
	return 0
}

// runeClass is one of the four classes of GPT-2's expression.
type runeClass uint8

const (
	other runeClass = iota
	letter
	number
	space
)

func classOf(r rune) runeClass {
	if r < utf8.RuneSelf {
		return asciiClass[r] // most of most texts
	}
	return unicodeClass(r)
}

var asciiClass = func() (class [utf8.RuneSelf]runeClass) {
	for r := range class {
		class[r] = unicodeClass(rune(r))
	}
	return class
}()

func unicodeClass(r rune) runeClass {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// run is the length in bytes of the leading run of runes of one class.
func run(s string, class runeClass) int {
	for i, r := range s {
		if classOf(r) != class {
			return i
		}
	}
	return len(s)
}
