package pretrained

import (
	"encoding/json"
	"fmt"

	"infinibench/internal/jsonread"
	"infinibench/internal/safetensors"
)

// Source is what an exported folder takes over from the folder that the weights were first
// read from.
type Source struct {
	Config     []byte // config.json; nil: written from the model's configuration
	Generation []byte // generation_config.json, or nil
	Tokenizer  []byte // tokenizer.json
	// Types is the type of each tensor in the files. The one under "" holds for those not
	// listed; it is F32 if absent.
	Types map[string]string
}

// Source is the folder's.
func (f *Folder) Source() *Source {
	s := f.source
	s.Types = map[string]string{"": f.Type()}
	for _, p := range f.parts {
		if kind := f.tensors[p.Tensor].Type; kind != s.Types[""] && !p.Memory {
			s.Types[p.Tensor] = kind
		}
	}
	return &s
}

// typeOf is the type that a tensor is written in. Weights of a memory are few and need
// every digit.
func (s *Source) typeOf(p Part) string {
	if p.Memory {
		return safetensors.F32
	}
	for _, name := range []string{p.Tensor, ""} {
		if kind, ok := s.Types[name]; ok {
			return kind
		}
	}
	return safetensors.F32
}

// typesKey is the key of Types in a checkpoint.
const typesKey = "tensor types"

// Extra returns the source in the form that a checkpoint stores. The checkpoint stores the
// tokenizer in a separate file.
func (s *Source) Extra() map[string]string {
	extra := map[string]string{}
	if s.Config != nil {
		extra[configFile] = string(s.Config)
	}
	if s.Generation != nil {
		extra[generationFile] = string(s.Generation)
	}
	if s.Types != nil {
		text, err := json.Marshal(s.Types)
		if err != nil {
			panic(fmt.Sprintf("pretrained: %v", err)) // cannot happen for strings
		}
		extra[typesKey] = string(text)
	}
	return extra
}

// SourceOf is the source in a checkpoint's extra, with the bytes of its tokenizer.json. It
// is almost empty for a model that was not read from a folder.
func SourceOf(extra map[string]string, tokenizer []byte) (*Source, error) {
	s := &Source{Tokenizer: tokenizer}
	if text, ok := extra[configFile]; ok {
		s.Config = []byte(text)
	}
	if text, ok := extra[generationFile]; ok {
		s.Generation = []byte(text)
	}
	if text, ok := extra[typesKey]; ok {
		if err := jsonread.Line([]byte(text), &s.Types); err != nil {
			return nil, fmt.Errorf("pretrained: %s: %w", typesKey, err)
		}
	}
	return s, nil
}
