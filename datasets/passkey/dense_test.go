package passkey

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets/tokenizer"
)

// In bytes the task takes 148 tokens, the needle 57, a question 39, its answer 4.
func TestDenseQuestions(t *testing.T) {
	tests := []struct {
		name             string
		segments, tokens int
		needle           int
		ask              Ask
		questions        []int // first tokens
		pure             []bool
	}{
		{"last only", 6, 128, 148, AskLast, []int{6*128 - 43}, []bool{false, false, true, true, true, false}},
		{"every later one", 6, 128, 148, AskLater, []int{3*128 - 43, 4*128 - 43, 5*128 - 43, 6*128 - 43}, []bool{false, false, false, false, false, false}},
		// The needle takes 148 to 204, so 205 to 255 have room for 43.
		{"its own as well", 6, 128, 148, AskOwn, []int{213, 3*128 - 43, 4*128 - 43, 5*128 - 43, 6*128 - 43}, make([]bool, 6)},
		{"its own, just so", 3, 128, 156, AskOwn, []int{213, 3*128 - 43}, make([]bool, 3)},
		{"its own has no room", 3, 128, 157, AskOwn, []int{3*128 - 43}, make([]bool, 3)},
		{"up to the end of a segment", 4, 128, 199, AskLater, []int{3*128 - 43, 4*128 - 43}, make([]bool, 4)}, // the last token is 255
		{"across two segments", 4, 128, 200, AskLater, []int{4*128 - 43}, make([]bool, 4)},
		{"in the last", 4, 128, 512 - 43 - 57, AskLater, []int{512 - 43}, []bool{false, false, true, false}},
		{"in the last, own", 4, 128, 512 - 43 - 57, AskOwn, []int{512 - 43}, []bool{false, false, true, false}},
		{"filler before", 5, 128, 3*128 + 5, AskLater, []int{5*128 - 43}, []bool{false, false, true, false, false}},
		{"segments as short as can be", 8, 43, 148, AskLater, []int{215, 258, 301}, make([]bool, 8)},
		{"one segment", 1, 500, 200, AskLater, []int{457}, []bool{false}},
	}
	p := newTask(t, tokenizer.Bytes())
	for _, test := range tests {
		s, err := p.Dense(Dense{Segments: test.segments, SegmentTokens: test.tokens, Needle: test.needle, Ask: test.ask, Key: 9054})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		check(t, p, s)
		if len(s.IDs) != test.segments*test.tokens {
			t.Errorf("%s: %d tokens, want %d", test.name, len(s.IDs), test.segments*test.tokens)
		}
		if s.Needle != (Span{test.needle, test.needle + 56}) {
			t.Errorf("%s: needle %v", test.name, s.Needle)
		}
		var questions []int
		for _, q := range s.Questions {
			questions = append(questions, q.Question.First)
			if got := decode(t, p.tokenizer, s.IDs[q.Question.First:q.Answer.Last+1]); got != paperQuestion+"9054" {
				t.Errorf("%s: asks %q", test.name, got)
			}
			if q.Answer.Last/test.tokens != q.Question.First/test.tokens {
				t.Errorf("%s: question and answer %v are in two segments", test.name, q)
			}
		}
		if !slices.Equal(questions, test.questions) {
			t.Errorf("%s: questions at %v, want %v", test.name, questions, test.questions)
		}
		if pure := s.PureFiller(test.tokens); !slices.Equal(pure, test.pure) {
			t.Errorf("%s: pure filler %v, want %v", test.name, pure, test.pure)
		}
		// The questions interrupt the filler and take nothing from it.
		filler := decode(t, p.tokenizer, without(s))
		if want := strings.Repeat(paperFiller, 20)[:len(filler)]; filler != want {
			t.Errorf("%s: filler %q", test.name, filler)
		}
	}
}

