package pretrained

import (
	"encoding/json"
	"fmt"

	"infinibench/internal/jsonread"
	"infinibench/models"
)

// infiniSettings is "infini_attention" in config.json.
type infiniSettings struct {
	Memory          string   `json:"memory"`
	Segment         int      `json:"segment"`
	GateInit        float64  `json:"gate_init"`
	MemoryEpsilon   *float64 `json:"memory_epsilon"`
	UngatedStart    bool     `json:"ungated_start"`
	MemoryPositions bool     `json:"memory_positions"`
	Baselines       string   `json:"baselines,omitempty"`
}

// plugged reads the settings of the memory, or returns nil for a base model.
func (r *rawConfig) plugged(c *models.Config) (*Plugged, error) {
	if len(r.Infini) == 0 || string(r.Infini) == "null" {
		return nil, nil
	}
	var s infiniSettings
	if err := jsonread.Line(r.Infini, &s, jsonread.Exact); err != nil {
		return nil, fmt.Errorf("infini_attention: %w", err)
	}
	if s.Memory == "" || s.Segment < 1 {
		return nil, fmt.Errorf("infini_attention needs memory and segment, got %q and %d", s.Memory, s.Segment)
	}
	c.Segment, c.GateInit = s.Segment, s.GateInit
	c.MemoryEpsilon = value(s.MemoryEpsilon, c.MemoryEpsilon)
	c.UngatedStart, c.MemoryPositions = s.UngatedStart, s.MemoryPositions
	return &Plugged{Memory: s.Memory, Baselines: s.Baselines}, nil
}

// infiniText is the settings that plugged reads.
func infiniText(c models.Config, p Plugged) []byte {
	text, err := json.MarshalIndent(infiniSettings{
		Memory: p.Memory, Segment: c.Segment, GateInit: c.GateInit, MemoryEpsilon: &c.MemoryEpsilon,
		UngatedStart: c.UngatedStart, MemoryPositions: c.MemoryPositions, Baselines: p.Baselines,
	}, "  ", "  ")
	if err != nil {
		panic(fmt.Sprintf("pretrained: %v", err)) // a NaN, which Config.Validate refuses
	}
	return text
}

// knownMemory is the memory of the folder if it is one of package models, or nil.
func (f *Folder) knownMemory() models.Memory {
	for _, m := range []models.Memory{models.Infini{}, models.Infini{Delta: true}} {
		if f.Plugged != nil && f.Plugged.Memory == m.Name() {
			return m
		}
	}
	return nil
}
