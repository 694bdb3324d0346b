package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// The chart library is in assets/ when `make setup` has put it there; the
// README beside it keeps the pattern valid when it has not. The dot leaves out
// node_modules, from which setup took the library.
//
//go:embed assets/*.*
var assets embed.FS

//go:embed page
var pageFiles embed.FS

// library is a chart library with the notice its licence asks to be shown.
type library struct {
	js, notice string
}

// embedded returns the library that was built in, nil when there was none.
func embedded() *library {
	js, err := assets.ReadFile("assets/echarts.min.js")
	if err != nil {
		return nil
	}
	notice, err := assets.ReadFile("assets/echarts.NOTICE")
	if err != nil {
		notice = []byte("Apache ECharts, Apache License 2.0.")
	}
	return &library{string(js), string(notice)}
}

// remoteLibrary is where the charts come from when none was built in: the host
// go-echarts uses by default.
const remoteLibrary = "https://go-echarts.github.io/go-echarts-assets/assets/echarts.min.js"

// pageData is what page/report.gohtml shows.
type pageData struct {
	*Document
	Body    template.HTML // the opening and the sections
	CSS     template.CSS
	Script  template.JS
	Library template.JS // the chart library itself
	Remote  string      // or where to load it from
	Notice  string
}

// scripts are the page's own, in order: fitChart is used by the charts, and what a link
// reveals is drawn.
var scripts = []string{"fit.js", "charts.js", "tables.js", "report.js"}

// page renders the report. Without a library the charts load theirs from the network,
// and the page says so; the tables need none, and without scripts the figures are those
// for papers.
func (d *Document) page(lib *library) ([]byte, error) {
	read := func(name string) (string, error) {
		raw, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			err = fmt.Errorf("reports: %w", err)
		}
		return string(raw), err
	}
	css, err := read("report.css")
	if err != nil {
		return nil, err
	}
	script := ""
	for _, name := range scripts {
		part, err := read(name)
		if err != nil {
			return nil, err
		}
		script += part
	}
	data := pageData{Document: d, CSS: template.CSS(css), Script: template.JS(script)}
	if lib != nil {
		data.Library, data.Notice = template.JS(lib.js), lib.notice
	} else {
		data.Remote = remoteLibrary
	}
	figures, err := d.inlined()
	if err != nil {
		return nil, err
	}
	t, err := template.New("report.gohtml").Funcs(pageFuncs(figures)).ParseFS(pageFiles, "page/*.gohtml")
	if err != nil {
		return nil, fmt.Errorf("reports: page: %w", err)
	}
	// In the order of the page, as a term is explained where it comes first.
	parts := []pagePart{{ID: "opening", template: "opening", data: data}}
	for _, p := range append(parts, d.Parts...) {
		var body bytes.Buffer
		if err := t.ExecuteTemplate(&body, p.template, p.data); err != nil {
			return nil, fmt.Errorf("reports: page: %s: %w", p.ID, err)
		}
		data.Body += template.HTML(body.String())
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("reports: page: %w", err)
	}
	return out.Bytes(), nil
}

// pageFuncs are what the templates of one page call. A page without figures lies in no
// folder of a report, and has no files to link.
func pageFuncs(figures map[string]template.HTML) template.FuncMap {
	return template.FuncMap{
		"verdictClass": verdictClass, "verdictSign": func(v string) template.HTML { return signs[Verdict(v)] },
		"alignClass": alignClass, "shown": shown, "shownAs": shownAs, "matrix": matrixOf, "titled": titled,
		"first": firstCharts, "after": chartsAfter, "static": func(file string) template.HTML { return figures[file] },
		"explain": newGlossary().explain, "inFolder": func() bool { return figures != nil },
	}
}

// inlined draws every figure for a reader without scripts, by file name.
func (d *Document) inlined() (map[string]template.HTML, error) {
	all := d.charts()
	drawn := make([]template.HTML, len(all))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range all {
		g.Go(func() (err error) {
			if drawn[i], err = f.Inline(); err != nil {
				return fmt.Errorf("reports: figure %s: %w", f.File(), err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	figures := map[string]template.HTML{}
	for i, f := range all {
		figures[f.File()] = drawn[i]
	}
	return figures, nil
}

// firstCharts and chartsAfter divide the charts of a section: those in view, and the rest.
func firstCharts(n int, all []*chart.Chart) []*chart.Chart { return all[:min(n, len(all))] }
func chartsAfter(n int, all []*chart.Chart) []*chart.Chart { return all[min(n, len(all)):] }

// slugsOf gives each corpus a name for files and anchors, with a number if it comes again.
func slugsOf(corpora []string) []string {
	var names []string
	uses := map[string]int{}
	for _, corpus := range corpora {
		name := strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
				return r
			case r >= 'A' && r <= 'Z':
				return r + 'a' - 'A'
			}
			return '-'
		}, corpus)
		name = name[:min(len(name), 100)] // it becomes a part of file names
		if uses[name]++; uses[name] > 1 {
			name += fmt.Sprintf("--%d", uses[name])
		}
		names = append(names, name)
	}
	return names
}

// verdictClass marks the cells that hold a verdict, so that readers can distinguish them at
// a glance; the word itself still carries the meaning.
func verdictClass(cell string) string {
	switch Verdict(cell) {
	case Reproduced, DirectionHolds:
		return "good"
	case NotReproduced:
		return "bad"
	case Undecided, NotAttempted:
		return "open"
	case NoFairTrial:
		return "unfair"
	}
	switch cell {
	case "failed", "NO":
		return "bad"
	}
	return ""
}

func alignClass(t *table.Table, column int, cell string) string {
	switch {
	case t.Columns[column].Align == table.Right:
		return "number"
	case len(cell) > 40:
		return "prose"
	case len(cell) > 14:
		return "words"
	}
	return ""
}
