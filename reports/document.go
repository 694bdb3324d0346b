package reports

import (
	"cmp"
	"fmt"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// Document is the layout of a run, shared by the page, the tables, the figures and the
// terminal output.
type Document struct {
	run      *Run
	contents []*content
	timed    []*content // of contents, those whose tables come last

	Profile   string
	Command   string
	Claims    *table.Table
	Unfair    *table.Table // what fair trials would take; nil if all were fair
	Result    string       // in one sentence
	Scale     string       // what was run, in one line
	Spent     string       // the time it took, which changes from run to run
	Cards     []card
	Pictures  []picture
	Contents  []entry
	Switches  []modelSwitch
	Cite      citation
	Lead      []string
	Totals    []headline
	Failed    []string
	Headlines []headline
	Parts     []pagePart
	Summary   *table.Table
	Data      *table.Table
	Settings  *table.Table
	Cells     *table.Table
	Warnings  []string
}

// New lays out a run.
func New(run *Run) (*Document, error) {
	d := &Document{
		run: run, Profile: table.Clean(run.Profile), Command: "make reproduce PROFILE=" + table.Clean(run.Profile),
		Failed: failures(run), Warnings: warnings(run), Data: dataTable(run), Settings: settingsTable(run), Cells: cellsTable(run),
	}
	for _, s := range sections {
		c, err := s.lay(run)
		if err != nil {
			return nil, err
		}
		d.contents = append(d.contents, c)
		if s.timed {
			d.timed = append(d.timed, c)
		}
		d.Lead = append(d.Lead, c.lead...)
		d.Headlines = append(d.Headlines, c.headlines...)
		d.Parts = append(d.Parts, c.parts...)
		if c.picture != nil {
			d.Pictures = append(d.Pictures, pictureOf(c))
		}
		if c.total.Text != "" {
			d.Totals = append(d.Totals, c.total)
		}
	}
	d.Lead = append(d.Lead, incomplete(run)...)
	claims := d.claims()
	d.Claims, d.Summary = claimsTable(claims), d.summaryTable()
	if t := fairTrialsTable(claims); len(t.Rows) > 0 {
		d.Unfair = t
	}
	d.Result, d.Scale, d.Spent, d.Cards, d.Contents = resultOf(claims), d.scale(), d.spent(), cards(claims), d.contentsOf(claims)
	d.Switches, d.Cite = switchesOf(d.charts()), d.cite()
	return d, nil
}

// incomplete says how many cells failed and how many have no result.
func incomplete(run *Run) []string {
	var text []string
	failed := 0
	for _, record := range run.Records {
		if record.Result.Status == results.StatusFailed {
			failed++
		}
	}
	if failed > 0 {
		text = append(text, plural(failed, "cell")+" failed.")
	}
	if missing := len(run.notRun()); missing > 0 {
		text = append(text, fmt.Sprintf("%d of %s not run.", missing, plural(len(run.Planned), "planned cell")))
	}
	return text
}

// claims lists the claims of the paper in the order of its abstract.
func (d *Document) claims() []claim {
	var all []claim
	for _, c := range d.contents {
		all = append(all, c.claims...)
	}
	slices.SortStableFunc(all, func(a, b claim) int { return cmp.Compare(a.place, b.place) })
	return all
}

// tables lists every table in the order of the report.
func (d *Document) tables() []*table.Table {
	tables := []*table.Table{d.Claims, d.Summary}
	for _, c := range d.contents {
		if !slices.Contains(d.timed, c) {
			tables = append(tables, c.tables...)
		}
	}
	tables = append(tables, d.Data, d.Settings, d.Cells)
	for _, c := range d.timed {
		tables = append(tables, c.tables...)
	}
	if d.Unfair != nil {
		tables = append(tables, d.Unfair)
	}
	return tables
}

// charts lists every figure in the order of the report.
func (d *Document) charts() []*chart.Chart {
	var all []*chart.Chart
	for _, c := range d.contents {
		all = append(all, c.charts...)
	}
	return all
}

// HasCharts reports whether the page needs the chart library.
func (d *Document) HasCharts() bool { return len(d.charts()) > 0 }
