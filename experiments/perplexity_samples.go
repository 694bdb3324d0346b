package experiments

import (
	"fmt"
	"math"

	"infinibench/datasets"
	"infinibench/internal/finite"
	"infinibench/internal/metrics"
	"infinibench/internal/results"
)

// SampleScore is all that was measured on one document: one line of
// samples.jsonl. The numbers of a cell are sums over these lines, so an
// interrupted evaluation resumes after the last one.
type SampleScore struct {
	ID        string               `json:"id"`
	Words     int64                `json:"words"`
	Bytes     int64                `json:"bytes"`
	NLL       [ablations]float64   `json:"nll"`    // nats, by Ablation
	Tokens    [ablations]int64     `json:"tokens"` // scored, by Ablation
	Positions []results.Bucket     `json:"positions"`
	Classes   []results.ClassScore `json:"classes,omitempty"`
	Ages      []results.AgeScore   `json:"ages,omitempty"`
}

// scorer collects the score of one document, token by token.
type scorer struct {
	score  SampleScore
	bucket int // width of a position bucket

	full, segment []float64 // ideal log-probabilities; nil for text of unknown source
	classes       []datasets.Class
	ages          []int
}

func newScorer(x sample, bucket, segment int) *scorer {
	s := &scorer{score: SampleScore{ID: x.ID, Words: x.words, Bytes: x.bytes}, bucket: bucket}
	if x.Ideal != nil {
		s.full, s.segment, s.classes = x.Ideal.Full(), x.Ideal.Segment(segment), x.Ideal.Classes(segment)
		for c := datasets.ClassFree; c <= datasets.ClassDistant; c++ {
			s.score.Classes = append(s.score.Classes, results.ClassScore{Class: c.String()})
		}
		s.ages, s.score.Ages = x.Ideal.Ages(segment), emptyAges()
	}
	return s
}

// add takes the negative log-likelihood of token i.
func (s *scorer) add(a Ablation, i int, nll float64) {
	s.score.NLL[a] += nll
	s.score.Tokens[a]++
	if a != Intact {
		return
	}
	b := s.at(i / s.bucket)
	b.NLL += nll
	b.Tokens++
	if s.full == nil {
		return
	}
	c := &s.score.Classes[s.classes[i-1]]
	c.NLL += nll
	c.Tokens++
	b.IdealFull -= s.full[i-1]
	b.IdealSegment -= s.segment[i-1]
	c.IdealFull -= s.full[i-1]
	c.IdealSegment -= s.segment[i-1]
	if age := s.ages[i-1]; age >= 0 {
		a := &s.score.Ages[ageRow(age)]
		a.NLL += nll
		a.Tokens++
		a.IdealFull -= s.full[i-1]
		a.IdealSegment -= s.segment[i-1]
	}
}

// at is the k-th position bucket, made when first needed.
func (s *scorer) at(k int) *results.Bucket {
	for len(s.score.Positions) <= k {
		n := int64(len(s.score.Positions))
		s.score.Positions = append(s.score.Positions, results.Bucket{From: n * int64(s.bucket), To: (n + 1) * int64(s.bucket)})
	}
	return &s.score.Positions[k]
}

