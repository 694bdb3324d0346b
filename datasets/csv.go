package datasets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"infinibench/internal/textfile"
)

// readCSV calls visit for every row of a CSV file (RFC 4180) with the number of its
// first line. A byte-order mark and blank lines are skipped, CR LF ends a row as LF
// does, and a field in quotes may hold commas, quotes written twice and line ends.
//
// Files of people quote nothing and have quotes in titles all the same. A line that
// opens a quote and does not close it before a comma or the end of a row is therefore
// read as it is written, quotes included. Skipping to the next quote instead, as lax
// readers do, would lose the rows in between without a word.
func readCSV(data []byte, visit func(line int, row []string) error) error {
	data, err := textfile.Strip(data)
	if err != nil {
		return err
	}
	before := 0 // lines before the data that is left
	for len(data) > 0 {
		rows := csv.NewReader(bytes.NewReader(data))
		rows.FieldsPerRecord = -1
		rows.ReuseRecord = true
		var next int64 // where the next row starts
		for err == nil {
			var row []string
			if row, err = rows.Read(); err == nil {
				next = rows.InputOffset()
				line, _ := rows.FieldPos(0)
				if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
					continue
				}
				if err := visit(before+line, row); err != nil {
					return err
				}
			}
		}
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case !errors.As(err, &syntax):
			return err
		}
		start := before + syntax.StartLine // of the row that cannot be read
		rest := bytes.TrimLeft(data[next:], "\r\n")
		text, rest, _ := bytes.Cut(rest, []byte("\n"))
		if err = visit(start, strings.Split(strings.TrimSuffix(string(text), "\r"), ",")); err != nil {
			return err
		}
		before, data = start, rest
	}
	return nil
}
