package experiments

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/models"
)

// The reference reads each prompt on its own and continues it, like any other text. The
// weights are random, but a row of the embedding, which is also the head, is enlarged for
// the digit 7, so that some of the answers are right.
func TestAskPasskeys(t *testing.T) {
	m, f, err := LoadFolder(llama(t, 1), Plug{Memory: "infini-delta", Segment: 64})
	if err != nil {
		t.Fatal(err)
	}
	text, err := tokenizer.WithTemplate(f.Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	task, err := passkey.New(text)
	if err != nil {
		t.Fatal(err)
	}
	seven, err := tokenizer.EncodeContinuation(text, "7")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params {
		if p.Name == "embedding" {
			for i := range m.Config.Width() {
				p.Data()[int(seven[0])*m.Config.Width()+i] *= 20
			}
		}
	}
	q := PasskeyQuestions{Lengths: []int{512, 400}, Samples: 3, Batch: 2, Seed: 3}
	read, total := 0, 0
	scores, err := AskPasskeys(context.Background(), m, text, q, func(tokens, all int) { read, total = read+tokens, all })
	if err != nil {
		t.Fatal(err)
	}
	if read != total || total == 0 {
		t.Errorf("%d of %d tokens were read", read, total)
	}
	keys, err := passkey.Keys(datasets.Test, rand.New(rand.NewPCG(3, 0)))
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, s := range scores.Grid {
		got = append(got, s.Tokens.Value)
	}
	var want []float64
	some := 0
	for _, length := range []int{400, 512} {
		for _, depth := range []float64{0, 0.5, 1} {
			right := 0
			for _, k := range keys[:q.Samples] {
				x, err := task.Prompt(passkey.Prompt{Length: length - passkey.Digits, Depth: depth, Key: k})
				if err != nil {
					t.Fatal(err)
				}
				right += rightDigits(t, m, x.IDs[:length-passkey.Digits], x.Record().Answer)
			}
			want = append(want, float64(right)/float64(passkey.Digits*q.Samples))
			some += right
		}
	}
	if some == 0 {
		t.Fatal("no answer is right, so nothing is compared")
	}
	if !slices.Equal(got, want) {
		t.Errorf("shares of right digits %v, want %v", got, want)
	}
	if s := scores.Grid[0]; s.Length != 400 || s.Position != "start" || s.Samples != 3 || s.Zeroed == nil || scores.Digits != 4 || scores.Filler != "sentences" {
		t.Errorf("scores %+v of %+v", s, scores.PasskeyTask)
	}
	for _, test := range []struct {
		q    PasskeyQuestions
		want string
	}{
		{PasskeyQuestions{Lengths: []int{100}, Samples: 1, Batch: 1}, "passkey: "},
		{PasskeyQuestions{Lengths: []int{512}, Samples: 1 << 20, Batch: 1}, "only "},
	} {
		if _, err := AskPasskeys(context.Background(), m, text, test.q, func(int, int) {}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test.q, err)
		}
	}
}

// rightDigits is how many of the most likely tokens after a prompt are the answer's.
func rightDigits(t *testing.T, m *models.Model, prompt, answer []int32) int {
	t.Helper()
	d := m.NewDecoder(1)
	logits, err := d.Feed(prompt)
	right := 0
	for _, want := range answer {
		if err != nil {
			t.Fatal(err)
		}
		best := 0
		for i, v := range logits {
			if v > logits[best] {
				best = i
			}
		}
		if int32(best) == want {
			right++
		}
		logits, err = d.Feed([]int32{int32(best)})
	}
	return right
}
