package reports

import (
	"slices"
	"strings"

	"infinibench/reports/table"
)

// shownTable is a table as the page shows it: text shared by most rows moves above it.
type shownTable struct {
	*table.Table
	Shared []sharedCell
	hidden map[int]bool
}

// sharedCell is the text, or the parts of it, that most rows of a column have in common.
type sharedCell struct {
	Column, Text string
	Everywhere   bool // in all rows that have any text
	Index        int  // of the column
	parts        []string
}

const (
	longText   = 40   // the least length of a repeated text that moves above the table
	partBorder = "; " // between the parts of a text
)

// shown finds the parts of texts that at least three rows, and more than half of those with
// a text, have in common. Their column is left out if no row has another text.
func shown(t *table.Table) shownTable {
	s := shownTable{Table: t, hidden: map[int]bool{}}
	for i := 1; i < len(t.Columns); i++ {
		if c := sharedOf(t, i); len(c.Text) >= longText {
			s.Shared = append(s.Shared, c)
			s.hidden[i] = !slices.ContainsFunc(t.Rows, func(row []string) bool { return hasText(row, i) && s.Cell(i, row[i]) != "" })
		}
	}
	return s
}

func hasText(row []string, column int) bool {
	return column < len(row) && row[column] != "" && row[column] != table.None
}

// sharedOf collects the shared parts of a column in the order of the first row that has
// them all, or most of them.
func sharedOf(t *table.Table, column int) sharedCell {
	c := sharedCell{Column: t.Columns[column].Title, Index: column, Everywhere: true}
	counts, texts := map[string]int{}, 0
	var order []string
	for _, row := range t.Rows {
		if !hasText(row, column) {
			continue
		}
		texts++
		for part := range strings.SplitSeq(row[column], partBorder) {
			if counts[part]++; counts[part] == 1 {
				order = append(order, part)
			}
		}
	}
	for _, part := range order {
		if n := counts[part]; n >= 3 && 2*n > texts {
			c.parts = append(c.parts, part)
			c.Everywhere = c.Everywhere && n == texts
		}
	}
	c.Text = strings.Join(c.parts, partBorder)
	return c
}

// Hidden reports whether a column is left out.
func (s shownTable) Hidden(column int) bool { return s.hidden[column] }

// Cell returns the text of a cell without the parts that are shown above the table.
func (s shownTable) Cell(column int, text string) string {
	for _, c := range s.Shared {
		if c.Index != column {
			continue
		}
		var rest []string
		for part := range strings.SplitSeq(text, partBorder) {
			if !slices.Contains(c.parts, part) {
				rest = append(rest, part)
			}
		}
		return strings.Join(rest, partBorder)
	}
	return text
}
