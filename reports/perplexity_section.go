package reports

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// perplexitySection shows the paper's Table 2, its 100K rows and the gates of its Figure 3.
var perplexitySection = &section{
	experiment: "perplexity",
	check:      checkPerplexity,
	undefined:  undefinedPerplexity,
	measures:   []Measure{{Name: "token perplexity", place: 1, read: readPerplexity}},
	lay:        layPerplexity,
}

// perplexityPage is one comparison on the page.
type perplexityPage struct {
	ID, Title, Protocol string
	Reading             []string
	Main                *table.Table
	Charts              []*chart.Chart
	Tables              []*table.Table
	Parts               []subsection // the 100K rows, and the gates
	Provenance          provenance
}

// subsection is a part of a section with its own heading.
type subsection struct {
	ID, Title string
	Reading   []string
	Table     *table.Table
	Charts    []*chart.Chart
}

// anchor returns the anchor of a part, or of the whole page if it has no such part.
func (s perplexityPage) anchor(part string) string {
	for _, p := range s.Parts {
		if strings.HasPrefix(p.ID, part+"-") {
			return p.ID
		}
	}
	return s.ID
}

func layPerplexity(run *Run) (*content, error) {
	comparisons := compare(run)
	out := &content{lead: perplexityLead(comparisons)}
	var pages []perplexityPage
	for i, slug := range slugs(comparisons) {
		c := comparisons[i]
		p, err := c.page(slug)
		if err != nil {
			return nil, err
		}
		p.Provenance = run.provenance("perplexity", c.corpus)
		pages = append(pages, p)
		out.parts = append(out.parts, pagePart{p.ID, p.Title, "perplexity", p})
		out.headlines = append(out.headlines, headline{p.ID, p.Title, c.headline()})
		out.tables = append(append(out.tables, p.Main), p.Tables...)
		out.charts = append(out.charts, p.Charts...)
		for _, part := range p.Parts {
			out.tables = append(out.tables, part.Table)
			out.charts = append(out.charts, part.Charts...)
		}
		out.rows = append(out.rows, c.summaryRows()...)
		if names := c.notAttempted(); names != "" {
			out.notAttempted = append(out.notAttempted, summaryRow{corpus: c.corpus, verdict: NotAttempted, text: "The paper's " + names, why: "no result in this run", scale: "paper only"})
		}
	}
	if len(pages) > 0 && len(pages[0].Charts) > 0 {
		out.picture = pages[0].Charts[0]
	}
	out.claims = []claim{lowerPerplexity(comparisons, pages), longerTraining(comparisons, pages), gatesClaim(comparisons, pages)}
	out.verdicts = countVerdicts(2, perplexityVerdicts(comparisons))
	out.scores = perplexityScoresOf(comparisons)
	return out, nil
}

// page lays out one comparison.
func (c *comparison) page(slug string) (perplexityPage, error) {
	s := perplexityPage{ID: "corpus-" + slug, Title: c.title(), Protocol: orNone(c.protocol), Reading: c.reading()}
	tables := c.tables(slug)
	s.Main, s.Tables = tables[0], tables[1:]
	var err error
	if s.Charts, err = c.charts(slug); err != nil {
		return s, err
	}
	for _, of := range []func(string) (subsection, error){c.longSection, c.gateSection} {
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

// summaryRows are the rows that bear on a claim of the paper and have a cell that ran, if
// only to fail.
func (c *comparison) summaryRows() []summaryRow {
	var rows []summaryRow
	for _, r := range c.tried() {
		row := summaryRow{corpus: c.corpus, verdict: r.verdict, text: c.claim(r, modelName), evidence: r.evidenceCell(), paper: r.paperEvidenceCell(), why: r.why, trial: r.trial, scale: c.dataAndScale(r)}
		if r.claim.borrowed {
			row.note = borrowedNote
		}
		rows = append(rows, row)
	}
	return rows
}

// perplexityVerdicts counts the verdicts on all rows.
func perplexityVerdicts(comparisons []*comparison) map[Verdict]int {
	counts := map[Verdict]int{}
	for _, c := range comparisons {
		for _, r := range c.rows {
			counts[r.verdict]++
		}
	}
	return counts
}

// checkPerplexity refuses perplexities of which no ratio can be taken.
func checkPerplexity(r *results.Result) error {
	p := r.Perplexity
	if p == nil {
		return errors.New("status is done but there is no perplexity")
	}
	for _, part := range perplexityScores(p) {
		// A ratio is a difference of logarithms: zero would be infinite. NaN is a value
		// that the result does not have, which the tables show.
		if part.score != nil && part.score.TokenPPL <= 0 {
			return fmt.Errorf("perplexity.%s.token_perplexity %v: want a positive number", part.name, part.score.TokenPPL)
		}
	}
	return nil
}

// namedScore is one score of a result; nil if it was not made.
type namedScore struct {
	name  string
	score *results.Score
}

func perplexityScores(p *results.Perplexity) []namedScore {
	return []namedScore{{"intact", &p.Intact}, {"zeroed", p.Zeroed}, {"shuffled", p.Shuffled}}
}

// undefinedPerplexity gives the reasons that a result states for quantities it lacks.
func undefinedPerplexity(r *results.Result) (why []string, explained map[string]bool) {
	explained = map[string]bool{}
	if r.Perplexity == nil {
		return nil, explained
	}
	with := map[string][]string{} // the scores without a quantity, by quantity and reason
	for _, s := range perplexityScores(r.Perplexity) {
		if s.score == nil {
			continue
		}
		for quantity, why := range s.score.Undefined {
			key := quantity + "\x00" + why
			with[key] = append(with[key], s.name)
			explained["perplexity."+s.name+"."+quantity] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(with)) {
		quantity, reason, _ := strings.Cut(key, "\x00")
		why = append(why, fmt.Sprintf("no %s (%s): %s", quantity, strings.Join(with[key], ", "), reason))
	}
	return why, explained
}

// readPerplexity reads the perplexity with the memory intact, and its documents.
func readPerplexity(r Record) map[string]value {
	p := r.Result.Perplexity
	if p == nil {
		return nil
	}
	one := value{value: p.Intact.TokenPPL}
	for _, d := range p.Documents {
		one.parts = append(one.parts, part{d.ID, d.NLL, d.Tokens})
	}
	return map[string]value{"": one}
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

// charts draws every figure of a comparison that has data.
func (c *comparison) charts(slug string) ([]*chart.Chart, error) {
	var all []*chart.Chart
	add := func(f *chart.Chart, err error) error {
		if err == nil && f != nil {
			all = append(all, f)
		}
		return err
	}
	if err := add(c.perplexityChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.ratioChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.positionChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.gainChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.ageChart(slug)); err != nil {
		return nil, err
	}
	if err := add(c.trainingChart(slug)); err != nil {
		return nil, err
	}
	return all, nil
}
