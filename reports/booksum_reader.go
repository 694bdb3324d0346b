package reports

import (
	"fmt"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// These limits of the reader keep the page small for any run.
const (
	maxBooks       = 4 // of each model
	maxSummary     = 4000
	maxFacts       = 64
	maxBookReaders = 9
)

// booksumPage is one table of summaries on the page.
type booksumPage struct {
	ID, Title, Protocol string
	Reading             []string
	Main                *table.Table
	Charts              []*chart.Chart
	Tables              []*table.Table
	Readers             []bookReader
	Words               int  // of a text that is shown
	Facts               bool // it is known which the summaries state
	Provenance          provenance
}

// bookReader shows the summaries of one model next to the references.
type bookReader struct {
	Title string
	Books []bookPage
}

// bookPage is one book with its summaries.
type bookPage struct {
	Title     string
	Reference string
	Readings  []bookOutput
}

// bookOutput is a summary after reading part of the book.
type bookOutput struct {
	Title, Text string
	Facts       []bookFact
	Stated      int
}

// bookFact is one thing the reference states.
type bookFact struct {
	Text         string
	Stated, Read bool
}

// section is what the page shows of a table of summaries.
func (b *booksumTable) section(slug string) (booksumPage, error) {
	tables := b.tables(slug)
	s := booksumPage{ID: "booksum-" + slug, Title: b.title(), Protocol: orNone(b.protocol), Reading: b.reading(), Main: tables[0], Tables: tables[1:], Words: maxSummary}
	f, err := b.chart(slug)
	if f != nil {
		s.Charts = []*chart.Chart{f}
	}
	for _, r := range b.ran() {
		if len(s.Readers) < maxBookReaders {
			s.Readers = append(s.Readers, r.reader())
		}
		s.Facts = s.Facts || r.whole().bound != nil
	}
	return s, err
}

// reader shows the first books of the first seed, after the shortest and the longest
// input.
func (r *bookRow) reader() bookReader {
	record := r.records[0].Result
	out := bookReader{Title: fmt.Sprintf("%s, seed %d", modelName(r.model), record.Cell.Seed)}
	for _, book := range record.Booksum.Books[:min(maxBooks, len(record.Booksum.Books))] {
		page := bookPage{Title: fmt.Sprintf("%s, %s tokens", orNone(book.Title), table.Count(int64(book.Tokens))), Reference: table.CleanTo(book.Summary, maxSummary)}
		readings := book.Readings
		if len(readings) > 2 {
			readings = []results.BooksumReading{readings[0], readings[len(readings)-1]}
		}
		for _, reading := range slices.Backward(readings) {
			page.Readings = append(page.Readings, newBookOutput(reading))
		}
		out.Books = append(out.Books, page)
	}
	return out
}

func newBookOutput(r results.BooksumReading) bookOutput {
	o := bookOutput{Title: fmt.Sprintf("%s tokens read, %s %% of the book: overall %s, a mean over decodes", table.Count(int64(r.Read)), points(r.Share), points(r.Mean.Overall))}
	if len(r.Outputs) > 0 {
		o.Text = table.CleanTo(r.Outputs[0], maxSummary)
	}
	for _, f := range r.Facts[:min(maxFacts, len(r.Facts))] {
		o.Facts = append(o.Facts, bookFact{table.Clean(f.Key + " " + f.Value), f.First, f.Read})
		if f.First {
			o.Stated++
		}
	}
	return o
}
