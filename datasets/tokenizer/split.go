package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// firstPiece is the length in bytes of the first piece of s, which is not empty.
// Merges never cross the border between two pieces. The pieces are those of
// GPT-2's regular expression (encoder.py of its release), tried in this order:
//
//	's|'t|'re|'ve|'m|'ll|'d
//	 ?\p{L}+
//	 ?\p{N}+
//	 ?[^\s\p{L}\p{N}]+
//	\s+(?!\S)
//	\s+
//
// It is written out because Go's regexp has no look-ahead. The last two lines
// say that white space before a word leaves its last rune to the word's piece if
// that is a space, and to a piece of its own otherwise.
//
// A byte that is not part of valid UTF-8 belongs to the fourth line. Letters and
// numbers are those of the Unicode version of Go's tables (15.0 in Go 1.26); a
// library with newer tables sees letters where this sees unassigned runes.
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

// contraction is the length of the English contraction that s begins with, or 0.
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

// runeClass is one of the four classes that GPT-2's expression knows.
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

// run is the length in bytes of the runes of one class that s begins with.
func run(s string, class runeClass) int {
	for i, r := range s {
		if classOf(r) != class {
			return i
		}
	}
	return len(s)
}
