package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ByteOrderMark tells a spreadsheet that a file is UTF-8.
const ByteOrderMark = "\uFEFF"

// WriteCSV writes the values of the table as RFC 4180 CSV: one row per observation, one
// number per cell without rounding or separators, the unit in the ASCII header, an empty
// cell for a missing value. Title, caption and notes are left out: a spreadsheet wants
// one rectangle.
//
// The text is UTF-8. Only a file that is not plain ASCII begins with a byte-order mark:
// without it Excel reads the file in the computer's old code page; pandas, R's readr and
// LibreOffice skip it; simpler readers take it for a part of the first header, so a file
// that needs none has none.
func (t *Table) WriteCSV(w io.Writer) error {
	var body bytes.Buffer
	out := csv.NewWriter(&body)
	header := t.Header()
	if len(header) == 0 {
		return fmt.Errorf("reports: table %s has no CSV columns", t.Name)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range t.Values {
		for _, record := range t.Records(i) {
			if err := out.Write(record); err != nil {
				return err
			}
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	for _, b := range body.Bytes() {
		if b >= utf8.RuneSelf {
			if _, err := io.WriteString(w, ByteOrderMark); err != nil {
				return err
			}
			break
		}
	}
	_, err := w.Write(body.Bytes())
	return err
}

// Header returns the names of the CSV columns. Repeated columns have theirs once, after those
// of their point.
func (t *Table) Header() []string {
	var names []string
	repeated := false
	for _, c := range t.Columns {
		switch {
		case c.point == nil:
			names = append(names, c.fields...)
		case !repeated:
			names = append(append(names, t.points...), c.fields...)
			repeated = true
		}
	}
	return names
}

// Records is what row i of the table is in the CSV: one record, or one for each repeated
// column that has a value. A row without any, such as a failed one, keeps one record
// with an empty point.
func (t *Table) Records(i int) [][]string {
	var all [][]string
	record := func(at int) {
		var cells []string
		for k, c := range t.Columns {
			if c.point != nil && k != at {
				continue
			}
			for _, v := range c.point {
				if len(t.Values[i][k]) == 0 {
					v = nil
				}
				cells = append(cells, CSVValue(v))
			}
			for f := range c.fields {
				var v any
				if f < len(t.Values[i][k]) {
					v = t.Values[i][k][f]
				}
				cells = append(cells, CSVValue(v))
			}
		}
		all = append(all, cells)
	}
	if t.points == nil {
		record(-1)
		return all
	}
	first := -1
	for k, c := range t.Columns {
		if c.point == nil {
			continue
		}
		if first < 0 {
			first = k
		}
		if len(t.Values[i][k]) > 0 {
			record(k)
		}
	}
	if len(all) == 0 {
		record(first)
	}
	return all
}

// CSVValue writes a value so that it reads back as the same number.
func CSVValue(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return csvCell(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		format := byte('f')
		if x := math.Abs(v); x != 0 && (x < 1e-6 || x >= 1e21) { // as in JSON
			format = 'e'
		}
		return strconv.FormatFloat(v, format, -1, 64)
	}
	panic(fmt.Sprintf("reports: a CSV cannot hold a %T", v))
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
