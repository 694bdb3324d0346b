package baselines

import (
	"fmt"
	"slices"
	"testing"

	"infinibench/models"
	"infinibench/models/modeltest"
)

// TestReach: in one layer, exactly the tokens that a memory holds change what the next
// segment says, to the byte. How many those are follows from the papers: none without a
// memory, the C of a cache (Dai et al. 2019), the M of the nearest neighbours (Wu et al.
// 2022), the segment before and r tokens to each of c slots (Rae et al. 2020), and all
// where a fixed number of tokens or of weights is carried on and on.
func TestReach(t *testing.T) {
	const segment, segments = 6, 6
	ids := draw(segment*segments, 11)
	const all = segment * (segments - 1)
	paper := network(1, segment)
	llama := paper
	modeltest.Llama[len(modeltest.Llama)-1].Set(&llama)
	for _, c := range []struct {
		memory models.Memory
		reach  int // tokens before the segment
		trunk  models.Config
	}{
		{LocalOnly{}, 0, paper},
		{TransformerXL{}, segment, paper},
		{TransformerXL{Cache: 2}, 2, paper},
		{TransformerXL{Cache: 13}, 13, paper},
		{TransformerXL{Cache: 13, T5: true}, 13, paper},
		{Memorizing{Entries: 17}, 17, paper},
		{Memorizing{TransformerXL: TransformerXL{T5: true}, Entries: 17}, 17, paper},
		{Memorizing{TransformerXL: TransformerXL{Cache: 20}, Entries: 17}, 20, paper},
		{Compressive{}, 6*2 + segment, paper},
		{Compressive{Rate: 3, Slots: 4}, 4*3 + segment, paper},
		{Recurrent{Tokens: 2}, all, paper},
		{models.Infini{}, all, paper},
		{LocalOnly{}, 0, llama},
		{TransformerXL{}, segment, llama},
		{TransformerXL{Cache: 2}, 2, llama},
		{TransformerXL{Cache: 13}, 13, llama},
		{Memorizing{Entries: 17}, 17, llama},
		{Memorizing{TransformerXL: TransformerXL{Cache: 20}, Entries: 17}, 20, llama},
		{Recurrent{Tokens: 2}, all, llama},
		{models.Infini{}, all, llama},
		{models.Infini{Delta: true}, all, llama},
	} {
		t.Run(fmt.Sprintf("%s %+v, Llama %t", c.memory.Name(), c.memory, c.trunk.Llama()), func(t *testing.T) {
			m, err := models.New(c.trunk, c.memory, 1)
			if err != nil {
				t.Fatal(err)
			}
			scorer := m.NewScorer(1, segment)
			says := func(ids []int32) []float32 {
				state := m.NewState(1)
				for at := 0; at < len(ids); at += segment {
					if _, err := scorer.Score(ids[at:at+segment], ids[at:at+segment], state); err != nil {
						t.Fatal(err)
					}
				}
				return slices.Clone(scorer.Hidden())
			}
			before := says(ids)
			for back := 1; back <= all; back++ {
				changed := slices.Clone(ids)
				changed[all-back] = (changed[all-back] + 1) % 11
				if heard := !slices.Equal(says(changed), before); heard != (back <= c.reach) {
					t.Errorf("the token %d before the segment is heard: %t", back, heard)
				}
			}
		})
	}
}
