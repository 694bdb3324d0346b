package golden

import (
	"fmt"
	"math"

	"infinibench/baselines"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// PluggedIn checks that memories plugged into a published model do not change it, bit for
// bit, with a shut gate (β = -Inf) and an empty cache. It compares the last hidden layer of a
// text in one segment and the logits of decoding it. An error is the share of numbers that
// differ; the tolerance is 0.
func PluggedIn(base *pretrained.Folder) ([]Deviation, error) {
	return pluggedIn(base, math.Inf(-1))
}

func pluggedIn(base *pretrained.Folder, beta float64) ([]Deviation, error) {
	c := base.Config
	ids := pattern(c)
	c.Segment, c.UngatedStart, c.GateInit = len(ids), false, beta
	plain, err := base.Load(c, baselines.LocalOnly{}, 0)
	if err != nil {
		return nil, err
	}
	want, err := readPattern(plain, ids)
	if err != nil {
		return nil, err
	}
	var found []Deviation
	for _, memory := range []models.Memory{models.Infini{}, models.Infini{Delta: true}, baselines.TransformerXL{}, baselines.Memorizing{}} {
		m, err := models.NewStored(c, memory, 0, func(name string) models.Storage {
			if plain.Param(name) != nil {
				return models.Float32
			}
			return models.Drawn
		})
		if err != nil {
			return nil, err
		}
		for _, p := range m.Params { // the same numbers, not a copy
			if shared := plain.Param(p.Name); shared != nil {
				p.Value = shared.Value
			}
		}
		got, err := readPattern(m, ids)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", memory.Name(), err)
		}
		found = append(found,
			Deviation{Name: memory.Name() + ".hidden", Error: differing(got.hidden, want.hidden)},
			Deviation{Name: memory.Name() + ".decoding", Error: differing(got.decoding, want.decoding)})
	}
	return found, nil
}

// Models are compared on a text whose first atOnce tokens are read in one call and the next
// oneByOne tokens singly.
const atOnce, oneByOne = 120, 8

// pattern is a text of tokens from all over the vocabulary, no longer than the model's
// context.
func pattern(c models.Config) []int32 {
	ids := make([]int32, min(atOnce+oneByOne, c.Segment))
	for i := range ids {
		ids[i] = int32(i * 7919 % c.Vocabulary)
	}
	return ids
}

// reading holds a model's outputs for a text.
type reading struct{ hidden, decoding []float32 }

func readPattern(m *models.Model, ids []int32) (reading, error) {
	var r reading
	pass := m.NewPass(1, 1, len(ids), false)
	copy(pass.IDs, ids)
	if err := pass.Run(m.NewState(1)); err != nil {
		return r, err
	}
	r.hidden = models.Floats(pass.Hidden)
	d := m.NewDecoder(1)
	for at := 0; at < len(ids); {
		n := max(1, len(ids)-oneByOne-at)
		logits, err := d.Feed(ids[at : at+n])
		if err != nil {
			return r, err
		}
		r.decoding = append(r.decoding, logits...)
		at += n
	}
	return r, nil
}

// differing is the share of numbers that are not the same bits.
func differing(got, want []float32) float64 {
	n := 0
	for i, w := range want {
		if math.Float32bits(got[i]) != math.Float32bits(w) {
			n++
		}
	}
	return float64(n) / float64(len(want))
}
