package table

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// WriteMarkdown writes a GitHub-style table under a heading.
func (t *Table) WriteMarkdown(w io.Writer) error {
	heading := "### " + markdownText(t.Title) + "\n\n"
	if t.Caption != "" {
		heading += markdownLine(t.Caption) + "\n\n"
	}
	if _, err := io.WriteString(w, heading); err != nil {
		return err
	}
	rows := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		for _, cell := range row {
			rows[i] = append(rows[i], markdownText(cell))
		}
	}
	var titles []string
	for _, title := range t.titles() {
		titles = append(titles, markdownText(title))
	}
	if err := t.draw(w, titles, rows,
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRenderer(renderer.NewMarkdown())); err != nil {
		return err
	}
	for i, n := range t.Notes {
		start := "- "
		if i == 0 {
			start = "\n- "
		}
		if _, err := fmt.Fprintf(w, "%s%s\n", start, markdownLine(n)); err != nil {
			return err
		}
	}
	return nil
}

// markdownText escapes what Markdown or the HTML inside it would act on. Dots,
// dashes and parentheses stay: they act only at the start of a line, see
// markdownLine, or in a link.
var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, `|`, `\|`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`,
	`*`, `\*`, `_`, `\_`, "`", "\\`", `[`, `\[`, `]`, `\]`, `~`, `\~`, `$`, `\$`,
)

func markdownText(s string) string { return markdownEscaper.Replace(s) }

// blockStart is what makes a line a heading, a list or a rule.
var blockStart = regexp.MustCompile(`^(#|[-+=]|[0-9]+[.)])`)

// markdownLine is markdownText for a text that begins a line.
func markdownLine(s string) string {
	s = markdownText(s)
	if start := blockStart.FindString(s); start != "" {
		s = start[:len(start)-1] + `\` + s[len(start)-1:]
	}
	return s
}
