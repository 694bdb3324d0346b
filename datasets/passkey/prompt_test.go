package passkey

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets/tokenizer"
)

var needlePattern = regexp.MustCompile(`The pass key is ([0-9]{4})\. Remember it\. ([0-9]{4}) is the pass key\.`)

// check tests invariants of every sample.
func check(t *testing.T, p *Task, s *Sample) {
	t.Helper()
	if len(s.IDs) != s.Prompt.Length+Digits || len(s.Classes) != len(s.IDs) {
		t.Fatalf("%d ids and %d classes, want %d + %d", len(s.IDs), len(s.Classes), s.Prompt.Length, Digits)
	}
	classes := make([]Class, len(s.IDs))
	paint := func(span Span, class Class) {
		for i := span.First; i <= span.Last; i++ {
			classes[i] = class
		}
	}
	paint(Span{0, len(p.task) - 1}, ClassTask)
	paint(s.Needle, ClassNeedle)
	for _, q := range s.Questions {
		paint(q.Question, ClassQuestion)
		paint(q.Answer, ClassAnswer)
		if q.Question.First <= s.Needle.Last || q.Answer.First != q.Question.Last+1 {
			t.Errorf("question %v behind the needle %v", q, s.Needle)
		}
		if !slices.Equal(s.IDs[q.Answer.First:q.Answer.Last+1], s.Answer()) {
			t.Errorf("the answer at %v is %v, want %v", q.Answer, s.IDs[q.Answer.First:q.Answer.Last+1], s.Answer())
		}
	}
	if !slices.Equal(classes, s.Classes) {
		t.Errorf("classes and spans differ: %v, %v", s.Needle, s.Questions)
	}
	if last := s.Questions[len(s.Questions)-1]; last.Question.Last != s.Prompt.Length-1 || last.Answer.Last != len(s.IDs)-1 {
		t.Errorf("the last question is %v, want it to end a prompt of %d", last, s.Prompt.Length)
	}

	// A reader of the text alone finds the answer, wherever the filler is cut.
	text := decode(t, p.tokenizer, s.IDs[:s.Prompt.Length])
	if _, ok := p.tokenizer.(*tokenizer.Word); ok {
		text = regexp.MustCompile(` ([.?])`).ReplaceAllString(text, "$1")
		text = regexp.MustCompile(`([0-9]) ([0-9])`).ReplaceAllString(text, "$1$2")
		text = regexp.MustCompile(`([0-9]) ([0-9])`).ReplaceAllString(text, "$1$2")
	}
	found := needlePattern.FindAllStringSubmatch(text, -1)
	if len(found) != 1 || found[0][1] != found[0][2] || found[0][1] != s.Prompt.Key.String() {
		t.Errorf("key %v: the text says %q", s.Prompt.Key, found)
	}
	if want := s.Prompt.Key.String(); strings.ReplaceAll(decode(t, p.tokenizer, s.Answer()), " ", "") != want {
		t.Errorf("key %v: the answer is %q", want, decode(t, p.tokenizer, s.Answer()))
	}
	// decode(encode(needle)) = needle, in the tokenizer's own encoding too.
	needle := decode(t, p.tokenizer, s.IDs[s.Needle.First:s.Needle.Last+1])
	if ids, err := p.tokenizer.Encode(needle); err != nil || decode(t, p.tokenizer, ids) != needle {
		t.Errorf("needle %q encodes to %v, %v", needle, ids, err)
	}
}

// without is the filler of a sample.
func without(s *Sample) []int32 {
	var ids []int32
	for i, class := range s.Classes {
		if class == ClassFiller {
			ids = append(ids, s.IDs[i])
		}
	}
	return ids
}

func TestPromptProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	for _, of := range tokenizers(t) {
		inBooks, err := NewBooks(of, []string{"The sky is green . The grass is blue", "There we go ."})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*Task{newTask(t, of), inBooks} {
			shortest := len(p.task) + p.needleTokens() + len(p.question)
			for _, length := range []int{shortest, shortest + 1, shortest + 2, 300, 512, 1000, 4096, shortest + r.IntN(3000)} {
				var background []int32
				for _, depth := range []float64{0, 0.25, 0.5, 1, r.Float64(), r.Float64()} {
					of := Prompt{Length: length, Depth: depth, Key: Key(r.IntN(keySpace)), FillerSeed: 3}
					s, err := p.Prompt(of)
					if err != nil {
						t.Fatal(err)
					}
					check(t, p, s)
					// Half a token is as near as a whole number can come.
					before, room := s.Needle.First-len(p.task), length-shortest
					if math.Abs(float64(before)-depth*float64(room)) > 0.5 {
						t.Errorf("%s, length %d, depth %g: %d of %d tokens of filler before the needle", s.Tokenizer, length, depth, before, room)
					}
					if length > shortest && depth == 1 && s.Needle.Last+1 != s.Questions[0].Question.First {
						t.Errorf("depth 1: the needle ends at %d, the question starts at %d", s.Needle.Last, s.Questions[0].Question.First)
					}

					// The filler is the same at every depth and for every key, so all
					// keys share the tokens before the needle.
					if filler := without(s); background == nil {
						background = filler
					} else if !slices.Equal(filler, background) {
						t.Errorf("%s, length %d: filler differs at depth %g", s.Tokenizer, length, depth)
					}
					of.Key = Key(r.IntN(keySpace))
					other, err := p.Prompt(of)
					if err != nil {
						t.Fatal(err)
					}
					if other.Needle != s.Needle || !slices.Equal(other.IDs[:s.Needle.First], s.IDs[:s.Needle.First]) {
						t.Errorf("%s, length %d, depth %g: another key changes what comes before the needle", s.Tokenizer, length, depth)
					}
					if same := other.Hash() == s.Hash(); same != (other.Prompt.Key == s.Prompt.Key) {
						t.Errorf("%s: hashes of keys %v and %v: equal is %v", s.Tokenizer, s.Prompt.Key, other.Prompt.Key, same)
					}
				}
			}
		}
	}
}

