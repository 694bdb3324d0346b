package experiments

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/train"
)

// Text is a corpus together with the tokenizer it is read in.
type Text struct {
	Corpus    datasets.Corpus
	Tokenizer tokenizer.Tokenizer
}

// OpenCorpus opens a corpus by its name: an embedded generator, or files below
// the data directory.
func OpenCorpus(name string, s CorpusSettings, data string) (datasets.Corpus, error) {
	switch name {
	case "novel":
		return datasets.NewNovel(s.DocumentTokens, s.Documents), nil
	case "proof":
		return datasets.NewProof(s.DocumentTokens, s.Documents), nil
	}
	if data == "" {
		return nil, fmt.Errorf("experiments: %s is read from files: say where they are with DATA=DIR (bench: --data DIR)", name)
	}
	dir, err := datasets.Find(data, name)
	if err != nil {
		return nil, err
	}
	if name == "pg19" {
		return datasets.OpenPG19(dir)
	}
	return datasets.OpenArxivMath(dir)
}

// OpenText opens a corpus and its tokenizer. A BPE is trained on the training
// split the first time and kept in the directory cache; progress is told of that.
func OpenText(name string, s CorpusSettings, data, cache string, progress func(done, total int)) (*Text, error) {
	c, err := OpenCorpus(name, s, data)
	if err != nil {
		return nil, err
	}
	t, err := openTokenizer(c, s, data, cache, progress)
	if err != nil {
		return nil, err
	}
	return &Text{c, t}, nil
}

func openTokenizer(c datasets.Corpus, s CorpusSettings, data, cache string, progress func(done, total int)) (tokenizer.Tokenizer, error) {
	switch s.Tokenizer {
	case "word":
		return tokenizer.NewWord(c.(datasets.Generated).Vocabulary())
	case "bytes":
		return tokenizer.Bytes(), nil
	case "gpt2":
		dir := filepath.Join(data, "tokenizer", "gpt2")
		return tokenizer.LoadGPT2(filepath.Join(dir, "encoder.json"), filepath.Join(dir, "vocab.bpe"))
	}
	path := filepath.Join(cache, fmt.Sprintf("%s-bpe-%d.json", c.Name(), s.Vocabulary))
	if _, err := os.Stat(path); err == nil {
		return tokenizer.Load(path)
	}
	t, err := tokenizer.TrainBPE(texts(c, datasets.Train), s.Vocabulary, progress)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	return t, tokenizer.Save(t, path)
}

// texts yields the documents of a split.
func texts(c datasets.Corpus, split datasets.Split) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range c.Len(split) {
			d, err := c.Document(split, i)
			if !yield(d.Text, err) {
				return
			}
		}
	}
}

// trainingSource walks through the training documents in an order drawn from the
// seed, each row of a batch through a document of its own, one stretch after
// another. Every model of a seed sees the same batches, so results can be paired.
type trainingSource struct {
	text   *Text
	seed   uint64
	length int
	rows   []row
	state  sourceCursor
}

type row struct{ ids []int32 }

// sourceCursor is what it takes to go on: the next document of the order, and
// for each row its document and the place in it.
type sourceCursor struct {
	Next int         `json:"next"`
	Rows []rowCursor `json:"rows"`
}

type rowCursor struct {
	Document int `json:"document"` // -1: none yet
	At       int `json:"at"`
}

func newTrainingSource(t *Text, seed uint64, rows, length int) (*trainingSource, error) {
	if t.Corpus.Len(datasets.Train) == 0 {
		return nil, fmt.Errorf("experiments: %s has no training documents", t.Corpus.Name())
	}
	s := &trainingSource{text: t, seed: seed, length: length, rows: make([]row, rows)}
	for range rows {
		s.state.Rows = append(s.state.Rows, rowCursor{Document: -1})
	}
	return s, nil
}

// Next fills a batch. The last stretch of a document may be short; its padding
// has weight 0.
func (s *trainingSource) Next(b *train.Batch) error {
	for r := range s.rows {
		c := &s.state.Rows[r]
		for tries := 0; c.At+1 >= len(s.rows[r].ids); tries++ {
			if tries > s.text.Corpus.Len(datasets.Train) {
				return fmt.Errorf("experiments: no training document of %s has two tokens", s.text.Corpus.Name())
			}
			*c = rowCursor{Document: s.document(s.state.Next)}
			s.state.Next++
			if err := s.load(r); err != nil {
				return err
			}
		}
		ids := s.rows[r].ids[c.At:]
		n := min(s.length, len(ids)-1)
		lo, hi := r*s.length, (r+1)*s.length
		clear(b.IDs[lo:hi])
		clear(b.Targets[lo:hi])
		clear(b.Weights[lo:hi])
		copy(b.IDs[lo:hi], ids[:n])
		copy(b.Targets[lo:hi], ids[1:n+1])
		for i := range n {
			b.Weights[lo+i] = 1
		}
		c.At += n
	}
	return nil
}

func (s *trainingSource) load(r int) error {
	d, err := s.text.Corpus.Document(datasets.Train, s.state.Rows[r].Document)
	if err != nil {
		return err
	}
	s.rows[r].ids, err = s.text.Tokenizer.Encode(d.Text)
	return err
}

// document is the k-th document of the order: a new permutation for every pass
// through the split. A split too large to be passed through is taken as it comes.
func (s *trainingSource) document(k int) int {
	n := s.text.Corpus.Len(datasets.Train)
	const passable = 1 << 16
	if n > passable {
		return int((s.seed*1_000_003 + uint64(k)) % uint64(n))
	}
	return rand.New(rand.NewPCG(s.seed, uint64(k/n))).Perm(n)[k%n]
}

// Cursor is where the source stands.
func (s *trainingSource) Cursor() json.RawMessage {
	data, err := json.Marshal(s.state)
	if err != nil {
		panic(err) // integers only
	}
	return data
}

// SetCursor goes back to a place that Cursor gave.
func (s *trainingSource) SetCursor(data json.RawMessage) error {
	var c sourceCursor
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("experiments: data cursor: %w", err)
	}
	if len(c.Rows) != len(s.rows) || c.Next < 0 {
		return fmt.Errorf("experiments: data cursor of %d rows, the batch has %d", len(c.Rows), len(s.rows))
	}
	n := s.text.Corpus.Len(datasets.Train)
	for i, r := range c.Rows {
		if r.Document < -1 || r.Document >= n || r.At < 0 {
			return fmt.Errorf("experiments: data cursor points to token %d of document %d of %d", r.At, r.Document, n)
		}
		s.state.Rows[i] = r
		s.rows[i].ids = nil
		if r.Document >= 0 {
			if err := s.load(i); err != nil {
				return err
			}
		}
	}
	s.state.Next = c.Next
	return nil
}
