package experiments

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"infinibench/internal/config"
)

// ProfileSchema is a JSON Schema (draft 2020-12) of profiles, for editors: it has the keys,
// types, ranges and words that LoadProfile allows. Only LoadProfile checks how one number
// bounds another.
func ProfileSchema() map[string]any {
	keys := map[string]ProfileKey{}
	for _, k := range ProfileKeys() {
		keys[k.Path] = k
	}
	return config.Schema(Profile{}, func(path string, s map[string]any) {
		if path == "" {
			var some []any
			for _, name := range experimentNames() {
				some = append(some, map[string]any{"required": []string{name}})
			}
			s["title"], s["anyOf"] = "A profile of infinibench", some
			s["if"], s["else"] = pretrainedModel(), properties(object{"corpora": namedTokenizers()})
			return
		}
		k := keys[path]
		s["description"] = k.describe()
		switch k.Absent {
		case "true", "false":
			s["default"] = k.Absent == "true"
		}
		k.doc.restrict(s, k.Type)
		if slices.Contains(modelKeys(), path) {
			restrictModel(s)
		}
		switch path {
		case "corpora":
			restrictCorpora(s["properties"].(map[string]any))
		case "training":
			s["if"], s["then"] = has("optimizer", "adafactor"), properties(object{"weight_decay": object{"const": 0}})
		}
	})
}

type object = map[string]any

func properties(p object) object { return object{"properties": p} }

// has is the condition that a key has a value.
func has(key, value string) object {
	return object{"properties": object{key: object{"const": value}}, "required": []string{key}}
}

// restrictModel says what validateModelSettings does: a model has sizes, or comes from a
// folder.
func restrictModel(model object) {
	sizes := []string{"layers", "heads", "head_size", "ffn", "init_std"}
	none := object{}
	for _, name := range sizes {
		none[name] = false
	}
	model["if"], model["then"] = object{"required": []string{"from"}}, properties(none)
	model["else"] = object{"required": sizes, "properties": object{"from_scratch": object{"const": false}}}
}

// pretrainedModel is the condition that a profile's models come from a folder.
func pretrainedModel() object {
	var any []any
	for _, key := range modelKeys() {
		condition := object{"required": []string{"from"}}
		names := strings.Split(key, ".")
		for _, name := range slices.Backward(names) {
			condition = object{"properties": object{name: condition}, "required": []string{name}}
		}
		any = append(any, condition)
	}
	return object{"anyOf": any}
}

// modelKeys are the keys that hold settings of models.
func modelKeys() []string {
	keys := []string{"model"}
	for _, e := range experiments {
		if e.model != nil {
			keys = append(keys, e.name+".model")
		}
	}
	return keys
}

// namedTokenizers requires a tokenizer of each corpus, as there is no model with one.
func namedTokenizers() object {
	corpora := object{}
	for _, name := range readCorpora {
		corpora[name] = object{"required": []string{"tokenizer"}}
	}
	return properties(corpora)
}

// restrictCorpora says of each corpus what validateCorpus does: a generated one has words and
// a length, a corpus read from files has neither, and only bpe takes a vocabulary.
func restrictCorpora(corpora object) {
	vocabulary := object{
		"if": has("tokenizer", "bpe"), "then": object{"required": []string{"vocabulary"}}, "else": properties(object{"vocabulary": false}),
	}
	generated := properties(object{
		"tokenizer": object{"const": "word"}, "documents": object{"minimum": 1}, "max_tokens": object{"const": 0}, "bad_texts": false,
	})
	generated["required"] = []string{"tokenizer", "document_tokens", "documents"}
	read := properties(object{"tokenizer": object{"not": object{"const": "word"}}, "document_tokens": false})
	for _, name := range generatedCorpora {
		corpora[name].(object)["allOf"] = []any{vocabulary, generated}
	}
	for _, name := range readCorpora {
		corpora[name].(object)["allOf"] = []any{vocabulary, read}
	}
}

// describe returns the description of the key for an editor.
func (k ProfileKey) describe() string {
	text := k.About
	if k.Unit != "" {
		text += fmt.Sprintf(" Unit: %s.", k.Unit)
	}
	if k.Absent != "" && k.Absent != "required" {
		text += fmt.Sprintf(" Default: %s.", k.Absent)
	}
	if k.Paper != "" {
		text += fmt.Sprintf(" Paper: %s.", k.Paper)
	}
	return text
}

// restrict adds the rules of the code beyond the tags to a key's schema.
func (d keyDoc) restrict(s map[string]any, t reflect.Type) {
	inner := s // of each item of a list
	if t.Kind() == reflect.Slice {
		inner = s["items"].(map[string]any)
	}
	switch {
	case d.names != nil && t.Kind() == reflect.Map:
		config.WithNames(s, d.names)
	case d.names != nil:
		inner["enum"] = d.names
	}
	if d.items != [2]int64{} {
		inner["minimum"], inner["maximum"] = d.items[0], d.items[1]
	}
	if d.distinct {
		s["uniqueItems"] = true
	}
	if d.multiple != 0 {
		s["multipleOf"] = d.multiple
	}
	if d.pattern != "" {
		s["pattern"] = d.pattern
	}
	if d.needs != nil {
		s["required"] = append(s["required"].([]string), d.needs...)
	}
}

// allowed describes the allowed values of the key, including the rules beyond its tags.
func (k ProfileKey) allowed() string {
	text := k.Allowed
	switch d := k.doc; {
	case d.names != nil && k.Type.Kind() == reflect.String:
		text = strings.Join(d.names, ", ")
	case d.names != nil:
		text += " from " + strings.Join(d.names, ", ")
	case d.items != [2]int64{}:
		text += fmt.Sprintf(" of whole numbers, %d to %d", d.items[0], d.items[1])
	case d.multiple != 0:
		text += fmt.Sprintf(", a multiple of %d", d.multiple)
	}
	return strings.TrimSuffix(text, " (in quotes, if it looks like something else)")
}
