package reports

import "infinibench/reports/table"

// shownTable is a table as the page shows it: text shared by most rows moves above it.
type shownTable struct {
	*table.Table
	Shared []sharedCell
	hidden map[int]bool
}

// sharedCell is a long text that most rows of a column have in common.
type sharedCell struct {
	Column, Text string
	Everywhere   bool // in all rows that have any text
	index        int
}

// longText is the minimum length of a repeated text that moves above the table.
const longText = 40

// shown finds the texts that at least three rows, and more than half of those with a text,
// have in common. Their column is left out if no other row has a text.
func shown(t *table.Table) shownTable {
	s := shownTable{Table: t, hidden: map[int]bool{}}
	for i := 1; i < len(t.Columns); i++ {
		counts, texts := map[string]int{}, 0
		most := ""
		for _, row := range t.Rows {
			if i >= len(row) || row[i] == "" || row[i] == table.None {
				continue
			}
			texts++
			if counts[row[i]]++; counts[row[i]] > counts[most] {
				most = row[i]
			}
		}
		if n := counts[most]; n < 3 || 2*n <= texts || len(most) < longText {
			continue
		}
		all := counts[most] == texts
		s.Shared = append(s.Shared, sharedCell{t.Columns[i].Title, most, all, i})
		s.hidden[i] = all
	}
	return s
}

// Hidden reports whether a column is left out.
func (s shownTable) Hidden(column int) bool { return s.hidden[column] }

// Cell returns the text of a cell, or "" if it is shown above the table.
func (s shownTable) Cell(column int, text string) string {
	for _, c := range s.Shared {
		if c.index == column && c.Text == text {
			return ""
		}
	}
	return text
}
