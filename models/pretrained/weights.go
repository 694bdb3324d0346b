package pretrained

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/internal/jsonread"
	"infinibench/internal/safetensors"
)

// openWeights reads the headers of the weight files.
func (f *Folder) openWeights() error {
	index, err := f.optional(indexFile)
	if err != nil {
		return err
	}
	f.tensors = map[string]tensor{}
	single := filepath.Join(f.Dir, weightsFile)
	_, statErr := os.Stat(single)
	if index == nil {
		if errors.Is(statErr, fs.ErrNotExist) {
			return f.noWeights()
		}
		return f.openShard(weightsFile, nil)
	}
	files, err := parseIndex(index)
	if err != nil {
		return fmt.Errorf("%s: %w", indexFile, err)
	}
	if _, listed := files[weightsFile]; statErr == nil && !listed {
		return fmt.Errorf("there are %s and %s, which does not list it: remove the one that is not the model's", weightsFile, indexFile)
	}
	names := slices.Sorted(maps.Keys(files))
	var missing []string
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(f.Dir, name)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s, listed in %s, is missing: fetch it", list(missing), indexFile)
	}
	for _, name := range names {
		if err := f.openShard(name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// noWeights says what there is in place of safetensors.
func (f *Folder) noWeights() error {
	for _, pattern := range []string{"pytorch_model*.bin", "*.pth", "*.gguf"} {
		if other, _ := filepath.Glob(filepath.Join(f.Dir, pattern)); len(other) > 0 {
			return fmt.Errorf("%s is missing, and %s cannot be read: convert the weights to safetensors", weightsFile, filepath.Base(other[0]))
		}
	}
	return fmt.Errorf("%s is missing, and so is %s", weightsFile, indexFile)
}

// parseIndex returns the tensors of each file by the index of a model.
func parseIndex(text []byte) (map[string][]string, error) {
	var index struct {
		Weights map[string]string `json:"weight_map"`
	}
	if err := jsonread.Document(text, &index); err != nil {
		return nil, err
	}
	if len(index.Weights) == 0 {
		return nil, errors.New("weight_map is missing or empty")
	}
	files := map[string][]string{}
	for _, tensor := range slices.Sorted(maps.Keys(index.Weights)) {
		name := index.Weights[tensor]
		if strings.ContainsAny(name, `/\`) {
			return nil, fmt.Errorf("weight_map puts tensor %q into %q, which is not the name of a file in the folder", tensor, name)
		}
		if !strings.HasSuffix(name, ".safetensors") {
			return nil, fmt.Errorf("weight_map puts tensor %q into %q, which is not a .safetensors file", tensor, name)
		}
		files[name] = append(files[name], tensor)
	}
	return files, nil
}

// openShard reads the header of a weight file. listed is its tensors by the index, or nil.
func (f *Folder) openShard(name string, listed []string) error {
	file, err := safetensors.Open(filepath.Join(f.Dir, name))
	if err != nil {
		return err
	}
	file.Close() // only the header was needed
	f.shards = append(f.shards, file)
	left := map[string]bool{}
	for _, t := range listed {
		left[t] = true
	}
	var extra []string
	for _, t := range file.Tensors {
		if before, ok := f.tensors[t.Name]; ok {
			return fmt.Errorf("tensor %q is both in %s and in %s", t.Name, filepath.Base(before.file.Path), name)
		}
		if listed != nil && !left[t.Name] && !ignored(t.Name) {
			extra = append(extra, t.Name)
		}
		delete(left, t.Name)
		f.tensors[t.Name] = tensor{t, file}
	}
	switch missing := slices.Sorted(maps.Keys(left)); {
	case len(missing) > 0:
		return fmt.Errorf("%s lacks tensor %s, which %s puts there", name, list(missing), indexFile)
	case len(extra) > 0:
		return fmt.Errorf("%s holds tensor %s, which %s does not list there", name, list(extra), indexFile)
	}
	return nil
}

// ignored reports whether a tensor is computed, not learnt: files of 2023 hold the rotary
// frequencies.
func ignored(tensor string) bool { return strings.HasSuffix(tensor, ".rotary_emb.inv_freq") }

// hasBias reports whether queries, keys or values have biases.
func (f *Folder) hasBias() bool {
	for _, part := range []string{"q", "k", "v"} {
		if _, ok := f.tensors["model.layers.0.self_attn."+part+"_proj.bias"]; ok {
			return true
		}
	}
	return false
}

// checkTensors checks that the files hold the model's tensors and no others.
func (f *Folder) checkTensors() error {
	memory := f.knownMemory()
	f.parts = Parts(f.Config, memory)
	left := map[string]bool{}
	for name := range f.tensors {
		if ignored(name) {
			delete(f.tensors, name)
			continue
		}
		left[name] = true
	}
	var missing []string
	for _, p := range f.parts {
		t, ok := f.tensors[p.Tensor]
		if !ok {
			missing = append(missing, p.Tensor)
			continue
		}
		delete(left, p.Tensor)
		if err := t.fits(p); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		hint := ""
		if slices.Equal(missing, []string{headTensor}) {
			hint = " (tie_word_embeddings is not true in config.json)"
		}
		return fmt.Errorf("tensor %s is missing%s", list(missing), hint)
	}
	if head, ok := f.tensors[headTensor]; ok && !f.Config.UntiedHead {
		if err := head.fits(Part{Shape: f.parts[0].Shape}); err != nil {
			return err
		}
		delete(left, headTensor) // Load compares it with the embedding
	}
	var extra []string
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if f.Plugged == nil || memory != nil || !strings.HasPrefix(name, "model.") {
			extra = append(extra, name)
		}
	}
	if len(extra) > 0 {
		return fmt.Errorf("tensor %s has no place in this model%s", list(extra), explain(extra[0]))
	}
	return nil
}

// explain says why a tensor that other models have is refused.
func explain(tensor string) string {
	switch {
	case strings.HasSuffix(tensor, "o_proj.bias"):
		return ": a bias on the output of attention is not supported"
	case strings.Contains(tensor, ".mlp.") && strings.HasSuffix(tensor, ".bias"):
		return ": biases in the feed-forward block are not supported"
	case strings.HasSuffix(tensor, ".self_attn.beta"):
		return ": a gate without infini_attention in config.json"
	}
	return ""
}

// fits checks the type and the shape of a tensor.
func (t tensor) fits(p Part) error {
	switch {
	case !t.Readable():
		return fmt.Errorf("tensor %q has the type %s; F32, F16 and BF16 can be read", t.Name, t.Type)
	case !slices.Equal(t.Shape, p.Shape):
		return fmt.Errorf("tensor %q has the shape %v, config.json makes it %v", t.Name, t.Shape, p.Shape)
	}
	return nil
}

// list names some things, the first few in full.
func list(names []string) string {
	const most = 3
	quoted := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", n))
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Shards lists the files that a model.safetensors.index.json names.
func Shards(index []byte) ([]string, error) {
	files, err := parseIndex(index)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", indexFile, err)
	}
	return slices.Sorted(maps.Keys(files)), nil
}
