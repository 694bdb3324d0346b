package experiments

import (
	"encoding/json"
	"fmt"
	"strconv"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/results"
	"infinibench/internal/train"
)

// summaryTask turns pairs into tokens.
type summaryTask struct {
	text     *TokenizedCorpus
	pairs    booksum.Pairs
	ask, end int32 // tokens of the marks
	settings results.BooksumSettings
}

func newSummaryTask(t *TokenizedCorpus, s results.BooksumSettings) (*summaryTask, error) {
	pairs, ok := t.Corpus.(booksum.Pairs)
	if !ok {
		return nil, fmt.Errorf("experiments: %s has no summaries", t.Corpus.Name())
	}
	x := &summaryTask{text: t, pairs: pairs, settings: s}
	for _, mark := range []struct {
		text string
		id   *int32
	}{{booksum.Ask, &x.ask}, {booksum.End, &x.end}} {
		ids, err := tokenizer.EncodeContinuation(t.Tokenizer, mark.text)
		if err != nil {
			return nil, err
		}
		if len(ids) != 1 {
			return nil, fmt.Errorf("experiments: tokenizer %s has no single token for %q, which delimits summaries", t.Tokenizer.Name(), mark.text)
		}
		*mark.id = ids[0]
	}
	return x, nil
}

// row is training pair i as a sequence of tokens, and where its summary starts: the
// book, as much as is trained on, the mark that asks, the summary, and the mark that
// ends it, unless the summary is longer than summary_tokens.
func (x *summaryTask) row(i int) (ids []int32, start int, err error) {
	book, err := x.text.tokens(i)
	if err != nil {
		return nil, 0, err
	}
	pair, err := x.pairs.Pair(datasets.Train, i)
	if err != nil {
		return nil, 0, err
	}
	summary, err := tokenizer.EncodeContinuation(x.text.Tokenizer, pair.Summary)
	if err != nil {
		return nil, 0, fmt.Errorf("experiments: summary of %s: %w", pair.ID, err)
	}
	if summary = append(summary, x.end); len(summary) > x.settings.SummaryTokens+1 {
		summary = summary[:x.settings.SummaryTokens+1]
	}
	book = book[:min(len(book), x.settings.Finetuning.Length)]
	ids = append(make([]int32, 0, len(book)+1+len(summary)), book...)
	return append(append(ids, x.ask), summary...), len(book) + 1, nil
}

// summarySource gives training pairs, every pass in a new order drawn from the seed.
// Only what follows the mark that asks counts.
type summarySource struct {
	task  *summaryTask
	seed  uint64
	rows  int
	drawn int
}

func newSummarySource(x *summaryTask, seed uint64, rows int) (*summarySource, error) {
	if x.pairs.Len(datasets.Train) == 0 {
		return nil, fmt.Errorf("experiments: %s has no training pairs", x.pairs.Name())
	}
	return &summarySource{task: x, seed: seed, rows: rows}, nil
}

// Next fills a batch.
func (s *summarySource) Next(b *train.Batch) error {
	clear(b.IDs)
	clear(b.Targets)
	clear(b.Weights)
	length, n := len(b.IDs)/s.rows, s.task.pairs.Len(datasets.Train)
	for r := range s.rows {
		ids, start, err := s.task.row(documentOrder(s.seed, s.drawn/n, s.drawn%n, n))
		if err != nil {
			return err
		}
		s.drawn++
		at := r * length
		copy(b.IDs[at:], ids[:len(ids)-1])
		copy(b.Targets[at:], ids[1:])
		for i := start - 1; i < len(ids)-1; i++ {
			b.Weights[at+i] = 1
		}
	}
	return nil
}

// Cursor is how many pairs have been drawn.
func (s *summarySource) Cursor() json.RawMessage { return fmt.Appendf(nil, "%d", s.drawn) }

// SetCursor resumes at a position that Cursor returned.
func (s *summarySource) SetCursor(data json.RawMessage) error {
	n, err := strconv.Atoi(string(data))
	if err != nil || n < 0 {
		return fmt.Errorf("experiments: data cursor is %q, want a number of pairs", data)
	}
	s.drawn = n
	return nil
}

// meanWords is the mean length of the first hundred training summaries, in words.
func (x *summaryTask) meanWords() (int, error) {
	n := min(x.pairs.Len(datasets.Train), 100)
	var words int64
	for i := range n {
		p, err := x.pairs.Pair(datasets.Train, i)
		if err != nil {
			return 0, err
		}
		words += datasets.CountWords(p.Summary)
	}
	return int((words + int64(n)/2) / int64(n)), nil
}
