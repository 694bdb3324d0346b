package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// shared is a path in the folder `shared` beside the repository.
func shared(tb testing.TB, path ...string) string {
	tb.Helper()
	path = append([]string{"shared"}, path...)
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		found := filepath.Join(append([]string{dir}, path...)...)
		if _, err := os.Stat(found); err == nil {
			return found
		}
		if filepath.Dir(dir) == dir {
			tb.Skipf("no %s beside the repository", filepath.Join(path...))
		}
		dir = filepath.Dir(dir)
	}
}

func loadGPT2(tb testing.TB) *BPE {
	tb.Helper()
	dir := shared(tb, "data", "tokenizer", "gpt2")
	b, err := LoadGPT2(filepath.Join(dir, "encoder.json"), filepath.Join(dir, "vocab.bpe"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func load(tb testing.TB, name string) Tokenizer {
	tb.Helper()
	t, err := Load(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// vector is a line of testdata/vectors.json: the ids that the Hugging Face
// tokenizers library (0.23.2, the one in Rust) gives for a text. It had read the
// files of this folder, and for "gpt2" a tokenizer.json that Save wrote; OpenAI's
// r50k_base as the npm package gpt-tokenizer 4.0.0 has it gives the same ids.
type vector struct {
	Tokenizer string
	Text      string
	IDs       []int32
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var v []vector
	if err := json.Unmarshal(data, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestVectors(t *testing.T) {
	for _, name := range []string{"bytes.json", "bpe.json", "word.json", "gpt2"} {
		t.Run(name, func(t *testing.T) {
			var tok Tokenizer
			if name == "gpt2" {
				tok = loadGPT2(t)
			} else {
				tok = load(t, name)
			}
			n := 0
			for _, v := range vectors(t) {
				if v.Tokenizer != name {
					continue
				}
				n++
				for range 2 { // the second time from memory
					got, err := tok.Encode(v.Text)
					if err != nil || !slices.Equal(got, v.IDs) {
						t.Errorf("Encode(%q) = %v, %v, want %v", v.Text, got, err, v.IDs)
					}
				}
				if text, err := tok.Decode(v.IDs); err != nil || text != v.Text {
					t.Errorf("Decode(%v) = %q, %v, want %q", v.IDs, text, err, v.Text)
				}
			}
			if n == 0 {
				t.Error("no vectors")
			}
		})
	}
}

func TestDecodeRange(t *testing.T) {
	tests := []struct {
		tok  Tokenizer
		ids  []int32
		want string
	}{
		{Bytes(), []int32{0, 255, 256}, "bytes: id 256 at index 2 is outside [0, 256)"},
		{Bytes(), []int32{-1}, "bytes: id -1 at index 0 is outside [0, 256)"},
		{load(t, "word.json"), []int32{7, 8}, "word-8: id 8 at index 1 is outside [0, 8)"},
		{tiny(t), []int32{260}, tiny(t).Name() + ": id 260 at index 0 is outside [0, 260)"},
	}
	for _, tt := range tests {
		if text, err := tt.tok.Decode(tt.ids); err == nil || err.Error() != tt.want || text != "" {
			t.Errorf("%s: Decode(%v) = %q, %v, want error %q", tt.tok.Name(), tt.ids, text, err, tt.want)
		}
	}
}

// Run with -race this says that the encoders are not shared.
func TestConcurrentUse(t *testing.T) {
	b := load(t, "bpe.json")
	data, err := os.ReadFile("testdata/text.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range lines {
				line := lines[(i+g)%len(lines)]
				ids, err := b.Encode(line)
				if err != nil {
					t.Error(err)
				}
				if text, err := b.Decode(ids); text != line || err != nil {
					t.Errorf("got back %q, %v, want %q", text, err, line)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzRoundTrip holds for all bytes, valid UTF-8 or not.
func FuzzRoundTrip(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Text)
	}
	f.Add("\xff\xfe '\xf0\x9f")
	toks := []Tokenizer{Bytes(), load(f, "bpe.json"), tiny(f)}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tok := range toks {
			ids, err := tok.Encode(text)
			if err != nil {
				t.Fatalf("%s: %v", tok.Name(), err)
			}
			if got, err := tok.Decode(ids); got != text || err != nil {
				t.Errorf("%s: Decode(Encode(%q)) = %q, %v", tok.Name(), text, got, err)
			}
		}
	})
}
