package tokenizer

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/textfile"
)

// Pretrained is the BPE tokenizer of a pretrained model, as described by its
// tokenizer.json: added tokens are cut out of the text, and the rest is normalised, cut
// into pieces and merged. It gives the same ids and texts as the Hugging Face
// tokenizers library.
//
// Unlike the other tokenizers of this package, it recognises special tokens spelled out
// in a text. Decode(Encode(s)) need not equal s: a normalizer may change the text, and
// Decode turns bytes that are not UTF-8 into U+FFFD.
type Pretrained struct {
	name       string
	file       []byte      // tokenizer.json as read
	raw        addedTokens // searched for in the text
	normalised addedTokens // searched for in the normalised text
	start      pipeline    // of a text
	middle     pipeline    // of a text that continues another
	model      *bpeVocabulary
	template   template
	decoder    decoder
	tokens     []string // by id; "" if an id has no token
	special    map[int32]bool
	scratch    sync.Pool // of *encoder
}

// pipeline turns a text into the pieces that are merged.
type pipeline struct {
	normalizer normalizer
	pre        *preTokenizer
}

// newPipeline makes the pipeline of a file; without prefix it puts no space before a text.
func newPipeline(f *file, prefix bool) (p pipeline, err error) {
	if p.normalizer, err = newNormalizer(f.Normalizer, prefix); err != nil {
		return p, err
	}
	p.pre, err = newPreTokenizer(f.PreTokenizer, prefix)
	return p, err
}

// parsePretrained reads a tokenizer.json. An unsupported setting is an error that names
// it.
func parsePretrained(data []byte, f *file, m *bpeModel) (*Pretrained, error) {
	p := &Pretrained{file: data, special: make(map[int32]bool)}
	var err error
	if p.start, err = newPipeline(f, true); err != nil {
		return nil, err
	}
	if p.middle, err = newPipeline(f, false); err != nil {
		return nil, err
	}
	if p.template, err = newTemplate(f.PostProcessor); err != nil {
		return nil, err
	}
	if p.decoder, err = newDecoder(f.Decoder); err != nil {
		return nil, err
	}
	if p.model, err = newBPEVocabulary(m, p.start.pre.bytes); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if mark := p.model.markCut(); mark != nil {
		p.start.pre.steps = append(p.start.pre.steps, mark)
		p.middle.pre.steps = append(p.middle.pre.steps, mark)
	}
	if err := p.addTokens(m, f.AddedTokens); err != nil {
		return nil, err
	}
	plain, err := textfile.Strip(data)
	if err != nil {
		return nil, err
	}
	compact := jsontext.Value(bytes.Clone(plain))
	if err := compact.Compact(); err != nil {
		return nil, err
	}
	p.name = fmt.Sprintf("bpe-%d-%.8s", len(p.tokens), fmt.Sprintf("%x", sha256.Sum256(compact)))
	p.scratch.New = func() any {
		return &encoder{merges: p.model.merges, start: p.model.start, seen: make(map[string][]int32)}
	}
	return p, nil
}

// addTokens fills in the token of each id and the tables of added tokens.
func (p *Pretrained) addTokens(m *bpeModel, added []addedToken) error {
	// Ids may have gaps, but a few tokens must not claim gigabytes.
	limit := 2*(len(m.Vocab)+len(added)) + 1<<16
	for token, id := range m.Vocab {
		if err := p.addToken(id, token, limit); err != nil {
			return fmt.Errorf("model.vocab: %w", err)
		}
	}
	for i, t := range added {
		if id, ok := m.Vocab[t.Content]; ok && id != t.ID {
			return fmt.Errorf("added_tokens[%d], %q, has id %d, but in model.vocab id %d", i, t.Content, t.ID, id)
		}
		if err := p.addToken(t.ID, t.Content, limit); err != nil {
			return fmt.Errorf("added_tokens[%d]: %w", i, err)
		}
		table, content := &p.raw, t.Content
		if t.Normalized {
			table, content = &p.normalised, p.start.normalizer.apply(t.Content)
		}
		if err := table.add(t, content); err != nil {
			return fmt.Errorf("added_tokens[%d]: %w", i, err)
		}
		if t.Special {
			p.special[t.ID] = true
		}
	}
	if len(p.tokens) == 0 {
		return errors.New("model.vocab is empty")
	}
	// The library takes the ids of the template as they are, even if they have no
	// token.
	for _, id := range slices.Concat(p.template.before, p.template.after) {
		if id < 0 || int(id) >= len(p.tokens) {
			if err := p.addToken(id, "", limit); err != nil {
				return fmt.Errorf("post_processor: %w", err)
			}
		}
	}
	return nil
}

// addToken gives an id below limit its token.
func (p *Pretrained) addToken(id int32, token string, limit int) error {
	if id < 0 || int(id) >= limit {
		return fmt.Errorf("token %q has id %d, outside [0, %d)", token, id, limit)
	}
	for int(id) >= len(p.tokens) {
		p.tokens = append(p.tokens, "")
	}
	if old := p.tokens[id]; old != "" && old != token {
		return fmt.Errorf("id %d has two tokens, %q and %q", id, min(old, token), max(old, token))
	}
	p.tokens[id] = token
	return nil
}

// Name is "bpe-", the size, and eight hexadecimal digits of the file's hash, which
// ignores white space between JSON tokens.
func (p *Pretrained) Name() string { return p.name }

// Size is one more than the largest id. Some ids below it may have no token.
func (p *Pretrained) Size() int { return len(p.tokens) }

// Encode returns the ids of a text without the template's special tokens, such as the
// start of a text. The text may be invalid UTF-8, but must be shorter than 2 GiB.
func (p *Pretrained) Encode(text string) ([]int32, error) { return p.encode(nil, text, p.start) }

// EncodeSpecial returns the ids of a text with the special tokens that the
// post-processor's template adds around it.
func (p *Pretrained) EncodeSpecial(text string) ([]int32, error) {
	ids, err := p.encode(append([]int32(nil), p.template.before...), text, p.start)
	return append(ids, p.template.after...), err
}

func (p *Pretrained) encode(ids []int32, text string, by pipeline) ([]int32, error) {
	if len(text) > math.MaxInt32 {
		return nil, errors.New(p.name + ": the text is longer than 2 GiB: encode it in parts")
	}
	e := p.scratch.Get().(*encoder)
	defer p.scratch.Put(e)
	token := func(id int32) { ids = append(ids, id) }
	piece := func(s string) { ids = p.model.append(ids, e, s) }
	p.raw.split(text, func(part string, start int) {
		p.normalised.split(by.normalizer.apply(part), func(part string, within int) {
			by.pre.split(part, start == 0 && within == 0, piece)
		}, token)
	}, token)
	return ids, nil
}

// Decode returns the text of the ids, including special tokens. An id below Size
// without a token yields nothing.
func (p *Pretrained) Decode(ids []int32) (string, error) {
	tokens := make([]string, 0, len(ids))
	for i, id := range ids {
		if err := checkID(p, i, id); err != nil {
			return "", err
		}
		if token := p.tokens[id]; token != "" {
			tokens = append(tokens, token)
		}
	}
	return p.decoder.text(tokens), nil
}
