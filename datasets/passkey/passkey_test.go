package passkey

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets/tokenizer"
)

// The paper's prompt (Appendix B), typed again from there.
const (
	paperTask     = "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. I will quiz you about the important information there."
	paperFiller   = " The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
	paperNeedle   = " The pass key is 9054. Remember it. 9054 is the pass key."
	paperQuestion = " What is the pass key? The pass key is "
)

// tokenizers are one of each kind, and GPT-2's if it is there.
func tokenizers(t *testing.T) []tokenizer.Tokenizer {
	t.Helper()
	word, err := tokenizer.NewWord(Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	// Trained on keys in plenty, so that it merges digits wherever it may.
	bpe, err := tokenizer.TrainBPE(func(yield func(string, error) bool) {
		for key := range Key(300) {
			if !yield(taskText+sentences+strings.ReplaceAll(paperNeedle, "9054", key.String())+questionText+key.String(), nil) {
				return
			}
		}
	}, 420, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := []tokenizer.Tokenizer{tokenizer.Bytes(), word, bpe}
	dir := filepath.Join("..", "..", "..", "shared", "data", "tokenizer", "gpt2")
	if _, err := os.Stat(dir); err != nil {
		t.Logf("without GPT-2: %v", err)
		return all
	}
	gpt2, err := tokenizer.LoadGPT2(filepath.Join(dir, "encoder.json"), filepath.Join(dir, "vocab.bpe"))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, gpt2)
}

func newTask(t testing.TB, of tokenizer.Tokenizer) *Task {
	t.Helper()
	p, err := New(of)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func decode(t *testing.T, of tokenizer.Tokenizer, ids []int32) string {
	t.Helper()
	text, err := of.Decode(ids)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// In bytes a prompt is a string, which can be built directly.
func TestPromptIsThePapers(t *testing.T) {
	p := newTask(t, tokenizer.Bytes())
	filler := strings.Repeat(paperFiller, 12)
	tests := []struct {
		length       int
		depth        float64
		before, room int // of the filler; the parts are 148, 57 and 39 characters
		hash         string
	}{
		// The hashes are Python's hashlib.sha256 of the same strings.
		{244, 0, 0, 0, "79e5e70da8c31475f228488d64ba79d7cbaa489ee66cddcbf47d68864dc53123"},
		{244, 1, 0, 0, "79e5e70da8c31475f228488d64ba79d7cbaa489ee66cddcbf47d68864dc53123"},
		{1024, 0.5, 390, 780, "b5207245fd560e4988403337f00db109467c665a7d1c2b2d31a10a697d0574a0"},
		{1024, 0, 0, 780, ""},
		{1024, 1, 780, 780, ""},
		{249, 0.5, 3, 5, ""},  // 2.5, and halves go up
		{249, 0.25, 1, 5, ""}, // 1.25
	}
	for _, test := range tests {
		s, err := p.Prompt(Prompt{Length: test.length, Depth: test.depth, Key: 9054})
		if err != nil {
			t.Fatal(err)
		}
		want := paperTask + filler[:test.before] + paperNeedle + filler[test.before:test.room] + paperQuestion
		if got := decode(t, tokenizer.Bytes(), s.IDs[:test.length]); got != want {
			t.Errorf("length %d, depth %g: got\n%s\nwant\n%s", test.length, test.depth, got, want)
		}
		if got := decode(t, tokenizer.Bytes(), s.Answer()); got != "9054" {
			t.Errorf("length %d: the answer is %q", test.length, got)
		}
		if s.Hash() != test.hash && test.hash != "" {
			t.Errorf("length %d, depth %g: hash %s, want %s", test.length, test.depth, s.Hash(), test.hash)
		}
		if want := (Span{148 + test.before, 148 + test.before + 56}); s.Needle != want {
			t.Errorf("length %d, depth %g: needle at %v, want %v", test.length, test.depth, s.Needle, want)
		}
		if want := (Asked{Span{test.length - 39, test.length - 1}, Span{test.length, test.length + 3}}); len(s.Questions) != 1 || s.Questions[0] != want {
			t.Errorf("length %d: questions %v, want %v", test.length, s.Questions, want)
		}
	}
}

// A word tokenizer separates punctuation and digits.
func TestWordsOfThePrompt(t *testing.T) {
	words, err := tokenizer.NewWord(Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	// 29 + 21 + 10 tokens, counted by hand, and two of filler.
	s, err := newTask(t, words).Prompt(Prompt{Length: 62, Depth: 0.5, Key: 9054})
	if err != nil {
		t.Fatal(err)
	}
	const want = "There is an important info hidden inside a lot of irrelevant text . Find it and memorize them . I will quiz you about the important information there . " +
		"The " + "The pass key is 9 0 5 4 . Remember it . 9 0 5 4 is the pass key . " + "grass " + "What is the pass key ? The pass key is 9 0 5 4"
	if got := decode(t, words, s.IDs); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// odd is the byte tokenizer with a fault.
type odd struct {
	tokenizer.Tokenizer
	encode func(string) ([]int32, error)
}

func (odd) Name() string { return "odd" }

func (o odd) Encode(text string) ([]int32, error) { return o.encode(text) }

func TestUnfitTokenizers(t *testing.T) {
	plain := tokenizer.Bytes()
	pairs := func(text string) ([]int32, error) { // of digits, as some vocabularies have them
		if len(text) == 1 {
			return []int32{' ', int32(text[0])}, nil
		}
		return plain.Encode(text)
	}
	words, err := tokenizer.NewWord([]string{"the", "cat"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		of   tokenizer.Tokenizer
		want string
	}{
		{"lower case", odd{plain, func(s string) ([]int32, error) { return plain.Encode(strings.ToLower(s)) }},
			`cannot give "There is an`},
		{"special tokens", odd{plain, func(s string) ([]int32, error) {
			return plain.Encode(strings.ReplaceAll(s, "pass", "<unk>"))
		}}, `cannot give " What is the pass key? The pass key is " back: it makes " What is the <unk> key? The <unk> key is " of it`},
		{"words unknown", words, `cannot write "There is an important info hidden`},
		{"id out of range", odd{plain, func(string) ([]int32, error) { return []int32{256}, nil }}, `cannot read back "There is an`},
		{"two ids for a digit", odd{plain, pairs}, `cannot give "0" back: it makes " 0" of it`},
		{"nothing at all", odd{plain, func(string) ([]int32, error) { return nil, nil }}, `cannot give "There is an`},
	}
	for _, test := range tests {
		for _, create := range []func() (*Task, error){
			func() (*Task, error) { return New(test.of) },
			func() (*Task, error) { return NewBooks(test.of, []string{"a book"}) },
		} {
			_, err := create()
			if err == nil || !strings.HasPrefix(err.Error(), "passkey: tokenizer "+test.of.Name()+" "+test.want) || !strings.HasSuffix(err.Error(), "; use one that can, such as bytes") {
				t.Errorf("%s: error %v, want %q in it", test.name, err, test.want)
			}
		}
	}
}

// A vocabulary may spell a digit with two tokens that decode to its text, as continued
// pieces do; the error is then a different one.
func TestDigitsMustBeTokens(t *testing.T) {
	_, err := New(halves{tokenizer.Bytes()})
	const want = "passkey: tokenizer bytes cannot split digits: 0 is not one id that means nothing else, but [48 256]; use one that can, such as bytes"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// halves appends to every encoding an id that means nothing.
type halves struct{ tokenizer.Tokenizer }

func (h halves) Encode(text string) ([]int32, error) {
	ids, err := h.Tokenizer.Encode(text)
	return append(ids, 256), err
}

func (h halves) Decode(ids []int32) (string, error) {
	return h.Tokenizer.Decode(slices.DeleteFunc(slices.Clone(ids), func(id int32) bool { return id == 256 }))
}

// The key has the same ids at every position, even in a tokenizer that would merge its
// digits, so copying the needle's tokens gives the right answer.
func TestKeyHasTheSameTokensEverywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	for _, of := range tokenizers(t) {
		p := newTask(t, of)
		for range 50 {
			key := Key(r.IntN(keySpace))
			s, err := p.Prompt(Prompt{Length: 400, Depth: r.Float64(), Key: key})
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for i := range s.IDs[:len(s.IDs)-Digits+1] {
				if slices.Equal(s.IDs[i:i+Digits], s.Answer()) {
					found++
				}
			}
			if found != 3 {
				t.Errorf("%s: the answer of key %v occurs %d times in its sample, want 3", of.Name(), key, found)
			}
		}
	}
}
