package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strings"
)

// The chart library is in assets/ when `make setup` has put it there; the
// README beside it keeps the pattern valid when it has not.
//
//go:embed all:assets
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
// go-echarts uses unless told otherwise.
const remoteLibrary = "https://go-echarts.github.io/go-echarts-assets/assets/echarts.min.js"

// pageData is what page/report.gohtml shows.
type pageData struct {
	Profile   string
	Headlines []headline
	Lead      []string
	Summary   *Table
	Corpora   []corpusSection
	Passkeys  []keySection
	Booksums  []bookSection
	Data      *Table
	Cells     *Table
	Settings  *Table
	Warnings  []string
	CostText  string
	Cost      *Table
	Lengths   costLengths
	Memory    memorySection
	Recall    recallSection
	Command   string
	CSS       template.CSS
	Script    template.JS
	Library   template.JS // the chart library itself
	Remote    string      // or where to load it from
	Notice    string
	HasCharts bool
}

// costLengths is what was measured at several lengths.
type costLengths struct {
	Reading []string
	Charts  []*chart
	Table   *Table
}

// headline is one comparison in a sentence, with the anchor of its section.
type headline struct{ ID, Title, Text string }

// corpusSection is one comparison on the page.
type corpusSection struct {
	ID, Title, Protocol string
	Reading             []string
	Main                *Table
	Charts              []*chart
	Tables              []*Table
}

// page renders the report. Without a library the charts load theirs from the
// network, the page says so, and the tables stand.
func page(run *Run, lib *library) ([]byte, error) {
	comparisons := compare(run)
	data := pageData{
		Profile: clean(run.Profile), Summary: summaryTable(run, comparisons), Lead: lead(run, comparisons),
		Data: dataTable(run), Cells: cellsTable(run), Settings: settingsTable(run), Cost: costTable(run),
		CostText: costSentence(run), Warnings: warnings(run), Command: "make reproduce PROFILE=" + clean(run.Profile),
	}
	lengths, err := lengthCharts(run)
	if err != nil {
		return nil, err
	}
	data.Lengths = costLengths{lengthReading(run), lengths, lengthTable(run)}
	data.HasCharts = len(lengths) > 0
	if data.Memory, err = memoryOf(run); err != nil {
		return nil, err
	}
	if data.Recall, err = recallOf(run); err != nil {
		return nil, err
	}
	data.HasCharts = data.HasCharts || data.Memory.Chart != nil || len(data.Recall.Charts) > 0
	for i, slug := range slugs(comparisons) {
		c := comparisons[i]
		charts, err := c.charts(slug)
		if err != nil {
			return nil, err
		}
		data.Headlines = append(data.Headlines, headline{"corpus-" + slug, c.title(), c.headline()})
		tables := c.tables(slug)
		data.Corpora = append(data.Corpora, corpusSection{
			ID: "corpus-" + slug, Title: c.title(), Protocol: orNone(c.protocol), Reading: c.reading(),
			Main: tables[0], Charts: charts, Tables: tables[1:],
		})
		data.HasCharts = data.HasCharts || len(charts) > 0
	}
	retrievals := retrievals(run)
	for i, slug := range passkeySlugs(retrievals) {
		s, err := retrievals[i].section(slug)
		if err != nil {
			return nil, err
		}
		data.Passkeys = append(data.Passkeys, s)
		data.Headlines = append(data.Headlines, headline{s.ID, s.Title, retrievals[i].headline()})
		data.HasCharts = data.HasCharts || len(s.Charts) > 0
	}
	shelves := bookshelves(run)
	for i, slug := range bookSlugs(shelves) {
		s, err := shelves[i].section(slug)
		if err != nil {
			return nil, err
		}
		data.Booksums = append(data.Booksums, s)
		data.Headlines = append(data.Headlines, headline{s.ID, s.Title, shelves[i].headline()})
		data.HasCharts = data.HasCharts || len(s.Charts) > 0
	}
	files := map[string]string{}
	for _, name := range []string{"report.css", "report.js", "passkey.gohtml", "booksum.gohtml", "report.gohtml"} {
		raw, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return nil, fmt.Errorf("reports: %w", err)
		}
		files[name] = string(raw)
	}
	data.CSS, data.Script = template.CSS(files["report.css"]), template.JS(files["report.js"])
	if lib != nil {
		data.Library, data.Notice = template.JS(lib.js), lib.notice
	} else {
		data.Remote = remoteLibrary
	}
	t, err := template.New("report").Funcs(template.FuncMap{
		"verdictClass": verdictClass, "alignClass": alignClass,
	}).Parse(files["passkey.gohtml"] + files["booksum.gohtml"] + files["report.gohtml"])
	if err != nil {
		return nil, fmt.Errorf("reports: page: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("reports: page: %w", err)
	}
	return out.Bytes(), nil
}

// warnings gathers those of the files and those of the results.
func warnings(run *Run) []string {
	all := append([]string(nil), run.Warnings...)
	for _, record := range run.Records {
		for _, w := range record.Result.Warnings {
			all = append(all, record.Key+": "+clean(w))
		}
	}
	return all
}

// slugs gives each comparison a name for files and anchors: its corpus, with a
// number where two protocols share one.
func slugs(comparisons []*comparison) []string {
	var corpora []string
	for _, c := range comparisons {
		corpora = append(corpora, c.corpus)
	}
	return slugsOf(corpora)
}

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

// verdictClass marks the cells that hold a verdict, so that they can be told
// apart at a glance; the word itself stays what carries the meaning.
func verdictClass(cell string) string {
	switch Verdict(cell) {
	case Reproduced, DirectionHolds:
		return "good"
	case NotReproduced:
		return "bad"
	case Undecided, NotAttempted:
		return "open"
	}
	switch cell {
	case "failed", "NO":
		return "bad"
	}
	return ""
}

func alignClass(t *Table, column int, cell string) string {
	switch {
	case t.Columns[column].Align == Right:
		return "number"
	case len(cell) > 40:
		return "prose"
	case len(cell) > 14:
		return "words"
	}
	return ""
}
