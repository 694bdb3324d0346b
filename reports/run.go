// Package reports turns result files into tables for the terminal, Markdown,
// CSV and LaTeX, into figures for papers, and into one HTML page that needs nothing
// but itself.
//
// It reads what a run left on disk and computes only what a comparison needs:
// means over seeds, intervals, ratios paired by seed, and verdicts. Perplexities
// and their ratios are averaged as logarithms, see Interval. The same files
// always give the same bytes.
package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// Run is everything found under one runs/<profile> directory.
type Run struct {
	Profile  string
	Records  []Record       // in the order of their directory names
	Planned  []results.Cell // from plan.json; nil when there is none
	Warnings []string       // files that could not be used, and why

	// Ledger is the memory at the paper's own sizes, from results.PaperLedger: it takes
	// the models, so the caller hands it in. Without it the report leaves out that part.
	Ledger *results.Ledger
}

// Record is one cell's result with the files beside it.
type Record struct {
	Key    string // the directory's name
	Result results.Result
	Log    []results.LogLine // training log, in order of step; may be empty
	Timing *results.Timing   // nil when there is no timing.json
}

// Load reads dir, which is runs/<profile>: every <cell>/result.json, and beside
// it metrics.jsonl and timing.json where they exist, and dir/plan.json.
//
// A damaged file becomes a warning of the Run, so that one bad cell does not
// hide the others. A directory without any result.json is an error.
func Load(dir string) (*Run, error) { return load(dir, false) }

// load is Load. The results alone are enough for the claims; they leave out the training
// logs, and do not read the samples to see whether these are still those that were scored.
func load(dir string, resultsAlone bool) (*Run, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("reports: no run to report on: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*", "result.json"))
	if err != nil {
		return nil, fmt.Errorf("reports: look for results in %s: %w", dir, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("reports: %s holds no <cell>/result.json: run the experiments first", dir)
	}
	run := &Run{Profile: filepath.Base(filepath.Clean(dir))}
	run.Planned = run.loadPlan(dir)
	first := map[results.Cell]string{}
	for _, path := range paths { // Glob returns sorted paths
		record, ok := run.loadRecord(path, resultsAlone)
		if !ok {
			continue
		}
		if other, twice := first[record.Result.Cell]; twice {
			run.warn("%s/result.json: the same cell as %s: left out", record.Key, other)
			continue
		}
		first[record.Result.Cell] = record.Key
		run.Records = append(run.Records, record)
	}
	return run, nil
}

// escapeGlob makes a directory name stand for itself in a pattern.
func escapeGlob(dir string) string {
	var b bytes.Buffer
	for _, r := range dir {
		if r == '*' || r == '?' || r == '[' || (r == '\\' && os.PathSeparator != '\\') {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (run *Run) warn(format string, args ...any) {
	run.Warnings = append(run.Warnings, table.Clean(fmt.Sprintf(format, args...)))
}

// loadRecord reads one cell's directory. ok is false when its result.json
// cannot be used; the files beside it only warn.
func (run *Run) loadRecord(path string, resultAlone bool) (record Record, ok bool) {
	cell := filepath.Dir(path)
	record.Key = filepath.Base(cell)
	raw, err := results.ReadFile(path)
	if err == nil {
		record.Result, err = parseResult(raw)
	}
	if err != nil {
		run.warn("%s/result.json: %v", record.Key, pathless(err))
		return record, false
	}
	record.Result.Warnings = append(record.Result.Warnings, undefined(&record.Result)...)
	if resultAlone {
		return record, true
	}
	changed, err := results.ChangedSamples(cell, record.Result)
	if err != nil {
		run.warn("%s: %v", record.Key, pathless(err))
	}
	for _, name := range changed {
		run.warn("%s/%s: not the samples that the result sums up; the same command scores again what is lost", record.Key, name)
	}
	if raw, ok := run.readFile(cell, "metrics.jsonl"); ok {
		var damaged []results.DamagedLine
		record.Log, damaged = results.ParseTrainingLog(raw)
		for _, line := range damaged {
			run.warn("%s/metrics.jsonl: line %d is damaged: left out", record.Key, line.Number)
		}
		run.missing(record.Key, "metrics.jsonl", record.Log)
	}
	if raw, ok := run.readFile(cell, "timing.json"); ok {
		if timing, err := results.Parse[results.Timing](raw); err != nil {
			run.warn("%s/timing.json: %v", record.Key, err)
		} else {
			record.Timing = &timing
			run.missing(record.Key, "timing.json", timing)
		}
	}
	return record, true
}

// readFile reads a file beside a result. A missing file is no fault; any other warns.
func (run *Run) readFile(cell, name string) (raw []byte, ok bool) {
	raw, err := results.ReadFile(filepath.Join(cell, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		run.warn("%s/%s: %v", filepath.Base(cell), name, pathless(err))
	}
	return raw, err == nil
}

func (run *Run) loadPlan(dir string) []results.Cell {
	raw, err := results.ReadFile(filepath.Join(dir, "plan.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var plan results.Plan
	if err == nil {
		plan, err = results.Parse[results.Plan](raw)
	}
	if err != nil {
		run.warn("plan.json: %v", pathless(err))
		return nil
	}
	return plan.Cells
}

// pathless drops the directory from a file error: the report must not depend
// on where the run lies.
func pathless(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// parseResult parses result.json and refuses what the tables could not show honestly.
func parseResult(raw []byte) (results.Result, error) {
	result, err := results.ParseResult(raw)
	if err != nil || result.Status == results.StatusFailed {
		return result, err
	}
	section := sectionOf(result.Cell.Experiment)
	if section == nil {
		return result, fmt.Errorf("experiment %q: this program has none of that name", table.Clean(result.Cell.Experiment))
	}
	if section.check != nil {
		return result, section.check(&result)
	}
	return result, nil
}

// has reports whether any cell of an experiment was planned or has a result.
func (run *Run) has(experiment string) bool {
	return slices.ContainsFunc(run.Planned, func(c results.Cell) bool { return c.Experiment == experiment }) ||
		slices.ContainsFunc(run.Records, func(r Record) bool { return r.Result.Cell.Experiment == experiment })
}

// notRun lists the planned cells that have no result.
func (run *Run) notRun() []results.Cell {
	have := map[results.Cell]bool{}
	for _, record := range run.Records {
		have[record.Result.Cell] = true
	}
	var missing []results.Cell
	for _, cell := range run.Planned {
		if !have[cell] {
			missing = append(missing, cell)
			have[cell] = true // a plan that names a cell twice still misses one
		}
	}
	return missing
}
