package reports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"infinibench/experiments"
)

// SideBySide is two or more runs set beside each other, cell by cell, each against the
// first.
type SideBySide struct {
	Runs     []RunHead    `json:"runs"`
	Settings []SettingRow `json:"settings"` // that are not the same in all runs
	Rows     []SideRow    `json:"rows"`
	Warnings []string     `json:"warnings,omitempty"`
}

// RunHead is what made a run. A run that was made in parts may have several of each.
type RunHead struct {
	Name    string   `json:"name"` // as it was called
	Profile string   `json:"profile"`
	Done    int      `json:"done"`
	Failed  int      `json:"failed"`
	Version []string `json:"version"`
	CPU     []string `json:"cpu"`
	BLAS    []string `json:"blas"`
	Threads []string `json:"threads"`
	Go      []string `json:"go"`
}

// SettingRow is one setting of the cells that runs have in common.
type SettingRow struct {
	Key    string     `json:"key"`
	Values [][]string `json:"values"` // of each run, all that occur
}

// SideRow is one measure of one cell, over its seeds.
type SideRow struct {
	Measure  string     `json:"measure"`
	Corpus   string     `json:"corpus,omitempty"`
	Model    string     `json:"model"`
	Length   int        `json:"length"`
	Point    string     `json:"point,omitempty"`
	Values   []*float64 `json:"values"` // of each run, a mean over its seeds; null where it has none
	Seeds    []int      `json:"seeds"`
	Contrast []Contrast `json:"contrasts"` // of each run but the first
}

// NewSideBySide matches the cells of runs; names are what the runs are called. Cells
// match by experiment, corpus, model, length and seed, whatever their settings.
func NewSideBySide(names []string, runs []*Run) (*SideBySide, error) {
	s := &SideBySide{}
	common := map[experiments.Cell]int{}
	for i, run := range runs {
		s.Runs = append(s.Runs, head(names[i], run))
		for _, w := range run.Warnings {
			s.Warnings = append(s.Warnings, clean(names[i])+": "+w)
		}
		for _, r := range run.Records {
			if r.Result.Status == experiments.StatusDone {
				common[r.Result.Cell]++
			}
		}
	}
	maps.DeleteFunc(common, func(_ experiments.Cell, n int) bool { return n < 2 })
	if len(common) == 0 {
		return nil, errors.New("reports: no two of the runs have a finished cell in common: cells match by experiment, corpus, model, length and seed")
	}
	var err error
	if s.Settings, err = differing(runs, common); err != nil {
		return nil, err
	}
	for _, m := range measures {
		s.Rows = append(s.Rows, m.rows(runs)...)
	}
	return s, nil
}

