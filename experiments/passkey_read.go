package experiments

import (
	"fmt"
	"math"
	"slices"

	"infinibench/datasets/passkey"
	"infinibench/internal/results"
	"infinibench/models"
)

// passkeyPrompt is one prompt without its key: its length and the position of the needle.
type passkeyPrompt struct {
	Kind     string // one of the kinds below
	Length   int    // tokens, the answer included
	Position string
	Depth    float64
}

// The kinds of a PasskeyAnswer.
const (
	kindGrid        = "grid"
	kindWrites      = "writes"
	kindLastSegment = "last segment"
)

// passkeyPositions are the paper's.
var passkeyPositions = []string{"start", "middle", "end"}

func (a passkeyPrompt) prompt(key passkey.Key) passkey.Prompt {
	return passkey.Prompt{Length: a.Length - passkey.Digits, Depth: a.Depth, Key: key}
}

// passkeyPrompts lists every prompt of a stage: the grid of the paper's table; the needle at the
// start of prompts that double in length; and, where a segment has room for both, needle
// and question in the last of two segments.
func passkeyPrompts(s results.PasskeySettings, task *passkey.Task) ([]passkeyPrompt, error) {
	prompts, err := passkeyGrid(s.Lengths)
	if err != nil {
		return nil, err
	}
	shortest := 2 * s.Model.Segment
	for ; ; shortest += s.Model.Segment {
		if _, _, err := task.Starts(shortest - passkey.Digits); err == nil {
			break
		} else if shortest > passkeyLongest(s) {
			return nil, err
		}
	}
	for length := shortest; length <= passkeyLongest(s); length *= 2 {
		prompts = append(prompts, passkeyPrompt{kindWrites, length, "start", 0})
	}
	x, err := task.Prompt(passkeyPrompt{Length: shortest, Depth: 1}.prompt(0))
	if err != nil {
		return nil, err
	}
	if n := s.Model.Segment; x.Needle.First/n == (shortest-1)/n {
		prompts = append(prompts, passkeyPrompt{kindLastSegment, shortest, "end", 1})
	}
	return prompts, nil
}

// passkeyGrid lists the prompts of the paper's table.
func passkeyGrid(lengths []int) ([]passkeyPrompt, error) {
	var prompts []passkeyPrompt
	for _, length := range lengths {
		for _, position := range passkeyPositions {
			depth, err := passkey.ParsePosition(position)
			if err != nil {
				return nil, err
			}
			prompts = append(prompts, passkeyPrompt{kindGrid, length, position, depth})
		}
	}
	return prompts, nil
}

// passkeyStream is a group of prompts whose needle starts at the same token. They share all
// tokens up to the shortest prompt's question, the rest up to the next one's, and so on. One
// reading, from the segment in which the needle starts, answers all.
type passkeyStream struct {
	needle  int // its first token
	prompts []passkeyPrompt
}

// passkeyStreams groups prompts by where the needle starts, each group's by length.
func passkeyStreams(task *passkey.Task, prompts []passkeyPrompt) ([]passkeyStream, error) {
	var all []passkeyStream
	for _, a := range prompts {
		x, err := task.Prompt(a.prompt(0))
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(s passkeyStream) bool { return s.needle == x.Needle.First })
		if i < 0 {
			i = len(all)
			all = append(all, passkeyStream{needle: x.Needle.First})
		}
		all[i].prompts = append(all[i].prompts, a)
	}
	for _, s := range all {
		slices.SortStableFunc(s.prompts, func(a, b passkeyPrompt) int { return a.Length - b.Length })
	}
	slices.SortFunc(all, func(a, b passkeyStream) int { return a.needle - b.needle })
	return all, nil
}

// from is the token that a stream is read from: the first of the needle's segment.
func (s passkeyStream) from(segment int) int { return s.needle / segment * segment }

// until is the token that a stream is read to before its last question is asked: the
// first of the segment that the prompt ends in.
func (a passkeyPrompt) until(segment int) int {
	return (a.Length - passkey.Digits - 1) / segment * segment
}

// passkeyReader reads prompts of one model, several side by side: whole segments for the
// state alone, the last to answer.
type passkeyReader struct {
	passes  []*models.Pass // of many segments, and of one; none for a model without a state
	decoder *models.Decoder
	greedy  models.Sampler
}

// readAbreast returns the number of segments, over all documents, that one pass reads: enough
// to make the matrices large, few enough for the cache and, where segments are long, for the
// activations.
func readAbreast(segment int) int { return max(1, min(16, 4096/segment)) }

// newPasskeyReader returns a reader of some documents, whose answers are of the first tokens of
// the model's vocabulary.
func newPasskeyReader(m *models.Model, documents, tokens int) *passkeyReader {
	r := &passkeyReader{decoder: m.NewDecoder(documents), greedy: models.Sampler{Tokens: tokens}}
	if !m.Stateful() {
		return r
	}
	for _, segments := range []int{max(1, readAbreast(m.Config.Segment)/documents), 1} {
		r.passes = append(r.passes, m.NewPass(documents, segments, m.Config.Segment, true))
	}
	return r
}

// read moves the state past the tokens [from, to), whole segments, of each document.
func (r *passkeyReader) read(state *models.State, documents [][]int32, from, to int) error {
	for _, p := range r.passes {
		n := p.Shape.S * p.Shape.T
		for ; from+n <= to; from += n {
			for d, ids := range documents {
				copy(p.IDs[d*n:(d+1)*n], ids[from:from+n])
			}
			if err := p.Run(state); err != nil {
				return err
			}
			p.Carry(state)
		}
	}
	return nil
}

// promptEnd is the part of a prompt that is scored: its last segment and the answer. The rest
// of a million tokens only updates the state and need not be kept.
type promptEnd struct {
	record passkey.Record
	tail   []int32 // from a segment's start
}

func (a passkeyPrompt) end(task *passkey.Task, key passkey.Key, segment int) (promptEnd, error) {
	x, err := task.Prompt(a.prompt(key))
	if err != nil {
		return promptEnd{}, err
	}
	return promptEnd{x.Record(), slices.Clone(x.IDs[a.until(segment):x.Prompt.Length])}, nil
}

// answers returns, for each document, the continuation of its prompt from a state that has
// read all earlier whole segments: the most likely token at each step, and the probability
// of the right one.
func (r *passkeyReader) answers(state *models.State, prompts []promptEnd) (output [][]int32, probability [][]float64, err error) {
	r.decoder.Restart(state)
	var feed []int32
	for _, x := range prompts {
		feed = append(feed, x.tail...)
	}
	output, probability = make([][]int32, len(prompts)), make([][]float64, len(prompts))
	for k := range passkey.Digits {
		logits, err := r.decoder.Feed(feed)
		if err != nil {
			return nil, nil, fmt.Errorf("experiments: answering a passkey: %w", err)
		}
		feed = feed[:0]
		v := len(logits) / len(prompts)
		for i, x := range prompts {
			row := logits[i*v : (i+1)*v]
			id := r.greedy.Next(row)
			feed = append(feed, id)
			output[i] = append(output[i], id)
			probability[i] = append(probability[i], likelihood(row, x.record.Answer[k]))
		}
	}
	return output, probability, nil
}

// likelihood is the probability of a token by its logits.
func likelihood(logits []float32, id int32) float64 {
	most := float64(slices.Max(logits))
	var sum float64
	for _, v := range logits {
		sum += math.Exp(float64(v) - most)
	}
	return math.Exp(float64(logits[id])-most) / sum
}
