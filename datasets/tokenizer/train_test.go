package tokenizer

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func each(texts []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, text := range texts {
			if !yield(text, nil) {
				return
			}
		}
	}
}

// The words come from Sennrich et al. 2016, section 3.2, each as a separate text so
// that there are no spaces. The order is worked out by hand: es is in
// newest and widest, 9 times, as is st, and comes first in the alphabet; then
// est 9; lo 7 before ow 7; low 7; ew, n+e and w+est 6; ew+est, n+ew 6; then
// newest 6; d+est, i+d, w+i 3; i+dest 3; w+idest 3; er, low+e 2; low+er 2.
func TestTrain(t *testing.T) {
	texts := slices.Concat(slices.Repeat([]string{"low"}, 5), slices.Repeat([]string{"lower"}, 2),
		slices.Repeat([]string{"newest"}, 6), slices.Repeat([]string{"widest"}, 3))
	want := []string{"es", "est", "lo", "low", "ew", "ewest", "newest", "dest", "idest", "widest", "er", "lower"}
	var progress []int
	b, err := TrainBPE(each(texts), 268, func(done, total int) {
		progress = append(progress, done)
		if total != 268 {
			t.Errorf("total = %d, want 268", total)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.tokens[256:]; !slices.Equal(got, want) {
		t.Errorf("learnt %q, want %q", got, want)
	}
	if len(progress) != 12 || progress[0] != 257 || progress[11] != 268 {
		t.Errorf("progress = %v, want 257 to 268", progress)
	}
	ids, err := b.Encode("lowest newer")
	if err != nil {
		t.Fatal(err)
	}
	if want := []int32{259, 257, ' ', 'n', 260, 266}; !slices.Equal(ids, want) { // low est _ n ew er
		t.Errorf("Encode = %v, want %v", ids, want)
	}

	_, err = TrainBPE(each(texts), 269, nil)
	const wantErr = "the texts hold too few repeated pairs for a BPE of size 269: 268 is the largest possible; give more text"
	if err == nil || err.Error() != wantErr {
		t.Errorf("size 269: %v, want error %q", err, wantErr)
	}
}

func TestTrainErrors(t *testing.T) {
	broken := func(yield func(string, error) bool) {
		_ = yield("fine", nil) && yield("", errors.New("disk on fire"))
	}
	tests := []struct {
		texts iter.Seq2[string, error]
		size  int
		want  string
	}{
		{each(nil), 256, "a BPE of size 256 learns nothing: 256 ids are the bytes; ask for more, or use the byte tokenizer"},
		{each(nil), -1, "a BPE of size -1 learns nothing: 256 ids are the bytes; ask for more, or use the byte tokenizer"},
		{each(nil), 300, "the texts hold too few repeated pairs for a BPE of size 300: 256 is the largest possible; give more text"},
		{broken, 300, "text 1: disk on fire"},
	}
	for _, tt := range tests {
		if _, err := TrainBPE(tt.texts, tt.size, nil); err == nil || err.Error() != tt.want {
			t.Errorf("size %d: %v, want error %q", tt.size, err, tt.want)
		}
	}
}

// trainSimply does the same as TrainBPE, but recounts everything for each of up to so
// many merges.
func trainSimply(texts []string, merges int) (rules [][2]string) {
	var words [][]string
	for _, text := range texts {
		for _, p := range pieces(text) {
			words = append(words, strings.Split(p, ""))
		}
	}
	for len(rules) < merges {
		counts := make(map[[2]string]int)
		for _, w := range words {
			for i := range len(w) - 1 {
				counts[[2]string{w[i], w[i+1]}]++
			}
		}
		var best [2]string
		for r, n := range counts {
			if n > counts[best] || n == counts[best] && (r[0] < best[0] || r[0] == best[0] && r[1] < best[1]) {
				best = r
			}
		}
		if counts[best] < 2 {
			return rules
		}
		rules = append(rules, best)
		for k, w := range words {
			var out []string
			for i := 0; i < len(w); i++ {
				if i+1 < len(w) && w[i] == best[0] && w[i+1] == best[1] {
					out = append(out, w[i]+w[i+1])
					i++
				} else {
					out = append(out, w[i])
				}
			}
			words[k] = out
		}
	}
	return rules
}

// Few letters make many ties and long runs.
func TestTrainAgainstSimple(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	for range 60 {
		texts := make([]string, 1+rng.IntN(5))
		for i := range texts {
			var s strings.Builder
			for range rng.IntN(120) {
				s.WriteByte("aaabbc "[rng.IntN(7)])
			}
			texts[i] = s.String()
		}
		want := trainSimply(texts, 25)
		if len(want) == 0 {
			continue
		}
		b, err := TrainBPE(each(texts), 256+len(want), nil)
		if err != nil {
			t.Fatal(err)
		}
		var got [][2]string
		for _, p := range b.rules {
			got = append(got, [2]string{b.tokens[p.left], b.tokens[p.right]})
		}
		if !slices.Equal(got, want) {
			t.Fatalf("texts %q:\n got %q\nwant %q", texts, got, want)
		}
	}
}

// testdata/bpe.json was trained on testdata/text.txt. The hash in its name was computed
// with Python's hashlib over the bytes that fingerprint hashes: names are part of
// results, so they must outlive this version.
func TestTrainedName(t *testing.T) {
	text, err := os.ReadFile("testdata/text.txt")
	if err != nil {
		t.Fatal(err)
	}
	b, err := TrainBPE(each([]string{string(text)}), 400, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range []Tokenizer{b, load(t, "bpe.json")} {
		if want := "bpe-400-e9214400"; tok.Name() != want {
			t.Errorf("got %s, want %s", tok.Name(), want)
		}
	}
}

func ExampleTrainBPE() {
	texts := func(yield func(string, error) bool) {
		_ = yield("the cat sat on the mat", nil) && yield("the hat", nil)
	}
	b, err := TrainBPE(texts, 256+3, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := b.Encode("the bat") // learnt: at (4 times), he (3), the (3)
	fmt.Println(ids, err)
	// Output:
	// [258 32 98 256] <nil>
}

// books are some MB of English.
func books(tb testing.TB) (texts []string, bytes int64) {
	tb.Helper()
	dir := shared(tb, "data", "books")
	files, err := filepath.Glob(filepath.Join(dir, "test", "*.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, string(text))
		bytes += int64(len(text))
	}
	return texts, bytes
}

func BenchmarkTrainBPE(b *testing.B) {
	texts, bytes := books(b)
	b.SetBytes(bytes)
	for b.Loop() {
		if _, err := TrainBPE(each(texts), 4096, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	texts, bytes := books(b)
	tok, err := TrainBPE(each(texts), 4096, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(bytes)
	for b.Loop() {
		for _, text := range texts {
			if _, err := tok.Encode(text); err != nil {
				b.Fatal(err)
			}
		}
	}
}