// sum adds the scores of all documents up, in their order. officialWords, when
// not 0, takes the place of the counted words.
func sum(scores []SampleScore, officialWords int64) (*results.Perplexity, error) {
	p := &results.Perplexity{}
	var nll [ablations]float64
	var tokens [ablations]int64
	var text results.Score
	for _, s := range scores {
		for a := range ablations {
			nll[a] += s.NLL[a]
			tokens[a] += s.Tokens[a]
		}
		text.Words += s.Words
		text.Bytes += s.Bytes
		p.Documents = append(p.Documents, results.DocumentScore{ID: s.ID, NLL: s.NLL[Intact], Tokens: s.Tokens[Intact], Words: s.Words, Bytes: s.Bytes})
		addPositions(p, s.Positions)
		addClasses(p, s.Classes)
	}
	p.Ages = sumAges(scores)
	if officialWords > 0 {
		text.Words = officialWords
	}
	if tokens[Intact] == 0 {
		return nil, fmt.Errorf("experiments: no token was scored: every document has fewer than two tokens")
	}
	if !finite.Is(nll[Intact]) {
		for _, d := range p.Documents {
			if !finite.Is(d.NLL) {
				return nil, fmt.Errorf("experiments: %s: the negative log-likelihood is %g", d.ID, d.NLL)
			}
		}
		return nil, fmt.Errorf("experiments: the negative log-likelihood is %g", nll[Intact])
	}
	p.Intact = scoreOver(text, nll[Intact], tokens[Intact])
	// A document scored on its own has no neighbour whose memory it could read; a
	// score over part of the tokens would not compare, so it is left out.
	for a, score := range map[Ablation]**results.Score{Zeroed: &p.Zeroed, Shuffled: &p.Shuffled} {
		if tokens[a] == tokens[Intact] {
			s := scoreOver(text, nll[a], tokens[a])
			*score = &s
		}
	}
	if len(p.Classes) > 0 {
		var full, segment float64
		for _, c := range p.Classes {
			full, segment = full+c.IdealFull, segment+c.IdealSegment
		}
		p.Ideal = &results.IdealRow{}
		p.Ideal.Full, _ = metrics.Perplexity(full, tokens[Intact], "token")
		p.Ideal.Segment, _ = metrics.Perplexity(segment, tokens[Intact], "token")
	}
	return p, nil
}

// addPositions adds the position buckets of one document; a longer one has more of them.
func addPositions(p *results.Perplexity, buckets []results.Bucket) {
	for k, b := range buckets {
		if k == len(p.Positions) {
			p.Positions = append(p.Positions, results.Bucket{From: b.From, To: b.To})
		}
		q := &p.Positions[k]
		q.NLL, q.Tokens = q.NLL+b.NLL, q.Tokens+b.Tokens
		q.IdealFull, q.IdealSegment = q.IdealFull+b.IdealFull, q.IdealSegment+b.IdealSegment
	}
}

// addClasses adds the scores of one document by kind of word.
func addClasses(p *results.Perplexity, classes []results.ClassScore) {
	for k, c := range classes {
		if k == len(p.Classes) {
			p.Classes = append(p.Classes, results.ClassScore{Class: c.Class})
		}
		q := &p.Classes[k]
		q.NLL, q.Tokens = q.NLL+c.NLL, q.Tokens+c.Tokens
		q.IdealFull, q.IdealSegment = q.IdealFull+c.IdealFull, q.IdealSegment+c.IdealSegment
	}
}

// scoreOver is the score of a sum over the text whose words and bytes s holds. A quantity
// that is not defined or not finite is NaN, and s.Undefined says why.
func scoreOver(s results.Score, nll float64, tokens int64) results.Score {
	s.NLL, s.Tokens = nll, tokens
	set := func(name string, to *float64, value float64, why string) {
		if tokens == 0 {
			value, why = math.NaN(), "no token was scored"
		}
		*to = value
		if why == "" {
			return
		}
		if s.Undefined == nil {
			s.Undefined = map[string]string{}
		}
		s.Undefined[name] = why
	}
	perplexity := func(name string, to *float64, n int64, unit string) {
		value, why := metrics.Perplexity(nll, n, unit)
		set(name, to, value, why)
	}
	perplexity("token_perplexity", &s.TokenPPL, tokens, "token")
	perplexity("word_perplexity", &s.WordPPL, s.Words, "word")
	perplexity("byte_perplexity", &s.BytePPL, s.Bytes, "byte")
	bits, why := metrics.BitsPerByte(nll, s.Bytes)
	set("bits_per_byte", &s.BitsPerByte, bits, why)
	return s
}

// ScoreOf is the score of one document.
func ScoreOf(d results.DocumentScore) results.Score {
	return scoreOver(results.Score{Words: d.Words, Bytes: d.Bytes}, d.NLL, d.Tokens)
}
