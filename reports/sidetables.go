package reports

import (
	"math"
	"strconv"
	"strings"
)

// Tables shows the runs, the settings that differ, and for each measure the values of
// every run and how they differ from the first: "~" where that is noise.
func (s *SideBySide) Tables() []*Table {
	runs := newTable("runs", "Runs", "Run", "Profile", ">Done", ">Failed", "Version", "CPU", "BLAS", ">Threads")
	for _, h := range s.Runs {
		runs.add(h.Name, h.Profile, strconv.Itoa(h.Done), strconv.Itoa(h.Failed), strings.Join(h.Version, ", "), strings.Join(h.CPU, ", "), strings.Join(h.BLAS, ", "), strings.Join(h.Threads, ", "))
	}
	tables := []*Table{runs}
	if len(s.Settings) > 0 {
		columns := []string{"Setting"}
		for _, h := range s.Runs {
			columns = append(columns, " "+h.Name)
		}
		settings := newTable("settings", "Settings that differ in cells of the same name", columns...)
		for _, row := range s.Settings {
			cells := []string{row.Key}
			for _, values := range row.Values {
				cells = append(cells, strings.Join(values, ", "))
			}
			settings.add(cells...)
		}
		tables = append(tables, settings)
	}
	for _, m := range measures {
		if t := s.measureTable(m); len(t.Rows) > 0 {
			tables = append(tables, t)
		}
	}
	return tables
}

func (s *SideBySide) measureTable(m Measure) *Table {
	title := strings.ToUpper(m.Name[:1]) + m.Name[1:] + ": lower is better"
	if m.Higher {
		title = strings.TrimSuffix(title, "lower is better") + "higher is better"
	}
	columns := []string{"Text", "Model", ">" + s.Runs[0].Name}
	for i, h := range s.Runs[1:] {
		versus := "change"
		if i > 0 {
			versus = "change from " + s.Runs[0].Name
		}
		columns = append(columns, ">"+h.Name, versus)
	}
	t := newTable(strings.ReplaceAll(strings.Split(m.Name, ",")[0], " ", "-"), title, columns...)
	tested := 0
	for _, row := range s.Rows {
		if row.Measure != m.Name {
			continue
		}
		model := modelName(row.Model) + ", " + count(int64(row.Length))
		if row.Point != "" {
			model = modelName(row.Model) + ", " + row.Point
		}
		cells := []string{row.Corpus, model}
		for i, v := range row.Values {
			cells = append(cells, valueFigure(v))
			if i == 0 {
				continue
			}
			c := row.Contrast[i-1]
			cells = append(cells, c.String(m))
			if c.Why != "" {
				t.note("%s: %s", c.sign(), c.Why)
			}
			if c.P != nil {
				tested++
			}
		}
		t.add(cells...)
	}
	if tested > 0 {
		t.note("~ is noise: p is not below %.2f. n counts %s.", alpha, s.pairsOf(m))
	}
	if tested > 1 {
		t.note("%d changes are tested; of so many independent ones, 1 in 20 would seem sure by chance.", tested)
	}
	return t
}

// pairsOf says what is paired.
func (s *SideBySide) pairsOf(m Measure) string {
	for _, row := range s.Rows {
		for _, c := range row.Contrast {
			if row.Measure == m.Name && c.P != nil && c.Pairs == "documents" {
				return "documents, of a paired bootstrap; losses are averaged over seeds"
			}
		}
	}
	return "seeds, of a paired t-test"
}

func valueFigure(v *float64) string {
	if v == nil {
		return ""
	}
	if *v >= 1e4 {
		return count(int64(math.Round(*v)))
	}
	return figure(*v)
}

// String writes "-2.4 % (p=0.001, n=24)", with "~" in place of a change that is noise.
func (c Contrast) String(m Measure) string {
	var behind []string
	if c.P != nil {
		behind = append(behind, "p="+strconv.FormatFloat(math.Max(*c.P, 0.001), 'f', 3, 64))
		if *c.P < 0.001 {
			behind[0] = "p<0.001"
		}
	}
	if c.N > 0 {
		behind = append(behind, "n="+strconv.Itoa(c.N))
	}
	text := c.sign()
	if c.Call == Better || c.Call == Worse {
		if text = signedDecimals(100*(*c.Change-1), 1) + " %"; m.Difference {
			text = signedDecimals(*c.Change, 4)
		}
	}
	if len(behind) > 0 {
		text += " (" + strings.Join(behind, ", ") + ")"
	}
	return text
}

// sign stands for a change that is not shown.
func (c Contrast) sign() string {
	switch {
	case c.Call == NotCompared:
		return "≠"
	case c.Why == "equal":
		return "="
	}
	return "~"
}

// Flat is one table with a line for each value, for other programs.
func (s *SideBySide) Flat() *Table {
	t := newTable("compare", "Comparison", "measure", "higher_is_better", "corpus", "model", "length", "point", "run", "value", "seeds", "change_is", "change", "low", "high", "p", "n", "pairs", "call", "why")
	number := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	for _, m := range measures {
		kind := "ratio"
		if m.Difference {
			kind = "difference"
		}
		for _, row := range s.Rows {
			if row.Measure != m.Name {
				continue
			}
			for i, v := range row.Values {
				cells := []string{m.Name, strconv.FormatBool(m.Higher), row.Corpus, row.Model, strconv.Itoa(row.Length), row.Point, s.Runs[i].Name, number(v), strconv.Itoa(row.Seeds[i])}
				if i > 0 {
					c := row.Contrast[i-1]
					cells = append(cells, kind, number(c.Change), number(c.Low), number(c.High), number(c.P), strconv.Itoa(c.N), c.Pairs, string(c.Call), c.Why)
				}
				t.Rows = append(t.Rows, padded(cells, len(t.Columns)))
			}
		}
	}
	return t
}

// padded cleans cells and leaves those that are missing empty.
func padded(cells []string, n int) []string {
	row := make([]string, n)
	for i, c := range cells {
		row[i] = clean(c)
	}
	return row
}
