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
// first line. It skips a byte-order mark and blank lines. Rows end in LF or CR LF; a
// quoted field may contain commas, doubled quotes and line ends.
//
// Hand-written files often leave titles with quotes in them unquoted. A line whose
// opening quote is not closed before a comma or the end of the row is therefore read
// literally, quotes included. Reading on to the next quote instead, as lenient readers
// do, would silently lose the rows in between.
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
