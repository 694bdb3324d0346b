package experiments

import (
	"fmt"
	"reflect"
	"strings"
)

// ProfileReference is the list of all keys in docs/profile.md: a section for each block at
// the top of a profile, and a table of its keys.
func ProfileReference() string {
	var b strings.Builder
	head := func(title string) {
		fmt.Fprintf(&b, "\n## %s\n\n", title)
	}
	const columns = "| Key | Allowed | Default | Paper | What it does |\n|---|---|---|---|---|\n"
	head("The profile")
	b.WriteString(columns)
	for _, k := range ProfileKeys() {
		if strings.ContainsAny(k.Path, ".[") || !isBlock(k.Type) {
			k.row(&b)
			continue
		}
		head("`" + k.Path + "`")
		presence := "Required."
		if !k.Required {
			presence = "May be left out."
		}
		fmt.Fprintf(&b, "%s %s\n\n%s", k.About, presence, columns)
	}
	return b.String()
}

// isBlock says whether a key holds other keys.
func isBlock(t reflect.Type) bool {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// row writes the key's line of a table.
func (k ProfileKey) row(b *strings.Builder) {
	allowed := k.allowed()
	if k.Unit != "" {
		allowed += " (" + k.Unit + ")"
	}
	absent := k.Absent
	switch {
	case k.Required:
		absent = "required"
	case absent == "":
		absent = "none"
	}
	paper := k.Paper
	if paper == "" {
		paper = "–"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", k.Path, allowed, absent, paper, k.About)
}
