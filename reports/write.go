package reports

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"infinibench/internal/atomicfile"
)

// Write makes outDir/report.html and outDir/tables/<name>.{md,csv,tex}, each
// whole or not at all, and returns their paths in the order written. The same
// run gives the same bytes.
func Write(run *Run, outDir string) ([]string, error) {
	d, err := newDocument(run)
	if err != nil {
		return nil, err
	}
	html, err := d.page(embedded())
	if err != nil {
		return nil, err
	}
	type file struct {
		name string
		body []byte
	}
	files := []file{{"report.html", html}}
	for _, t := range d.tables() {
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