// The paper's longest prompt; the middle is counted from both ends.
func TestMillion(t *testing.T) {
	p := newTask(t, tokenizer.Bytes())
	const length = 1 << 20
	s, err := p.Prompt(Prompt{Length: length, Depth: 0.5, Key: 42})
	if err != nil {
		t.Fatal(err)
	}
	check(t, p, s)
	before, behind := s.Needle.First-148, s.Questions[0].Question.First-1-s.Needle.Last
	if before != (length-244)/2 || behind != before {
		t.Errorf("%d and %d tokens of filler around the needle, want %d each", before, behind, (length-244)/2)
	}
	// The hash once more, byte by byte.
	h := sha256.New()
	for _, id := range s.IDs[:length] {
		h.Write([]byte{byte(id), byte(id >> 8), byte(id >> 16), byte(id >> 24)})
	}
	if want := hex.EncodeToString(h.Sum(nil)); s.Hash() != want {
		t.Errorf("hash %s, want %s", s.Hash(), want)
	}
}

func TestPromptErrors(t *testing.T) {
	p := newTask(t, tokenizer.Bytes())
	const short = "passkey: length %d is too short: task, needle and question take 244 tokens of bytes; ask for that many or more"
	const depth = "passkey: depth %g is outside [0, 1]: 0 is right after the task, 1 right before the question"
	tests := []struct {
		of   Prompt
		want string
	}{
		{Prompt{}, fmt.Sprintf(short, 0)},
		{Prompt{Length: 243}, fmt.Sprintf(short, 243)}, // 148 + 57 + 39 is 244
		{Prompt{Length: -1}, fmt.Sprintf(short, -1)},
		{Prompt{Length: math.MinInt}, fmt.Sprintf(short, math.MinInt)},
		{Prompt{Length: math.MaxInt}, fmt.Sprintf("passkey: length %d is too long: ask for at most 67108864 tokens", math.MaxInt)},
		{Prompt{Length: 300, Depth: -0.1}, fmt.Sprintf(depth, -0.1)},
		{Prompt{Length: 300, Depth: 1.1}, fmt.Sprintf(depth, 1.1)},
		{Prompt{Length: 300, Depth: math.NaN()}, fmt.Sprintf(depth, math.NaN())},
		{Prompt{Length: 300, Key: 10000}, "passkey: key 10000 does not have 4 digits; ask for 0 to 9999"},
		{Prompt{Length: 300, Key: -1}, "passkey: key -1 does not have 4 digits; ask for 0 to 9999"},
	}
	for _, test := range tests {
		if s, err := p.Prompt(test.of); err == nil || err.Error() != test.want || s != nil {
			t.Errorf("%+v: error\n\t%v\nwant\n\t%s", test.of, err, test.want)
		}
	}
}

func TestParsePosition(t *testing.T) {
	for position, want := range map[string]float64{"start": 0, "middle": 0.5, "end": 1, "0": 0, "0.25": 0.25, "1": 1, "1e-3": 0.001} {
		if got, err := ParsePosition(position); err != nil || got != want {
			t.Errorf("ParsePosition(%q) = %g, %v, want %g", position, got, err, want)
		}
	}
	for _, position := range []string{"", "centre", "Start", "-0.1", "1.01", "50%", "NaN", "inf", "0.5 "} {
		want := fmt.Sprintf("passkey: position is %q, must be start, middle, end or a number from 0 to 1", position)
		if _, err := ParsePosition(position); err == nil || err.Error() != want {
			t.Errorf("ParsePosition(%q): error %v, want %s", position, err, want)
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, seed := range []string{"start", "0.5", "1e-400", "0x1p-1", "nan", "+1", "1_0"} {
		f.Add(seed)
	}
	p := newTask(f, tokenizer.Bytes())
	f.Fuzz(func(t *testing.T, position string) {
		depth, err := ParsePosition(position)
		if err != nil {
			return
		}
		if s, err := p.Prompt(Prompt{Length: 500, Depth: depth}); err != nil {
			t.Errorf("position %q is depth %g, which is refused: %v", position, depth, err)
		} else {
			check(t, p, s)
		}
	})
}