func head(name string, run *Run) RunHead {
	h := RunHead{Name: name, Profile: run.Profile}
	add := func(list *[]string, v string) {
		if v = clean(v); v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	for _, r := range run.Records {
		if r.Result.Status == experiments.StatusFailed {
			h.Failed++
		} else {
			h.Done++
		}
		e := r.Result.Environment
		add(&h.Version, e.Version)
		add(&h.CPU, e.CPU)
		add(&h.BLAS, e.BLAS)
		add(&h.Threads, strconv.Itoa(e.Threads))
		add(&h.Go, e.Go+" "+e.OS)
	}
	return h
}

// rows sets every cell that has the measure in two runs or more side by side.
func (m Measure) rows(runs []*Run) []SideRow {
	type key struct {
		cell  experiments.Cell // without the seed
		point string
	}
	found := map[key][]map[uint64]reading{}
	protocols := map[key][]string{}
	for i, run := range runs {
		for _, record := range run.Records {
			if record.Result.Status != experiments.StatusDone {
				continue
			}
			cell := record.Result.Cell
			cell.Seed = 0
			for point, value := range m.read(record) {
				k := key{cell, point}
				if found[k] == nil {
					found[k], protocols[k] = make([]map[uint64]reading, len(runs)), make([]string, len(runs))
				}
				if found[k][i] == nil {
					found[k][i] = map[uint64]reading{}
				}
				found[k][i][record.Result.Cell.Seed] = value
				protocols[k][i] = record.Result.Protocol
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(found), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.cell.Experiment, b.cell.Experiment), cmp.Compare(a.cell.Corpus, b.cell.Corpus), cmp.Compare(a.cell.Length, b.cell.Length),
			cmp.Compare(modelOrder(a.cell.Model), modelOrder(b.cell.Model)), cmp.Compare(a.cell.Model, b.cell.Model), cmp.Compare(len(a.point), len(b.point)), cmp.Compare(a.point, b.point))
	})
	var rows []SideRow
	for _, k := range keys {
		row := SideRow{Measure: m.Name, Corpus: clean(k.cell.Corpus), Model: clean(k.cell.Model), Length: k.cell.Length, Point: k.point}
		have := 0
		for i, of := range found[k] {
			row.Values = append(row.Values, m.mean(of))
			row.Seeds = append(row.Seeds, len(of))
			if len(of) > 0 {
				have++
			}
			if i == 0 {
				continue
			}
			switch base := found[k][0]; {
			case len(base) == 0 || len(of) == 0:
				row.Contrast = append(row.Contrast, Contrast{Call: NotCompared, Why: "only one of the two has it"})
			case protocols[k][i] != protocols[k][0]:
				row.Contrast = append(row.Contrast, Contrast{Call: NotCompared, Why: "other protocol: " + clean(protocols[k][0]+" | "+protocols[k][i])})
			default:
				row.Contrast = append(row.Contrast, m.contrast(base, of))
			}
		}
		if have > 1 {
			rows = append(rows, row)
		}
	}
	return rows
}

// mean is the geometric mean over seeds of values that are divided, the arithmetic of
// those that are subtracted.
func (m Measure) mean(of map[uint64]reading) *float64 {
	var all []float64
	for _, seed := range slices.Sorted(maps.Keys(of)) {
		all = append(all, of[seed].value)
	}
	if m.Difference {
		return known(meanInterval(all).Mean)
	}
	return known(geometricInterval(all).Mean)
}

// differing lists the settings that some matched cell has otherwise in another run.
func differing(runs []*Run, common map[experiments.Cell]int) ([]SettingRow, error) {
	first := map[experiments.Cell]map[string]string{}
	differ := map[string]bool{}
	values := map[string][]map[string]bool{} // by key, of each run
	for i, run := range runs {
		for _, record := range run.Records {
			cell := record.Result.Cell
			if common[cell] == 0 || record.Result.Status != experiments.StatusDone {
				continue
			}
			flat, err := flatten(record.Result.Settings)
			if err != nil {
				return nil, err
			}
			for key, v := range flat {
				if values[key] == nil {
					values[key] = make([]map[string]bool, len(runs))
				}
				if values[key][i] == nil {
					values[key][i] = map[string]bool{}
				}
				values[key][i][v] = true
			}
			if first[cell] == nil {
				first[cell] = flat
				continue
			}
			for key := range flat {
				differ[key] = differ[key] || first[cell][key] != flat[key]
			}
			for key := range first[cell] {
				differ[key] = differ[key] || first[cell][key] != flat[key]
			}
		}
	}
	var rows []SettingRow
	for _, key := range slices.Sorted(maps.Keys(differ)) {
		if !differ[key] {
			continue
		}
		row := SettingRow{Key: clean(key)}
		for _, of := range values[key] {
			row.Values = append(row.Values, slices.Sorted(maps.Keys(of)))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// flatten writes settings as "training.steps": "500".
func flatten(settings experiments.CellSettings) (map[string]string, error) {
	raw, err := yaml.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("reports: settings: %w", err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("reports: settings: %w", err)
	}
	flat := map[string]string{}
	var walk func(prefix string, node any)
	walk = func(prefix string, node any) {
		if inner, ok := node.(map[string]any); ok {
			for key, v := range inner {
				walk(prefix+"."+key, v)
			}
			return
		}
		flat[strings.TrimPrefix(prefix, ".")] = clean(fmt.Sprint(node))
	}
	walk("", tree)
	return flat, nil
}
