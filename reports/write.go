package reports

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"infinibench/internal/atomicfile"
)

// file is one of a report, before it is written.
type file struct {
	name string
	body []byte
}

// Write makes outDir/report.html, outDir/claims.json, outDir/tables/<name>.{md,csv,tex} and
// outDir/figures/<name>.{svg,png}, each whole or not at all, and returns their paths in
// order. The same run gives the same bytes.
func (d *Document) Write(outDir string) ([]string, error) {
	html, err := d.page(embedded())
	if err != nil {
		return nil, err
	}
	claims, err := claimsJSON(d.claims())
	if err != nil {
		return nil, fmt.Errorf("reports: claims.json: %w", err)
	}
	files := []file{{"report.html", html}, {"claims.json", claims}}
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
	figures, err := d.figures()
	if err != nil {
		return nil, err
	}
	files = append(files, figures...)
	for _, folder := range []string{"tables", "figures"} {
		if err := os.MkdirAll(filepath.Join(outDir, folder), 0o755); err != nil {
			return nil, fmt.Errorf("reports: %w", err)
		}
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(outDir, f.name)
		// Most of a report is the same the next time, and each file that is written
		// waits for the disk.
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, f.body) {
			paths = append(paths, path)
			continue
		}
		if err := atomicfile.Write(path, f.body); err != nil {
			return paths, fmt.Errorf("reports: write %s: %w", path, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// figures draws every chart for papers, side by side: they are most of the work of a
// report.
func (d *Document) figures() ([]file, error) {
	charts := d.charts()
	files := make([]file, 2*len(charts))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range charts {
		for k, kind := range []struct {
			suffix string
			make   func() ([]byte, error)
		}{{".svg", f.SVG}, {".png", f.PNG}} {
			g.Go(func() error {
				body, err := kind.make()
				if err != nil {
					return fmt.Errorf("reports: figure %s%s: %w", f.File(), kind.suffix, err)
				}
				files[2*i+k] = file{filepath.Join("figures", f.File()+kind.suffix), body}
				return nil
			})
		}
	}
	return files, g.Wait()
}
