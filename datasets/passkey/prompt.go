package passkey

import (
	"fmt"
	"math"
	"strconv"
)

// MaxLength bounds the length of a prompt, in tokens: 64 times the paper's longest.
const MaxLength = 1 << 26

// Prompt describes the sample that [Task.Prompt] makes.
type Prompt struct {
	// Length is the number of tokens before the answer: the task, all filler, the
	// needle, and the question with its final space. A model reads that many tokens and
	// then predicts the first digit. The answer is not counted.
	Length int

	// Depth is the position of the needle in the filler, from 0, right after the task,
	// to 1, right before the question. Of F tokens of filler, Depth·F, rounded to the
	// nearest integer with halves up, precede the needle, even if that cuts a word.
	// [ParsePosition] accepts the paper's names.
	Depth float64

	Key Key

	// FillerSeed selects the token of the books at which the filler begins; the paper's
	// sentences always begin with the first. Nothing else affects the filler, so
	// samples that differ only in their key share all tokens before the needle, and a
	// model may read those once for all of them.
	FillerSeed uint64
}

// Prompt makes the paper's form of the task: one question, at the end. A length that is
// too short and a depth outside [0, 1] are errors.
func (p *Task) Prompt(of Prompt) (*Sample, error) {
	first, last, err := p.Starts(of.Length)
	if err != nil {
		return nil, err
	}
	if !(of.Depth >= 0 && of.Depth <= 1) {
		return nil, fmt.Errorf("passkey: depth %g is outside [0, 1]: 0 is right after the task, 1 right before the question", of.Depth)
	}
	start := first + int(math.Floor(of.Depth*float64(last-first)+0.5))
	return p.build(of, start, []int{of.Length - len(p.question)})
}

// Starts returns the first and the last token at which the needle can start in a prompt
// of the given length, counted as in [Prompt].
func (p *Task) Starts(length int) (first, last int, err error) {
	first, last = len(p.task), length-len(p.question)-p.needleTokens()
	switch {
	case length < 0 || last < first: // last itself may have overflowed
		return 0, 0, fmt.Errorf("passkey: length %d is too short: task, needle and question take %d tokens of %s; ask for that many or more",
			length, length+first-last, p.tokenizer.Name())
	case length > MaxLength:
		return 0, 0, fmt.Errorf("passkey: length %d is too long: ask for at most %d tokens", length, MaxLength)
	}
	return first, last, nil
}

// ParsePosition converts a position to a depth: the paper's start, middle and end mean
// 0, 0.5 and 1; a number from 0 to 1 means itself.
func ParsePosition(position string) (depth float64, err error) {
	switch position {
	case "start":
		return 0, nil
	case "middle":
		return 0.5, nil
	case "end":
		return 1, nil
	}
	depth, err = strconv.ParseFloat(position, 64)
	if err != nil || !(depth >= 0 && depth <= 1) {
		return 0, fmt.Errorf("passkey: position is %q, must be start, middle, end or a number from 0 to 1", position)
	}
	return depth, nil
}

// Ask selects where a training sample asks for the key.
type Ask int

const (
	AskLast  Ask = iota // at the end only: the paper's form
	AskLater            // at the end of every segment after the one the needle ends in
	AskOwn              // in that segment as well, if there is room after the needle
)

// Dense describes the sample that [Task.Dense] makes.
type Dense struct {
	// The sample has Segments segments of SegmentTokens tokens each, and ends with the
	// answer to its last question.
	Segments, SegmentTokens int

	// Needle is the token at which the needle starts, in the range that [Task.Starts]
	// returns for the length Segments·SegmentTokens - Digits. As in a prompt, it may
	// cross a segment boundary.
	Needle int

	Ask        Ask
	Key        Key
	FillerSeed uint64 // as in Prompt
}

// Dense makes a training sample in which later segments ask for the key again, each at
// its end, followed by the answer. A model that is asked once in a long text learns
// nothing for thousands of steps; asked often, it learns. Without the additional
// questions the sample equals the one from [Task.Prompt].
func (p *Task) Dense(of Dense) (*Sample, error) {
	n, asked := of.SegmentTokens, len(p.question)+Digits
	switch {
	case of.Ask < AskLast || of.Ask > AskOwn:
		return nil, fmt.Errorf("passkey: no way to ask has number %d", of.Ask)
	case of.Segments < 1:
		return nil, fmt.Errorf("passkey: %d segments; ask for at least 1", of.Segments)
	case n < asked && of.Ask != AskLast:
		return nil, fmt.Errorf("passkey: segments of %d tokens are too short: question and answer take %d tokens of %s; ask for that many or more",
			n, asked, p.tokenizer.Name())
	case n < 1 || n > MaxLength/of.Segments:
		return nil, fmt.Errorf("passkey: %d segments of %d tokens; ask for 1 to %d tokens in all", of.Segments, n, MaxLength)
	}
	length := of.Segments*n - Digits
	first, last, err := p.Starts(length)
	if err != nil {
		return nil, fmt.Errorf("%w (%d segments of %d tokens, less the answer)", err, of.Segments, n)
	}
	if of.Needle < first || of.Needle > last {
		return nil, fmt.Errorf("passkey: a needle at token %d is outside [%d, %d], where %d segments of %d tokens have room for it",
			of.Needle, first, last, of.Segments, n)
	}
	behind := of.Needle + p.needleTokens()
	var questions []int
	for end := (behind/n + 1) * n; of.Ask != AskLast && end < of.Segments*n; end += n {
		if own := end-n < behind; !own || of.Ask == AskOwn && behind <= end-asked {
			questions = append(questions, end-asked)
		}
	}
	prompt := Prompt{Length: length, Key: of.Key, FillerSeed: of.FillerSeed}
	if last > first {
		prompt.Depth = float64(of.Needle-first) / float64(last-first)
	}
	return p.build(prompt, of.Needle, append(questions, length-len(p.question)))
}

// build assembles a sample whose needle starts at the token start. Each question starts
// at a token after the needle, in order; the last one fills the prompt exactly.
func (p *Task) build(of Prompt, start int, questions []int) (*Sample, error) {
	if of.Key < 0 || of.Key >= keySpace {
		return nil, fmt.Errorf("passkey: key %d does not have %d digits; ask for 0 to %d", int(of.Key), Digits, keySpace-1)
	}
	needle, err := p.needleOf(of.Key)
	if err != nil {
		return nil, p.unfit(err)
	}
	s := &Sample{
		Tokenizer: p.tokenizer.Name(), Filler: p.filler.name, Period: len(p.filler.ids), Prompt: of,
		IDs: make([]int32, 0, of.Length+Digits), Classes: make([]Class, 0, of.Length+Digits),
	}
	from := p.filler.reader(of.FillerSeed)
	s.add(ClassTask, p.task)
	s.fill(from, start)
	s.Needle = s.add(ClassNeedle, needle)
	first := start + len(p.needle[0])
	second := first + Digits + len(p.needle[1])
	s.Named = [2]Span{{first, first + Digits - 1}, {second, second + Digits - 1}}
	for _, at := range questions {
		s.fill(from, at)
		s.Questions = append(s.Questions, Asked{s.add(ClassQuestion, p.question), s.add(ClassAnswer, p.answer(of.Key))})
	}
	return s, nil
}
