package reports

import (
	"slices"
	"strings"

	"infinibench/reports/table"
)

// shownTable is a table as the page shows it: text that many rows share moves above it.
type shownTable struct {
	*table.Table
	ID     string // on the page
	Shared []sharedCell
	hidden map[int]bool
}

// sharedCell is the text, or the parts of it, that many rows of a column have in common.
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

// enough reports whether so many rows of those with a text share one that it is said once.
// The others show theirs in full.
func enough(n, texts int) bool { return n >= 3 && 3*n > texts }

// shown finds the parts of texts that at least three rows, and more than a third of those
// with a text, have in common. Their column is left out if no row has another text.
func shown(t *table.Table) shownTable {
	s := shownTable{Table: t, ID: "table-" + t.Name, hidden: map[int]bool{}}
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
	c := sharedCell{Column: t.Columns[column].Title, Index: column}
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
		if n := counts[part]; enough(n, texts) {
			c.parts = append(c.parts, part)
		}
	}
	// Parts that rarely come together are not said together.
	for ; len(c.parts) > 0; c.parts = c.parts[:len(c.parts)-1] {
		n := 0
		for _, row := range t.Rows {
			if hasText(row, column) && c.in(row[column]) {
				n++
			}
		}
		if enough(n, texts) {
			c.Everywhere = n == texts
			break
		}
	}
	c.Text = strings.Join(c.parts, partBorder)
	return c
}

// in reports whether a text has all of the shared parts.
func (c sharedCell) in(text string) bool {
	own := strings.Split(text, partBorder)
	return !slices.ContainsFunc(c.parts, func(part string) bool { return !slices.Contains(own, part) })
}

// shownAs is shown with an id for a table without a file.
func shownAs(t *table.Table, id string) shownTable {
	s := shown(t)
	s.ID = id
	return s
}

// Shares reports whether a part of a cell's text is shown above the table.
func (s shownTable) Shares(column int, text string) bool { return s.Cell(column, text) != text }

// Hidden reports whether a column is left out.
func (s shownTable) Hidden(column int) bool { return s.hidden[column] }

// Cell returns the text of a cell without the parts that are shown above the table.
func (s shownTable) Cell(column int, text string) string {
	for _, c := range s.Shared {
		if c.Index != column || !c.in(text) {
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
