package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// goldenTokenizers are the tokenizers of ../shared/goldens/tokenizers, each with
// the ids of the Hugging Face tokenizers library 0.23.2 for 198 texts.
var goldenTokenizers = []string{"gpt2", "mistral-v0.1", "qwen3"}

// goldenText is a line of these goldens; the README there describes the fields.
type goldenText struct {
	Name           string  `json:"name"`
	Text           string  `json:"text"`
	IDs            []int32 `json:"ids"`
	IDsSpecial     []int32 `json:"ids_special"`
	Decoded        string  `json:"decoded"`
	DecodedSpecial *string `json:"decoded_special"` // nil: as Decoded
}

func TestPretrainedGolden(t *testing.T) {
	for _, name := range goldenTokenizers {
		t.Run(name, func(t *testing.T) {
			tok := sharedTokenizer(t, name)
			data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "goldens", "tokenizers", name+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			right, all := 0, 0
			lines := bufio.NewScanner(bytes.NewReader(data))
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				var g goldenText
				if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
					t.Fatal(err)
				}
				all++
				if matchesGolden(t, tok, g) {
					right++
				}
			}
			t.Logf("%d of %d texts", right, all)
			if all != 198 {
				t.Errorf("%d texts, want the 198 that the goldens have", all)
			}
		})
	}
}

// sharedTokenizer is one of ../shared/data/tokenizer.
func sharedTokenizer(tb testing.TB, name string) *Pretrained {
	tb.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "tokenizer", name)
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("the tokenizers are not here: %v", err)
	}
	tok, err := Load(path)
	if err != nil {
		tb.Fatal(err)
	}
	return tok.(*Pretrained)
}

func matchesGolden(t *testing.T, tok *Pretrained, g goldenText) bool {
	t.Helper()
	ok := true
	check := func(what string, encode func(string) ([]int32, error), want []int32, wantText string) {
		ids, err := encode(g.Text)
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s: %s of %.60q = %v, %v, want %v", g.Name, what, g.Text, ids, err, want)
			ok = false
		}
		text, err := tok.Decode(want)
		if err != nil || text != wantText {
			t.Errorf("%s: decoded %s = %q, %v, want %q", g.Name, what, text, err, wantText)
			ok = false
		}
	}
	check("ids", tok.Encode, g.IDs, g.Decoded)
	decodedSpecial := g.Decoded
	if g.DecodedSpecial != nil {
		decodedSpecial = *g.DecodedSpecial
	}
	check("ids_special", tok.EncodeSpecial, g.IDsSpecial, decodedSpecial)
	return ok
}

// BenchmarkPretrained encodes a book with tokenizers that have seen no text yet.
func BenchmarkPretrained(b *testing.B) {
	books, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "books", "test", "*.txt"))
	if err != nil || len(books) == 0 {
		b.Skip("the books are not here")
	}
	text, err := os.ReadFile(books[0])
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range goldenTokenizers {
		b.Run(name, func(b *testing.B) {
			tok := sharedTokenizer(b, name)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				b.StopTimer()
				cold := &Pretrained{name: tok.name, raw: tok.raw, normalised: tok.normalised, start: tok.start,
					model: tok.model, tokens: tok.tokens}
				cold.scratch.New = tok.scratch.New
				b.StartTimer()
				if _, err := cold.Encode(string(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
