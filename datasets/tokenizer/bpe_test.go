package tokenizer

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// tiny has the bytes as ids 0 to 255 and ab, abc, bc and aa after them. abc can
// be merged in two ways, and bc is merged last.
func tiny(tb testing.TB) *BPE {
	tb.Helper()
	b, err := newBPE(tinyVocab(), nil, [][2]string{{"a", "b"}, {"ab", "c"}, {"b", "c"}, {"a", "a"}, {"a", "bc"}})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func tinyVocab() map[string]int32 {
	vocab := byteVocab()
	vocab["ab"], vocab["abc"], vocab["bc"], vocab["aa"] = 256, 257, 258, 259
	return vocab
}

func byteVocab() map[string]int32 {
	vocab := make(map[string]int32)
	for value, r := range byteRune {
		vocab[string(r)] = int32(value)
	}
	return vocab
}

// GPT-2 writes a space as Ġ, a line end as Ċ, 0x7f as ġ and 0xad as Ń.
func TestAlphabet(t *testing.T) {
	const want = "aĠĊĀ~ġ¡¬Ń®ÿ"
	const bytes = "a \n\x00~\x7f\xa1\xac\xad\xae\xff"
	if got := toAlphabet(bytes); got != want {
		t.Errorf("toAlphabet(%q) = %q, want %q", bytes, got, want)
	}
	if got, err := fromAlphabet(want); err != nil || got != bytes {
		t.Errorf("fromAlphabet(%q) = %q, %v, want %q", want, got, err, bytes)
	}
	if _, err := fromAlphabet("a b"); err == nil || err.Error() != "' ' is not in the byte alphabet of GPT-2" {
		t.Errorf("fromAlphabet: %v", err)
	}
}

// By hand: ab before abc before bc before aa, from left to right.
func TestMergeOrder(t *testing.T) {
	tests := []struct {
		text string
		want []int32
	}{
		{"abc", []int32{257}},
		{"aabc", []int32{'a', 257}}, // not aa, bc
		{"bcab", []int32{258, 256}},
		{"aaa", []int32{259, 'a'}},
		{"aaaab", []int32{259, 'a', 256}},
		{"abcbc abc", []int32{257, 258, ' ', 257}}, // " abc" is one piece, and nothing merges its space
		{"ab'd c", []int32{256, '\'', 'd', ' ', 'c'}},
	}
	b := tiny(t)
	for _, tt := range tests {
		if got, err := b.Encode(tt.text); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("Encode(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

// mergeSimply does the same as merge, in O(n²) and few lines.
func mergeSimply(b *BPE, piece string) []int32 {
	var ids []int32
	for i := range len(piece) {
		ids = append(ids, b.bytes[piece[i]])
	}
	for {
		best, at := merge{}, -1
		for i := range len(ids) - 1 {
			if m, ok := b.merges[pair{ids[i], ids[i+1]}]; ok && (at < 0 || m.rank < best.rank) {
				best, at = m, i
			}
		}
		if at < 0 {
			return ids
		}
		ids = slices.Replace(ids, at, at+2, best.id)
	}
}

// Merges in arbitrary order, in which later ones enable earlier ones.
func TestMergeAgainstSimple(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for range 200 {
		vocab, rules := byteVocab(), [][2]string(nil)
		tokens := []string{"a", "b", "c"}
		for len(rules) < 12 {
			r := [2]string{tokens[rng.IntN(len(tokens))], tokens[rng.IntN(len(tokens))]}
			if slices.Contains(rules, r) {
				continue
			}
			rules = append(rules, r)
			if _, ok := vocab[r[0]+r[1]]; !ok {
				vocab[r[0]+r[1]] = int32(len(vocab))
				tokens = append(tokens, r[0]+r[1])
			}
		}
		rng.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		b, err := newBPE(vocab, nil, rules)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			piece := make([]byte, 1+rng.IntN(30))
			for i := range piece {
				piece[i] = "abc"[rng.IntN(3)]
			}
			got, _ := b.Encode(string(piece))
			if want := mergeSimply(b, string(piece)); !slices.Equal(got, want) {
				t.Fatalf("merges %v: Encode(%q) = %v, want %v", rules, piece, got, want)
			}
		}
	}
}

// An O(n²) merge loop would take hours here: one piece of a million letters.
func TestLongRun(t *testing.T) {
	ids, err := tiny(t).Encode(strings.Repeat("a", 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Repeat([]int32{259}, 1<<19); !slices.Equal(ids, want) {
		t.Errorf("got %d ids beginning %v, want %d times aa", len(ids), ids[:4], len(want))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	b := tiny(t)
	e := b.scratch.New().(*encoder)
	piece := make([]byte, 3)
	for i := range maxSeen + 1000 {
		piece[0], piece[1], piece[2] = byte(i), byte(i>>8), byte(i>>16)
		e.append(nil, string(piece))
	}
	if len(e.seen) != maxSeen {
		t.Errorf("remembers %d pieces, want %d", len(e.seen), maxSeen)
	}
	e = b.scratch.New().(*encoder)
	e.append(nil, strings.Repeat("a", maxSeenBytes+1))
	if len(e.seen) != 0 {
		t.Error("remembers a piece that is too long")
	}
}

func TestSpecialIsNeverProduced(t *testing.T) {
	b, err := newBPE(withToken(endOfText, 260), []string{endOfText}, [][2]string{{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := b.Encode("a" + endOfText)
	if err != nil || slices.Contains(ids, 260) {
		t.Errorf("Encode = %v, %v, want no 260", ids, err)
	}
	if text, err := b.Decode([]int32{'a', 260}); err != nil || text != "a"+endOfText {
		t.Errorf("Decode = %q, %v", text, err)
	}
}

func withToken(name string, id int32) map[string]int32 {
	vocab := tinyVocab()
	vocab[name] = id
	return vocab
}

// The name must change with anything that changes what the tokenizer does.
func TestNames(t *testing.T) {
	rules := [][2]string{{"a", "b"}, {"b", "c"}}
	swapped := tinyVocab()
	swapped["ab"], swapped["bc"] = swapped["bc"], swapped["ab"]
	variants := []struct {
		vocab   map[string]int32
		special []string
		rules   [][2]string
	}{
		{tinyVocab(), nil, rules},
		{swapped, nil, rules},
		{tinyVocab(), []string{"abc"}, rules},
		{tinyVocab(), nil, [][2]string{{"b", "c"}, {"a", "b"}}},
		{tinyVocab(), nil, rules[:1]},
	}
	names := make(map[string]bool)
	for _, v := range variants {
		b, err := newBPE(v.vocab, v.special, v.rules)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(b.Name(), "bpe-260-") || len(b.Name()) != len("bpe-260-1a2b3c4d") {
			t.Errorf("name %q", b.Name())
		}
		names[b.Name()] = true
	}
	if len(names) != len(variants) {
		t.Errorf("%d tokenizers have %d names: %v", len(variants), len(names), slices.Sorted(maps.Keys(names)))
	}
}

func TestNewBPEErrors(t *testing.T) {
	noByte := tinyVocab()
	delete(noByte, "Ġ")
	noByte["Ġa"] = ' '
	tests := []struct {
		reason  string
		vocab   map[string]int32
		special []string
		rules   [][2]string
		want    string
	}{
		{"no vocabulary", nil, nil, nil, `byte 0x00 ('Ā') has no token: only vocabularies with all 256 bytes are supported`},
		{"gap", withToken("x y", 1000), nil, nil,
			"the vocabulary has 261 tokens but none with id 260: ids must be 0 to 260, each once"},
		{"id twice", withToken("aab", 7), nil, nil,
			"the vocabulary has 261 tokens but none with id 260: ids must be 0 to 260, each once"},
		{"negative id", withToken("aab", -1), nil, nil,
			"the vocabulary has 261 tokens but none with id 260: ids must be 0 to 260, each once"},
		{"empty token", withToken("", 260), nil, nil, "the token with id 260 is empty"},
		{"foreign token", withToken("▁a", 260), nil, nil, `token "▁a" (id 260): '▁' is not in the byte alphabet of GPT-2`},
		{"missing byte", noByte, nil, nil, `byte 0x20 ('Ġ') has no token: only vocabularies with all 256 bytes are supported`},
		{"special byte", tinyVocab(), []string{"a"}, nil, `byte 0x61 ('a') is a special token, which no text may produce`},
		{"unknown left", tinyVocab(), nil, [][2]string{{"zz", "a"}}, `merge 0, "zz" and "a": "zz" is not in the vocabulary`},
		{"unknown right", tinyVocab(), nil, [][2]string{{"a", "zz"}}, `merge 0, "a" and "zz": "zz" is not in the vocabulary`},
		{"unknown result", tinyVocab(), nil, [][2]string{{"a", "b"}, {"c", "c"}}, `merge 1, "c" and "c": "cc" is not in the vocabulary`},
		{"twice", tinyVocab(), nil, [][2]string{{"a", "b"}, {"a", "b"}}, `merge 1, "a" and "b": the same pair is merge 0`},
		{"special result", tinyVocab(), []string{"ab"}, [][2]string{{"a", "b"}},
			`merge 0, "a" and "b": "ab" is a special token, which no text may produce`},
	}
	for _, tt := range tests {
		if _, err := newBPE(tt.vocab, tt.special, tt.rules); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want error %q", tt.reason, err, tt.want)
		}
	}
}
