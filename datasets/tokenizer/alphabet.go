package tokenizer

import (
	"fmt"
	"strings"
)

// GPT-2's files write bytes as printable runes, so that a token is a JSON string
// without white space: 188 printable Latin-1 bytes represent themselves, and the other
// 68, in order, become U+0100, U+0101, ... A space is "Ġ".
var (
	byteRune [256]rune
	runeByte = make(map[rune]byte, 256)
)

func init() {
	next := rune(0x100)
	for b := range rune(256) {
		r := b
		if !('!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b) {
			r = next
			next++
		}
		byteRune[b], runeByte[r] = r, byte(b)
	}
}

// toAlphabet writes the bytes of a token as GPT-2's files do.
func toAlphabet(token string) string {
	var s strings.Builder
	for i := range len(token) {
		s.WriteRune(byteRune[token[i]])
	}
	return s.String()
}

// fromAlphabet is the inverse of toAlphabet.
func fromAlphabet(s string) (string, error) {
	token := make([]byte, 0, len(s))
	for _, r := range s {
		b, ok := runeByte[r]
		if !ok {
			return "", fmt.Errorf("%q is not in the byte alphabet of GPT-2", r)
		}
		token = append(token, b)
	}
	return string(token), nil
}
