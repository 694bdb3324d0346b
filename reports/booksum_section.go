package reports

import (
	"fmt"
	"math"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// booksumSection shows the paper's Table 4 and Figure 4.
var booksumSection = &section{
	experiment: "booksum",
	paper:      "Table 4: summaries of BookSum",
	check:      func(r *results.Result) error { return checkBooksum(r.Booksum) },
	measures:   []Measure{{Name: "ROUGE overall", Higher: true, Difference: true, place: 2, read: readBooksum}},
	lay:        layBooksum,
}

func layBooksum(run *Run) (*content, error) {
	all := booksumTables(run)
	out := &content{}
	var pages []booksumPage
	for i, slug := range booksumSlugs(all) {
		b := all[i]
		s, err := b.section(slug)
		if err != nil {
			return nil, err
		}
		s.Provenance = run.provenance("booksum", b.corpus)
		pages = append(pages, s)
		out.parts = append(out.parts, pagePart{s.ID, s.Title, "booksum", s})
		out.headlines = append(out.headlines, headline{s.ID, s.Title, b.headline()})
		out.tables = append(append(out.tables, s.Main), s.Tables...)
		out.charts = append(out.charts, s.Charts...)
		out.rows = append(out.rows, b.summaryRows()...)
	}
	out.claims = []claim{moreOfTheBook(all, pages)}
	out.verdicts = countVerdicts(4, triedVerdicts(out.rows))
	out.scores = booksumScores(all)
	return out, nil
}

// readBooksum reads the mean over books of the geometric mean of ROUGE-1, 2 and L, at each
// length that was read.
func readBooksum(r Record) map[string]value {
	if r.Result.Booksum == nil {
		return nil
	}
	all := map[string]value{}
	for _, book := range r.Result.Booksum.Books {
		for _, read := range book.Readings {
			point := table.Count(int64(read.Length)) + " tokens read"
			one := all[point]
			one.parts = append(one.parts, part{book.ID, read.Mean.Overall, 1})
			all[point] = one
		}
	}
	for point, one := range all {
		for _, p := range one.parts {
			one.value += p.sum / float64(len(one.parts))
		}
		all[point] = one
	}
	return all
}

// slopeDial is the axis of points of ROUGE gained from nothing read to all of the book read.
var slopeDial = &dial{name: "points of ROUGE gained by reading the whole book", line: 0, format: func(v float64) string { return table.Decimals(v, 0) }}

// moreOfTheBook is the claim of Figure 4.
func moreOfTheBook(tables []*booksumTable, pages []booksumPage) claim {
	t := claim{text: "Summaries get better with more of the book read (Figure 4)", brief: "Better with more of the book", place: 5, tally: "slopes above 0", dial: slopeDial, paper: "rises from 16K to 500K tokens; no values", scale: "failed"}
	for i, b := range tables {
		var found []evidence
		for _, r := range b.rows {
			v := evidence{who: shortName(r.model), verdict: r.trend, why: r.trendWhy}
			if len(r.points) > 0 {
				v.trial = r.couldShow(r.slope)
			}
			if len(r.points) > 0 && r.trend != NoClaim {
				v.ours = v.who + ": slope " + r.slope.String()
				v.number = dialPoint{Interval{100 * r.slope.Value, 100 * r.slope.Low, 100 * r.slope.High, r.slope.Books}, math.NaN()}
				t.scale = fmt.Sprintf("%s of %s parameters, books to %s of %s tokens, %s", table.Short(r.records[0].Result.Scale.Parameters), table.Short(paperBookParameters), table.Count(int64(r.whole().tokens)), paperBookTokens, plural(len(r.records), "seed"))
			}
			found = append(found, v)
		}
		t.add(found, pages[i].ID, pages[i].ID)
	}
	return t
}
