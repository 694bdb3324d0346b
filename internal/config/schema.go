package config

import (
	"encoding/json"
	"maps"
	"reflect"
)

// Schema returns the struct v as a JSON Schema (draft 2020-12), from the tags that Parse
// uses. annotate adds what the tags lack to the schema of a key, named as in Key.Path; it may
// be nil. The schema covers neither the checks of the struct's Validate nor how YAML writes a
// value.
func Schema(v any, annotate func(path string, schema map[string]any)) map[string]any {
	s := schemaMaker{annotate}.value("", reflect.TypeOf(v), rule{})
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	return s
}

type schemaMaker struct {
	annotate func(path string, schema map[string]any)
}

// value is the schema of the key at a path, "" for the file as a whole.
func (m schemaMaker) value(path string, t reflect.Type, r rule) map[string]any {
	s := m.bare(path, t, r)
	if m.annotate != nil {
		m.annotate(path, s)
	}
	return s
}

func (m schemaMaker) bare(path string, t reflect.Type, r rule) map[string]any {
	s := map[string]any{}
	switch t.Kind() {
	case reflect.Struct:
		properties, required := map[string]any{}, []string{}
		for _, f := range fieldsOf(t) {
			properties[f.name] = m.value(join(path, f.name), f.typ, f.rule)
			if f.rule.required {
				required = append(required, f.name)
			}
		}
		s["type"], s["properties"], s["required"], s["additionalProperties"] = "object", properties, required, false
	case reflect.Map:
		s["type"], s["additionalProperties"] = "object", m.bare(path+".NAME", t.Elem(), r.element())
		r.bounds(s, "minProperties", "maxProperties")
	case reflect.Slice:
		s["type"], s["items"] = "array", m.bare(path+"[]", t.Elem(), r.element())
		r.bounds(s, "minItems", "maxItems")
	case reflect.Bool:
		s["type"] = "boolean"
	case reflect.Float64:
		s["type"] = "number"
		r.bounds(s, "minimum", "maximum")
	case reflect.String:
		s["type"] = "string"
		if len(r.oneof) > 0 {
			s["enum"] = r.oneof
		}
	default: // integers: allowed panics on any other type
		s["type"] = "integer"
		_ = r.allowed(t)
		if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64 {
			s["minimum"] = 0
		}
		r.bounds(s, "minimum", "maximum")
	}
	return s
}

// bounds adds the rule's bounds under the names that they have for a type.
func (r rule) bounds(s map[string]any, least, most string) {
	if r.minText != "" {
		s[least] = json.Number(r.minText)
	}
	if r.maxText != "" {
		s[most] = json.Number(r.maxText)
	}
}

// WithNames gives the schema of a mapping the names that its keys may have, so that an
// editor completes them.
func WithNames(s map[string]any, names []string) {
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = maps.Clone(s["additionalProperties"].(map[string]any))
	}
	s["properties"], s["additionalProperties"] = properties, false
}
