package baselines

import (
	"slices"
	"testing"

	"infinibench/models"
	"infinibench/models/modeltest"
)

func TestLocalScaled(t *testing.T) { modeltest.Run(t, LocalScaled{}) }

func TestLocalScaledInLlama(t *testing.T) { modeltest.RunLlama(t, LocalScaled{}) }

// TestLocalScaledStartsAsLocalOnly: before training, the two controls give the same bits.
func TestLocalScaledStartsAsLocalOnly(t *testing.T) {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.InitStd = 11, 2, 2, 4, 12, 5, 0.5
	ids := []int32{3, 1, 4, 1, 5}
	var nll [2][]float64
	for i, memory := range []models.Memory{LocalOnly{}, LocalScaled{}} {
		m, err := models.New(c, memory, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.NewScorer(1, len(ids)).Score(ids, []int32{1, 4, 1, 5, 9}, m.NewState(1))
		if err != nil {
			t.Fatal(err)
		}
		nll[i] = slices.Clone(got)
	}
	if !slices.Equal(nll[0], nll[1]) {
		t.Errorf("with a scale of 1: %v, without a scale: %v", nll[1], nll[0])
	}
}
