package tokenizer

import (
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"
)

func pieces(s string) []string {
	var p []string
	for len(s) > 0 {
		n := firstPiece(s)
		p = append(p, s[:n])
		s = s[n:]
	}
	return p
}

// The expected values follow from reading the regular expression, line by line.
func TestPieces(t *testing.T) {
	tests := []struct {
		reason, text string
		want         []string
	}{
		{"nothing", "", nil},
		{"a space belongs to the word after it", "Hello world", []string{"Hello", " world"}},
		{"and to the number", "in 1812", []string{"in", " 1812"}},
		{"and to the punctuation", "a -- b", []string{"a", " --", " b"}},
		{"letters and digits part", "abc123d", []string{"abc", "123", "d"}},
		{"all seven contractions", "a's a't a're a've a'm a'll a'd",
			[]string{"a", "'s", " a", "'t", " a", "'re", " a", "'ve", " a", "'m", " a", "'ll", " a", "'d"}},
		{"upper case is no contraction", "I'M", []string{"I", "'", "M"}},
		{"a contraction ends where it ends", "'sister", []string{"'s", "ister"}},
		{"'l and 'r alone are none", "'l 'r", []string{"'", "l", " '", "r"}},
		{"a space takes the apostrophe from it", " 's", []string{" '", "s"}},
		{"punctuation takes the apostrophe from it", "!'s", []string{"!'", "s"}},
		{"but not the other way round", "'s!", []string{"'s", "!"}},
		{"the last of many spaces belongs to the word", "a   b", []string{"a", "  ", " b"}},
		{"any other white space does not", "a\n\nb", []string{"a", "\n", "\n", "b"}},
		{"a space after a line end does", "a\n b", []string{"a", "\n", " b"}},
		{"a line end after a space does not", "a \nb", []string{"a", " ", "\n", "b"}},
		{"at the end white space stays whole", "a \n\t ", []string{"a", " \n\t "}},
		{"a lone space at the end", "a ", []string{"a", " "}},
		{"white space only", "   ", []string{"   "}},
		{"Unicode white space is white space", "a\u00a0b\u2003\u2003c", []string{"a", "\u00a0", "b", "\u2003", "\u2003", "c"}},
		{"Unicode letters", "naïve漢字", []string{"naïve漢字"}},
		{"Unicode numbers", "x½٣²", []string{"x", "½٣²"}},
		{"a combining mark is no letter", "e\u0301e", []string{"e", "\u0301", "e"}},
		{"an emoji is neither", "a 🙂!b", []string{"a", " 🙂!", "b"}},
		{"invalid bytes are neither", "a\xff\xfeb", []string{"a", "\xff\xfe", "b"}},
	}
	for _, tt := range tests {
		if got := pieces(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s: pieces(%q) = %q, want %q", tt.reason, tt.text, got, tt.want)
		}
	}
}

// gpt2Pieces is GPT-2's with Unicode's white space spelt out and without
// the look-ahead, which wantPiece does.
var gpt2Pieces = regexp.MustCompile(
	`^(?:'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\t-\r\x{85}\p{Z}\p{L}\p{N}]+|([\t-\r\x{85}\p{Z}]+))`)

func wantPiece(s string) int {
	m := gpt2Pieces.FindStringSubmatchIndex(s)
	n := m[1]
	if m[2] < 0 || n == len(s) {
		return n
	}
	if _, last := utf8.DecodeLastRuneInString(s[:n]); last < n {
		return n - last
	}
	return n
}

// FuzzPieces compares the scanner with the regular expression.
func FuzzPieces(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Text)
	}
	f.Add("\u1680\u2028\u180e\ufeff ' 's\x85")
	f.Fuzz(func(t *testing.T, text string) {
		for len(text) > 0 {
			got, want := firstPiece(text), wantPiece(text)
			if got != want {
				t.Fatalf("firstPiece(%q) = %d, want %d", text, got, want)
			}
			text = text[got:]
		}
	})
}
