package baselines

import (
	"math"
	"testing"

	"infinibench/models"
	"infinibench/models/modeltest"
)

func TestRecurrent(t *testing.T) {
	modeltest.Run(t, Recurrent{})
	t.Run("three tokens", func(t *testing.T) { modeltest.Run(t, Recurrent{Tokens: 3}) })
}

func TestRecurrentInLlama(t *testing.T) { modeltest.RunLlama(t, Recurrent{Tokens: 3}) }

// The equation [·; H; M'] = Transformer([M; X; M]), the transformer being the
// local-only control with a segment of p + N + p tokens, the last p ids of its table
// holding M.
func TestRecurrentIsATransformerOverMemoryAndSegment(t *testing.T) {
	const tokens, vocabulary, documents = 3, 11, 2
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.InitStd = vocabulary, 2, 2, 4, 12, 5, 0.5
	m, err := models.New(c, Recurrent{Tokens: tokens}, 1)
	if err != nil {
		t.Fatal(err)
	}
	wide := c
	wide.Vocabulary, wide.Segment = vocabulary+tokens, c.Segment+2*tokens
	transformer, err := models.New(wide, LocalOnly{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	table := transformer.Param("embedding").Data()
	for _, p := range transformer.Params {
		copy(p.Data(), m.Param(p.Name).Data())
	}
	d := c.Width()
	start := m.Param("memory_tokens").Data()
	memories := [documents][]float32{start, start}

	state := m.NewState(documents)
	scorer := m.NewScorer(documents, c.Segment)
	reference := transformer.NewScorer(1, wide.Segment)
	for segment := range 3 {
		ids := make([]int32, documents*c.Segment)
		for i := range ids {
			ids[i] = int32((i*i + 7*segment + i/3) % vocabulary)
		}
		if _, err := scorer.Score(ids, ids, state); err != nil {
			t.Fatal(err)
		}
		for b := range documents {
			copy(table[vocabulary*d:], memories[b])
			sequence := []int32{vocabulary, vocabulary + 1, vocabulary + 2}
			sequence = append(sequence, ids[b*c.Segment:(b+1)*c.Segment]...)
			sequence = append(sequence, vocabulary, vocabulary+1, vocabulary+2)
			if _, err := reference.Score(sequence, make([]int32, len(sequence)), transformer.NewState(1)); err != nil {
				t.Fatal(err)
			}
			want := append([]float32(nil), reference.Hidden()...)
			memories[b] = want[(tokens+c.Segment)*d:]
			got := append([]float32(nil), scorer.Hidden()[b*c.Segment*d:(b+1)*c.Segment*d]...)
			for i, x := range state.Data(0, 0)[b*tokens*d : (b+1)*tokens*d] {
				got = append(got, x+start[i])
			}
			for i, x := range want[tokens*d:] {
				if math.Abs(float64(got[i]-x)) > 1e-5 {
					t.Fatalf("segment %d, document %d: number %d of [H; M'] is %g, the transformer's %g", segment, b, i, got[i], x)
				}
			}
		}
	}
}

// The paper's Table 2 prints 2.5M for its best RMT, d_model·p·l·2 at p = 100: 24
// times what is carried.
func TestRecurrentFootprintAtThePapersSizes(t *testing.T) {
	c := models.Defaults()
	c.Layers, c.Heads, c.HeadSize, c.Segment = 12, 8, 128, 2048
	if _, n := (Recurrent{}).Footprint(c); n*12*2 != 2_457_600 {
		t.Errorf("%d numbers are carried, times l·2 they should be 2457600", n)
	}
}
