// Package table builds tables and writes them for the terminal and as Markdown, LaTeX and
// CSV, with the number formats and the cleaning of texts that every format shares.
package table

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
)

// Align is the horizontal alignment of a column's cells.
type Align uint8

const (
	Left Align = iota
	Right
)

// Column is the head of one column.
type Column struct {
	Title string
	Align Align

	fields []string // the columns of the CSV that its cells fill; none: shown only
	point  []any    // of a column that repeats for several points: which one this is
}

// Cell is one cell: the text that people read and the values it was rendered from, one
// for each CSV column that its column fills: a string, an int64, a float64, a bool, or
// nil for a missing value.
type Cell struct {
	Text   string
	Values []any
}

// Table is a table before it is drawn. The terminal, Markdown, LaTeX and HTML show the
// texts of its cells, CSV their values.
type Table struct {
	Name    string // of its file under tables/, without a suffix
	Title   string
	Caption string // one sentence on what the rows are; may be empty
	Columns []Column
	Rows    [][]string // each as long as Columns
	Notes   []string

	Values  [][][]any // by row and column, what the CSV holds; as long as Rows
	points  []string  // the columns of the CSV that say which point a repeated column is
	Anchors []string  // per row: the section it is about, for the page; nil for none
	Pairs   []Pair    // per row, of a table of ratios that the page may show as a matrix; nil for none
}

// Pair is a row about the ratio of two things, as a matrix shows it.
type Pair struct {
	This, Other string
	Value       float64
	Text        string // the ratio
	Words       string // the ratio with its interval and sample size
	Verdict     string
}

// Anchor returns the anchor of the section that row i is about, "" for none.
func (t *Table) Anchor(i int) string {
	if i < len(t.Anchors) {
		return t.Anchors[i]
	}
	return ""
}

// New starts a table. A column title that begins with ">" is aligned to
// the right, as numbers are.
func New(name, title string, columns ...string) *Table {
	t := &Table{Name: name, Title: Clean(title)}
	for _, c := range columns {
		title, right := strings.CutPrefix(c, ">")
		column := Column{Title: Clean(title)}
		if right {
			column.Align = Right
		}
		t.Columns = append(t.Columns, column)
	}
	return t
}

// CSV names the CSV columns that each column fills, separated by spaces; "" for a column
// that is shown only. Names are unique snake_case and say the unit.
func (t *Table) CSV(fields ...string) *Table {
	if len(fields) != len(t.Columns) {
		panic(fmt.Sprintf("reports: table %s has %d columns, and CSV names for %d", t.Name, len(t.Columns), len(fields)))
	}
	for i, names := range fields {
		t.Columns[i].fields = strings.Fields(names)
	}
	return t
}

// Repeat makes the columns from the i-th on one observation each, at the given points:
// the CSV has a row for each of them, which begins its values with the point's own. The
// CSV columns of a point are names; all repeated columns fill the same ones.
func (t *Table) Repeat(i int, names string, points ...[]any) {
	t.points = strings.Fields(names)
	for k, p := range points {
		t.Columns[i+k].point = p
	}
}

// Add appends a row of texts, which are also the values of columns that fill one CSV
// column. Texts are cleaned here, so that no writer has to.
func (t *Table) Add(cells ...string) {
	row := make([]Cell, len(cells))
	for i, c := range cells {
		row[i] = Text(c)
	}
	t.Put(row...)
}

// Put appends a row; an empty cell is shown as a dash and missing in the CSV.
func (t *Table) Put(cells ...Cell) {
	row, values := make([]string, len(t.Columns)), make([][]any, len(t.Columns))
	for i, column := range t.Columns {
		row[i] = None
		if i >= len(cells) {
			continue
		}
		if shown := Clean(cells[i].Text); shown != "" {
			row[i] = shown
		}
		if n := len(cells[i].Values); len(column.fields) > 0 && n > 0 {
			if n > len(column.fields) {
				panic(fmt.Sprintf("reports: table %s, column %q: %d values for the CSV columns %q", t.Name, column.Title, n, column.fields))
			}
			values[i] = cells[i].Values
		}
	}
	t.Rows, t.Values = append(t.Rows, row), append(t.Values, values)
}

// Note appends a note below the table, once.
func (t *Table) Note(format string, args ...any) {
	text := Clean(fmt.Sprintf(format, args...))
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
