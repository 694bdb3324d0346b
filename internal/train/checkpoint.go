package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/internal/jsonread"
	"infinibench/internal/safetensors"
	"infinibench/models"
)

const (
	modelFile   = "model.safetensors"
	modelFormat = "infinibench model 1"
)

// SaveModel writes the weights, and the configuration needed to rebuild the model, to
// model.safetensors in dir, which it creates if needed. extra is stored for the loader of the
// model, for example the name of its tokenizer. SaveModel replaces an earlier file by
// renaming, and only if all weights are finite.
func SaveModel(dir string, m *models.Model, extra map[string]string) error {
	metadata := map[string]string{}
	for key, value := range extra {
		metadata["extra."+key] = value
	}
	return save(filepath.Join(dir, modelFile), modelFormat, m, metadata, weights(m, ""))
}

// LoadModel rebuilds the model that SaveModel wrote to dir, and returns it with the extra
// of that call. memory creates the memory of an id such as "infini-linear", with the
// settings that extra may hold.
func LoadModel(dir string, memory func(id string, extra map[string]string) (models.Memory, error)) (*models.Model, map[string]string, error) {
	path := filepath.Join(dir, modelFile)
	metadata, saved, err := load(path, modelFormat)
	if err != nil {
		return nil, nil, err
	}
	extra := map[string]string{}
	for key, value := range metadata {
		if name, ok := strings.CutPrefix(key, "extra."); ok {
			extra[name] = value
		}
	}
	id := metadata["memory"]
	kind, err := memory(id, extra)
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint %s is of the model %q: %w", path, id, err)
	}
	config, err := savedConfig(metadata["config"], saved)
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint %s: config: %w", path, err)
	}
	m, err := models.New(config, kind, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint %s: %w", path, err)
	}
	if err := restore(weights(m, ""), saved); err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint %s does not fit its model %q: %w", path, id, err)
	}
	return m, extra, nil
}

// savedConfig reads the config of a checkpoint. It refuses a model with more weights than
// the checkpoint holds, before its weights are allocated.
func savedConfig(text string, saved []safetensors.Tensor) (models.Config, error) {
	var c models.Config
	if err := jsonread.Line([]byte(text), &c, jsonread.Exact); err != nil {
		return c, err
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	var have float64
	for _, t := range saved {
		have += float64(len(t.Data))
	}
	trunk := c.Matrices() + float64(c.Width())*float64(2*c.Layers+1)
	if trunk > have {
		return c, fmt.Errorf("describes a model of %.0f weights or more, the file holds %.0f", trunk, have)
	}
	return c, nil
}

// weights returns the weights of a model, their names prefixed. The numbers are the
// model's own, not a copy.
func weights(m *models.Model, prefix string) []safetensors.Tensor {
	var all []safetensors.Tensor
	for _, p := range m.Params {
		all = append(all, safetensors.Tensor{Name: prefix + p.Name, Shape: p.Value.Shape(), Data: p.Data()})
	}
	return all
}

// save writes a checkpoint, with the metadata that every checkpoint has added.
func save(path, format string, m *models.Model, metadata map[string]string, tensors []safetensors.Tensor) error {
	// A file that cannot be loaded must not replace one that can.
	if err := finite(tensors); err != nil {
		return fmt.Errorf("train: checkpoint %s is not written: %w", path, err)
	}
	config, err := json.Marshal(m.Config)
	if err != nil {
		return fmt.Errorf("train: checkpoint %s: config: %w", path, err)
	}
	metadata["format"], metadata["memory"], metadata["config"] = format, m.Memory.Name(), string(config)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("train: checkpoint %s: %w", path, err)
	}
	if err := safetensors.Write(path, metadata, tensors); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}

// load reads a checkpoint of the given format.
func load(path, format string) (map[string]string, []safetensors.Tensor, error) {
	metadata, tensors, err := safetensors.Read(path)
	if err != nil {
		return nil, nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	if metadata["sha256"] == "" {
		return nil, nil, fmt.Errorf("train: checkpoint %s has no checksum: it is damaged or was written by another program; delete it, or put a good copy in its place", path)
	}
	if got := metadata["format"]; got != format {
		return nil, nil, fmt.Errorf("train: checkpoint %s has the format %q, this program reads %q: delete it, or use the program that wrote it", path, got, format)
	}
	return metadata, tensors, nil
}

// restore copies the saved numbers to the live tensors of the same name, once it has
// checked that every tensor has a counterpart, fits and is finite.
func restore(live, saved []safetensors.Tensor) error {
	left := map[string]safetensors.Tensor{}
	for _, t := range saved {
		left[t.Name] = t
	}
	var found [][]float32
	for _, t := range live {
		s, ok := left[t.Name]
		if !ok {
			return fmt.Errorf("tensor %q is missing", t.Name)
		}
		if !slices.Equal(s.Shape, t.Shape) {
			return fmt.Errorf("tensor %q has shape %v, want %v", t.Name, s.Shape, t.Shape)
		}
		found = append(found, s.Data)
		delete(left, t.Name)
	}
	if len(left) > 0 {
		return fmt.Errorf("tensor %q has no place in the model", slices.Min(slices.Collect(maps.Keys(left))))
	}
	if err := finite(saved); err != nil {
		return err
	}
	for i, t := range live {
		copy(t.Data, found[i])
	}
	return nil
}

// finite names the first tensor that holds a NaN or an infinity.
func finite(tensors []safetensors.Tensor) error {
	for _, t := range tensors {
		for i, v := range t.Data {
			if v-v != 0 {
				return fmt.Errorf("tensor %q holds %g at %d", t.Name, v, i)
			}
		}
	}
	return nil
}
