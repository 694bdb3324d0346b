package models_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"infinibench/models"
)

func small(t *testing.T) *models.Model {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.InitStd = 11, 2, 2, 4, 8, 4, 1
	m, err := models.New(c, models.Infini{Delta: true}, 7)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func sampler(seed uint64) *models.Sampler {
	return &models.Sampler{Temperature: 0.5, TopP: 0.95, Rand: rand.New(rand.NewPCG(seed, 0))}
}

// TestContinue: several samples of one prompt, drawn side by side, are those that
// Generate, which the conformance test holds against the forward pass, draws one by
// one; each ends before its first stop token.
func TestContinue(t *testing.T) {
	m, prompt := small(t), []int32{3, 1, 4, 1, 5, 9, 2, 6, 5, 3}
	const n = 14
	var want [][]int32
	for seed := range uint64(4) {
		var ids []int32
		err := m.NewDecoder(1).Generate(prompt, n, sampler(seed), func(id int32) bool {
			ids = append(ids, id)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, ids)
	}
	if slices.Equal(want[0], want[1]) {
		t.Fatal("two seeds draw the same: the test shows nothing")
	}
	stop := want[2][5]
	var total, ticks int
	for i, ids := range want {
		if at := slices.Index(ids, stop); at >= 0 {
			want[i] = ids[:at]
			total++
		}
		total += len(want[i])
	}
	one, many := m.NewDecoder(1), m.NewDecoder(4)
	if _, err := one.Feed(prompt[:9]); err != nil {
		t.Fatal(err)
	}
	many.Branch(one)
	next := slices.Repeat(prompt[9:], 4)
	got, err := many.Continue(next, n, []*models.Sampler{sampler(0), sampler(1), sampler(2), sampler(3)}, stop, func() error { ticks++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("sample %d is %v, alone it is %v, to be ended at %d", i, got[i], want[i], stop)
		}
	}
	if ticks != total {
		t.Errorf("tick was called for %d tokens, %d were drawn", ticks, total)
	}
	broken := errors.New("interrupted")
	if _, err := many.Continue(next, n, []*models.Sampler{sampler(0), sampler(1), sampler(2), sampler(3)}, -1, func() error { return broken }); err != broken {
		t.Errorf("got %v", err)
	}
	if _, err := many.Feed([]int32{0, 0, 0, 11}); err == nil {
		t.Error("a token outside the vocabulary was fed")
	}
}
