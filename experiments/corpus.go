package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
	"infinibench/internal/results"
	"infinibench/internal/train"
)

// TokenizedCorpus is a corpus together with the tokenizer it is read in. Several goroutines
// may use one.
type TokenizedCorpus struct {
	Corpus    datasets.Corpus
	Tokenizer tokenizer.Tokenizer
	LeftOut   []results.LeftOut // texts that cannot be read

	mutex  sync.Mutex
	recent map[int][]int32 // tokens of training documents
	held   int             // tokens in recent
}

// recentTokens limits the training documents that a TokenizedCorpus caches: a small corpus
// fits as a whole. A full cache is cleared, since a large corpus would hardly reuse any of
// its documents soon.
const recentTokens = 1 << 25

// tokens is training document i, tokenised.
func (t *TokenizedCorpus) tokens(i int) ([]int32, error) {
	t.mutex.Lock()
	ids, ok := t.recent[i]
	t.mutex.Unlock()
	if ok {
		return ids, nil
	}
	d, err := t.Corpus.Document(datasets.Train, i)
	if err != nil {
		return nil, err
	}
	if ids, err = t.Tokenizer.Encode(d.Text); err != nil {
		return nil, fmt.Errorf("experiments: %s: %w", d.ID, err)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.recent == nil || t.held+len(ids) > recentTokens {
		t.recent, t.held = map[int][]int32{}, 0
	}
	t.recent[i] = ids
	t.held += len(ids)
	return ids, nil
}

// OpenCorpus opens a corpus by its name: an embedded generator, or files below
// the data directory.
func OpenCorpus(name string, s results.CorpusSettings, data string) (datasets.Corpus, error) {
	switch name {
	case "novel":
		return datasets.NewNovel(s.DocumentTokens, s.Documents), nil
	case "proof":
		return datasets.NewProof(s.DocumentTokens, s.Documents), nil
	case "chronicle":
		return booksum.NewChronicle(s.DocumentTokens, s.Documents)
	}
	for _, n := range datasets.FactCounts {
		if name == datasets.FactsName(n) {
			return datasets.NewFacts(n, s.DocumentTokens, s.Documents), nil
		}
	}
	if data == "" {
		return nil, fmt.Errorf("experiments: %s is read from files: name their directory with DATA=DIR (bench: --data DIR)", name)
	}
	dir, err := datasets.Find(data, name)
	if err != nil {
		return nil, err
	}
	switch name {
	case "pg19":
		return datasets.OpenPG19(dir)
	case "booksum":
		return booksum.Open(dir)
	}
	if s.BadTexts == skipBadTexts {
		return datasets.SalvageArxivMath(dir)
	}
	return datasets.OpenArxivMath(dir)
}

// OpenText opens a corpus and its tokenizer, and looks for texts that cannot be read. A BPE
// is trained on the training split the first time and kept in the directory cache; progress
// is called during this training.
func OpenText(ctx context.Context, name string, s results.CorpusSettings, data, cache string, progress func(done, total int)) (*TokenizedCorpus, error) {
	return openText(ctx, name, s, nil, data, cache, progress)
}

// openText is OpenText with a tokenizer that has been opened, or nil.
func openText(ctx context.Context, name string, s results.CorpusSettings, t tokenizer.Tokenizer, data, cache string, progress func(done, total int)) (*TokenizedCorpus, error) {
	c, err := OpenCorpus(name, s, data)
	if err != nil {
		return nil, err
	}
	left, err := checkTexts(ctx, c, s, cache)
	if err != nil {
		return nil, err
	}
	if t == nil {
		t, err = openTokenizer(ctx, c, s, data, cache, progress)
	}
	if err != nil {
		return nil, err
	}
	return &TokenizedCorpus{Corpus: c, Tokenizer: t, LeftOut: left}, nil
}

func openTokenizer(ctx context.Context, c datasets.Corpus, s results.CorpusSettings, data, cache string, progress func(done, total int)) (tokenizer.Tokenizer, error) {
	switch s.Tokenizer {
	case "word":
		return tokenizer.NewWord(c.(datasets.Generated).Vocabulary())
	case "bytes":
		return tokenizer.Bytes(), nil
	case "gpt2":
		return tokenizer.LoadGPT2Folder(filepath.Join(data, "tokenizer", "gpt2"))
	case "bpe":
	default:
		return loadTokenizer(s)
	}
	fingerprint, err := datasets.Fingerprint(c)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(cache, fmt.Sprintf("%s-%s-bpe-%d.json", c.Name(), fingerprint, s.Vocabulary))
	t, err := keptTokenizer(path)
	if t != nil || err != nil {
		return t, err
	}
	err = once(ctx, cache, func(ctx context.Context) error {
		if t, err = keptTokenizer(path); t != nil || err != nil { // another process has trained it
			return err
		}
		if t, err = tokenizer.TrainBPE(texts(ctx, c, datasets.Train), s.Vocabulary, progress); err != nil {
			return err
		}
		return keepTokenizer(path, t)
	})
	return t, err
}

// once does work on a directory that processes share. They do it one after the other, so
// work should first look whether another process has done it. A process that loses the
// directory meanwhile waits for it again.
func once(ctx context.Context, dir string, work func(ctx context.Context) error) error {
	for {
		err := attempt(ctx, dir, work)
		if !errors.Is(err, atomicfile.ErrFenced) {
			return err
		}
	}
}

func attempt(ctx context.Context, dir string, work func(ctx context.Context) error) error {
	l, err := lease.Take(ctx, dir, nil)
	if err != nil {
		return err
	}
	defer l.Release()
	within, cancel := l.Context(ctx)
	defer cancel()
	return l.Explain(work(within))
}

// texts yields the documents of a split until the context ends.
func texts(ctx context.Context, c datasets.Corpus, split datasets.Split) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range c.Len(split) {
			d, err := c.Document(split, i)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(d.Text, err) {
				return
			}
		}
	}
}

