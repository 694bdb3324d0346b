package tokenizer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
)

// gpt2Hash is the fingerprint of OpenAI's encoder.json and vocab.bpe.
const gpt2Hash = "4f67735d5622edadb33403b1a3f73f3ac8a701c0fd7d68d23b26ab05fe9b4592"

// BPE is a byte-level byte pair encoding: a text is cut into pieces and a piece into
// bytes, and neighbours are merged, the earliest learnt merge first, until no merge
// applies. All 256 bytes have ids, so every text can be encoded.
//
// Special tokens have ids, and Decode knows them, but Encode never returns them: a text
// that spells "<|endoftext|>" is ordinary text. Other libraries differ here.
type BPE struct {
	name    string
	tokens  []string         // the bytes of each id, or the name of a special token
	special map[string]int32 // the special tokens, by name
	rules   []pair           // the merges in the order they were learnt
	merges  map[pair]merge
	bytes   [256]int32 // the id of each byte
	scratch sync.Pool  // of *encoder
}

// pair is two adjacent ids.
type pair struct{ left, right int32 }

// merge is the token that a pair becomes. The smallest rank is merged first.
type merge struct{ rank, id int32 }

// newBPE makes a tokenizer from a vocabulary and its merges, both written as in GPT-2's
// files. The special tokens are part of the vocabulary.
func newBPE(vocab map[string]int32, special []string, rules [][2]string) (*BPE, error) {
	b := &BPE{
		tokens:  make([]string, len(vocab)),
		special: make(map[string]int32, len(special)),
		rules:   make([]pair, 0, len(rules)),
		merges:  make(map[pair]merge, len(rules)),
	}
	b.scratch.New = func() any {
		return &encoder{merges: b.merges, start: b.start, seen: make(map[string][]int32)}
	}
	names, err := byID(vocab)
	if err != nil {
		return nil, err
	}
	for _, name := range special {
		b.special[name] = vocab[name]
	}
	for id, name := range names {
		if name == "" {
			return nil, fmt.Errorf("the token with id %d is empty", id)
		}
		if _, ok := b.special[name]; ok {
			b.tokens[id] = name
		} else if b.tokens[id], err = fromAlphabet(name); err != nil {
			return nil, fmt.Errorf("token %q (id %d): %w", name, id, err)
		}
	}
	for value, r := range byteRune {
		id, ok := vocab[string(r)]
		if !ok {
			return nil, fmt.Errorf("byte 0x%02x (%q) has no token: only vocabularies with all 256 bytes are supported", value, r)
		}
		if _, ok := b.special[string(r)]; ok {
			return nil, fmt.Errorf("byte 0x%02x (%q) is a special token, which no text may produce", value, r)
		}
		b.bytes[value] = id
	}
	for rank, rule := range rules {
		if err := b.addMerge(vocab, rank, rule); err != nil {
			return nil, fmt.Errorf("merge %d, %q and %q: %w", rank, rule[0], rule[1], err)
		}
	}
	hash := fingerprint(names, b.special, rules)
	b.name = fmt.Sprintf("bpe-%d-%s", len(names), hash[:8])
	if hash == gpt2Hash {
		b.name = "gpt2"
	}
	return b, nil
}

// start appends the bytes of a piece.
func (b *BPE) start(symbols []symbol, piece string) []symbol {
	for i := range len(piece) {
		symbols = link(symbols, b.bytes[piece[i]])
	}
	return symbols
}

// byID returns the tokens of a vocabulary in the order of their ids.
func byID(vocab map[string]int32) ([]string, error) {
	names := make([]string, len(vocab))
	taken := make([]bool, len(vocab))
	for name, id := range vocab {
		// An id beyond the end means that another one is missing: name that one.
		if 0 <= id && int(id) < len(vocab) && !taken[id] {
			names[id], taken[id] = name, true
		}
	}
	if free := slices.Index(taken, false); free >= 0 {
		return nil, fmt.Errorf("the vocabulary has %d tokens but none with id %d: ids must be 0 to %d, each once",
			len(vocab), free, len(vocab)-1)
	}
	return names, nil
}

func (b *BPE) addMerge(vocab map[string]int32, rank int, rule [2]string) error {
	for _, name := range []string{rule[0], rule[1], rule[0] + rule[1]} {
		if _, ok := vocab[name]; !ok {
			return fmt.Errorf("%q is not in the vocabulary", name)
		}
		if _, ok := b.special[name]; ok {
			return fmt.Errorf("%q is a special token, which no text may produce", name)
		}
	}
	p := pair{vocab[rule[0]], vocab[rule[1]]}
	if first, ok := b.merges[p]; ok {
		return fmt.Errorf("the same pair is merge %d", first.rank)
	}
	b.merges[p] = merge{int32(rank), vocab[rule[0]+rule[1]]}
	b.rules = append(b.rules, p)
	return nil
}

// fingerprint identifies what Encode and Decode do. It is part of tokenizer names in
// results, so the bytes that are hashed must never change.
func fingerprint(names []string, special map[string]int32, rules [][2]string) string {
	h := sha256.New()
	for _, name := range names {
		kind := "token"
		if _, ok := special[name]; ok {
			kind = "special"
		}
		fmt.Fprintf(h, "%s %d %s\n", kind, len(name), name)
	}
	for _, rule := range rules {
		io.WriteString(h, "merge "+rule[0]+" "+rule[1]+"\n")
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Name is "gpt2" for OpenAI's vocabulary. Otherwise it is "bpe-", the size, and eight
// hexadecimal digits of a hash of the vocabulary and the merges.
func (b *BPE) Name() string { return b.name }

// Size is the number of tokens, including special ones.
func (b *BPE) Size() int { return len(b.tokens) }

// Encode returns the ids of any text shorter than 2 GiB, valid UTF-8 or not.
func (b *BPE) Encode(text string) ([]int32, error) {
	if len(text) > math.MaxInt32 {
		return nil, errors.New(b.name + ": the text is longer than 2 GiB: encode it in parts")
	}
	e := b.scratch.Get().(*encoder)
	defer b.scratch.Put(e)
	ids := make([]int32, 0, len(text)/4)
	for len(text) > 0 {
		n := firstPiece(text)
		ids = e.append(ids, text[:n])
		text = text[n:]
	}
	return ids, nil
}

// Decode returns the text of the ids. A special token becomes its name.
func (b *BPE) Decode(ids []int32) (string, error) {
	var text strings.Builder
	for i, id := range ids {
		if err := checkID(b, i, id); err != nil {
			return "", err
		}
		text.WriteString(b.tokens[id])
	}
	return text.String(), nil
}
