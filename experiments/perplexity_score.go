package experiments

import (
	"context"
	"fmt"
	"slices"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/results"
	"infinibench/models"
)

// sample is a document as it is scored.
type sample struct {
	datasets.Document
	ids          []int32
	words, bytes int64 // of the scored text
	truncated    bool
}

// loadSamples reads and tokenises the documents of a cell's test set.
func loadSamples(t *TokenizedCorpus, s results.CorpusSettings) ([]sample, error) {
	split := datasets.Split(s.Split)
	n := t.Corpus.Len(split)
	if s.Documents > 0 {
		n = min(n, s.Documents)
	}
	if n == 0 {
		return nil, fmt.Errorf("experiments: %s has no %s documents", t.Corpus.Name(), split)
	}
	var samples []sample
	for i := range n {
		d, err := t.Corpus.Document(split, i)
		if err != nil {
			return nil, err
		}
		x, err := newSample(d, t.Tokenizer, s.MaxTokens)
		if err != nil {
			return nil, err
		}
		samples = append(samples, x)
	}
	return samples, nil
}

// newSample tokenises a document and cuts it to a number of scored tokens; 0 is
// no limit.
func newSample(d datasets.Document, t tokenizer.Tokenizer, limit int) (sample, error) {
	x := sample{Document: d, words: datasets.CountWords(d.Text), bytes: int64(len(d.Text))}
	var err error
	if x.ids, err = t.Encode(d.Text); err != nil {
		return sample{}, fmt.Errorf("experiments: %s: %w", d.ID, err)
	}
	// The first token is not scored, so a limit of n scored tokens keeps n+1.
	if limit > 0 && len(x.ids) > limit+1 {
		x.ids, x.truncated = x.ids[:limit+1], true
		text, err := t.Decode(x.ids)
		if err != nil {
			return sample{}, err
		}
		x.words, x.bytes = datasets.CountWords(text), int64(len(text))
	}
	return x, nil
}

// scoreSamples scores a model on samples by the perplexity protocol. done has an earlier
// run's scores, which are not computed again; save is called with every further group of
// documents once it is finished.
func scoreSamples(ctx context.Context, m *models.Model, samples []sample, s results.EvaluationSettings, done map[string]SampleScore, save func([]SampleScore) error, tick func(tokens int, before bool)) ([]SampleScore, error) {
	return newStream(m, true, func(tokens int) { tick(tokens, false) }).scoreSamples(ctx, samples, s, done, save, tick)
}

// scoreSamples is the function of that name for a stream, which may do without ablations.
func (stream *stream) scoreSamples(ctx context.Context, samples []sample, s results.EvaluationSettings, done map[string]SampleScore, save func([]SampleScore) error, tick func(tokens int, before bool)) ([]SampleScore, error) {
	scores := make([]SampleScore, len(samples))
	groups := grouped(samples, s.Batch)
	for _, group := range groups {
		complete := true
		for _, d := range group {
			score, ok := done[samples[d].ID]
			scores[d] = score
			complete = complete && ok
		}
		if complete {
			for _, d := range group {
				tick(len(samples[d].ids)-1, true)
			}
			continue
		}
		scorers := map[int]*scorer{}
		documents := make([][]int32, len(group))
		for i, d := range group {
			scorers[i] = newScorer(samples[d], s.PositionBucket, stream.model.Config.Segment)
			documents[i] = samples[d].ids
		}
		stream.visit = func(a Ablation, document, i int, nll float64) { scorers[document].add(a, i, nll) }
		if err := stream.scoreGroup(ctx, documents); err != nil {
			return nil, err
		}
		var fresh []SampleScore
		for i, d := range group {
			scores[d] = scorers[i].score
			if _, ok := done[samples[d].ID]; !ok { // a torn group is known in part
				fresh = append(fresh, scores[d])
			}
		}
		if err := save(fresh); err != nil {
			return nil, err
		}
	}
	return scores, nil
}

// grouped puts samples of like length side by side, longest first.
func grouped(samples []sample, batch int) [][]int {
	order := make([]int, len(samples))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(samples[b].ids) - len(samples[a].ids) })
	return slices.Collect(slices.Chunk(order, batch))
}

// describeData says which text the numbers are about. The word denominators of
// PG19 are the official ones only when the whole official split is scored.
func describeData(t *TokenizedCorpus, s results.CorpusSettings, samples []sample) (note results.DataNote, officialWords int64) {
	cert := t.Corpus.Certificate()
	note = results.DataNote{
		Certificate: cert, Split: datasets.Split(s.Split), Documents: len(samples),
		Tokenizer: t.Tokenizer.Name(), WordRule: "whitespace words", LeftOut: t.LeftOut,
	}
	for _, x := range samples {
		if x.truncated {
			note.Truncated++
		}
	}
	split := cert.Splits[note.Split]
	complete := split.OfficialDocuments > 0 && len(samples) == split.OfficialDocuments && note.Truncated == 0
	if complete && split.OfficialWords > 0 {
		note.WordRule, officialWords = "official PG19 count", split.OfficialWords
	}
	switch {
	case cert.Name == "pg19" && !complete:
		note.Note = fmt.Sprintf("%d of %d %s books", len(samples), split.OfficialDocuments, note.Split)
	case !complete && cert.StandIn != "":
		note.Note = fmt.Sprintf("%s, %d %s documents", cert.StandIn, len(samples), note.Split)
	}
	if note.Truncated > 0 {
		note.Note += fmt.Sprintf(", %d cut at %d tokens", note.Truncated, s.MaxTokens)
	}
	return note, officialWords
}

// protocol is the id of a way of scoring; numbers are comparable only under one.
func protocol(t *TokenizedCorpus, s results.CorpusSettings, note results.DataNote) string {
	id := fmt.Sprintf("%s/%s/%s/carry/v%d", t.Corpus.Name(), s.Split, t.Tokenizer.Name(), ProtocolVersion)
	if note.Note != "" {
		id += fmt.Sprintf("/%d-documents", note.Documents)
	}
	if note.Truncated > 0 {
		id += fmt.Sprintf("/first-%d-tokens", s.MaxTokens)
	}
	return id
}
