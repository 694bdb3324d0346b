// Package finite writes and reads JSON in which null represents a non-finite number.
//
// JSON has no NaN and no infinity, and encoding/json refuses to write an object that
// contains one: a single undefined ratio would lose everything around it. Reading null
// gives NaN, never 0, so that an unknown value stays unknown. Every result, report and
// chart is written through this package, and results are read with [NullIsNaN].
package finite

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Is reports whether x is neither NaN nor infinite.
func Is(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// writing matches encoding/json except for non-finite numbers.
var writing = json.JoinOptions(jsonv1.DefaultOptionsV1(), json.WithMarshalers(json.JoinMarshalers(
	json.MarshalToFunc(func(to *jsontext.Encoder, x float64) error { return null(to, x) }),
	json.MarshalToFunc(func(to *jsontext.Encoder, x float32) error { return null(to, float64(x)) }),
)))

func null(to *jsontext.Encoder, x float64) error {
	if Is(x) {
		return errors.ErrUnsupported
	}
	return to.WriteToken(jsontext.Null)
}

// NullIsNaN is an option for package jsonread that reads null as NaN where a float64 is
// expected.
var NullIsNaN = json.WithUnmarshalers(
	json.UnmarshalFromFunc(func(from *jsontext.Decoder, x *float64) error {
		if from.PeekKind() != 'n' {
			return errors.ErrUnsupported
		}
		*x = math.NaN()
		_, err := from.ReadToken()
		return err
	}),
)

// Marshal returns v as one line of JSON. If all its numbers are finite, encoding/json
// writes it, so that the bytes of a result do not depend on the library.
func Marshal(v any) ([]byte, error) {
	data, err := stdjson.Marshal(v)
	if refused := new(stdjson.UnsupportedValueError); errors.As(err, &refused) {
		return json.Marshal(v, writing)
	}
	return data, err
}

// MarshalIndent returns v as JSON with every level indented by two spaces.
func MarshalIndent(v any) ([]byte, error) {
	data, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = stdjson.Indent(&b, data, "", "  ")
	return b.Bytes(), err
}

// Missing lists the non-finite numbers in v by their path in its JSON, such as
// "perplexity.documents[3].nll".
func Missing(v any) []string {
	var paths []string
	walk(reflect.ValueOf(v), "", func(path string, x float64) {
		if !Is(x) {
			paths = append(paths, path)
		}
	})
	return paths
}

// walk visits every float64 that appears in the JSON.
func walk(v reflect.Value, path string, visit func(path string, x float64)) {
	switch v.Kind() {
	case reflect.Float64, reflect.Float32:
		visit(path, v.Float())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), path, visit)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, key := range keys {
			walk(v.MapIndex(key), join(path, fmt.Sprint(key)), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case name == "-" || !field.IsExported() && !field.Anonymous:
			case field.Anonymous && name == "":
				walk(v.Field(i), path, visit)
			case name == "":
				walk(v.Field(i), join(path, field.Name), visit)
			default:
				walk(v.Field(i), join(path, name), visit)
			}
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
