package pretrained

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"infinibench/internal/atomicfile"
	"infinibench/internal/safetensors"
	"infinibench/models"
)

// Write writes a model as a folder from which Open and Load read the same weights, bit for
// bit, once they are rounded to the types of the source. baselines is the settings of a
// baseline's memory, or "". dir must not exist, or be empty. It appears complete or not at
// all.
func Write(dir string, m *models.Model, baselines string, s *Source) error {
	if err := write(filepath.Clean(dir), m, baselines, s); err != nil {
		return fmt.Errorf("write model folder %s: %w", dir, err)
	}
	return nil
}

// Vacant returns an error if dir is not a place where a folder can be written.
func Vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty; it holds %s: choose another folder", dir, entries[0].Name())
	}
	return nil
}

func write(dir string, m *models.Model, baselines string, s *Source) error {
	if err := Vacant(dir); err != nil {
		return err
	}
	plugged := Plugged{Memory: m.Memory.Name(), Baselines: baselines}
	config := s.Config
	if config == nil {
		config = configText(m.Config, s.typeOf(Part{}))
	}
	config, err := setMember(config, "infini_attention", infiniText(m.Config, plugged))
	if err != nil {
		return fmt.Errorf("%s: %w", configFile, err)
	}
	tensors, err := tensorsOf(m, s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	return atomicfile.FillDir(dir, func(temporary string) error {
		files := map[string][]byte{configFile: config, tokenizerFile: s.Tokenizer}
		if s.Generation != nil {
			files[generationFile] = s.Generation
		}
		for name, content := range files {
			if err := atomicfile.Write(filepath.Join(temporary, name), content); err != nil {
				return err
			}
		}
		// Older versions of transformers insist on the format.
		if err := safetensors.Write(filepath.Join(temporary, weightsFile), map[string]string{"format": "pt"}, tensors); err != nil {
			return err
		}
		// A folder that would be read as another model, or not at all, must not appear.
		back, err := Open(temporary)
		if err != nil {
			return fmt.Errorf("what was written cannot be read: %w", err)
		}
		if got, want := normal(back.Config), normal(m.Config); got != want {
			return fmt.Errorf("its %s describes %+v, the model is %+v", configFile, got, want)
		}
		return nil
	})
}

// tensorsOf is the weights under the names and in the types of the source: first the larger
// numbers, so that all are aligned.
func tensorsOf(m *models.Model, s *Source) ([]safetensors.Tensor, error) {
	var wide, narrow []safetensors.Tensor
	for _, p := range Parts(m.Config, m.Memory) {
		param := m.Param(p.Param)
		data := param.Data()
		row := len(data) / param.Value.Shape()[0]
		t := safetensors.Tensor{Name: p.Tensor, Shape: p.Shape, Data: data[p.From*row : (p.From+p.Shape[0])*row], Type: s.typeOf(p)}
		for i, v := range t.Data {
			if r := safetensors.Round(v, t.Type); r-r != 0 && v-v == 0 {
				return nil, fmt.Errorf("tensor %q holds %g at %d, too large for %s, the type in the base model", t.Name, v, i, t.Type)
			}
			if v != v {
				return nil, fmt.Errorf("tensor %q holds %g at %d", t.Name, v, i)
			}
		}
		if t.Type == safetensors.F32 {
			wide = append(wide, t)
		} else {
			narrow = append(narrow, t)
		}
	}
	return append(wide, narrow...), nil
}

// normal is a configuration with every default filled in, without what only a new model
// needs.
func normal(c models.Config) models.Config {
	c.ModelWidth, c.KeyValueHeads, c.InitStd = c.Width(), c.KVHeads(), 0
	return c
}
