package experiments

import (
	"fmt"
	"path/filepath"

	"infinibench/baselines"
	"infinibench/internal/config"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// baselinesFor is the part that a model depends on.
func baselinesFor(s results.BaselineSettings, model string) results.BaselineSettings {
	switch model {
	case baselines.TransformerXL{}.Name():
		return results.BaselineSettings{TransformerXL: s.TransformerXL}
	case baselines.Memorizing{}.Name():
		return results.BaselineSettings{TransformerXL: s.TransformerXL, Memorizing: s.Memorizing}
	case baselines.Recurrent{}.Name():
		return results.BaselineSettings{RMT: s.RMT}
	case baselines.Compressive{}.Name():
		return results.BaselineSettings{Compressive: s.Compressive}
	case baselines.FullAttention{}.Name():
		return results.BaselineSettings{FullAttention: s.FullAttention}
	}
	return results.BaselineSettings{}
}

// evaluatedBaselines is the settings that a trained model is evaluated with.
func evaluatedBaselines(s results.BaselineSettings) results.BaselineSettings {
	if n := s.TransformerXL.EvaluationCache; n > 0 {
		s.TransformerXL.Cache = n
	}
	return s
}

// paperBaselines are the settings behind the paper's Table 2: the default sizes, at its
// segments, and T5's positions, as two rows come from another paper's Transformer-XL.
var paperBaselines = results.BaselineSettings{TransformerXL: results.TransformerXLSettings{T5: true}}

// configureMemory is a memory with these settings.
func configureMemory(s results.BaselineSettings, m models.Memory) models.Memory {
	xl := baselines.TransformerXL{Cache: s.TransformerXL.Cache, T5: s.TransformerXL.T5}
	switch m.(type) {
	case baselines.TransformerXL:
		return xl
	case baselines.Memorizing:
		return baselines.Memorizing{TransformerXL: xl, Entries: s.Memorizing.Entries, K: s.Memorizing.K}
	case baselines.Recurrent:
		return baselines.Recurrent{Tokens: s.RMT.Tokens}
	case baselines.Compressive:
		return baselines.Compressive{Slots: s.Compressive.Slots, Rate: s.Compressive.Rate}
	case baselines.FullAttention:
		return baselines.FullAttention{Segments: s.FullAttention.Segments}
	}
	return m
}

// validateBaselines reports settings that a model would not honour.
func (p *Profile) validateBaselines(report reporter) {
	s, segment := p.Baselines, p.Model.Segment
	if m := s.Memorizing; m.Entries != 0 && m.K > m.Entries {
		report("baselines.memorizing.k", "got %d; allowed: at most baselines.memorizing.entries, %d", m.K, m.Entries)
	}
	rate := s.Compressive.Rate
	if rate > segment {
		report("baselines.compressive.rate", "got %d; allowed: at most model.segment, %d", rate, segment)
		return
	}
	if rate == 0 {
		rate = min(2, segment)
	}
	if least := (segment + rate - 1) / rate; s.Compressive.Slots != 0 && s.Compressive.Slots < least {
		report("baselines.compressive.slots", "got %d; allowed: at least %d, which one segment of %d is compressed to", s.Compressive.Slots, least, segment)
	}
}

// savedBaselines is the key under which a checkpoint holds its model's settings, in YAML.
const savedBaselines = "baselines"

// LoadModel reads a trained model from a checkpoint, configured for evaluation, with the
// metadata saved next to it.
func LoadModel(dir string) (*models.Model, map[string]string, error) {
	return train.LoadModel(dir, func(id string, extra map[string]string) (models.Memory, error) {
		var s results.BaselineSettings
		if text, ok := extra[savedBaselines]; ok {
			if err := config.Parse(filepath.Join(dir, "model.safetensors")+": "+savedBaselines, []byte(text), &s); err != nil {
				return nil, err
			}
		}
		return NewMemory(id, evaluatedBaselines(s))
	})
}

// marshalBaselines is the settings as LoadModel reads them.
func marshalBaselines(s results.BaselineSettings) string {
	data, err := config.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("experiments: settings were not validated: %v", err))
	}
	return string(data)
}
