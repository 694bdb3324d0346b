package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Key is one key that a settings file may hold, as the struct's tags declare it.
type Key struct {
	// Path is where the key is in the file: "model.layers", "perplexity[].length" in each
	// entry of a list, "corpora.NAME.split" in each entry of a mapping.
	Path     string
	Type     reflect.Type // struct for a block
	Required bool         // in its block, if the file has that block
	Allowed  string       // type and range in words
}

// Keys lists every key of the struct v, blocks before the keys inside them, in the order
// of the struct.
func Keys(v any) []Key { return keysOf("", reflect.TypeOf(v)) }

func keysOf(path string, t reflect.Type) []Key {
	var all []Key
	for _, f := range fieldsOf(t) {
		path := join(path, f.name)
		allowed := f.rule.allowed(f.typ)
		inner, t := path, f.typ
		switch t.Kind() {
		case reflect.Slice:
			inner, t = path+"[]", t.Elem()
		case reflect.Map:
			inner, t = path+".NAME", t.Elem()
		case reflect.Struct:
			allowed = "a mapping"
		}
		all = append(all, Key{Path: path, Type: f.typ, Required: f.rule.required, Allowed: allowed})
		if t.Kind() == reflect.Struct {
			all = append(all, keysOf(inner, t)...)
		}
	}
	return all
}

// Value is the value of one key that is not a block.
type Value struct {
	Path string // "perplexity[0].length"
	Key  string // the Path of its Key: "perplexity[].length"
	Text string // as YAML on one line; "" for an empty list or text
}

// Values lists the values of a struct in the order of its keys. It leaves out an optional
// block that lacks a required key: the file does not have it.
func Values(v any) []Value { return valuesOf("", "", reflect.Indirect(reflect.ValueOf(v))) }

func valuesOf(path, key string, v reflect.Value) []Value {
	switch v.Kind() {
	case reflect.Struct:
		var all []Value
		for _, f := range fieldsOf(v.Type()) {
			field := fieldByKey(v, f.name)
			if f.typ.Kind() == reflect.Struct && !f.rule.required && field.IsZero() && hasRequired(f.typ) {
				continue
			}
			all = append(all, valuesOf(join(path, f.name), join(key, f.name), field)...)
		}
		return all
	case reflect.Map:
		var all []Value
		if v.Type().Elem().Kind() == reflect.Struct {
			key += ".NAME"
		}
		names := v.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, name := range names {
			all = append(all, valuesOf(join(path, name.String()), key, v.MapIndex(name))...)
		}
		return all
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			var all []Value
			for i := range v.Len() {
				all = append(all, valuesOf(fmt.Sprintf("%s[%d]", path, i), key+"[]", v.Index(i))...)
			}
			return all
		}
	}
	return []Value{{Path: path, Key: key, Text: valueText(v)}}
}

// fieldByKey is the field of a struct whose key is name, inline structs included.
func fieldByKey(v reflect.Value, name string) reflect.Value {
	for f, field := range v.Fields() {
		key, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if option == "inline" {
			if field := fieldByKey(field, name); field.IsValid() {
				return field
			}
		} else if f.IsExported() && key == name {
			return field
		}
	}
	return reflect.Value{}
}

func hasRequired(t reflect.Type) bool {
	return slices.ContainsFunc(fieldsOf(t), func(f field) bool { return f.rule.required })
}

func valueText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Slice:
		if v.Len() == 0 {
			return ""
		}
		items := make([]string, v.Len())
		for i := range items {
			items[i] = valueText(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}
