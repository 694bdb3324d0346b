package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"infinibench/baselines"
	"infinibench/internal/config"
	"infinibench/internal/results"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// Plug configures the memory plugged into a pretrained model. If that model already has a
// memory, unset fields default to the folder's settings. For a base model they default to
// local attention over the model's own context or, with a memory, to the setting that costs
// an untrained model least: an ungated first segment and gates of -2.
type Plug struct {
	Memory       string // id of a model: infini-delta, …
	Segment      int    // tokens; 0: not set
	GateInit     *float64
	UngatedStart *bool
	Baselines    *results.BaselineSettings
	Seed         uint64 // of weights that the folder lacks
	Stored       bool   // matrices stay in the folder's type, for a model that is not trained
}

// plugGate is the initial β in a pretrained model.
const plugGate = -2

// LoadFolder reads the model of a folder and plugs a memory in.
func LoadFolder(dir string, plug Plug) (*models.Model, *pretrained.Folder, error) {
	f, err := pretrained.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	m, err := plug.Load(f)
	return m, f, err
}

// Load reads the model of a folder and plugs the memory in.
func (plug Plug) Load(f *pretrained.Folder) (*models.Model, error) {
	c, memory, err := plug.Configure(f)
	if err != nil {
		return nil, err
	}
	if plug.Stored {
		return f.LoadStored(c, memory, plug.Seed)
	}
	return f.Load(c, memory, plug.Seed)
}

// Configure returns what Load makes the model of.
func (plug Plug) Configure(f *pretrained.Folder) (models.Config, models.Memory, error) {
	id, c, err := plug.apply(f)
	if err != nil {
		return c, nil, err
	}
	memory, err := plug.memory(f, id)
	if err != nil {
		return c, nil, err
	}
	if (plug.GateInit != nil || plug.UngatedStart != nil) && !gated(c, memory) {
		return c, nil, fmt.Errorf("model folder %s: %s has no gates to set: leave out their settings, or plug in a memory that has some", f.Dir, id)
	}
	return c, memory, nil
}

// gated reports whether a memory has gates.
func gated(c models.Config, m models.Memory) bool {
	for layer := range c.Layers {
		if slices.ContainsFunc(m.Params(c, layer), func(s models.ParamSpec) bool { return s.Group == models.Gate }) {
			return true
		}
	}
	return false
}

// apply returns the memory's id and the model's configuration.
func (plug Plug) apply(f *pretrained.Folder) (id string, c models.Config, err error) {
	c = f.Config
	switch {
	case plug.Memory != "":
		id = plug.Memory
	case f.Plugged != nil:
		id = f.Plugged.Memory
	default:
		id = baselines.LocalOnly{}.Name()
	}
	if f.Plugged == nil && id != (baselines.LocalOnly{}).Name() {
		c.GateInit, c.UngatedStart = plugGate, true
		if plug.Segment == 0 {
			return "", c, fmt.Errorf("model folder %s: a segment is needed to plug in %s: at most %d tokens, the context of the model", f.Dir, id, c.Segment)
		}
	}
	if plug.Segment > 0 {
		c.Segment = plug.Segment
	}
	if err := fitsContext(f, c.Segment); err != nil {
		return "", c, err
	}
	if plug.GateInit != nil {
		c.GateInit = *plug.GateInit
	}
	if plug.UngatedStart != nil {
		c.UngatedStart = *plug.UngatedStart
	}
	return id, c, nil
}

// memory makes the memory, with the settings it was trained with unless others are given.
func (plug Plug) memory(f *pretrained.Folder, id string) (models.Memory, error) {
	var s results.BaselineSettings
	switch {
	case plug.Baselines != nil:
		s = *plug.Baselines
	case f.Plugged != nil && f.Plugged.Memory == id && f.Plugged.Baselines != "":
		if err := config.Parse(filepath.Join(f.Dir, "config.json")+": infini_attention.baselines", []byte(f.Plugged.Baselines), &s); err != nil {
			return nil, err
		}
	}
	return NewMemory(id, evaluatedBaselines(s))
}

// Export writes the model of a checkpoint as a model folder that other programs read. What
// the checkpoint keeps of the folder its weights first came from is taken over.
func Export(checkpoint, out string) (*models.Model, *pretrained.Source, error) {
	if err := pretrained.Vacant(out); err != nil {
		return nil, nil, err
	}
	m, extra, err := LoadModel(checkpoint)
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(filepath.Join(checkpoint, "tokenizer.json"))
	if err != nil {
		return nil, nil, err
	}
	source, err := pretrained.SourceOf(extra, text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", checkpoint, err)
	}
	return m, source, pretrained.Write(out, m, extra[savedBaselines], source)
}

// ExportFolder writes a model folder with a memory plugged in.
func ExportFolder(dir string, plug Plug, out string) (*models.Model, *pretrained.Source, error) {
	if err := pretrained.Vacant(out); err != nil {
		return nil, nil, err
	}
	m, f, err := LoadFolder(dir, plug)
	if err != nil {
		return nil, nil, err
	}
	settings := ""
	switch {
	case plug.Baselines != nil:
		settings = marshalBaselines(*plug.Baselines)
	case f.Plugged != nil && f.Plugged.Memory == m.Memory.Name():
		settings = f.Plugged.Baselines
	}
	source := f.Source()
	return m, source, pretrained.Write(out, m, settings, source)
}
