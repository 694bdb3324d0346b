package golden

import (
	"fmt"
	"slices"
	"strings"

	"infinibench/baselines"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// choice is one model that a reference can name, and the options it has.
type choice struct {
	memory  models.Memory
	options []string
}

// choices is every model, set up with the options o.
func choices(o Options) []choice {
	value := func(p *int) int {
		if p == nil {
			return 0 // the model's own default
		}
		return *p
	}
	xl := baselines.TransformerXL{Cache: value(o.Cache), T5: o.T5}
	infini := []string{"ungated_start", "memory_positions"}
	return []choice{
		{baselines.LocalOnly{}, nil},
		{xl, []string{"cache", "t5"}},
		{baselines.Memorizing{TransformerXL: xl, Entries: value(o.Entries), K: value(o.K)}, []string{"cache", "t5", "entries", "k"}},
		{baselines.Recurrent{Tokens: value(o.Tokens)}, []string{"tokens"}},
		{baselines.Compressive{Slots: value(o.Slots), Rate: value(o.Rate)}, []string{"slots", "rate"}},
		{models.Infini{}, infini},
		{models.Infini{Delta: true}, infini},
		{baselines.FullAttention{}, nil},
		{baselines.LocalScaled{}, nil},
	}
}

// Models lists the ids that config.model accepts.
func Models() []string {
	var ids []string
	for _, c := range choices(Options{}) {
		ids = append(ids, c.memory.Name())
	}
	return ids
}

// modelID is the model of a reference, named or not.
func (c Config) modelID() string {
	if c.Model != "" {
		return c.Model
	}
	return models.Infini{Delta: c.Delta}.Name()
}

// memory is the model's memory; options that it does not have, or that are out of range,
// are errors.
func (c Config) memory() (models.Memory, error) {
	id := c.modelID()
	all := choices(c.Options)
	i := slices.IndexFunc(all, func(k choice) bool { return k.memory.Name() == id })
	if i < 0 {
		return nil, fmt.Errorf("config.model is %q, must be one of %s", id, strings.Join(Models(), ", "))
	}
	if c.Delta && id != (models.Infini{Delta: true}).Name() {
		return nil, fmt.Errorf("config.delta is true, but config.model is %q", id)
	}
	o := c.Options
	for _, v := range []struct {
		name  string
		given bool
		value *int
		most  int // as in a profile
	}{
		{"cache", o.Cache != nil, o.Cache, 1 << 20},
		{"t5", o.T5, nil, 0},
		{"entries", o.Entries != nil, o.Entries, 1 << 24},
		{"k", o.K != nil, o.K, 1 << 16},
		{"tokens", o.Tokens != nil, o.Tokens, 1 << 16},
		{"slots", o.Slots != nil, o.Slots, 1 << 20},
		{"rate", o.Rate != nil, o.Rate, 1 << 10},
		{"ungated_start", o.UngatedStart, nil, 0},
		{"memory_positions", o.MemoryPositions, nil, 0},
	} {
		switch {
		case !v.given:
		case !slices.Contains(all[i].options, v.name):
			has := "has none"
			if len(all[i].options) > 0 {
				has = "has " + strings.Join(all[i].options, ", ")
			}
			return nil, fmt.Errorf("config.options.%s is not an option of %s, which %s", v.name, id, has)
		case v.value != nil && (*v.value < 1 || *v.value > v.most):
			return nil, fmt.Errorf("config.options.%s is %d, must be 1 to %d", v.name, *v.value, v.most)
		}
	}
	return all[i].memory, nil
}

// model is the size and the numerics of the network.
func (f *File) model() models.Config {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.Segment = f.Config.Vocabulary, f.Config.Layers, f.Config.Heads, f.Config.Segment
	c.HeadSize, c.FFN = f.Config.Width/f.Config.Heads, f.Config.FFN
	if up := f.Weights["layers.0.w_up"]; c.FFN == 0 && len(up.Shape) > 0 {
		c.FFN = up.Shape[0]
	}
	c.MemoryEpsilon, c.NormEpsilon, c.RopeBase = f.Config.MemoryEpsilon, f.Config.NormEpsilon, f.Config.RopeBase
	c.UngatedStart, c.MemoryPositions = f.Config.Options.UngatedStart, f.Config.Options.MemoryPositions
	f.Config.ofLlama(&c)
	return c
}

// build makes the model with the reference's weights, or those in the folder of a published
// model.
func (f *File) build(base *pretrained.Folder) (*models.Model, error) {
	memory, err := f.memory()
	if err != nil {
		return nil, err
	}
	if f.bare() {
		return f.load(base, memory)
	}
	m, err := models.New(f.model(), memory, 0)
	if err != nil {
		return nil, err
	}
	for _, p := range f.parts(memory) {
		to := within(p, m.Param(p.Param).Data())
		for i, v := range f.Weights[p.Tensor].Data {
			to[i] = float32(v)
		}
	}
	return m, nil
}
