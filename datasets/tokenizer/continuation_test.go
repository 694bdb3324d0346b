package tokenizer

import (
	"path/filepath"
	"slices"
	"testing"
)

// A text that is cut before a space and encoded in two parts has the ids of the whole,
// which the goldens of these tokenizers hold against the official library: each of them
// cuts before a space as well.
func TestContinuation(t *testing.T) {
	of := map[string]Tokenizer{"bytes": Bytes()}
	for _, name := range goldenTokenizers {
		of[name] = sharedTokenizer(t, name)
	}
	dir := filepath.Join("..", "..", "..", "shared", "data", "models", "stories260K")
	tiny, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	of["stories260K"] = tiny
	for name, tok := range of {
		for _, parts := range [][]string{
			{"The grass is green.", " The pass key is ", "7"},
			{"Once upon a time", ", there was"},
			{"a", "  b"},
		} {
			head, tail := parts[0], parts[1:]
			ids, err := tok.Encode(head)
			if err != nil {
				t.Fatal(err)
			}
			whole := head
			for _, part := range tail {
				more, err := EncodeContinuation(tok, part)
				if err != nil {
					t.Fatal(err)
				}
				text, err := DecodeContinuation(tok, more)
				if err != nil || text != part {
					t.Errorf("%s: %q decodes to %q, %v", name, part, text, err)
				}
				ids, whole = append(ids, more...), whole+part
			}
			text, err := tok.Decode(ids)
			if err != nil || text != whole {
				t.Errorf("%s: %q in parts decodes to %q, %v", name, whole, text, err)
			}
			if len(parts) > 2 {
				continue // "is 7" may be cut otherwise
			}
			if want, err := tok.Encode(whole); err != nil || !slices.Equal(ids, want) {
				t.Errorf("%s: %q in parts is %v, as a whole %v, %v", name, whole, ids, want, err)
			}
		}
	}
}

// Worked by hand from the library's source: each setting that puts a space before a text
// puts none before a continuation.
func TestContinuationCases(t *testing.T) {
	for _, c := range []pretrainedCase{
		{name: "Prepend", normalizer: llamaNormalizer, decoder: llamaDecoder},
		{name: "Metaspace", pre: `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`,
			decoder: `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`},
		{name: "Metaspace, first", pre: `{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}`,
			decoder: `{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}`},
	} {
		c.vocab, c.merges = []string{"▁", "a", "▁a"}, []string{"▁ a"}
		tok, err := parse([]byte(c.json()))
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string][2][]int32{"a": {{2}, {1}}, " a": {{0, 2}, {2}}, "": {{}, {}}} {
			if c.name != "Prepend" && text == " a" {
				want[0] = []int32{2} // a Metaspace puts no second space before a text
			}
			start, err := tok.Encode(text)
			if err != nil || !slices.Equal(start, want[0]) {
				t.Errorf("%s: %q is %v at the start, want %v, %v", c.name, text, start, want[0], err)
			}
			ids, err := EncodeContinuation(tok, text)
			if err != nil || !slices.Equal(ids, want[1]) {
				t.Errorf("%s: %q is %v as a continuation, want %v, %v", c.name, text, ids, want[1], err)
			}
			if back, err := DecodeContinuation(tok, ids); err != nil || back != text {
				t.Errorf("%s: %q comes back as %q, %v", c.name, text, back, err)
			}
		}
	}
	byteLevel := pretrainedCase{pre: `{"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}]}`,
		decoder: `{"type":"ByteLevel"}`, vocab: []string{"a", "Ġ", "Ġa"}, merges: []string{"Ġ a"}}
	tok, err := parse([]byte(byteLevel.json()))
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := EncodeContinuation(tok, "a"); err != nil || !slices.Equal(ids, []int32{0}) {
		t.Errorf("ByteLevel: a continuation is %v, want [0], %v", ids, err)
	}
}
