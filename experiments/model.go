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
	baselines.LocalScaled{},
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

// newModel returns the model that a cell's training starts from. It reads the weights from
// f, or draws them from the cell's seed if f is nil or the profile sets scratch.
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

// What TrainingSettings.Memory may be.
const (
	emptyMemory = "empty"
	otherMemory = "other"
)

// misread sets up a model for training with another memory than its own, which a profile
// may ask of an Infini-Transformer only.
func misread(m *models.Model, memory string) {
	if memory != "" {
		m.Memory = baselines.Misread{Infini: m.Memory.(models.Infini), Empty: memory == emptyMemory}
	}
}

// modelOf returns the configuration and the memory of a cell's model. A folder brings its
// own vocabulary.
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
