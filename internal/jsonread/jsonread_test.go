package jsonread

import (
	stdjson "encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

type record struct {
	Text  *string               `json:"text"`
	Meta  struct{ Name string } `json:"meta"`
	Count int                   `json:"count"`
	Rows  [][]float64           `json:"rows"`
}

// Texts and numbers that encoding/json would change, and keys that it would merge. The
// surrogate pairs are in RFC 8259, sections 7 and 8.2.
func TestDocument(t *testing.T) {
	const lone = ` is a lone surrogate, only half of a character; write the character itself or U+FFFD`
	for _, c := range []struct {
		reason, text, want string
		options            []json.Options
	}{
		{"good", "\ufeff {\"text\": \"\\uD834\\uDD1E\",\r\n\"other\": [null]}\r\n", "", nil},
		{"low surrogate", "{\n \"text\": \"caf\\udce9\"}", `line 2, column 14: "text": \udce9` + lone, nil},
		{"high surrogate", `{"text": "\ud835 x"}`, `line 1, column 11: "text": \ud835` + lone, nil},
		{"the wrong way round", `{"text": "\udd1e\ud834"}`, `line 1, column 11: "text": \udd1e` + lone, nil},
		{"high, then a letter", `{"text": "\ud835\u0041"}`, `line 1, column 11: "text": \ud835` + lone, nil},
		{"in a value nobody reads", `{"x": ["\uDEAD"]}`, `line 1, column 9: "x[0]": \uDEAD` + lone, nil},
		{"in a key", `{"\uDEAD": 1}`, `line 1, column 3: \uDEAD` + lone, nil},
		{"Latin-1", "{\"text\": \"caf\xe9\"}", `line 1, column 14: "text": byte 0xe9 is not UTF-8; convert the text to UTF-8`, nil},
		{"a surrogate in bytes", "{\"text\": \"\xed\xb3\xa9\"}", `line 1, column 11: "text": byte 0xed is not UTF-8; convert the text to UTF-8`, nil},
		{"a key twice", "{\"text\": \"a\",\n\"text\": \"b\"}", `line 2, column 1: "text": the key is given twice`, nil},
		{"a key twice, once in escapes", `{"text": "a", "te\u0078t": "b"}`, `line 1, column 15: "text": the key is given twice`, nil},
		{"a key twice in an object", `{"meta": {"Name": "a", "Name": "b"}}`, `line 1, column 24: "meta.Name": the key is given twice`, nil},
		{"a key twice in a value nobody reads", `{"x": {"a": 1, "a": 1}}`, `line 1, column 16: "x.a": the key is given twice`, nil},
		{"UTF-16", "\xff\xfe{\x00", "the text is UTF-16, by its byte-order mark; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEWFILE", nil},
		{"two marks", "\ufeff\ufeff{}", "line 1, column 1: a byte-order mark, which is allowed only at the start of a file", nil},
		{"nothing", " \n", "line 2, column 1: the text is empty", nil},
		{"cut", `{"text": "a`, `line 1, column 12: "text": the JSON ends too early; the file may be cut short`, nil},
		{"two values", "{}\n{}", "line 2, column 1: more text after the JSON value", nil},
		{"a comment", "# x\n{}", "line 1, column 1: invalid character '#' at start of value", nil},
		{"NaN", `{"rows": [[1, NaN]]}`, `line 1, column 15: "rows[0][1]": invalid character 'N' at start of value (NaN and infinities are not JSON)`, nil},
		{"a fraction", `{"count": 1.5}`, `line 1, column 11: "count": 1.5 is not a whole number in range`, nil},
		{"a string", `{"count": "1"}`, `line 1, column 11: "count": got a string, want a whole number`, nil},
		{"too large", `{"rows": [[1e999]]}`, `line 1, column 12: "rows[0][0]": 1e999 is not a number in range`, nil},
		{"another case, exactly", `{"Text": "a"}`, `line 1, column 2: "Text": unknown key`, []json.Options{Exact}},
		{"null, exactly", `{"rows": [[null]]}`, `line 1, column 12: "rows[0][0]": null is not a number`, []json.Options{Exact}},
		{"any text", "{\"text\": \"caf\xe9 \\udce9\"}", "", []json.Options{AnyText}},
	} {
		var r record
		err := Document([]byte(c.text), &r, c.options...)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: error\n%s\nwant\n%s", c.reason, got, c.want)
		}
	}
	var r record
	if err := Document([]byte(`{"Text": "a", "META": {"name": "b"}}`), &r); err != nil || r.Text != nil || r.Meta.Name != "" {
		t.Errorf("keys in another case gave %+v, %v", r, err)
	}
	if err := Line([]byte(`{"text": "\ud800"}`), &r); err == nil || err.Error() != `column 11: "text": \ud800`+lone {
		t.Errorf("a line: %v", err)
	}
}

// The library's own message about a number: not every number fits.
func TestExactTakesPointers(t *testing.T) {
	var v struct {
		Loss *float64 `json:"loss"`
	}
	if err := Document([]byte(`{"loss": null}`), &v, Exact); err != nil || v.Loss != nil {
		t.Errorf("null for a number that may be missing: %v, %v", v.Loss, err)
	}
}

// TestOnlyReader: no other package decodes JSON.
func TestOnlyReader(t *testing.T) {
	decodes := regexp.MustCompile(`\bjson\.(Unmarshal|NewDecoder|UnmarshalRead|UnmarshalDecode)\(`)
	allowed := []string{
		"internal/jsonread/jsonread.go",
		"cmd/licences/main.go",                               // reads what go list prints
		"models/pretrained/tokenids.go",                      // one field of a document that jsonread reads
		"models/pretrained/pretrainedtest/pretrainedtest.go", // reads what it has written, for tests
	}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir
		}
		name, _ := filepath.Rel("../..", path)
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(strings.Join(allowed, " "), filepath.ToSlash(name)) {
			return nil
		}
		text, err := os.ReadFile(path)
		if at := decodes.FindIndex(text); at != nil {
			t.Errorf("%s:%d decodes JSON itself; use jsonread", name, 1+strings.Count(string(text[:at[0]]), "\n"))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// FuzzDocument: the result equals encoding/json's, and U+FFFD comes only from U+FFFD.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{`{"a": [1, -2.5e3, "\u00e9\ud834\udd1e", null, true]}`, `{"a":1,"a":2}`, `"\udce9"`, "\"\xff\"", "\ufeff{}", "[1,\n2,]", `{"":{"/~":"\ufffd"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want any
		if err := Document(data, &got); err != nil {
			if !regexp.MustCompile(`^(line \d+, column \d+: |the text is UTF-)`).MatchString(err.Error()) {
				t.Errorf("%q: %v names no place", data, err)
			}
			return
		}
		data = []byte(strings.TrimPrefix(string(data), "\ufeff"))
		if err := stdjson.Unmarshal(data, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, encoding/json %v, %v", data, got, want, err)
		}
		if !utf8.Valid(data) {
			t.Errorf("%q is not UTF-8", data)
		}
		if text, _ := stdjson.Marshal(got); strings.Contains(string(text), "\ufffd") && !regexp.MustCompile(`(?i)\\ufffd|\x{FFFD}`).Match(data) {
			t.Errorf("%q: U+FFFD in %s", data, text)
		}
	})
}
