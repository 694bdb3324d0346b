package tokenizer

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A saved tokenizer loads under the same name, and saving it again gives the same file.
func TestSaveLoad(t *testing.T) {
	word, err := NewWord([]string{"<unk>", "the", "é", "Ġ", `"`, "<&>"})
	if err != nil {
		t.Fatal(err)
	}
	// Token 0 is an ordinary one here, and the last is special.
	special, err := newBPE(map300(), []string{endOfText}, [][2]string{{"!", "!"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range []Tokenizer{Bytes(), word, tiny(t), special} {
		dir := t.TempDir()
		path := filepath.Join(dir, "tokenizer.json")
		if err := Save(tok, path); err != nil {
			t.Fatal(err)
		}
		again, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if again.Name() != tok.Name() || again.Size() != tok.Size() {
			t.Errorf("loaded %s of size %d, saved %s of size %d", again.Name(), again.Size(), tok.Name(), tok.Size())
		}
		if err := Save(again, path+"2"); err != nil {
			t.Fatal(err)
		}
		one, err1 := os.ReadFile(path)
		two, err2 := os.ReadFile(path + "2")
		if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
			t.Errorf("%s: saved twice it is two files: %v %v", tok.Name(), err1, err2)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
			t.Errorf("%s: Save left %d files, want 2", tok.Name(), len(entries))
		}
	}
}

// map300 has GPT-2's order of bytes, "!" first, and a special token at the end.
func map300() map[string]int32 {
	vocab := make(map[string]int32)
	for value, r := range byteRune {
		vocab[string(r)] = int32((value - '!' + 256) % 256)
	}
	vocab["!!"], vocab[endOfText] = 256, 257
	return vocab
}

// The expected file was written by the tokenizers library (0.23.2) for the same
// vocabulary.
func TestSaveForm(t *testing.T) {
	w, err := NewWord([]string{"b", "a"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "word.json")
	if err := Save(w, path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,` +
		`"pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":null,` +
		`"model":{"type":"WordLevel","vocab":{"b":0,"a":1},"unk_token":""}}` + "\n"
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSaveErrors(t *testing.T) {
	if err := Save(nil, "x.json"); err == nil || err.Error() != "x.json: a <nil> has no form as tokenizer.json" {
		t.Errorf("Save(nil): %v", err)
	}
	if err := Save(Bytes(), filepath.Join(t.TempDir(), "no", "x.json")); !os.IsNotExist(err) {
		t.Errorf("Save into no folder: %v", err)
	}
	// The target is a folder, so the rename fails and nothing may be left over.
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "x.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Save(Bytes(), filepath.Join(dir, "x.json")); err == nil {
		t.Error("Save over a folder: no error")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("a failed Save left %v", entries)
	}
}

// tinyJSON is tiny as the library writes it, with changes.
func tinyJSON(tb testing.TB, oldnew ...string) string {
	tb.Helper()
	s := `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,` +
		`"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},` +
		`"post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},` +
		`"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,` +
		`"fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":` + tinyEncoder(tb) +
		`,"merges":[["a","b"],["ab","c"],["b","c"],["a","a"],["a","bc"]]}}`
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(s, oldnew[i]) {
			tb.Fatalf("nothing to change: %q", oldnew[i])
		}
		s = strings.Replace(s, oldnew[i], oldnew[i+1], 1)
	}
	return s
}

const (
	preTokenizerJSON = `"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`
	decoderJSON      = `"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}`
	noAdded          = `"added_tokens":[]`
)

func TestLoadForms(t *testing.T) {
	want := tiny(t).Name()
	tests := []struct {
		reason string
		oldnew []string
	}{
		{"as it is", nil},
		{"merges as strings", []string{`["a","b"]`, `"a b"`, `["a","bc"]`, `"a bc"`}},
		{"no use_regex, as older files", []string{`true,"use_regex":true},"post`, `true},"post`}},
		{"empty prefix and suffix, as in GPT-2's", []string{`prefix":null`, `prefix":""`, `suffix":null`, `suffix":""`}},
		{"ByteLevel post_processor", []string{`"post_processor":null`, `"post_processor":{"type":"ByteLevel"}`}},
		{"no ignore_merges, as older files", []string{`"ignore_merges":false,`, ""}},
	}
	for _, tt := range tests {
		tok, err := parse([]byte(tinyJSON(t, tt.oldnew...)))
		if err != nil {
			t.Errorf("%s: %v", tt.reason, err)
		} else if tok.Name() != want {
			t.Errorf("%s: %s, want %s", tt.reason, tok.Name(), want)
		}
	}
	// A special token may be listed in added_tokens only.
	tok, err := parse([]byte(tinyJSON(t, noAdded, `"added_tokens":[{"id":260,"content":"<s>","special":true}]`)))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := tok.Decode([]int32{260, 257}); err != nil || text != "<s>abc" || tok.Size() != 261 {
		t.Errorf("Decode = %q, %v, size %d", text, err, tok.Size())
	}
}

func TestLoadErrors(t *testing.T) {
	word := `{"version":"1.0","pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"type":"WordLevel","vocab":{"a":0,"b":1},"unk_token":"[UNK]"}}`
	tests := []struct{ reason, json, want string }{
		{"empty", "", "not a tokenizer.json: line 1, column 1: the text is empty"},
		{"not an object", "[]", "not a tokenizer.json: line 1, column 1: got an array, want an object"},
		{"nothing", "{}", `version "" is not supported: only 1.0`},
		{"no model", `{"version":"1.0"}`, "model is missing"},
		{"version", tinyJSON(t, `"1.0"`, `"2.0"`), `version "2.0" is not supported: only 1.0`},
		{"truncation", tinyJSON(t, `"truncation":null`, `"truncation":{"max_length":8}`), "truncation is not supported: set it to null"},
		{"padding", tinyJSON(t, `"padding":null`, `"padding":{}`), "padding is not supported: set it to null"},
		{"model", tinyJSON(t, `"BPE"`, `"Unigram"`), `model.type "Unigram" is not supported: only BPE and WordLevel`},
		{"dropout", tinyJSON(t, `"dropout":null`, `"dropout":0.1`), "model: dropout is not supported: set it to null"},
		{"prefix", tinyJSON(t, `prefix":null`, `prefix":"##"`), `model: continuing_subword_prefix "##" is not supported: only null`},
		{"suffix", tinyJSON(t, `suffix":null`, `suffix":"</w>"`), `model: end_of_word_suffix "</w>" is not supported: only null`},
		{"merge", tinyJSON(t, `["a","b"]`, `["a","b","c"]`), `line 1, column 2648: "model.merges[0]": want a merge, "a b" or ["a","b"], got ["a","b","c"]`},
		{"merge as number", tinyJSON(t, `["a","b"]`, `7`), `line 1, column 2648: "model.merges[0]": want a merge, "a b" or ["a","b"], got 7`},
		{"merge as string", tinyJSON(t, `["a","b"]`, `"ab"`), `line 1, column 2648: "model.merges[0]": want a merge, two tokens with one space between, got "ab"`},
		{"merge null", tinyJSON(t, `["a","b"]`, `null`), `line 1, column 2648: "model.merges[0]": want a merge, two tokens with one space between, got ""`},
		{"unknown merge", tinyJSON(t, `["a","b"]`, `["a","z"]`), `model: merge 0, "a" and "z": "az" is not in the vocabulary`},
		{"other id", tinyJSON(t, noAdded, `"added_tokens":[{"id":1,"content":"aa","special":true}]`),
			`added_tokens[0], "aa", has id 1, but in model.vocab id 259`},
		{"huge id", tinyJSON(t, noAdded, `"added_tokens":[{"id":2000000000,"content":"<s>","special":true}]`),
			`added_tokens[0]: token "<s>" has id 2000000000, outside [0, 66058)`},
		{"no vocabulary", `{"version":"1.0",` + preTokenizerJSON + "," + decoderJSON + `,"model":{"type":"BPE"}}`,
			"model.vocab is empty"},

		{"normalizer", tinyJSON(t, `"normalizer":null`, `"normalizer":{"type":"Lowercase"}`),
			`normalizer "Lowercase" is not supported: only NFC, NFD, NFKC, NFKD, Prepend, Replace and Sequence`},
		{"post", tinyJSON(t, `"post_processor":null`, `"post_processor":{"type":"BertProcessing"}`),
			`post_processor "BertProcessing" is not supported: only null, ByteLevel, TemplateProcessing and Sequence`},
		{"template without text", tinyJSON(t, `"post_processor":null`, `"post_processor":{"type":"TemplateProcessing"}`),
			"post_processor: single does not have the text A"},
		{"template id", tinyJSON(t, `"post_processor":null`, `"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},`+
			`{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"ids":[66056]}}}`), `post_processor: token "" has id 66056, outside [0, 66056)`},
		{"template token", tinyJSON(t, `"post_processor":null`, `"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]}`),
			`post_processor: single[0]: "<s>" is not among special_tokens`},
		{"pre", tinyJSON(t, preTokenizerJSON, `"pre_tokenizer":{"type":"BertPreTokenizer"}`),
			`pre_tokenizer "BertPreTokenizer" is not supported: only ByteLevel, Digits, Metaspace, Sequence, Split and WhitespaceSplit`},
		{"after bytes", tinyJSON(t, preTokenizerJSON, `"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}`),
			"pre_tokenizer: ByteLevel must be the last step"},
		{"null step", tinyJSON(t, preTokenizerJSON, `"pre_tokenizer":{"type":"Sequence","pretokenizers":[null]}`), "pre_tokenizer: a step is null"},
		{"expression", tinyJSON(t, preTokenizerJSON, `"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated"}`),
			`pre_tokenizer "Split": the expression cannot be compiled: error parsing regexp: missing closing ) in ` + "`(`"},
		{"behavior", tinyJSON(t, preTokenizerJSON, `"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Dropped"}`),
			`pre_tokenizer "Split": behavior "Dropped" is unknown`},
		{"decoder", tinyJSON(t, decoderJSON, `"decoder":{"type":"WordPiece"}`),
			`decoder "WordPiece" is not supported: only ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence and Strip`},
		{"two tokens of an id", tinyJSON(t, noAdded, `"added_tokens":[{"id":0,"content":"<s>"}]`), `added_tokens[0]: id 0 has two tokens, "<s>" and "Ā"`},
		{"empty added token", tinyJSON(t, noAdded, `"added_tokens":[{"id":260,"content":""}]`), `added_tokens[0]: added token "" (id 260) is empty`},
		{"unknown token", tinyJSON(t, `"unk_token":null`, `"unk_token":"<unk>"`), `model: unk_token "<unk>" is not in the vocabulary`},

		{"word pre", strings.Replace(word, "WhitespaceSplit", "Whitespace", 1),
			`pre_tokenizer "Whitespace" is not supported with WordLevel: only WhitespaceSplit`},
		{"word decoder", strings.Replace(word, `"model"`, `"decoder":{"type":"WordPiece"},"model"`, 1),
			`decoder "WordPiece" is not supported with WordLevel: only null`},
		{"word added", strings.Replace(word, `"model"`, `"added_tokens":[{"content":"a"}],"model"`, 1),
			`added_tokens[0], "a", is not supported with WordLevel`},
		{"word unk", strings.Replace(word, "[UNK]", "b", 1),
			`model.unk_token "b" is in the vocabulary: giving unknown words an id is not supported`},
		{"word ids", strings.Replace(word, `"b":1`, `"b":3`, 1),
			"model: the vocabulary has 2 tokens but none with id 1: ids must be 0 to 1, each once"},
		{"word space", strings.Replace(word, `"b"`, `"b c"`, 1), `model.vocab: word 1, "b c", contains white space`},
		{"word none", strings.Replace(word, `"a":0,"b":1`, "", 1), "model.vocab: a word-level vocabulary needs at least one word"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "t.json")
		if err := os.WriteFile(path, []byte(tt.json), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || err.Error() != path+": "+tt.want {
			t.Errorf("%s: %v, want error %q", tt.reason, err, "PATH: "+tt.want)
		}
	}
	if _, err := Load("missing.json"); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
}

func TestLoadTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.json")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, maxFile+1); err != nil { // a hole, so it takes no disk
		t.Fatal(err)
	}
	want := path + ": larger than 64 MiB, which no tokenizer file should be"
	if _, err := Load(path); err == nil || err.Error() != want {
		t.Errorf("%v, want error %q", err, want)
	}
}

// FuzzLoad: what loads can be used, and is unchanged after saving and loading. The
// tokenizers of this package restore every text; a pretrained one need not.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(tinyJSON(f)))
	f.Add([]byte(tinyJSON(f, noAdded, `"added_tokens":[{"id":260,"content":"<s>","special":true}]`, `["a","b"]`, `"a b"`)))
	f.Add([]byte(`{"version":"1.0","pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"type":"WordLevel","vocab":{"a":0,"b":1},"unk_token":""}}`))
	f.Add([]byte(`{"version":"1.0","model":null}`))
	for _, c := range pretrainedCases {
		f.Add([]byte(c.json()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := parse(data)
		if err != nil {
			return
		}
		all := make([]int32, tok.Size())
		for id := range all {
			all[id] = int32(id)
		}
		text, err := tok.Decode(all)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := tok.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		p, pretrained := tok.(*Pretrained)
		if pretrained {
			if _, err := p.EncodeSpecial("a \xff" + text); err != nil {
				t.Fatal(err)
			}
		}
		if again, err := tok.Decode(ids); err != nil || again != text && !pretrained {
			t.Errorf("Decode(Encode(%q)) = %q, %v", text, again, err)
		}
		saved := data
		if !pretrained {
			form, err := fileOf(tok)
			if err != nil {
				t.Fatal(err)
			}
			if saved, err = json.Marshal(form); err != nil {
				t.Fatal(err)
			}
		}
		if again, err := parse(saved); err != nil || again.Name() != tok.Name() {
			t.Errorf("saved and loaded: %v, %v, want %s", again, err, tok.Name())
		}
	})
}
