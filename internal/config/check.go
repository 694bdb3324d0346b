package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// checker walks a document alongside the Go type it is for and reports everything that
// the type does not allow.
type checker struct {
	problems Problems
	lines    map[string]int // line of each key
}

func (c *checker) report(line int, key, text string) {
	c.problems = append(c.problems, Problem{Line: line, Key: key, Text: text})
}

// line returns the line of a key, or of its parent if the key itself is missing.
func (c *checker) line(key string) int {
	for {
		if line, ok := c.lines[key]; ok {
			return line
		}
		i := strings.LastIndexAny(key, ".[")
		if i < 0 {
			return c.lines[""]
		}
		key = key[:i]
	}
}

// value checks a node against a type and the rule of its field. line is the line of the
// node's key, or of the node itself in a list.
func (c *checker) value(n *yaml.Node, t reflect.Type, r rule, key string, line int) {
	c.lines[key] = line
	if what := abbreviation(n); what != "" {
		c.report(line, key, refuse(what))
		return
	}
	ok := false
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		ok = n.Kind == yaml.MappingNode
	case reflect.Slice:
		ok = n.Kind == yaml.SequenceNode
	default:
		ok = n.Kind == yaml.ScalarNode && r.scalar(n, t)
	}
	if !ok {
		c.report(line, key, fmt.Sprintf("got %s; allowed: %s", got(n), r.allowed(t)))
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		c.structure(n, t, key, line)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic(fmt.Sprintf("config: the keys of %v must be strings", t))
		}
		entries := c.entries(n, key)
		for _, e := range entries {
			c.value(e.value, t.Elem(), r.element(), e.path, e.line)
		}
		c.length(len(entries), t, r, key, line)
	case reflect.Slice:
		for i, item := range n.Content {
			c.value(item, t.Elem(), r.element(), fmt.Sprintf("%s[%d]", key, i), item.Line)
		}
		c.length(len(n.Content), t, r, key, line)
	}
}

// length checks the number of entries of a list or mapping.
func (c *checker) length(n int, t reflect.Type, r rule, key string, line int) {
	if !r.holds(float64(n)) {
		c.report(line, key, fmt.Sprintf("got %d entries; allowed: %s", n, r.allowed(t)))
	}
}

// structure checks the keys of a mapping against the fields of a struct.
func (c *checker) structure(n *yaml.Node, t reflect.Type, key string, line int) {
	fields := fieldsOf(t)
	present := make(map[string]bool)
	for _, e := range c.entries(n, key) {
		present[e.name] = true
		f, ok := find(fields, e.name)
		if !ok {
			c.report(e.line, e.path, "unknown key; "+suggest(e.name, fields))
			continue
		}
		c.value(e.value, f.typ, f.rule, e.path, e.line)
	}
	for _, f := range fields {
		if f.rule.required && !present[f.name] {
			c.report(line, join(key, f.name), "missing; allowed: "+f.rule.allowed(f.typ))
		}
	}
}

// entry is one key of a mapping and its value.
type entry struct {
	name, path string
	line       int
	value      *yaml.Node
}

// entries returns a mapping's entries and reports keys that are not text.
func (c *checker) entries(n *yaml.Node, key string) []entry {
	var all []entry
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if what := abbreviation(k); what != "" {
			c.report(k.Line, key, refuse(what))
			continue
		}
		if k.Kind != yaml.ScalarNode || k.Tag != "!!str" {
			c.report(k.Line, key, fmt.Sprintf("got %s as a key; allowed: text", got(k)))
			continue
		}
		path := join(key, k.Value)
		if first, ok := seen[k.Value]; ok {
			c.report(k.Line, path, fmt.Sprintf("duplicate key; it is already set in line %d", first))
			continue
		}
		seen[k.Value] = k.Line
		all = append(all, entry{k.Value, path, k.Line, n.Content[i+1]})
	}
	return all
}

var simpleKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// join appends a name to a path; a name that would make the path ambiguous is quoted.
func join(path, name string) string {
	if !simpleKey.MatchString(name) {
		name = quote(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// got describes a value as written in the file.
func got(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!str":
		return quote(n.Value)
	}
	return shorten(n.Value)
}

func quote(s string) string { return fmt.Sprintf("%q", shorten(s)) }

// shorten keeps a message on one screen line.
func shorten(s string) string {
	const longest = 40
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest]) + "…"
}
