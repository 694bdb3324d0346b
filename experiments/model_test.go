package experiments

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/results"
	"infinibench/models"
)

// Models differ from the control by the weights of their memories alone, and are the
// same at the start where they share them.
func TestModelsShareTheTrunk(t *testing.T) {
	s := results.CellSettings{Model: results.ModelSettings{Layers: 3, Heads: 2, HeadSize: 4, FFN: 24, Segment: 8, InitStd: 0.1, MemoryEpsilon: 1e-6}, Seed: 5}
	weights := func(id string) (*models.Model, map[string][]float32) {
		s.ModelID = id
		m, err := newModel(nil, s, 11)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string][]float32{}
		for _, p := range m.Params {
			named[p.Name] = p.Data()
		}
		return m, named
	}
	_, control := weights("local-only")
	for _, id := range Models {
		m, own := weights(id)
		for name, data := range control {
			if !slices.Equal(own[name], data) {
				t.Errorf("%s: %s is not the control's", id, name)
			}
			delete(own, name)
		}
		want := map[string]bool{}
		for l := range s.Model.Layers {
			for _, p := range m.Memory.Params(m.Config, l) {
				want[p.Name] = true
			}
			for _, state := range m.Memory.State(m.Config, l) {
				if state.Tokens {
					want["memory_tokens"] = true // its first rows
				}
			}
		}
		for name := range own {
			if !want[name[strings.LastIndex(name, ".")+1:]] {
				t.Errorf("%s has %s, which is no weight of its memory", id, name)
			}
		}
		if len(want) > 0 && len(own) == 0 {
			t.Errorf("%s has none of the weights %v", id, slices.Sorted(maps.Keys(want)))
		}
	}
}
