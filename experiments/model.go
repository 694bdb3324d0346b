package experiments

import (
	"fmt"
	"strings"

	"infinibench/baselines"
	"infinibench/internal/results"
	"infinibench/models"
)

// memories is every model that a profile can name.
var memories = []models.Memory{
	baselines.LocalOnly{},
	baselines.TransformerXL{},
	baselines.Memorizing{},
	baselines.Recurrent{},
	baselines.Compressive{},
	models.Infini{},
	models.Infini{Delta: true},
	baselines.FullAttention{},
}

func modelIDs() []string {
	var ids []string
	for _, m := range memories {
		ids = append(ids, m.Name())
	}
	return ids
}

// NewMemory returns the memory of a model id; the settings matter to a baseline alone.
func NewMemory(id string, s results.BaselineSettings) (models.Memory, error) {
	for _, m := range memories {
		if m.Name() == id {
			return configureMemory(s, m), nil
		}
	}
	return nil, fmt.Errorf("experiments: unknown model %q; known: %s", id, strings.Join(modelIDs(), ", "))
}

// NewModel makes the model of a cell with weights drawn from its seed.
func NewModel(s results.CellSettings, vocabulary int) (*models.Model, error) {
	c, memory, err := modelOf(s, vocabulary)
	if err != nil {
		return nil, err
	}
	return models.New(c, memory, s.Seed)
}

// modelOf is what the model of a cell is made of.
func modelOf(s results.CellSettings, vocabulary int) (models.Config, models.Memory, error) {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize = vocabulary, s.Model.Layers, s.Model.Heads, s.Model.HeadSize
	c.FFN, c.Segment = s.Model.FFN, s.Model.Segment
	c.GateInit, c.MemoryEpsilon, c.InitStd = s.Model.GateInit, s.Model.MemoryEpsilon, s.Model.InitStd
	c.UngatedStart, c.MemoryPositions = s.Model.UngatedStart, s.Model.MemoryPositions
	memory, err := NewMemory(s.ModelID, s.Baselines)
	return c, memory, err
}
