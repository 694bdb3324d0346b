package reports

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Align is how a column's cells stand in their column.
type Align uint8

const (
	Left Align = iota
	Right
)

// Column is the head of one column.
type Column struct {
	Title string
	Align Align
}

// Table is a table before it is drawn: the terminal, Markdown, CSV, LaTeX and
// HTML all show the same cells.
type Table struct {
	Name    string // of its file under tables/, without a suffix
	Title   string
	Caption string // one sentence on what the rows are; may be empty
	Columns []Column
	Rows    [][]string // each as long as Columns
	Notes   []string

	anchors []string // of the sections that rows tell of, for the page; nil for none
}

// Anchor is that of the section which row i tells of, "" for none.
func (t *Table) Anchor(i int) string {
	if i < len(t.anchors) {
		return t.anchors[i]
	}
	return ""
}

// newTable starts a table. A column title that begins with ">" is aligned to
// the right, as numbers are.
func newTable(name, title string, columns ...string) *Table {
	t := &Table{Name: name, Title: clean(title)}
	for _, c := range columns {
		title, right := strings.CutPrefix(c, ">")
		column := Column{Title: clean(title)}
		if right {
			column.Align = Right
		}
		t.Columns = append(t.Columns, column)
	}
	return t
}

// add appends a row; an empty cell is shown as a dash. Texts are cleaned here,
// so that no writer has to.
func (t *Table) add(cells ...string) {
	row := make([]string, len(t.Columns))
	for i := range row {
		row[i] = none
		if i < len(cells) && clean(cells[i]) != "" {
			row[i] = clean(cells[i])
		}
	}
	t.Rows = append(t.Rows, row)
}

// note appends a note below the table, once.
func (t *Table) note(format string, args ...any) {
	text := clean(fmt.Sprintf(format, args...))
	for _, n := range t.Notes {
		if n == text {
			return
		}
	}
	t.Notes = append(t.Notes, text)
}

func (t *Table) titles() []string {
	titles := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = c.Title
	}
	return titles
}

// columnWidth is where the terminal wraps a cell, in characters: eleven columns
// must still be readable side by side.
const columnWidth = 22

// WriteTerminal draws the table with box lines; long cells wrap.
func (t *Table) WriteTerminal(w io.Writer) error {
	heading := t.Title + "\n"
	if t.Caption != "" {
		heading += t.Caption + "\n"
	}
	if _, err := io.WriteString(w, heading); err != nil {
		return err
	}
	if err := t.draw(w, t.titles(), t.Rows,
		tablewriter.WithRowAutoWrap(tw.WrapNormal),
		tablewriter.WithHeaderAutoWrap(tw.WrapNormal),
		tablewriter.WithRowMaxWidth(columnWidth),
		tablewriter.WithHeaderMaxWidth(columnWidth)); err != nil {
		return err
	}
	for _, n := range t.Notes {
		if _, err := fmt.Fprintf(w, "  %s\n", n); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n")
	return err
}

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

// draw hands the cells to tablewriter.
func (t *Table) draw(w io.Writer, titles []string, rows [][]string, options ...tablewriter.Option) error {
	align := make(tw.Alignment, len(t.Columns))
	for i, c := range t.Columns {
		align[i] = tw.AlignLeft
		if c.Align == Right {
			align[i] = tw.AlignRight
		}
	}
	drawn := tablewriter.NewTable(w, append(options,
		tablewriter.WithHeaderAutoFormat(tw.Off), // else titles become capitals
		tablewriter.WithAlignment(align))...)
	drawn.Header(titles)
	if err := drawn.Bulk(rows); err != nil {
		return fmt.Errorf("reports: table %s: %w", t.Name, err)
	}
	if err := drawn.Render(); err != nil {
		return fmt.Errorf("reports: table %s: %w", t.Name, err)
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
