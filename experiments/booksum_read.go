package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"infinibench/datasets/booksum"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/results"
	"infinibench/models"
)

// bookReader summarises books with a trained model. It reads a book once; at each length it
// samples the summaries from copies of the current state.
type bookReader struct {
	task    *summaryTask
	empty   *models.State
	seed    uint64
	lead    int // words of a lead-k summary
	one     *models.Decoder
	many    *models.Decoder
	advance func(tokens int, before bool)
}

func newBookReader(m *models.Model, x *summaryTask, seed uint64, lead int, advance func(tokens int, before bool)) *bookReader {
	return &bookReader{task: x, empty: m.NewState(1), seed: seed, lead: lead, one: m.NewDecoder(1), many: m.NewDecoder(x.settings.Decodes), advance: advance}
}

// book reads book i of the split. done has an earlier run's readings by length, which are
// not repeated; save is called with each new one.
func (r *bookReader) book(ctx context.Context, pair booksum.Pair, i int, done map[int]results.BooksumReading, save func(results.BooksumReading) error) (results.BooksumBook, error) {
	s := r.task.settings
	ids, err := r.task.text.Tokenizer.Encode(pair.Text)
	if err != nil {
		return results.BooksumBook{}, fmt.Errorf("experiments: %s: %w", pair.ID, err)
	}
	book := results.BooksumBook{ID: pair.ID, Title: pair.Title, Tokens: len(ids), Summary: pair.Summary}
	r.one.Restart(r.empty)
	at := 0
	for _, length := range s.Lengths {
		if reading, ok := done[length]; ok {
			book.Readings = append(book.Readings, reading)
			r.advance(s.Decodes*s.SummaryTokens, true)
			continue
		}
		reading := results.BooksumReading{ID: pair.ID, Length: length, Read: min(length, len(ids))}
		reading.Share = float64(reading.Read) / float64(len(ids))
		for at < reading.Read {
			next := min(reading.Read, at+prefill)
			if err := ctx.Err(); err != nil {
				return book, err
			}
			if _, err := r.one.Feed(ids[at:next]); err != nil {
				return book, err
			}
			r.advance(next-at, false)
			at = next
		}
		if err := r.summarise(ctx, &reading, i); err != nil {
			return book, err
		}
		text, err := r.task.text.Tokenizer.Decode(ids[:at])
		if err != nil {
			return book, err
		}
		text = strings.ToValidUTF8(text, "")
		for _, o := range reading.Outputs {
			reading.Scores = append(reading.Scores, rouge.Compare(pair.Summary, o, false))
		}
		reading.Mean = results.MeanScores(reading.Scores)
		reading.Lead = rouge.Compare(pair.Summary, leadWords(text, r.lead), false)
		reading.Oracle = rouge.Compare(pair.Summary, oracle(text, pair.Summary), false)
		if len(pair.Facts) > 0 {
			bound := pair.Bound(at)
			reading.Bound = &bound
			for _, f := range pair.Facts {
				reading.Facts = append(reading.Facts, stated(f.Key, f.Value, f.At < at, reading.Outputs))
			}
		}
		if err := save(reading); err != nil {
			return book, err
		}
		book.Readings = append(book.Readings, reading)
	}
	return book, nil
}

// prefill is the number of tokens of a book read between two checks for cancellation.
const prefill = 1 << 13

// summarise samples the summaries of the book as far as it has been read.
func (r *bookReader) summarise(ctx context.Context, reading *results.BooksumReading, book int) error {
	s := r.task.settings
	r.many.Branch(r.one)
	samplers := make([]*models.Sampler, s.Decodes)
	for d := range samplers {
		// Seeds of its own: the same sample, whatever else was drawn.
		seed := rand.NewPCG(r.seed, uint64(book)<<40^uint64(reading.Length)<<12^uint64(d))
		samplers[d] = &models.Sampler{Temperature: s.Temperature, TopP: s.TopP, Rand: rand.New(seed), Tokens: r.task.text.Tokenizer.Size()}
	}
	drawn, err := r.many.Continue(slices.Repeat([]int32{r.task.ask}, s.Decodes), s.SummaryTokens, samplers, r.task.end, func() error {
		r.advance(1, false)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for _, ids := range drawn {
		text, err := tokenizer.DecodeContinuation(r.task.text.Tokenizer, ids)
		if err != nil {
			return err
		}
		reading.Outputs = append(reading.Outputs, strings.ToValidUTF8(text, ""))
		reading.Ended = append(reading.Ended, len(ids) < s.SummaryTokens)
	}
	return nil
}

// stated returns which outputs state a fact: its key directly followed by its value.
func stated(key, value string, read bool, outputs []string) results.BooksumFact {
	f := results.BooksumFact{Key: key, Value: value, Read: read}
	for i, o := range outputs {
		words := strings.Fields(o)
		for at := range words[:max(len(words)-1, 0)] {
			if words[at] == key && words[at+1] == value {
				f.Hits++
				f.First = f.First || i == 0
				break
			}
		}
	}
	return f
}
