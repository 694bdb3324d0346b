package experiments

import (
	"slices"

	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/metrics"
	"infinibench/internal/results"
	"infinibench/models"
)

// scores sums up the answers of a stage.
func (r *passkeyRun) scores(m *models.Model, stage passkeyStage, lines []results.PasskeyAnswer) (results.PasskeyStage, error) {
	s := results.PasskeyStage{Stage: stage.name, Steps: stage.train.Steps, Gates: m.Gates()}
	prompts, err := passkeyPrompts(r.settings.Passkey, r.task)
	if err != nil {
		return s, err
	}
	for _, a := range prompts {
		of := a.answers(lines)
		score := scoreOf(a, of)
		switch a.Kind {
		case kindGrid:
			s.Grid = append(s.Grid, score)
		case kindWrites:
			s.Writes = append(s.Writes, score)
		case kindLastSegment:
			s.LastSegment = &score
		}
		if a.Kind == kindGrid {
			example, err := r.example(a, of)
			if err != nil {
				return s, err
			}
			s.Examples = append(s.Examples, example)
		}
	}
	return s, nil
}

func (a passkeyPrompt) matches(l results.PasskeyAnswer) bool {
	return l.Kind == a.Kind && l.Length == a.Length && l.Position == a.Position
}

// answers returns the answers to a prompt, by sample.
func (a passkeyPrompt) answers(lines []results.PasskeyAnswer) []results.PasskeyAnswer {
	var of []results.PasskeyAnswer
	for _, l := range lines {
		if a.matches(l) {
			of = append(of, l)
		}
	}
	slices.SortFunc(of, func(a, b results.PasskeyAnswer) int { return a.Sample - b.Sample })
	return of
}

// scoreOf is the accuracy over the samples of one prompt.
func scoreOf(a passkeyPrompt, lines []results.PasskeyAnswer) results.PasskeyScore {
	s := results.PasskeyScore{Length: a.Length, Position: a.Position, Writes: lines[0].Writes, Samples: len(lines)}
	var right, exact, zeroed int
	for _, l := range lines {
		n := count(l.Right)
		right += n
		zeroed += count(l.Zeroed)
		if n == passkey.Digits {
			exact++
		}
	}
	s.Tokens, s.Exact = shareOf(right, passkey.Digits, len(lines)), shareOf(exact, 1, len(lines))
	if lines[0].Zeroed != nil {
		z := shareOf(zeroed, passkey.Digits, len(lines))
		s.Zeroed = &z
	}
	return s
}

func count(right []bool) int {
	n := 0
	for _, ok := range right {
		if ok {
			n++
		}
	}
	return n
}

// shareOf returns the share of right parts in n samples of `parts` parts each.
func shareOf(right, parts, n int) results.Share {
	p := float64(right) / float64(parts*n)
	low, high := metrics.Wilson(p, n)
	return results.Share{Value: p, Low: low, High: high}
}

// aroundNeedle is how many tokens an example shows before and after its needle.
const aroundNeedle = 50

// example shows the first sample that was not answered in full, or else the first.
func (r *passkeyRun) example(a passkeyPrompt, lines []results.PasskeyAnswer) (results.PasskeyExample, error) {
	at := max(0, slices.IndexFunc(lines, func(l results.PasskeyAnswer) bool { return count(l.Right) < passkey.Digits }))
	e := results.PasskeyExample{Answer: lines[at]}
	x, err := r.task.Prompt(a.prompt(lines[at].Key))
	if err != nil {
		return e, err
	}
	question := x.Questions[len(x.Questions)-1].Question
	for _, part := range []struct {
		to        *[]results.PasskeyToken
		from, to1 int
	}{
		{&e.Before, max(0, x.Needle.First-aroundNeedle), x.Needle.First},
		{&e.Needle, x.Needle.First, x.Needle.Last + 1},
		{&e.After, x.Needle.Last + 1, min(x.Needle.Last+1+aroundNeedle, question.First)},
		{&e.Asked, question.First, question.Last + 1},
	} {
		for _, id := range x.IDs[part.from:max(part.from, part.to1)] {
			t, err := r.token(id)
			if err != nil {
				return e, err
			}
			*part.to = append(*part.to, t)
		}
	}
	return e, nil
}

func (r *passkeyRun) token(id int32) (results.PasskeyToken, error) {
	text, err := tokenizer.DecodeContinuation(r.text.Tokenizer, []int32{id})
	return results.PasskeyToken{ID: id, Text: text}, err
}
