// Package config reads hand-written settings files strictly: it rejects a file that
// says anything the program would not do exactly as written. gopkg.in/yaml.v3 alone
// accepts a fractional number for an integer (3.5 becomes 3), ignores a second
// document, and leaves the struct partly filled when it does find a mistake.
//
// The Go struct is the schema. Every exported field needs a yaml tag with its key.
// These tags narrow what the key may hold:
//
//	required:"true"       the key must be present
//	min:"1" max:"100"     inclusive bounds of a number, or of a list's or mapping's length
//	oneof:"adamw adafactor"   the allowed values of a text, or of each text in a list
//
// Fields may be bool, integers, float64, string, structs, and slices and maps from
// string of these. A struct can check what tags cannot express in a method Validate()
// Problems; Parse calls it on the outermost struct only, once everything else is valid.
package config

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
)

// maxSize is the largest file in bytes. The largest profile is a few kilobytes; the
// limit keeps a wrong path (a data set, a device) from filling the memory.
const maxSize = 1 << 20

// Problem is one thing wrong with a settings file.
type Problem struct {
	File string
	Line int    // from 1
	Key  string // "perplexity[0].length"; "" for the file as a whole
	Text string // what is wrong and what is allowed
}

// Problems are all problems of one file, ordered by line.
type Problems []Problem

// Error writes one line for each problem: FILE:LINE: KEY: TEXT.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// String writes FILE:LINE: KEY: TEXT, without the parts that are unknown.
func (p Problem) String() string {
	s := p.Text
	if p.Key != "" {
		s = p.Key + ": " + s
	}
	if p.File != "" {
		s = fmt.Sprintf("%s:%d: %s", p.File, p.Line, s)
	}
	return s
}

// Load reads the file into the struct that into points to; see Parse.
func Load(path string, into any) error {
	data, err := Read(path)
	if err != nil {
		return err
	}
	return Parse(path, data, into)
}

// Read reads the file as Load does: no more of it than shows Parse that it is too large.
func Read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err // names the path already
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxSize+1))
}

// Parse reads one YAML document into the struct that into points to. Messages use name
// as the file's name. An error is of type Problems and leaves the struct unchanged.
// Otherwise the whole struct is replaced, with zero values for what the document leaves
// out. Parse panics if into is not a pointer to a struct or the struct has invalid
// tags: that is a programming error.
func Parse(name string, data []byte, into any) error {
	_, err := ParseLines(name, data, into)
	return err
}

// ParseLines is Parse and returns the line of every key that the document holds, blocks
// included, by the key's path: "perplexity[0].length".
func ParseLines(name string, data []byte, into any) (map[string]int, error) {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: into must point to a struct, not %T", into))
	}
	fresh := reflect.New(target.Type().Elem())
	lines, problems := parse(data, fresh)
	if len(problems) > 0 {
		for i := range problems {
			problems[i].File = name
		}
		slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, problems
	}
	target.Elem().Set(fresh.Elem())
	return lines, nil
}

// parse fills fresh, a pointer to a zero struct, and returns the line of each key, or
// returns why it cannot.
func parse(data []byte, fresh reflect.Value) (map[string]int, Problems) {
	root, problem := readYAML(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	c := checker{lines: make(map[string]int)}
	c.value(root, fresh.Type().Elem(), rule{}, "", root.Line)
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	if err := root.Decode(fresh.Interface()); err != nil { // the checks above leave it nothing to refuse
		return nil, Problems{{Line: root.Line, Text: "not readable as settings: " + err.Error()}}
	}
	validator, ok := fresh.Interface().(interface{ Validate() Problems })
	if !ok {
		return c.lines, nil
	}
	problems := validator.Validate()
	for i := range problems {
		problems[i].Line = c.line(problems[i].Key)
	}
	return c.lines, problems
}
