package reports

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"infinibench/internal/results"
	"infinibench/reports/table"
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
	// Lacks names the cells that another run finished and this one did not.
	Lacks []string `json:"lacks,omitempty"`
}

// SettingRow is one setting of the cells that runs have in common.
type SettingRow struct {
	Key    string     `json:"key"`
	Values [][]string `json:"values"` // of each run, all that occur
}

// SideRow is one measure of one cell, over its seeds.
type SideRow struct {
	Measure string `json:"measure"`
	Corpus  string `json:"corpus,omitempty"`
	Model   string `json:"model"`
	Length  int    `json:"length"`
	Point   string `json:"point,omitempty"`
	// Values and contrasts are all over the same cells: the seeds, and of a measure over
	// documents or books those too, that every run with a value shares.
	Values    []*float64 `json:"values"` // of each run, a mean over Seeds; null where it has none
	Seeds     []uint64   `json:"seeds"`
	Documents int        `json:"documents,omitempty"` // or books
	LeftOut   []LeftOut  `json:"left_out,omitempty"`
	Contrast  []Contrast `json:"contrasts"` // of each run but the first
}

// NewSideBySide matches the cells of runs; names are what the runs are called. Cells
// match by experiment, corpus, model, length and seed, whatever their settings.
func NewSideBySide(names []string, runs []*Run) (*SideBySide, error) {
	s := &SideBySide{}
	common := map[results.Cell]int{}
	for i, run := range runs {
		s.Runs = append(s.Runs, head(names[i], run))
		for _, w := range run.Warnings {
			s.Warnings = append(s.Warnings, table.Clean(names[i])+": "+w)
		}
		if words := sharedWarning(run); words != "" {
			s.Warnings = append(s.Warnings, table.Clean(names[i])+": "+words)
		}
		for _, r := range run.Records {
			if r.Result.Status == results.StatusDone {
				common[r.Result.Cell]++
			}
		}
	}
	maps.DeleteFunc(common, func(_ results.Cell, n int) bool { return n < 2 })
	if len(common) == 0 {
		return nil, errors.New("reports: no two of the runs have a finished cell in common: cells match by experiment, corpus, model, length and seed")
	}
	for i, run := range runs {
		s.Runs[i].Lacks = lacks(run, runs)
	}
	var err error
	if s.Settings, err = differing(runs, common); err != nil {
		return nil, err
	}
	for _, m := range measures() {
		s.Rows = append(s.Rows, m.rows(names, runs)...)
	}
	return s, nil
}

// lacks names the finished cells of other runs that a run has not finished.
func lacks(run *Run, runs []*Run) []string {
	have := map[results.Cell]bool{}
	for _, r := range run.Records {
		have[r.Result.Cell] = r.Result.Status == results.StatusDone
	}
	var missing []string
	for _, other := range runs {
		for _, r := range other.Records {
			if r.Result.Status == results.StatusDone && !have[r.Result.Cell] {
				have[r.Result.Cell] = true
				missing = append(missing, table.Clean(r.Key))
			}
		}
	}
	slices.Sort(missing)
	return missing
}

func head(name string, run *Run) RunHead {
	h := RunHead{Name: name, Profile: run.Profile}
	add := func(list *[]string, v string) {
		if v = table.Clean(v); v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	for _, r := range run.Records {
		if r.Result.Status == results.StatusFailed {
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

// differing lists the settings that some matched cell has otherwise in another run.
func differing(runs []*Run, common map[results.Cell]int) ([]SettingRow, error) {
	first := map[results.Cell]map[string]string{}
	differ := map[string]bool{}
	values := map[string][]map[string]bool{} // by key, of each run
	for i, run := range runs {
		for _, record := range run.Records {
			cell := record.Result.Cell
			if common[cell] == 0 || record.Result.Status != results.StatusDone {
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
		row := SettingRow{Key: table.Clean(key)}
		for _, of := range values[key] {
			row.Values = append(row.Values, slices.Sorted(maps.Keys(of)))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// flatten writes settings as "training.steps": "500".
func flatten(settings results.CellSettings) (map[string]string, error) {
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
		flat[strings.TrimPrefix(prefix, ".")] = table.Clean(fmt.Sprint(node))
	}
	walk("", tree)
	return flat, nil
}
