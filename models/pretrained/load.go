package pretrained

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"infinibench/internal/safetensors"
	"infinibench/models"
)

// Load reads the weights into a new model with a memory. c is f.Config, except that the
// segment and the settings of the memory may differ. Load reads the memory weights that the
// folder has; models.New initialises the others from the seed.
//
// It refuses a segment longer than the window of the model's attention, weights that are
// not finite, and a folder that changed since Open.
func (f *Folder) Load(c models.Config, m models.Memory, seed uint64) (*models.Model, error) {
	model, err := f.load(c, m, seed)
	if err != nil {
		return nil, fmt.Errorf("model folder %s: %w", f.Dir, err)
	}
	return model, nil
}

func (f *Folder) load(c models.Config, m models.Memory, seed uint64) (*models.Model, error) {
	if trunk(c) != trunk(f.Config) {
		return nil, fmt.Errorf("the model asked for, %+v, is not the folder's, %+v", trunk(c), trunk(f.Config))
	}
	if f.Window > 0 && c.Segment > f.Window {
		return nil, windowError(f.Window, c.Segment)
	}
	parts, err := f.partsFor(c, m)
	if err != nil {
		return nil, err
	}
	if err := f.unchanged(); err != nil {
		return nil, err
	}
	read := map[string]bool{}
	for _, p := range parts {
		read[p.Param] = true
	}
	model, err := models.NewExcept(c, m, seed, func(name string) bool { return read[name] })
	if err != nil {
		return nil, err
	}
	files := map[string]*safetensors.File{}
	for _, shard := range f.shards {
		file, err := safetensors.Open(shard.Path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if err := file.Check(); err != nil {
			return nil, err
		}
		files[shard.Path] = file
	}
	for _, p := range parts {
		t := f.tensors[p.Tensor]
		if err := fill(model.Param(p.Param), p, t, files[t.file.Path]); err != nil {
			return nil, err
		}
	}
	if head, ok := f.tensors[headTensor]; ok && !c.UntiedHead {
		if err := sameAs(model.Param("embedding").Data(), head, files[head.file.Path]); err != nil {
			return nil, err
		}
	}
	return model, f.unchanged()
}

// trunk is the part of a configuration that belongs to the weights.
func trunk(c models.Config) models.Config {
	c.Segment, c.GateInit, c.MemoryEpsilon, c.UngatedStart, c.MemoryPositions = 0, 0, 0, false, false
	c.InitStd = 0
	return c
}

// partsFor lists the tensors to read. All weights of the memory that the folder was saved
// with must be there; with another memory, those that fit are read.
func (f *Folder) partsFor(c models.Config, m models.Memory) ([]Part, error) {
	own := f.Plugged != nil && f.Plugged.Memory == m.Name()
	var parts []Part
	left := maps.Clone(f.tensors)
	for _, p := range Parts(c, m) {
		t, ok := f.tensors[p.Tensor]
		delete(left, p.Tensor)
		if p.Memory && !own && (!ok || !slices.Equal(t.Shape, p.Shape)) {
			continue
		}
		if !ok {
			return nil, fmt.Errorf("tensor %q is missing, a weight of %s", p.Tensor, m.Name())
		}
		if err := t.fits(p); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	delete(left, headTensor)
	if own && len(left) > 0 {
		return nil, fmt.Errorf("tensor %s has no place in %s", list(slices.Sorted(maps.Keys(left))), m.Name())
	}
	return parts, nil
}

// fill reads a tensor into the rows of a weight.
func fill(param *models.Param, p Part, t tensor, file *safetensors.File) error {
	data := param.Data()
	row := len(data) / param.Value.Shape()[0]
	data = data[p.From*row:][:t.Size()]
	if err := file.Read(t.Info, 0, data); err != nil {
		return err
	}
	for i, v := range data {
		// A gate of minus infinity is shut.
		if v-v != 0 && !(param.Group == models.Gate && math.IsInf(float64(v), -1)) {
			return fmt.Errorf("%s: tensor %q holds %g at %d", filepath.Base(file.Path), t.Name, v, i)
		}
	}
	return nil
}

// sameAs compares a head with the embedding that it should be.
func sameAs(embedding []float32, head tensor, file *safetensors.File) error {
	part := make([]float32, 1<<16)
	for at := 0; at < len(embedding); at += len(part) {
		part = part[:min(len(part), len(embedding)-at)]
		if err := file.Read(head.Info, at, part); err != nil {
			return err
		}
		for i, v := range part {
			if v != embedding[at+i] {
				return fmt.Errorf("tensor %q is %g at %d, the embedding %g, though tie_word_embeddings is true", headTensor, v, at+i, embedding[at+i])
			}
		}
	}
	return nil
}
