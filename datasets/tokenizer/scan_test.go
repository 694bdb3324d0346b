package tokenizer

import (
	"testing"

	"github.com/dlclark/regexp2/v2"
)

// FuzzScanners compares every scanner with its expression, compiled by a library.
func FuzzScanners(f *testing.F) {
	compiled := make(map[string]*regexp2.Regexp)
	for expression := range scanners {
		compiled[expression] = regexp2.MustCompile(expression)
	}
	for _, text := range []string{
		"Hello, World! It's 12345 o'clock.\r\n\n  x", "don'T WE'LL 'S'ſ 'ſ", "HELLOworld Éa ǅa ʰaʰA aʰ", "e\u0301E\u0301 \u0301a\u0301",
		"!!\n\n/\r/ //x", " \t\n \n x  ", "一二三 四五\u3000六", "²³½Ⅷ٣٤٥٦", "🙂 a🙂b", "\u00a0\u0085\u2028x", "'", "''s", " '", "a\n b", "ǅǅ ǅ", "AʰB",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<8 {
			return // backtracking takes long
		}
		text = string([]rune(text)) // regexp2 reads invalid bytes as U+FFFD
		for expression, scan := range scanners {
			matches, err := compiled[expression].FindAllStringIndex(text, -1)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for _, m := range matches {
				if n := scan(text[at:]); m[0] != at || m[1] != at+n {
					t.Fatalf("%s: the match of %q at %d is [%d, %d), the scanner's ends at %d", expression, text, at, m[0], m[1], at+n)
				}
				at = m[1]
			}
			if at != len(text) {
				t.Fatalf("%s: matches of %q end at %d of %d", expression, text, at, len(text))
			}
		}
	})
}
