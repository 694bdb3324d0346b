package pretrained

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"infinibench/internal/kernel"
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
	return f.loadAs(c, m, seed, false)
}

// LoadStored is Load for a model that will not be trained: matrices in F16 and BF16 stay
// so, which takes half the memory. Every number that is computed from them is the same.
func (f *Folder) LoadStored(c models.Config, m models.Memory, seed uint64) (*models.Model, error) {
	return f.loadAs(c, m, seed, true)
}

func (f *Folder) loadAs(c models.Config, m models.Memory, seed uint64, stored bool) (*models.Model, error) {
	model, err := f.load(c, m, seed, stored)
	if err != nil {
		return nil, fmt.Errorf("model folder %s: %w", f.Dir, err)
	}
	return model, nil
}

func (f *Folder) load(c models.Config, m models.Memory, seed uint64, stored bool) (*models.Model, error) {
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
	storage := f.storage(parts, stored)
	model, err := models.NewStored(c, m, seed, func(name string) models.Storage { return storage[name] })
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
		embedding := f.tensors[embeddingTensor]
		if err := sameAs(embedding, files[embedding.file.Path], head, files[head.file.Path]); err != nil {
			return nil, err
		}
	}
	return model, f.unchanged()
}

// storage is how the weights that are read are stored: in float32, except for matrices of
// the trunk whose tensors all have one type of half the size, if they may stay so.
func (f *Folder) storage(parts []Part, stored bool) map[string]models.Storage {
	kinds := map[string]models.Storage{safetensors.F16: models.Float16, safetensors.BF16: models.BFloat16}
	storage := map[string]models.Storage{}
	for _, p := range parts {
		kind, half := kinds[f.tensors[p.Tensor].Type]
		if !half || !stored || p.Memory || len(p.Shape) != 2 {
			kind = models.Float32
		}
		if before, ok := storage[p.Param]; ok && before != kind {
			kind = models.Float32
		}
		storage[p.Param] = kind
	}
	return storage
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
	switch data := param.Value.Data().(type) {
	case []kernel.BFloat16:
		return fillBits(data, 0x7f80, param, p, t, file)
	case []kernel.Float16:
		return fillBits(data, 0x7c00, param, p, t, file)
	}
	data := rowsOf(param.Data(), param, p)
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

// fillBits is fill for a weight that keeps the tensor's type, in which NaN and the infinities
// have all bits of the exponent set.
func fillBits[T ~uint16](data []T, exponent T, param *models.Param, p Part, t tensor, file *safetensors.File) error {
	data = rowsOf(data, param, p)
	if err := safetensors.ReadBits(file, t.Info, 0, data); err != nil {
		return err
	}
	for i, v := range data {
		if v&exponent == exponent {
			var number [1]float32
			if err := file.Read(t.Info, i, number[:]); err != nil {
				return err
			}
			return fmt.Errorf("%s: tensor %q holds %g at %d", filepath.Base(file.Path), t.Name, number[0], i)
		}
	}
	return nil
}

// rowsOf is the rows of a weight that a part fills.
func rowsOf[T any](data []T, param *models.Param, p Part) []T {
	row := len(data) / param.Value.Shape()[0]
	return data[p.From*row : (p.From+p.Shape[0])*row]
}

// sameAs compares a head with the embedding that it should be.
func sameAs(embedding tensor, embeddings *safetensors.File, head tensor, heads *safetensors.File) error {
	const most = 1 << 16
	a, b := make([]float32, most), make([]float32, most)
	for at := 0; at < head.Size(); at += most {
		n := min(most, head.Size()-at)
		if err := embeddings.Read(embedding.Info, at, a[:n]); err != nil {
			return err
		}
		if err := heads.Read(head.Info, at, b[:n]); err != nil {
			return err
		}
		for i, v := range b[:n] {
			if v != a[i] {
				return fmt.Errorf("tensor %q is %g at %d, the embedding %g, though tie_word_embeddings is true", headTensor, v, at+i, a[i])
			}
		}
	}
	return nil
}
