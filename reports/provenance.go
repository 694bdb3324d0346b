package reports

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// provenance says how the numbers of a section were made, and what to know about them.
type provenance struct {
	Command  string
	Cell     string // whose settings are shown; "" for none
	Settings string // its resolved ones, YAML
	Warnings []string
}

// maxWarnings limits the warnings in a section; the end of the page lists all of them.
const maxWarnings = 10

// provenance covers the cells of one experiment and corpus, or of every corpus with "".
func (run *Run) provenance(experiment, corpus string) provenance {
	m := provenance{Command: "make reproduce PROFILE=" + table.Clean(run.Profile) + " ONLY=" + experiment}
	times := map[string]int{}
	for _, record := range run.Records {
		r := record.Result
		if r.Cell.Experiment != experiment || corpus != "" && r.Cell.Corpus != corpus {
			continue
		}
		if m.Cell == "" && r.Status == results.StatusDone && r.Settings.Version != 0 {
			m.Cell, m.Settings = table.Clean(record.Key), settingsText(r.Settings)
		}
		for _, w := range r.Warnings {
			if w = table.Clean(w); times[w] == 0 {
				m.Warnings = append(m.Warnings, w)
			}
			times[w]++
		}
		if r.Status == results.StatusFailed {
			m.Warnings = append(m.Warnings, table.Clean(record.Key)+" failed: "+table.Clean(r.Error))
		}
	}
	for i, w := range m.Warnings {
		if times[w] > 1 {
			m.Warnings[i] = plural(times[w], "cell") + ": " + w
		}
	}
	if more := len(m.Warnings) - maxWarnings; more > 0 {
		m.Warnings = append(m.Warnings[:maxWarnings], fmt.Sprintf("and %d more, which stand under Warnings", more))
	}
	return m
}

// settingsText writes settings as config.yaml has them, line by line safe to show.
func settingsText(s results.CellSettings) string {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(s); err != nil {
		return "" // of settings that came from JSON there are none that cannot be written
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		text := strings.TrimLeft(line, " ")
		lines = append(lines, strings.Repeat(" ", min(len(line)-len(text), 20))+table.Clean(text))
	}
	return strings.Join(lines, "\n")
}

// warnings collects the warnings of the files and of the results.
func warnings(run *Run) []string {
	all := slices.Clone(run.Warnings)
	for _, record := range run.Records {
		for _, w := range record.Result.Warnings {
			all = append(all, record.Key+": "+table.Clean(w))
		}
	}
	all = append(all, mixedWarnings(run)...)
	if words := sharedWarning(run); words != "" {
		all = append(all, words)
	}
	return all
}

// sharedCores is how many cores other processes must have kept busy for a measured speed to
// count as measured on a shared machine. A quiet desktop takes less.
const sharedCores = 0.25

// shared says that speeds were measured beside other processes, "" if they were not, or
// nobody knows.
func shared(r Record) string {
	if r.Timing == nil || r.Timing.OtherCores == nil || !(*r.Timing.OtherCores >= sharedCores) {
		return ""
	}
	return "shared: other processes kept " + table.Decimals(*r.Timing.OtherCores, 1) + " cores busy"
}

// sharedWarning warns of all such speeds in one sentence.
func sharedWarning(run *Run) string {
	n, low, high := 0, math.Inf(1), 0.
	for _, r := range run.Records {
		if shared(r) != "" {
			n, low, high = n+1, min(low, *r.Timing.OtherCores), max(high, *r.Timing.OtherCores)
		}
	}
	if n == 0 {
		return ""
	}
	of := table.Decimals(low, 1)
	if to := table.Decimals(high, 1); to != of {
		of += " to " + to
	}
	return fmt.Sprintf("the speeds of %s were measured while other processes kept %s cores busy: they are those of a shared machine; on a quiet one they would be higher", plural(n, "cell"), of)
}

// maxFailed is how many failed cells the summary names.
const maxFailed = 5

// failures names the cells that failed, and why.
func failures(run *Run) []string {
	var all []string
	for _, record := range run.Records {
		if record.Result.Status == results.StatusFailed {
			all = append(all, table.Clean(record.Key)+": "+table.Clean(record.Result.Error))
		}
	}
	if more := len(all) - maxFailed; more > 0 {
		all = append(all[:maxFailed], fmt.Sprintf("and %d more, which stand under Cells", more))
	}
	return all
}
