package baselines

import (
	"math/rand/v2"
	"strings"
	"testing"

	"infinibench/internal/train"
	"infinibench/models"
	"infinibench/models/modeltest"
)

func TestCompressive(t *testing.T) {
	modeltest.Run(t, Compressive{})
	t.Run("rate 3, 4 slots", func(t *testing.T) { modeltest.Run(t, Compressive{Rate: 3, Slots: 4}) })
}

// withoutLoss hides the auxiliary loss of a memory.
type withoutLoss struct{ models.Memory }

// The compression learns from its own loss and from nothing else, and nothing else
// learns from that; following the gradient makes the loss smaller.
func TestCompressionLearnsApart(t *testing.T) {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment, c.InitStd = 11, 2, 2, 4, 12, 6, 0.3
	const documents, segments = 2, 4
	r := rand.New(rand.NewPCG(1, 1))
	n := documents * segments * c.Segment
	ids, targets, weights := make([]int32, n), make([]int32, n), make([]float32, n)
	for i := range ids {
		ids[i], targets[i], weights[i] = int32(r.IntN(c.Vocabulary)), int32(r.IntN(c.Vocabulary)), 1/float32(n)
	}
	run := func(memory models.Memory) (*models.Model, *train.Backprop) {
		m, err := models.New(c, memory, 1)
		if err != nil {
			t.Fatal(err)
		}
		b := train.NewBackprop(m, documents, 1)
		if _, err := b.Run(ids, targets, weights); err != nil {
			t.Fatal(err)
		}
		return m, b
	}
	m, taught := run(Compressive{})
	_, plain := run(withoutLoss{Compressive{}})
	if plain.Auxiliary != 0 || taught.Auxiliary <= 0 {
		t.Errorf("the loss of the compression is %g, and %g where there is none", taught.Auxiliary, plain.Auxiliary)
	}
	before := taught.Auxiliary
	for i, p := range m.Params {
		var own, others bool
		for j, g := range taught.Gradients[i] {
			own = own || g != plain.Gradients[i][j]
			others = others || plain.Gradients[i][j] != 0
		}
		compression := strings.Contains(p.Name, "compress")
		if own != compression || others == compression {
			t.Errorf("%s learns from the compression's loss: %t, from the language model's: %t", p.Name, own, others)
		}
		if compression {
			for j, g := range taught.Gradients[i] {
				p.Data()[j] -= 0.1 * g
			}
		}
	}
	if _, err := taught.Run(ids, targets, weights); err != nil {
		t.Fatal(err)
	}
	if taught.Auxiliary >= before {
		t.Errorf("the compression's loss goes from %g to %g", before, taught.Auxiliary)
	}
}
