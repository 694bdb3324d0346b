package reports

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
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

// formulaStart is what a spreadsheet takes for the start of a formula: OWASP's list,
// with the full-width signs that some languages' versions take too.
const formulaStart = "=+-@\t\r\n＝＋－＠"

// csvCell keeps a spreadsheet from running a text as a formula: a cell that
// begins like one gets an apostrophe. Numbers are left alone, else -1.5 would become
// a text.
func csvCell(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s == "" || !strings.ContainsRune(formulaStart, first) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}
