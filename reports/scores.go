package reports

import (
	"bytes"
	"slices"
	"strings"

	"infinibench/reports/table"
)

// scores is what a section prints on the terminal: columns of one table of all models.
type scores struct {
	columns []scoreColumn
	note    string // what the numbers are and at what scale, which is the same in all rows
}

// scoreColumn is one number of several models.
type scoreColumn struct {
	title string
	wide  bool // for wide screens only
	rows  []score
}

// score is the number of a model, with its interval where there is room.
type score struct{ model, value, interval string }

// bracketed splits "24.10 [23.90, 24.30]" into its value and its interval.
func bracketed(model, text string) score {
	value, interval, found := strings.Cut(text, " [")
	if found {
		interval = " [" + interval
	}
	return score{model, value, interval}
}

const (
	wideScreen   = 120 // columns from which everything is shown
	narrowScreen = 80  // columns below which intervals are left to the report
	scoreTitle   = 18  // columns of the longest title, which may be the name of a user's text
)

// printScores prints the table of models, in as many parts as its columns need.
func printScores(out *bytes.Buffer, screen table.Screen, all []scores) error {
	var columns []scoreColumn
	var models []string
	for _, s := range all {
		for _, c := range s.columns {
			if len(c.rows) > 0 && (!c.wide || screen.Width >= wideScreen) {
				columns = append(columns, c)
				models = merged(models, c.rows)
			}
		}
	}
	for len(columns) > 0 {
		drawn, n := scoreGrid(screen, columns, models)
		if err := screen.Columns(out, drawn.Columns, drawn.Rows); err != nil {
			return err
		}
		if columns = columns[n:]; len(columns) > 0 {
			out.WriteString("\n")
		}
	}
	for _, s := range all {
		if s.note != "" {
			screen.Print(out, "", s.note)
		}
	}
	return nil
}

// merged adds the models of a column to a list, each behind the one that it follows there.
func merged(models []string, rows []score) []string {
	at := 0
	for _, r := range rows {
		i := slices.Index(models, r.model)
		if i < 0 {
			models, i = slices.Insert(models, at, r.model), at
		}
		at = i + 1
	}
	return models
}

// scoreGrid lays out the models and as many of the columns as the screen is wide enough for,
// at least one, and returns their number.
func scoreGrid(screen table.Screen, columns []scoreColumn, models []string) (*table.Table, int) {
	grid := &table.Table{Columns: []table.Column{{Title: "Model"}}}
	used, n := 0, 0
	values := make([]map[string]string, len(columns))
	for i, c := range columns {
		values[i] = map[string]string{}
		title := screen.Cut(c.title, scoreTitle)
		width := table.Width(title)
		for _, r := range c.rows {
			text := r.value
			if screen.Width >= narrowScreen {
				text += r.interval
			}
			values[i][r.model] = screen.Text(text)
			width = max(width, table.Width(values[i][r.model]))
		}
		names := 0 // the width of the column of models, if this is the last column
		for _, m := range models {
			if slices.ContainsFunc(values[:i+1], func(of map[string]string) bool { return of[m] != "" }) {
				names = max(names, table.Width(screen.Text(m)))
			}
		}
		if used += width + 2; i > 0 && names+2+used > screen.Width {
			break
		}
		grid.Columns, n = append(grid.Columns, table.Column{Title: title, Align: table.Right}), i+1
	}
	for _, m := range models {
		row, any := []string{screen.Text(m)}, false
		for _, of := range values[:n] {
			text := of[m]
			any = any || text != ""
			if text == "" {
				text = screen.Text(table.None)
			}
			row = append(row, text)
		}
		if any {
			grid.Rows = append(grid.Rows, row)
		}
	}
	return grid, n
}
