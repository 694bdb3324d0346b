// Package pretrained reads the folder in which a language model of the Llama family is
// published on the Hugging Face hub, and writes such a folder:
//
//	config.json                    sizes, numerics and the kind of model
//	generation_config.json         ids that end a text; optional
//	tokenizer.json                 the tokenizer
//	model.safetensors              the weights in F32, F16 or BF16, or
//	model.safetensors.index.json   the file of each weight, if there are several
//
// A folder is read as it is. What would change the model's output and is not supported is
// an error that names the field or the tensor; nothing is guessed and nothing left out.
//
// A memory that was plugged into a model is saved in the same folder: its weights as
// model.layers.N.self_attn.beta, its settings under "infini_attention" in config.json.
// Other programs ignore both and see the base model.
package pretrained

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/safetensors"
	"infinibench/models"
)

const (
	configFile     = "config.json"
	generationFile = "generation_config.json"
	tokenizerFile  = "tokenizer.json"
	weightsFile    = "model.safetensors"
	indexFile      = "model.safetensors.index.json"
)

// Folder is a model folder whose files have been read and checked, except for the weights
// themselves.
type Folder struct {
	Dir          string
	Architecture string // of config.json, for example LlamaForCausalLM; may be empty
	ModelType    string // llama, mistral, qwen2, qwen3 or infinibench, the paper's trunk
	Context      int    // tokens that the model was trained for; 0 if config.json does not say
	Window       int    // tokens that attention reaches back in some layer; 0: all
	Begin        int32  // id of the token that starts a text; -1: none
	Ends         []int32
	Tokenizer    tokenizer.Tokenizer // may have fewer ids than the vocabulary: the rest is padding
	Plugged      *Plugged            // nil for a model without a memory

	// Config is the model's. A folder without a memory has the numerics of
	// models.Defaults for one, and as segment the model's context.
	Config models.Config

	parts   []Part
	tensors map[string]tensor // by name, those ignored left out
	shards  []*safetensors.File
	source  Source
	stamps  []stamp
}

// Plugged says which memory a folder's weights were trained with.
type Plugged struct {
	Memory    string // id of the model: infini-linear, infini-delta, local-only, …
	Baselines string // settings of a baseline, as in a checkpoint; "" for its defaults
}

// tensor is a tensor of one of the folder's weight files.
type tensor struct {
	safetensors.Info
	file *safetensors.File // closed
}

// stamp tells whether a file was replaced or written to.
type stamp struct {
	path string
	info fs.FileInfo
}

// IsFolder reports whether dir holds a config.json, which a checkpoint of this program does
// not.
func IsFolder(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, configFile))
	return err == nil && info.Mode().IsRegular()
}

// Open reads and checks a folder, except for the numbers of the weights.
func Open(dir string) (*Folder, error) {
	f := &Folder{Dir: dir, Begin: none}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("model folder %s: %w", dir, err)
	}
	return f, nil
}

func (f *Folder) open() error {
	if info, err := os.Stat(f.Dir); err != nil {
		return reason(err)
	} else if !info.IsDir() {
		return fmt.Errorf("is a file, want the folder with %s and %s", configFile, weightsFile)
	}
	text, err := f.file(configFile)
	if err != nil {
		return err
	}
	f.source.Config = text
	raw, err := parseConfig(text)
	if err != nil {
		return fmt.Errorf("%s: %w", configFile, err)
	}
	if err := f.openWeights(); err != nil {
		return err
	}
	if err := f.configure(raw); err != nil {
		return fmt.Errorf("%s: %w", configFile, err)
	}
	if err := f.checkTensors(); err != nil {
		return err
	}
	if err := f.readGeneration(raw); err != nil {
		return err
	}
	if err := f.readTokenizer(); err != nil {
		return err
	}
	return f.unchanged()
}

// file reads a small file of the folder.
func (f *Folder) file(name string) ([]byte, error) {
	path := filepath.Join(f.Dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	if info.Size() > largestText {
		return nil, fmt.Errorf("%s has %d bytes, more than the limit of %d", name, info.Size(), largestText)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, reason(err)
	}
	f.stamps = append(f.stamps, stamp{path, info})
	return data, nil
}

// largestText is the most bytes of a JSON file; a tokenizer.json has up to 35 MB.
const largestText = 256 << 20

// reason says what is wrong with a file of the folder, by its name alone.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", filepath.Base(path.Path), path.Err)
	}
	return err
}

// unchanged returns an error if the folder is no longer the one that was opened.
func (f *Folder) unchanged() error {
	for _, s := range f.stamps {
		now, err := os.Stat(s.path)
		if err != nil || !os.SameFile(now, s.info) || now.Size() != s.info.Size() || !now.ModTime().Equal(s.info.ModTime()) {
			return fmt.Errorf("%s changed while the folder was read: wait until nothing writes to it, then try again", filepath.Base(s.path))
		}
	}
	for _, s := range f.shards {
		if err := s.Unchanged(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) readTokenizer() (err error) {
	if f.source.Tokenizer, err = f.file(tokenizerFile); err != nil {
		return err
	}
	if f.Tokenizer, err = tokenizer.Load(filepath.Join(f.Dir, tokenizerFile)); err != nil {
		return err
	}
	size := f.Tokenizer.Size()
	if size > f.Config.Vocabulary {
		return fmt.Errorf("%s has %d tokens, the model only %d (vocab_size): it belongs to another model", tokenizerFile, size, f.Config.Vocabulary)
	}
	for _, id := range append([]int32{f.Begin}, f.Ends...) {
		if int(id) >= size {
			return fmt.Errorf("%s has %d tokens, but the model begins or ends a text with token %d: it belongs to another model", tokenizerFile, size, id)
		}
	}
	return nil
}

// Parameters is the number of weights, a head that is the embedding counted once.
func (f *Folder) Parameters() int64 {
	var n int64
	for _, p := range f.parts {
		n += int64(f.tensors[p.Tensor].Size())
	}
	return n
}

// Type is the type that most weights have in the files: F32, F16 or BF16.
func (f *Folder) Type() string {
	bytes := map[string]int64{}
	for _, p := range f.parts {
		t := f.tensors[p.Tensor]
		bytes[t.Type] += t.Bytes()
	}
	return slices.MaxFunc([]string{safetensors.F32, safetensors.F16, safetensors.BF16}, func(a, b string) int {
		return int(min(max(bytes[a]-bytes[b], -1), 1))
	})
}

// Files is the number of weight files and their size in bytes.
func (f *Folder) Files() (files int, bytes int64) {
	for _, t := range f.tensors {
		bytes += t.Bytes()
	}
	return len(f.shards), bytes
}
