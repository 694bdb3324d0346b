package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The ids of "Hello world" and "hello world" come from OpenAI's own examples.
func TestLoadGPT2(t *testing.T) {
	b := loadGPT2(t)
	if b.Name() != "gpt2" || b.Size() != 50257 {
		t.Errorf("Name, Size = %q, %d, want gpt2, 50257", b.Name(), b.Size())
	}
	for text, want := range map[string][]int32{
		"Hello world":      {15496, 995},
		"hello world":      {31373, 995},
		"<|endoftext|>":    {27, 91, 437, 1659, 5239, 91, 29}, // text, not id 50256
		" \xff\xf0\x9f'll": nil,                               // any: it must only come back
	} {
		ids, err := b.Encode(text)
		if err != nil || want != nil && !slices.Equal(ids, want) {
			t.Errorf("Encode(%q) = %v, %v, want %v", text, ids, err, want)
		}
		if got, err := b.Decode(ids); err != nil || got != text {
			t.Errorf("Decode(%v) = %q, %v, want %q", ids, got, err, text)
		}
	}
	if text, err := b.Decode([]int32{50256}); err != nil || text != "<|endoftext|>" {
		t.Errorf("Decode(50256) = %q, %v", text, err)
	}

	path := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := Save(b, path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.Name() != "gpt2" {
		t.Errorf("saved and loaded it is %q", again.Name())
	}
	if text, err := again.Decode([]int32{50256}); err != nil || text != "<|endoftext|>" {
		t.Errorf("saved and loaded, Decode(50256) = %q, %v", text, err)
	}
}

// writeGPT2 writes the two files and returns their paths.
func writeGPT2(tb testing.TB, encoder, merges string) (string, string) {
	tb.Helper()
	dir := tb.TempDir()
	paths := [2]string{filepath.Join(dir, "encoder.json"), filepath.Join(dir, "vocab.bpe")}
	for i, content := range []string{encoder, merges} {
		if err := os.WriteFile(paths[i], []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return paths[0], paths[1]
}

func tinyEncoder(tb testing.TB) string {
	tb.Helper()
	data, err := json.Marshal(tinyVocab())
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func TestLoadGPT2Small(t *testing.T) {
	want := tiny(t).Name()
	for _, merges := range []string{
		"#version: 0.2\na b\nab c\nb c\na a\na bc\n",
		"#version: 0.2\r\na b\r\nab c\r\nb c\r\na a\r\na bc",
	} {
		b, err := LoadGPT2(writeGPT2(t, tinyEncoder(t), merges))
		if err != nil {
			t.Fatal(err)
		}
		if b.Name() != want {
			t.Errorf("%q gives %s, want %s", merges, b.Name(), want)
		}
	}
}

func TestLoadGPT2Errors(t *testing.T) {
	const version = "#version: 0.2\n"
	tests := []struct{ reason, encoder, merges, want string }{
		{"no JSON", "nope", version, "ENC: want an object of tokens and their ids: line 1, column 2: invalid character 'o' in literal null (expecting 'u')"},
		{"no ids", `{"a":"b"}`, version,
			"ENC: want an object of tokens and their ids: line 1, column 6: \"a\": got a string, want a whole number"},
		{"empty merges", tinyEncoder(t), "", `VOC: line 1: want "#version: ...", got ""`},
		{"no version", tinyEncoder(t), "a b\n", `VOC: line 1: want "#version: ...", got "a b"`},
		{"one token", tinyEncoder(t), version + "a b\nab\n", `VOC: line 3: want a merge, two tokens with a space between, got "ab"`},
		{"three tokens", tinyEncoder(t), version + "a b c\n", `VOC: line 2: want a merge, two tokens with a space between, got "a b c"`},
		{"unknown token", tinyEncoder(t), version + "a z\n", `ENC with VOC: merge 0, "a" and "z": "az" is not in the vocabulary`},
		{"missing byte", "{}", version, `ENC with VOC: byte 0x00 ('Ā') has no token: only vocabularies with all 256 bytes are supported`},
	}
	for _, tt := range tests {
		enc, voc := writeGPT2(t, tt.encoder, tt.merges)
		want := strings.NewReplacer("ENC", enc, "VOC", voc).Replace(tt.want)
		if _, err := LoadGPT2(enc, voc); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want error %q", tt.reason, err, want)
		}
	}
	enc, _ := writeGPT2(t, tinyEncoder(t), version)
	if _, err := LoadGPT2(enc, "missing.bpe"); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := LoadGPT2("missing.json", "missing.bpe"); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
}

// OpenAI's encoder.py cuts the file at line feeds and each line at white space, so that
// lines without a token have no effect on the order of the merges; it opens the file
// as text, which takes CR LF for LF. It drops what follows the last line feed; the
// tokenizers library's BPE::read_file does not.
func TestParseMerges(t *testing.T) {
	want := [][2]string{{"a", "b"}, {"c", "d"}}
	for _, text := range []string{
		"#version: 0.2\na b\nc d\n", "#version: 0.2\r\na b\r\nc d\r\n", "#version: 0.2\na b\nc d",
		"#version: 0.2\na b\nc d\n\n", "#version: 0.2\n\na b\n \t\n\nc d\n\r\n", "#version: 0.2 - Trained by x\n a  b \nc\td\n",
	} {
		if got, err := parseMerges(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}

func FuzzLoadGPT2(f *testing.F) {
	f.Add("#version: 0.2\na b\nab c\nb c\na a\na bc\n")
	f.Add("#version: 0.2\na b\r\n\n")
	f.Add("#version\nĠ a\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, merges string) {
		rules, err := parseMerges(merges)
		if err != nil {
			return
		}
		b, err := newBPE(tinyVocab(), nil, rules)
		if err != nil {
			return
		}
		const text = "abcabaabc aa\xff"
		ids, err := b.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Decode(ids); got != text || err != nil {
			t.Errorf("Decode(Encode(%q)) = %q, %v", text, got, err)
		}
	})
}

// FuzzEncoder: whatever encoder.json holds beside a list of merges, it is a tokenizer
// that gives a text back, or an error.
func FuzzEncoder(f *testing.F) {
	f.Add([]byte(tinyEncoder(f)), "#version: 0.2\na b\n")
	f.Add([]byte(`{"a":-1}`), "#version: 0.2\n")
	f.Add([]byte(`{"a":0,"a":2147483647}`), "#version: 0.2\na a\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, encoder []byte, merges string) {
		enc, voc := filepath.Join(dir, "encoder.json"), filepath.Join(dir, "vocab.bpe")
		for path, data := range map[string][]byte{enc: encoder, voc: []byte(merges)} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b, err := LoadGPT2(enc, voc)
		if err != nil {
			return
		}
		const text = "abcabaabc aa\xff<|endoftext|>"
		ids, err := b.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Decode(ids); got != text || err != nil {
			t.Errorf("Decode(Encode(%q)) = %q, %v", text, got, err)
		}
	})
}
