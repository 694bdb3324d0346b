package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// rule is what a field's tags allow. Bounds stay text beside their value, so
// that messages print them as they were written.
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

// fieldsOf reads the tags of a struct, those of inline structs included. Tags that make no sense panic: they are
// part of the program.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for f := range t.Fields() {
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if option == "inline" { // its fields are keys beside the others
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

// element is the rule for the entries of a list or mapping: bounds were for its
// length.
func (r rule) element() rule { return rule{oneof: r.oneof} }

// holds says whether v lies within the bounds.
func (r rule) holds(v float64) bool {
	return (r.minText == "" || v >= r.min) && (r.maxText == "" || v <= r.max)
}

// Numbers as people write them: yaml.v3 would also read 010 as eight, and take
// 1_000, 0x10 and .inf.
var (
	wholeNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	number      = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
)

// scalar says whether the type and the rule allow the node, which is a scalar.
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

// allowed says in words what the type and the rule allow.
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

// span words the bounds; lowest and highest are those of the type, "" if none.
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

// suggest names the known key that is nearest to an unknown one, or all of them
// when none is near.
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

// Nearest is the name that a misspelt one is nearest to, or "" if it is near to none.
func Nearest(name string, names []string) string {
	best, bestDistance := "", min(1+max(2, len(name)/3), len(name)) // a word of two letters is near to everything
	for _, n := range names {
		if d := distance(name, n, bestDistance); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// distance is the number of bytes to insert, delete or replace to make b of a,
// or any number ≥ limit if it is not less than limit.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit // so that a key of a megabyte costs nothing
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
