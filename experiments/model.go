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

// newModel makes the model that a cell's training starts from: with weights drawn from its
// seed, or those of the folder, if that is not nil.
func newModel(f *modelFolder, s results.CellSettings, vocabulary int) (*models.Model, error) {
	if f == nil || s.Model.Scratch {
		return drawnModel(f, s, vocabulary)
	}
	c, memory, err := modelOf(f, s, vocabulary)
	if err != nil {
		return nil, err
	}
	return f.Load(c, memory, s.Seed)
}

// drawnModel is a cell's model with weights drawn from its seed, also where the folder has
// them.
func drawnModel(f *modelFolder, s results.CellSettings, vocabulary int) (*models.Model, error) {
	c, memory, err := modelOf(f, s, vocabulary)
	if err != nil {
		return nil, err
	}
	return models.New(c, memory, s.Seed)
}

// modelOf is what the model of a cell is made of. A folder has a vocabulary of its own.
func modelOf(f *modelFolder, s results.CellSettings, vocabulary int) (models.Config, models.Memory, error) {
	memory, err := NewMemory(s.ModelID, s.Baselines)
	if f != nil {
		return f.config(s.Model), memory, err
	}
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize = vocabulary, s.Model.Layers, s.Model.Heads, s.Model.HeadSize
	c.FFN, c.Segment = s.Model.FFN, s.Model.Segment
	c.GateInit, c.MemoryEpsilon, c.InitStd = s.Model.GateInit, s.Model.MemoryEpsilon, s.Model.InitStd
	c.UngatedStart, c.MemoryPositions = s.Model.UngatedStart, s.Model.MemoryPositions
	return c, memory, err
}
