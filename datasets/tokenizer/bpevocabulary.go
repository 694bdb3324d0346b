package tokenizer

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// bpeVocabulary is the BPE model of a [Pretrained]: the initial ids of a piece, and the
// merges. A piece starts as its bytes after a ByteLevel step, and otherwise as its
// characters. A character missing from the vocabulary becomes its bytes, as tokens such
// as <0xE2>, or the unknown token, or nothing.
type bpeVocabulary struct {
	merges  map[pair]merge
	bytes   bool
	byte    [256]int32       // the id of each byte, or nothing
	char    map[string]int32 // the id of each character
	whole   map[string]int32 // tokens that a whole piece becomes; nil unless ignore_merges
	unknown int32            // the unknown token, or nothing
	fuse    bool             // adjacent unknown characters become one token
	inside  map[rune]bool    // characters that precede "▁" inside the result of a merge
}

// mark is how SentencePiece writes a space.
const mark = '▁'

func newBPEVocabulary(m *bpeModel, onBytes bool) (*bpeVocabulary, error) {
	if err := m.supported(); err != nil {
		return nil, err
	}
	v := &bpeVocabulary{
		merges: make(map[pair]merge, len(m.Merges)), bytes: onBytes, unknown: nothing, fuse: m.FuseUnk,
		char: make(map[string]int32), inside: make(map[rune]bool),
	}
	if m.UnkToken != nil {
		v.unknown = m.Vocab[*m.UnkToken]
	}
	if err := v.addBytes(m); err != nil {
		return nil, err
	}
	if !onBytes {
		for token, id := range m.Vocab {
			if utf8.RuneCountInString(token) == 1 {
				v.char[token] = id
			}
		}
	}
	if m.IgnoreMerges {
		v.addWhole(m.Vocab)
	}
	for rank, r := range m.Merges {
		if err := v.addMerge(m.Vocab, rank, r); err != nil {
			return nil, fmt.Errorf("merge %d, %q and %q: %w", rank, r[0], r[1], err)
		}
	}
	return v, nil
}

// supported returns an error for a setting that this package does not implement, or an
// unknown token that has no id.
func (m *bpeModel) supported() error {
	switch {
	case m.Dropout != nil && *m.Dropout != 0:
		return errors.New("dropout is not supported: set it to null")
	case m.Prefix != nil && *m.Prefix != "":
		return fmt.Errorf("continuing_subword_prefix %q is not supported: only null", *m.Prefix)
	case m.Suffix != nil && *m.Suffix != "":
		return fmt.Errorf("end_of_word_suffix %q is not supported: only null", *m.Suffix)
	}
	if m.UnkToken != nil {
		if _, ok := m.Vocab[*m.UnkToken]; !ok {
			return fmt.Errorf("unk_token %q is not in the vocabulary", *m.UnkToken)
		}
	}
	return nil
}

// addBytes fills in the token of each byte: of ByteLevel, or of byte_fallback.
func (v *bpeVocabulary) addBytes(m *bpeModel) error {
	for value := range v.byte {
		name := fmt.Sprintf("<0x%02X>", value)
		if v.bytes {
			name = string(byteRune[value])
		}
		id, ok := m.Vocab[name]
		if !ok || !v.bytes && !m.ByteFallback {
			id = nothing
		}
		v.byte[value] = id
	}
	if v.bytes && m.ByteFallback && slices.Contains(v.byte[:], nothing) {
		return errors.New("byte_fallback after a ByteLevel step is not supported where a byte has no token")
	}
	return nil
}

// addWhole fills in the pieces that are tokens whatever the merges say (ignore_merges).
func (v *bpeVocabulary) addWhole(vocab vocabulary) {
	v.whole = make(map[string]int32, len(vocab))
	for token, id := range vocab {
		if v.bytes {
			raw, err := fromAlphabet(token)
			if err != nil {
				continue // no piece spells it
			}
			token = raw
		}
		v.whole[token] = id
	}
}

func (v *bpeVocabulary) addMerge(vocab vocabulary, rank int, r rule) error {
	token := r[0] + r[1]
	for _, name := range []string{r[0], r[1], token} {
		if _, ok := vocab[name]; !ok {
			return fmt.Errorf("%q is not in the vocabulary", name)
		}
	}
	// If a pair is listed twice, the library keeps the last.
	v.merges[pair{vocab[r[0]], vocab[r[1]]}] = merge{int32(rank), vocab[token]}
	previous := rune(mark)
	for _, c := range token {
		if c == mark && previous != mark {
			v.inside[previous] = true
		}
		previous = c
	}
	return nil
}

// markCut cuts a text before each run of "▁". No merge crosses such a place unless its
// result holds the same character before a "▁", and there the text is not cut. It is
// nil if the model cannot be cut this way; without a pre-tokenizer the whole text is
// then one piece.
func (v *bpeVocabulary) markCut() cut {
	if _, ok := v.char[string(mark)]; !ok || v.bytes || v.whole != nil {
		return nil
	}
	return func(text string, first bool, yield func(string, bool)) {
		start, previous := 0, rune(mark)
		for i, r := range text {
			if r == mark && previous != mark && !v.inside[previous] {
				yield(text[start:i], first && start == 0)
				start = i
			}
			previous = r
		}
		yield(text[start:], first && start == 0)
	}
}

// append appends the ids of a piece to ids.
func (v *bpeVocabulary) append(ids []int32, e *encoder, piece string) []int32 {
	if id, ok := v.whole[piece]; ok {
		return append(ids, id)
	}
	return e.append(ids, piece)
}

// start appends the initial ids of a piece, before any merge.
func (v *bpeVocabulary) start(symbols []symbol, piece string) []symbol {
	inUnknown := false // the last symbol is the unknown token
	for i := 0; i < len(piece); {
		_, size := utf8.DecodeRuneInString(piece[i:])
		if v.bytes {
			size = 1
		}
		part := piece[i : i+size]
		i += size
		if id, ok := v.id(part); ok {
			symbols = link(symbols, id)
			inUnknown = false
			continue
		}
		if !v.bytes && v.spelled(part) {
			for k := range len(part) {
				symbols = link(symbols, v.byte[part[k]])
			}
			inUnknown = false
			continue
		}
		if v.unknown != nothing && !(v.fuse && inUnknown) {
			symbols = link(symbols, v.unknown)
			inUnknown = true
		}
	}
	return symbols
}

// id returns the token of a byte or a character.
func (v *bpeVocabulary) id(part string) (int32, bool) {
	if v.bytes {
		id := v.byte[part[0]]
		return id, id != nothing
	}
	id, ok := v.char[part]
	return id, ok
}

// spelled reports whether every byte of a character has a token of its own.
func (v *bpeVocabulary) spelled(part string) bool {
	for i := range len(part) {
		if v.byte[part[i]] == nothing {
			return false
		}
	}
	return true
}