// Asked once, a training sample is a prompt of the paper.
func TestDenseHoldsThePaper(t *testing.T) {
	for _, of := range tokenizers(t) {
		p := newTask(t, of)
		for _, depth := range []float64{0, 0.3, 0.5, 1} {
			want, err := p.Prompt(Prompt{Length: 8*128 - Digits, Depth: depth, Key: 17})
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Dense(Dense{Segments: 8, SegmentTokens: 128, Needle: want.Needle.First, Key: 17})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got.Prompt.Depth-depth) > 0.5/500 { // there is room for more than 500 tokens of filler
				t.Errorf("depth %g, want %g", got.Prompt.Depth, depth)
			}
			got.Prompt.Depth = want.Prompt.Depth
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, depth %g: Dense and Prompt differ", of.Name(), depth)
			}
		}
	}
}

// Of a sample of 250 bytes: 148 task, 2 filler, 57 needle, 39 question, 4 answer.
func TestTargets(t *testing.T) {
	s, err := newTask(t, tokenizer.Bytes()).Dense(Dense{Segments: 2, SegmentTokens: 125, Needle: 149, Key: 9054})
	if err != nil {
		t.Fatal(err)
	}
	ids, weights := s.Targets(20)
	if len(ids) != 250 || !slices.Equal(ids[:249], s.IDs[1:]) {
		t.Errorf("targets are not the tokens after")
	}
	for i, w := range weights {
		want := float32(1)
		switch i {
		case 245, 246, 247, 248: // the token after each of them is a digit
			want = 20
		case 149 + 35, 149 + 36, 149 + 37, 149 + 38: // " The pass key is 9054. Remember it. " has 36 bytes
			want = 20
		case 249:
			want = 0
		}
		if w != want {
			t.Errorf("weight %d is %g, want %g", i, w, want)
		}
	}
}

func TestDenseErrors(t *testing.T) {
	tests := []struct {
		of   Dense
		want string
	}{
		{Dense{Segments: 0, SegmentTokens: 128}, "0 segments; ask for at least 1"},
		{Dense{Segments: 2, SegmentTokens: 0}, "2 segments of 0 tokens; ask for 1 to 67108864 tokens in all"},
		{Dense{Segments: math.MaxInt, SegmentTokens: 128}, fmt.Sprintf("%d segments of 128 tokens; ask for 1 to 67108864 tokens in all", math.MaxInt)},
		{Dense{Segments: 8, SegmentTokens: 42, Needle: 148, Ask: AskLater}, "segments of 42 tokens are too short: question and answer take 43 tokens of bytes; ask for that many or more"},
		{Dense{Segments: 1, SegmentTokens: 128}, "length 124 is too short: task, needle and question take 244 tokens of bytes; ask for that many or more (1 segments of 128 tokens, less the answer)"},
		{Dense{Segments: 4, SegmentTokens: 128, Needle: 147}, "a needle at token 147 is outside [148, 412], where 4 segments of 128 tokens have room for it"},
		{Dense{Segments: 4, SegmentTokens: 128, Needle: 413}, "a needle at token 413 is outside [148, 412], where 4 segments of 128 tokens have room for it"},
		{Dense{Segments: 4, SegmentTokens: 128, Needle: 148, Ask: 3}, "no way to ask has number 3"},
	}
	p := newTask(t, tokenizer.Bytes())
	for _, test := range tests {
		if s, err := p.Dense(test.of); err == nil || err.Error() != "passkey: "+test.want || s != nil {
			t.Errorf("%+v: error\n\t%v\nwant\n\tpasskey: %s", test.of, err, test.want)
		}
	}
}

func FuzzDense(f *testing.F) {
	f.Add(4, 128, 200, 1, 9054, uint64(1))
	f.Add(9, 43, 150, 2, 0, uint64(2))
	p, err := NewBooks(tokenizer.Bytes(), []string{"It was a dark and stormy night."})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, segments, tokens, needle, ask, key int, seed uint64) {
		if segments > 1<<16 || tokens > 1<<16 || segments*tokens > 1<<16 {
			return // exact as well, but slow
		}
		s, err := p.Dense(Dense{segments, tokens, needle, Ask(ask), Key(key), seed})
		if err != nil {
			return
		}
		check(t, p, s)
		if s.Needle.First != needle || len(s.IDs) != segments*tokens {
			t.Errorf("needle %v in %d tokens", s.Needle, len(s.IDs))
		}
	})
}
