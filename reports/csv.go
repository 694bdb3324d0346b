package reports

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// WriteCSV writes the titles and the rows as RFC 4180 CSV. Title, caption and
// notes are left out: a spreadsheet wants one rectangle.
func (t *Table) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	for _, row := range append([][]string{t.titles()}, t.Rows...) {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = csvCell(cell)
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// csvCell keeps a spreadsheet from running a text as a formula: a cell that
// begins like one gets an apostrophe, which spreadsheets hide. Numbers are
// left alone, else -1.5 would become a text.
func csvCell(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}
