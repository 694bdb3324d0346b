package train

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"infinibench/models"
)

// stretches repeats one batch.
type stretches struct{ ids []int32 }

func (s stretches) Next(b *Batch) error {
	copy(b.IDs, s.ids)
	copy(b.Targets, s.ids[1:])
	for i := range b.Weights {
		b.Weights[i] = 1
	}
	return nil
}
func (stretches) Cursor() json.RawMessage         { return json.RawMessage("0") }
func (stretches) SetCursor(json.RawMessage) error { return nil }

// TestFitByCurriculum: a step on short sequences has the loss of documents that each begin
// where a long one is cut. Both rates are 0, so every step has the same weights, and its loss
// depends on the length alone: 1 and 2 of 4 segments, then 4.
func TestFitByCurriculum(t *testing.T) {
	const segment, segments, documents = 3, 4, 2
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.InitStd = 11, 2, 2, 4, 12, segment, 0.5
	m, err := models.New(c, models.Infini{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int32, documents*segment*segments)
	for i := range ids {
		ids[i] = int32((i*i + 3*i) % 11)
	}
	source := stretches{ids}
	batch := Batch{IDs: make([]int32, len(ids)), Targets: make([]int32, len(ids)), Weights: make([]float32, len(ids))}
	if err := source.Next(&batch); err != nil {
		t.Fatal(err)
	}
	normalise(batch.Weights)
	loss := func(n int) float64 { // with n segments in a sequence
		l, err := NewBackprop(m, documents*segments/n, 0).Run(batch.IDs, batch.Targets, batch.Weights)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	want := []float64{loss(1), loss(2), loss(4), loss(4)}
	if want[0] == want[1] || want[1] == want[2] {
		t.Fatalf("the length makes no difference: %v", want)
	}
	var got []float64
	err = Fit(context.Background(), m, NewAdamW(m.Params, 0), source,
		Settings{Documents: documents, Length: segment * segments, Steps: 4, Curriculum: 0.5}, func(int) error { return nil },
		func(l Line) error { got = append(got, l.Loss); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-6 {
			t.Errorf("step %d: loss %g, want %g", i+1, got[i], want[i])
		}
	}
}
