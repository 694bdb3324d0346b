package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"gopkg.in/yaml.v3"
)

// rule is what a field's tags allow. Bounds are also kept as text, so that messages
// print them as written in the tag.
type rule struct {
	required         bool
	min, max         float64
	minText, maxText string // "" when there is no bound
	oneof            []string
}

// field is one exported field of a struct.
type field struct {
	name string // its key
	typ  reflect.Type
	rule rule
}

// fieldsOf reads the tags of a struct and of its inline structs. It panics on an invalid
// tag, which is a programming error.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for f := range t.Fields() {
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if option == "inline" { // its fields are keys of the outer struct
			fields = append(fields, fieldsOf(f.Type)...)
			continue
		}
		if name == "" {
			panic(fmt.Sprintf("config: %v.%s has no yaml tag with its key", t, f.Name))
		}
		r := rule{
			required: f.Tag.Get("required") == "true",
			minText:  f.Tag.Get("min"),
			maxText:  f.Tag.Get("max"),
			oneof:    strings.Fields(f.Tag.Get("oneof")),
		}
		r.min = bound(t, f.Name, r.minText)
		r.max = bound(t, f.Name, r.maxText)
		fields = append(fields, field{name, f.Type, r})
	}
	return fields
}

func bound(t reflect.Type, name, text string) float64 {
	if text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("config: %v.%s: bound %q is not a number", t, name, text))
	}
	return v
}

func find(fields []field, name string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

// element is the rule for the entries of a list or mapping, whose bounds apply to its
// length.
func (r rule) element() rule { return rule{oneof: r.oneof} }

// holds reports whether v lies within the bounds.
func (r rule) holds(v float64) bool {
	return (r.minText == "" || v >= r.min) && (r.maxText == "" || v <= r.max)
}

// Numbers as people write them. yaml.v3 would also read 010 as eight, and accept 1_000,
// 0x10 and .inf.
var (
	wholeNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	number      = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
)

// scalar reports whether the type and the rule allow a scalar node.
func (r rule) scalar(n *yaml.Node, t reflect.Type) bool {
	plain := n.Style == 0
	switch t.Kind() {
	case reflect.Bool:
		return plain && (n.Value == "true" || n.Value == "false")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v, err := strconv.ParseInt(n.Value, 10, t.Bits())
		return plain && wholeNumber.MatchString(n.Value) && err == nil && r.holds(float64(v))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v, err := strconv.ParseUint(n.Value, 10, t.Bits())
		return plain && wholeNumber.MatchString(n.Value) && err == nil && r.holds(float64(v))
	case reflect.Float64:
		v, err := strconv.ParseFloat(n.Value, 64)
		return plain && number.MatchString(n.Value) && err == nil && r.holds(v)
	case reflect.String:
		return n.Tag == "!!str" && (len(r.oneof) == 0 || slices.Contains(r.oneof, n.Value))
	}
	panic(fmt.Sprintf("config: settings cannot be of type %v", t))
}

// allowed describes the values that the type and the rule allow.
func (r rule) allowed(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		limit := int64(1) << (t.Bits() - 1) // wraps to the smallest for 64 bits; limit-1 wraps back
		return "a whole number, " + r.span(fmt.Sprint(min(limit, -limit)), fmt.Sprint(limit-1))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, " + r.span("0", fmt.Sprint(uint64(math.MaxUint64)>>(64-t.Bits())))
	case reflect.Float64:
		return strings.TrimSuffix("a number, "+r.span("", ""), ", ")
	case reflect.String:
		if len(r.oneof) > 0 {
			return strings.Join(r.oneof, ", ")
		}
		return "text (in quotes, if it looks like something else)"
	case reflect.Slice:
		return strings.TrimSuffix("a list of length "+r.span("", ""), " of length ")
	case reflect.Map:
		return strings.TrimSuffix("a mapping of length "+r.span("", ""), " of length ")
	case reflect.Struct:
		return "a mapping with the keys " + keys(fieldsOf(t))
	}
	panic(fmt.Sprintf("config: settings cannot be of type %v", t))
}

// span describes the bounds; lowest and highest are the bounds of the type, "" if none.
func (r rule) span(lowest, highest string) string {
	if r.minText != "" {
		lowest = r.minText
	}
	if r.maxText != "" {
		highest = r.maxText
	}
	switch {
	case lowest != "" && highest != "":
		return lowest + " to " + highest
	case lowest != "":
		return "at least " + lowest
	case highest != "":
		return "at most " + highest
	}
	return ""
}

func keys(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

// suggest names the known key closest to an unknown one, or all of them when none is
// close.
func suggest(name string, fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	if best := Nearest(name, names); best != "" {
		return "did you mean " + best + "?"
	}
	return "allowed: " + keys(fields)
}

// Nearest is the known name closest to a misspelt one, or "" if none is close.
func Nearest(name string, names []string) string {
	// A word of two letters is close to everything, so short names need a closer match.
	best, limit := "", min(1+max(2, len(name)/3), len(name))
	for _, n := range names {
		if max(len(name)-len(n), len(n)-len(name)) >= limit {
			continue // too far without comparing, so that a key of a megabyte costs nothing
		}
		if d := levenshtein.ComputeDistance(name, n); d < limit {
			best, limit = n, d
		}
	}
	return best
}
