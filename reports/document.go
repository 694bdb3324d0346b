package reports

import "strings"

// document is a run laid out once: the page, the tables, the figures and the terminal
// show the same.
type document struct {
	run         *Run
	comparisons []*comparison
	retrievals  []*retrieval
	shelves     []*bookshelf

	Profile  string
	Command  string
	Claims   *Table
	Lead     []string
	CostText string
	Failed   []string
	Sections []headline // one line each
	Summary  *Table
	Corpora  []corpusSection
	Passkeys []keySection
	Booksums []bookSection
	Recall   recallSection
	Memory   memorySection
	Lengths  costLengths
	Cost     *Table
	Data     *Table
	Settings *Table
	Cells    *Table
	Warnings []string
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
	Parts               []section // the 100K rows, and the gates
	Provenance          provenance
}

// section is a part of the page with a heading of its own.
type section struct {
	ID, Title string
	Reading   []string
	Table     *Table
	Charts    []*chart
}

// costLengths is what was measured at several lengths.
type costLengths struct {
	Reading    []string
	Charts     []*chart
	Table      *Table
	Provenance provenance
}

func newDocument(run *Run) (*document, error) {
	d := &document{
		run: run, comparisons: compare(run), retrievals: retrievals(run), shelves: bookshelves(run),
		Profile: clean(run.Profile), Command: "make reproduce PROFILE=" + clean(run.Profile),
		CostText: costSentence(run), Failed: failures(run), Warnings: warnings(run),
		Cost: costTable(run), Data: dataTable(run), Settings: settingsTable(run), Cells: cellsTable(run),
	}
	d.Summary, d.Lead = summaryTable(run, d.comparisons), lead(run, d.comparisons)
	for i, slug := range slugs(d.comparisons) {
		c := d.comparisons[i]
		s, err := c.section(slug)
		if err != nil {
			return nil, err
		}
		s.Provenance = run.provenance("perplexity", c.corpus)
		d.Corpora = append(d.Corpora, s)
		d.Sections = append(d.Sections, headline{s.ID, s.Title, c.headline()})
	}
	for i, slug := range passkeySlugs(d.retrievals) {
		s, err := d.retrievals[i].section(slug)
		if err != nil {
			return nil, err
		}
		s.Provenance = run.provenance("passkey", d.retrievals[i].corpus)
		d.Passkeys = append(d.Passkeys, s)
		d.Sections = append(d.Sections, headline{s.ID, s.Title, d.retrievals[i].headline()})
	}
	for i, slug := range bookSlugs(d.shelves) {
		s, err := d.shelves[i].section(slug)
		if err != nil {
			return nil, err
		}
		s.Provenance = run.provenance("booksum", d.shelves[i].corpus)
		d.Booksums = append(d.Booksums, s)
		d.Sections = append(d.Sections, headline{s.ID, s.Title, d.shelves[i].headline()})
	}
	var err error
	if d.Recall, err = recallOf(run); err != nil {
		return nil, err
	}
	if d.Memory, err = memoryOf(run); err != nil {
		return nil, err
	}
	charts, err := lengthCharts(run)
	if err != nil {
		return nil, err
	}
	d.Lengths = costLengths{lengthReading(run), charts, lengthTable(run), run.provenance("cost", "")}
	d.Claims = thesesTable(d.theses())
	return d, nil
}

// anchor is that of a part, or of the whole section where there is none such.
func (s corpusSection) anchor(part string) string {
	for _, p := range s.Parts {
		if strings.HasPrefix(p.ID, part+"-") {
			return p.ID
		}
	}
	return s.ID
}

// section lays out one comparison.
func (c *comparison) section(slug string) (corpusSection, error) {
	s := corpusSection{ID: "corpus-" + slug, Title: c.title(), Protocol: orNone(c.protocol), Reading: c.reading()}
	tables := c.tables(slug)
	s.Main, s.Tables = tables[0], tables[1:]
	var err error
	if s.Charts, err = c.charts(slug); err != nil {
		return s, err
	}
	for _, of := range []func(string) (section, error){c.longSection, c.gateSection} {
		part, err := of(slug)
		if err != nil {
			return s, err
		}
		if len(part.Table.Rows) > 0 {
			s.Parts = append(s.Parts, part)
		}
	}
	return s, nil
}

// tables lists every table in the order of the report.
func (d *document) tables() []*Table {
	tables := []*Table{d.Claims, d.Summary}
	for _, s := range d.Corpora {
		tables = append(append(tables, s.Main), s.Tables...)
		for _, part := range s.Parts {
			tables = append(tables, part.Table)
		}
	}
	for _, s := range d.Passkeys {
		tables = append(append(append(tables, s.Main), s.Tables...), s.scores)
	}
	for _, s := range d.Booksums {
		tables = append(append(tables, s.Main), s.Tables...)
	}
	if len(d.Recall.Table.Rows) > 0 {
		tables = append(tables, d.Recall.Table)
	}
	tables = append(tables, d.Memory.Tables...)
	tables = append(tables, d.Data, d.Settings, d.Cells)
	for _, cost := range []*Table{d.Lengths.Table, d.Cost} {
		if len(cost.Rows) > 0 {
			tables = append(tables, cost)
		}
	}
	return tables
}

// charts lists every figure in the order of the report.
func (d *document) charts() []*chart {
	var all []*chart
	for _, s := range d.Corpora {
		all = append(all, s.Charts...)
		for _, part := range s.Parts {
			all = append(all, part.Charts...)
		}
	}
	for _, s := range d.Passkeys {
		all = append(all, s.Charts...)
	}
	for _, s := range d.Booksums {
		all = append(all, s.Charts...)
	}
	all = append(all, d.Recall.Charts...)
	if d.Memory.Chart != nil {
		all = append(all, d.Memory.Chart)
	}
	return append(all, d.Lengths.Charts...)
}

// HasCharts says whether the page needs its library.
func (d *document) HasCharts() bool { return len(d.charts()) > 0 }
