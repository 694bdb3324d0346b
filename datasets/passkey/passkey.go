// Package passkey implements the task of the paper's Table 3: a number is hidden in a
// long, meaningless text, and the text ends by asking for it (Appendix B; first in
// Mohtashami and Jaggi 2023, "Landmark Attention").
//
// A prompt is assembled from tokens, not from characters, so its length is exact in any
// tokenizer and the position of the needle is a token index. Its parts are encoded
// separately, and so is each digit of the key, as in tokenizers that split digits. The
// key therefore has the same ids at every position, and a guess at one of its tokens is
// right once in ten times. Encoding the text of a prompt as a whole may give other ids
// for the same text.
package passkey

import (
	"fmt"
	"slices"

	"infinibench/datasets/tokenizer"
)

// The parts of the paper's prompt, in order. The paper's second block of filler says
// "There and ack again", which we take for a typo. The space before the answer belongs
// to the question, so that the answer consists of digits only.
const (
	taskText     = "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. I will quiz you about the important information there."
	sentences    = " The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
	needleStart  = " The pass key is "
	needleMiddle = ". Remember it. "
	needleEnd    = " is the pass key."
	questionText = " What is the pass key? The pass key is "
)

// Task makes samples for one tokenizer and one filler. It is immutable, so several
// goroutines may use it.
type Task struct {
	tokenizer tokenizer.Tokenizer
	filler    filler

	task, question []int32
	needle         [3][]int32 // before, between and after the two keys
	digits         [10]int32
}

// New returns the task with the paper's filler, the same five sentences over and over.
//
// Any tokenizer may be used. A [tokenizer.Word] reads punctuation and digits as
// separate words and must know the words of [Vocabulary]. A tokenizer that cannot
// reproduce a part of the prompt, or has no separate token for each digit, is an error.
func New(t tokenizer.Tokenizer) (*Task, error) {
	p := &Task{tokenizer: t}
	err := p.encodeParts()
	if err == nil {
		p.filler.name = "sentences"
		p.filler.ids, err = p.part(sentences)
	}
	if err != nil {
		return nil, p.unfit(err)
	}
	return p, nil
}

// Unannounced returns the task without the lines that announce the question: its samples
// begin with the needle or with filler.
func (p *Task) Unannounced() *Task {
	q := *p
	q.task = nil
	return &q
}

// NewBooks returns the task with texts, such as books, as filler: in order, and again
// from the first after the last. A text that is blank, or that itself mentions a pass
// key, is an error.
func NewBooks(t tokenizer.Tokenizer, texts []string) (*Task, error) {
	p := &Task{tokenizer: t}
	err := p.encodeParts()
	if err != nil {
		return nil, p.unfit(err)
	}
	if p.filler, err = books(t, texts); err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	return p, nil
}

// unfit is the error for a tokenizer that cannot express the task.
func (p *Task) unfit(err error) error {
	return fmt.Errorf("passkey: tokenizer %s %w; use one that can, such as bytes", p.tokenizer.Name(), err)
}

// encodeParts encodes everything but the filler.
func (p *Task) encodeParts() error {
	var err error
	if p.task, err = p.tokenizer.Encode(written(taskText, p.tokenizer)); err != nil {
		return fmt.Errorf("cannot write %q: %w", taskText, err)
	}
	if err := p.roundTrip(written(taskText, p.tokenizer), p.task, p.tokenizer.Decode); err != nil {
		return err
	}
	for _, part := range []struct {
		text string
		ids  *[]int32
	}{
		{questionText, &p.question},
		{needleStart, &p.needle[0]}, {needleMiddle, &p.needle[1]}, {needleEnd, &p.needle[2]},
	} {
		if *part.ids, err = p.part(part.text); err != nil {
			return err
		}
	}
	for digit := range p.digits {
		ids, err := p.part(fmt.Sprint(digit))
		if err != nil {
			return err
		}
		if len(ids) != 1 || slices.Contains(p.digits[:digit], ids[0]) {
			return fmt.Errorf("cannot split digits: %d is not one id that means nothing else, but %v", digit, ids)
		}
		p.digits[digit] = ids[0]
	}
	_, err = p.needleOf(0)
	return err
}

// part encodes a part of the prompt, which continues the one before, and checks that it decodes to the same text.
func (p *Task) part(text string) ([]int32, error) {
	text = written(text, p.tokenizer)
	ids, err := tokenizer.EncodeContinuation(p.tokenizer, text)
	if err != nil {
		return nil, fmt.Errorf("cannot write %q: %w", text, err)
	}
	return ids, p.roundTrip(text, ids, p.continued)
}

func (p *Task) continued(ids []int32) (string, error) {
	return tokenizer.DecodeContinuation(p.tokenizer, ids)
}

func (p *Task) roundTrip(text string, ids []int32, decode func([]int32) (string, error)) error {
	got, err := decode(ids)
	if err != nil {
		return fmt.Errorf("cannot read back %q: %w", text, err)
	}
	if got != text {
		return fmt.Errorf("cannot give %q back: it makes %q of it", text, got)
	}
	return nil
}

func (p *Task) needleTokens() int {
	return len(p.needle[0]) + len(p.needle[1]) + len(p.needle[2]) + 2*Digits
}

// needleOf encodes a key's needle and checks that it decodes to the same text.
func (p *Task) needleOf(k Key) ([]int32, error) {
	key := p.answer(k)
	ids := slices.Concat(p.needle[0], key, p.needle[1], key, p.needle[2])
	text := needleStart + k.String() + needleMiddle + k.String() + needleEnd
	return ids, p.roundTrip(written(text, p.tokenizer), ids, p.continued)
}

// answer returns the ids of a key's digits.
func (p *Task) answer(k Key) []int32 {
	ids := make([]int32, 0, Digits)
	for _, digit := range k.String() {
		ids = append(ids, p.digits[digit-'0'])
	}
	return ids
}
