package reports

import (
	"math"
	"strconv"
	"strings"

	"infinibench/reports/table"
)

// Tables shows the runs, the settings that differ, and for each measure the values of
// every run and how they differ from the first: "~" where that is noise.
func (s *SideBySide) Tables() []*table.Table {
	runs := table.New("runs", "Runs", "Run", "Profile", ">Done", ">Failed", "Version", "CPU", "BLAS", ">Threads")
	for _, h := range s.Runs {
		runs.Add(h.Name, h.Profile, strconv.Itoa(h.Done), strconv.Itoa(h.Failed), strings.Join(h.Version, ", "), strings.Join(h.CPU, ", "), strings.Join(h.BLAS, ", "), strings.Join(h.Threads, ", "))
	}
	for _, h := range s.Runs {
		if n := len(h.Lacks); n > 0 {
			runs.Note("%s lacks %s, of which no row below counts anything.", h.Name, listed(n, "finished cell", h.Lacks))
		}
	}
	tables := []*table.Table{runs}
	if len(s.Settings) > 0 {
		columns := []string{"Setting"}
		for _, h := range s.Runs {
			columns = append(columns, " "+h.Name)
		}
		settings := table.New("settings", "Settings that differ in cells of the same name", columns...)
		for _, row := range s.Settings {
			cells := []string{row.Key}
			for _, values := range row.Values {
				cells = append(cells, strings.Join(values, ", "))
			}
			settings.Add(cells...)
		}
		tables = append(tables, settings)
	}
	for _, m := range measures() {
		if t := s.measureTable(m); len(t.Rows) > 0 {
			tables = append(tables, t)
		}
	}
	return tables
}

func (s *SideBySide) measureTable(m Measure) *table.Table {
	title := strings.ToUpper(m.Name[:1]) + m.Name[1:] + ": lower is better"
	if m.Higher {
		title = strings.TrimSuffix(title, "lower is better") + "higher is better"
	}
	columns := []string{"Text", "Model", ">Seeds", ">" + s.Runs[0].Name}
	for i, h := range s.Runs[1:] {
		versus := "change"
		if i > 0 {
			versus = "change from " + s.Runs[0].Name
		}
		columns = append(columns, ">"+h.Name, versus)
	}
	t := table.New(strings.ReplaceAll(strings.Split(m.Name, ",")[0], " ", "-"), title, columns...)
	tested := 0
	left := map[string][]string{} // by what a run has alone, the rows
	var order []string
	for _, row := range s.Rows {
		if row.Measure != m.Name || row.inOne() {
			continue
		}
		model := modelName(row.Model) + ", " + table.Count(int64(row.Length))
		if row.Point != "" {
			model = modelName(row.Model) + ", " + row.Point
		}
		for _, l := range row.LeftOut {
			if left[l.String()] == nil {
				order = append(order, l.String())
			}
			left[l.String()] = append(left[l.String()], row.Corpus+" "+model)
		}
		cells := []string{row.Corpus, model, strconv.Itoa(len(row.Seeds))}
		for i, v := range row.Values {
			cells = append(cells, valueFigure(v))
			if i == 0 {
				continue
			}
			c := row.Contrast[i-1]
			cells = append(cells, c.String(m))
			if c.Why != "" {
				t.Note("%s: %s", c.sign(), c.Why)
			}
			if c.P != nil {
				tested++
			}
		}
		t.Add(cells...)
	}
	if len(left) > 0 {
		t.Note("Every number of a row is over the seeds%s that all of its runs have. Left out, because another run lacks it:", s.andDocuments(m))
		for _, words := range order {
			if rows := left[words]; len(rows) < len(t.Rows) {
				words += ", in " + strings.Join(rows[:min(len(rows), maxListed)], "; ")
				if more := len(rows) - maxListed; more > 0 {
					words += "; and " + plural(more, "more row")
				}
			}
			t.Note("%s", words)
		}
	}
	if tested > 0 {
		t.Note("~ is noise: p is not below %.2f. n counts %s.", alpha, s.pairsOf(m))
	}
	if tested > 1 {
		t.Note("%d changes are tested; of so many independent ones, 1 in 20 would seem sure by chance.", tested)
	}
	return t
}

// andDocuments adds what a row must share beside its seeds.
func (s *SideBySide) andDocuments(m Measure) string {
	for _, row := range s.Rows {
		if row.Measure == m.Name && row.Documents > 0 {
			return " and documents"
		}
	}
	return ""
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
		return table.Count(int64(math.Round(*v)))
	}
	return table.Sig4(*v)
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
		if text = table.SignedDecimals(100*(*c.Change-1), 1) + " %"; m.Difference {
			text = table.SignedDecimals(*c.Change, 4)
		}
	}
	if len(behind) > 0 {
		text += " (" + strings.Join(behind, ", ") + ")"
	}
	return text
}

// sign marks a change that is not shown.
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
func (s *SideBySide) Flat() *table.Table {
	columns := []string{"measure", "higher_is_better", "corpus", "model", "length", "point", "run", "value", "seeds", "change_is", "change", "low", "high", "p", "n", "pairs", "call", "why",
		"documents", "left_out_seeds", "left_out_documents", "left_out"}
	t := table.New("compare", "Comparison", columns...).CSV(columns...)
	value := func(v any) table.Cell { return table.Cell{Values: []any{v}} }
	number := func(v *float64) table.Cell {
		if v == nil {
			return value(nil)
		}
		return value(*v)
	}
	for _, m := range measures() {
		kind := "ratio"
		if m.Difference {
			kind = "difference"
		}
		for _, row := range s.Rows {
			if row.Measure != m.Name {
				continue
			}
			for i, v := range row.Values {
				cells := []table.Cell{table.Text(m.Name), value(m.Higher), table.Text(row.Corpus), table.Text(row.Model), value(int64(row.Length)), table.Text(row.Point), table.Text(s.Runs[i].Name), number(v), value(int64(len(row.Seeds)))}
				if i == 0 {
					cells = append(cells, make([]table.Cell, 9)...)
				} else {
					c := row.Contrast[i-1]
					cells = append(cells, table.Text(kind), number(c.Change), number(c.Low), number(c.High), number(c.P), value(int64(c.N)), table.Text(c.Pairs), table.Text(string(c.Call)), table.Text(c.Why))
				}
				documents := value(nil)
				if row.Documents > 0 {
					documents = value(int64(row.Documents))
				}
				var left LeftOut
				for _, l := range row.LeftOut {
					if l.Run == s.Runs[i].Name {
						left = l
					}
				}
				t.Put(append(cells, documents, value(int64(len(left.Seeds))), value(int64(len(left.Documents))), table.Text(left.what()))...)
			}
		}
	}
	return t
}