// trainingSource draws stretches of training documents: every pass through the
// split takes the documents in a new order drawn from the seed, and one stretch of
// each, at a random position. Consecutive stretches, in a batch or in time, therefore come
// from different documents; reading a document in order would let the weights adapt to it
// temporarily, in place of the memory. All models of a seed see the same batches, so results
// can be paired.
type trainingSource struct {
	text         *TokenizedCorpus
	seed         uint64
	rows, length int
	drawn        int // stretches so far
}

func newTrainingSource(t *TokenizedCorpus, seed uint64, rows, length int) (*trainingSource, error) {
	if t.Corpus.Len(datasets.Train) == 0 {
		return nil, fmt.Errorf("experiments: %s has no training documents", t.Corpus.Name())
	}
	return &trainingSource{text: t, seed: seed, rows: rows, length: length}, nil
}

// Next fills a batch. A document shorter than a stretch is padded, with weight 0.
func (s *trainingSource) Next(b *train.Batch) error {
	clear(b.IDs)
	clear(b.Targets)
	clear(b.Weights)
	for r := range s.rows {
		ids, err := s.draw()
		if err != nil {
			return err
		}
		at := r * s.length
		copy(b.IDs[at:], ids[:len(ids)-1])
		copy(b.Targets[at:], ids[1:])
		for i := range len(ids) - 1 {
			b.Weights[at+i] = 1
		}
	}
	return nil
}

// draw returns the next stretch, one token longer than it is trained on.
func (s *trainingSource) draw() ([]int32, error) {
	n := s.text.Corpus.Len(datasets.Train)
	for range n {
		pass, place := s.drawn/n, s.drawn%n
		ids, err := s.text.tokens(documentOrder(s.seed, pass, place, n))
		if err != nil {
			return nil, err
		}
		s.drawn++
		switch room := len(ids) - s.length - 1; {
		case room > 0:
			from := rand.New(rand.NewPCG(s.seed, uint64(s.drawn))).IntN(room + 1)
			return ids[from : from+s.length+1], nil
		case len(ids) >= 2:
			return ids, nil
		}
	}
	return nil, fmt.Errorf("experiments: no training document of %s has two tokens", s.text.Corpus.Name())
}

// documentOrder returns the document at a position of a pass. A split too large for a full
// pass is read in order, from a start that depends on the seed.
func documentOrder(seed uint64, pass, place, n int) int {
	const passable = 1 << 16
	if n > passable {
		return int((seed*1_000_003 + uint64(place)) % uint64(n))
	}
	return rand.New(rand.NewPCG(seed, ^uint64(pass))).Perm(n)[place]
}

// Cursor is how many stretches have been drawn.
func (s *trainingSource) Cursor() json.RawMessage {
	return fmt.Appendf(nil, "%d", s.drawn)
}

// SetCursor resumes at a position that Cursor returned.
func (s *trainingSource) SetCursor(data json.RawMessage) error {
	n, err := strconv.Atoi(string(data))
	if err != nil || n < 0 {
		return fmt.Errorf("experiments: data cursor is %q, want a number of stretches", data)
	}
	s.drawn = n
	return nil
}
