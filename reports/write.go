package reports

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"infinibench/internal/atomicfile"
)

// tables lists every table of a run in the order of the report.
func (run *Run) tables() ([]*Table, error) {
	comparisons := compare(run)
	memory, err := memoryOf(run)
	if err != nil {
		return nil, err
	}
	tables := []*Table{summaryTable(run, comparisons)}
	for i, slug := range slugs(comparisons) {
		tables = append(tables, comparisons[i].tables(slug)...)
	}
	retrievals := retrievals(run)
	for i, slug := range passkeySlugs(retrievals) {
		tables = append(tables, retrievals[i].tables(slug)...)
	}
	shelves := bookshelves(run)
	for i, slug := range bookSlugs(shelves) {
		tables = append(tables, shelves[i].tables(slug)...)
	}
	if recall := RecallTable(recalls(run)); len(recall.Rows) > 0 {
		tables = append(tables, recall)
	}
	tables = append(tables, memory.Tables...)
	tables = append(tables, dataTable(run), settingsTable(run), cellsTable(run))
	for _, cost := range []*Table{lengthTable(run), costTable(run)} {
		if len(cost.Rows) > 0 {
			tables = append(tables, cost)
		}
	}
	return tables, nil
}

// Write makes outDir/report.html and outDir/tables/<name>.{md,csv,tex}, each
// whole or not at all, and returns their paths in the order written. The same
// run gives the same bytes.
func Write(run *Run, outDir string) ([]string, error) {
	html, err := page(run, embedded())
	if err != nil {
		return nil, err
	}
	type file struct {
		name string
		body []byte
	}
	files := []file{{"report.html", html}}
	tables, err := run.tables()
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		for _, kind := range []struct {
			suffix string
			write  func(io.Writer) error
		}{{".md", t.WriteMarkdown}, {".csv", t.WriteCSV}, {".tex", t.WriteLaTeX}} {
			var body bytes.Buffer
			if err := kind.write(&body); err != nil {
				return nil, err
			}
			files = append(files, file{filepath.Join("tables", t.Name+kind.suffix), body.Bytes()})
		}
	}
	if err := os.MkdirAll(filepath.Join(outDir, "tables"), 0o755); err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(outDir, f.name)
		if err := atomicfile.Write(path, f.body); err != nil {
			return paths, fmt.Errorf("reports: write %s: %w", path, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}
