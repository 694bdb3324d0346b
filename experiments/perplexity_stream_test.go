package experiments

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"infinibench/datasets"
	"infinibench/internal/results"
	"infinibench/models"
)

// smallModel is a model on which a whole evaluation takes milliseconds.
func smallModel(t *testing.T, memory models.Memory) *models.Model {
	t.Helper()
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.InitStd = 37, 2, 2, 8, 32, 8, 0.3
	m, err := models.New(c, memory, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// randomSamples has documents of the given numbers of tokens.
func randomSamples(lengths ...int) []sample {
	r := rand.New(rand.NewPCG(3, 4))
	var samples []sample
	for i, n := range lengths {
		x := sample{Document: datasets.Document{ID: string(rune('a' + i))}, words: int64(n), bytes: int64(2 * n)}
		for range n {
			x.ids = append(x.ids, int32(r.IntN(37)))
		}
		samples = append(samples, x)
	}
	return samples
}

func scoreAll(t *testing.T, m *models.Model, samples []sample, batch int) *results.Perplexity {
	t.Helper()
	scores, err := scoreSamples(context.Background(), m, samples, results.EvaluationSettings{Batch: batch, PositionBucket: 16}, nil,
		func([]SampleScore) error { return nil }, func(int, bool) {})
	if err != nil {
		t.Fatal(err)
	}
	p, err := sum(scores, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The lengths reach every path: tails of every width, whole segments only, fewer
// tokens than a segment, two tokens, and one, of which nothing is scored.
var lengths = []int{33, 32, 41, 6, 2, 1, 100, 50}

// TestUniformModel: a model whose logits are all equal has perplexity V, exactly.
func TestUniformModel(t *testing.T) {
	m := smallModel(t, models.Infini{})
	clear(m.Param("embedding").Data()) // tied, so every logit is 0
	p := scoreAll(t, m, randomSamples(lengths...), 3)
	if d := math.Abs(p.Intact.TokenPPL - 37); d > 1e-12*37 {
		t.Errorf("perplexity %.17g, want 37", p.Intact.TokenPPL)
	}
}

// TestEveryTokenOnce: each document of n tokens has n-1 scored ones, each in its
// place.
func TestEveryTokenOnce(t *testing.T) {
	samples := randomSamples(lengths...)
	for _, batch := range []int{1, 3, 8} {
		documents := make([][]int32, 0, len(samples))
		for _, g := range grouped(samples, batch) {
			documents = documents[:0]
			for _, d := range g {
				documents = append(documents, samples[d].ids)
			}
			seen := map[[3]int]int{}
			s := newStream(smallModel(t, models.Infini{}), true, func(int) {})
			s.visit = func(a Ablation, d, i int, _ float64) { seen[[3]int{int(a), d, i}]++ }
			if err := s.scoreGroup(context.Background(), documents); err != nil {
				t.Fatal(err)
			}
			for d, ids := range documents {
				for i := range ids {
					want := 1
					if i == 0 {
						want = 0
					}
					for _, a := range []Ablation{Intact, Zeroed, Shuffled} {
						if a == Shuffled && len(documents) == 1 {
							continue // nobody to swap with
						}
						if n := seen[[3]int{int(a), d, i}]; n != want {
							t.Fatalf("batch %d: token %d of a document of %d scored %d times, want %d", batch, i, len(ids), n, want)
						}
					}
				}
			}
		}
	}
}

// TestBatchChangesNothing: the batch size affects only the speed.
func TestBatchChangesNothing(t *testing.T) {
	samples := randomSamples(lengths...)
	for _, memory := range memories {
		m := smallModel(t, memory)
		one := scoreAll(t, m, samples, 1)
		for _, batch := range []int{2, 5, 8} {
			many := scoreAll(t, m, samples, batch)
			for i := range one.Documents {
				if a, b := one.Documents[i].NLL, many.Documents[i].NLL; math.Abs(a-b) > 1e-5*math.Abs(a) {
					t.Errorf("%s: document %d has NLL %.9g alone and %.9g in a batch of %d", memory.Name(), i, a, b, batch)
				}
			}
		}
	}
}

// TestAgainstDecoding: the streamed score of a document equals the score from a decoder that
// reads its tokens one at a time.
func TestAgainstDecoding(t *testing.T) {
	samples := randomSamples(53)
	for _, memory := range memories {
		m := smallModel(t, memory)
		d := m.NewDecoder(1)
		var want float64
		for i, id := range samples[0].ids[:52] {
			logits, err := d.Feed([]int32{id})
			if err != nil {
				t.Fatal(err)
			}
			var total float64
			for _, v := range logits {
				total += math.Exp(float64(v))
			}
			want += math.Log(total) - float64(logits[samples[0].ids[i+1]])
		}
		if got := scoreAll(t, m, samples, 1).Intact.NLL; math.Abs(got-want) > 1e-5*want {
			t.Errorf("%s: NLL %.9g, by decoding %.9g", memory.Name(), got, want)
		}
	}
}

// TestAblations: a model without memory has none to ablate; one with memory reads
// something else when it is emptied or swapped, but not in the first segment.
func TestAblations(t *testing.T) {
	samples := randomSamples(40, 40)
	if p := scoreAll(t, smallModel(t, memories[0]), samples, 2); p.Zeroed != nil || p.Shuffled != nil {
		t.Errorf("local-only has ablations: %+v, %+v", p.Zeroed, p.Shuffled)
	}
	p := scoreAll(t, smallModel(t, models.Infini{}), samples, 2)
	if p.Zeroed.NLL == p.Intact.NLL || p.Shuffled.NLL == p.Intact.NLL || p.Zeroed.NLL == p.Shuffled.NLL {
		t.Errorf("an ablation changes nothing: intact %g, zeroed %g, shuffled %g", p.Intact.NLL, p.Zeroed.NLL, p.Shuffled.NLL)
	}
	short := scoreAll(t, smallModel(t, models.Infini{}), randomSamples(9, 9), 2)
	if short.Zeroed.NLL != short.Intact.NLL || short.Shuffled.NLL != short.Intact.NLL {
		t.Errorf("the first segment reads an empty memory anyway: intact %g, zeroed %g, shuffled %g", short.Intact.NLL, short.Zeroed.NLL, short.Shuffled.NLL)
	}
	// The ablations are made on the way and must not touch the intact score.
	s := newStream(smallModel(t, models.Infini{}), false, func(int) {})
	var alone float64
	s.visit = func(_ Ablation, _, _ int, nll float64) { alone += nll }
	if err := s.scoreGroup(context.Background(), [][]int32{samples[0].ids, samples[1].ids}); err != nil {
		t.Fatal(err)
	}
	if math.Abs(alone-p.Intact.NLL) > 1e-12*alone { // the sums are taken in another order
		t.Errorf("intact NLL is %.17g with ablations, %.17g without", p.Intact.NLL, alone)
	}
}

// TestSums checks the numbers of a split against hand arithmetic.
func TestSums(t *testing.T) {
	scores := []SampleScore{
		{ID: "a", Words: 4, Bytes: 10, NLL: [3]float64{8, 12, 9}, Tokens: [3]int64{4, 4, 4}, Positions: []results.Bucket{{From: 0, To: 16, NLL: 8, Tokens: 4}}},
		{ID: "b", Words: 1, Bytes: 6, NLL: [3]float64{4, 6, 0}, Tokens: [3]int64{2, 2, 0}, Positions: []results.Bucket{{From: 0, To: 16, NLL: 1, Tokens: 1}, {From: 16, To: 32, NLL: 3, Tokens: 1}}},
	}
	p, err := sum(scores, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := results.Score{NLL: 12, Tokens: 6, Words: 5, Bytes: 16, TokenPPL: math.Exp(2), WordPPL: math.Exp(2.4), BytePPL: math.Exp(0.75), BitsPerByte: 0.75 / math.Ln2}
	if !reflect.DeepEqual(p.Intact, want) {
		t.Errorf("intact %+v, want %+v", p.Intact, want)
	}
	if got := p.Zeroed.TokenPPL; got != math.Exp(3) {
		t.Errorf("zeroed %g, want e³", got)
	}
	// Only four of six tokens were scored with another's memory.
	if p.Shuffled != nil {
		t.Errorf("shuffled %+v over part of the tokens", p.Shuffled)
	}
	if got := p.Positions[0]; got.NLL != 9 || got.Tokens != 5 {
		t.Errorf("first bucket %+v, want 9 nats over 5 tokens", got)
	}
	official, err := sum(scores, 24)
	if err != nil {
		t.Fatal(err)
	}
	if got := official.Intact.WordPPL; got != math.Exp(0.5) {
		t.Errorf("word perplexity over the official 24 words is %g, want e^0.5", got)
	}
}
