package reports

import (
	"infinibench/internal/results"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// sections is everything that a report shows of a run, in the order of the page. A new
// experiment takes one line here, files that begin with its name, and a template in page/.
var sections = []*section{
	perplexitySection,
	passkeySection,
	booksumSection,
	adaptSection,
	recallSection,
	ledgerSection,
	costSection,
}

// section is what the report knows of one experiment, or of another subject that it
// covers. Only lay is required.
type section struct {
	experiment string // whose cells it shows, "" for none
	paper      string // what the paper reports here: a row of the summary if the run has no such cell
	timed      bool   // its numbers are times, which change from run to run, so its tables come last

	// check refuses a finished result that the tables could not show honestly.
	check func(*results.Result) error
	// undefined says why numbers of a result are not finite, and gives the paths of those
	// that it explains, as finite.Missing writes them.
	undefined func(*results.Result) (why []string, explained map[string]bool)
	// data adds what a result is about to the table of data; addData where it is nil.
	data func(*table.Table, results.Result)
	// measures are what bench compare sets side by side.
	measures []Measure
	// lay lays out what the section shows of a run.
	lay func(*Run) (*content, error)
}

// content is what a section shows of one run. Every field may be empty.
type content struct {
	parts        []pagePart     // of the page, in order
	tables       []*table.Table // for the files
	charts       []*chart.Chart // for the files
	picture      *chart.Chart   // for the first screen
	claims       []claim        // claims of the paper's abstract
	rows         []summaryRow   // rows of the paper's tables that were tried
	notAttempted []summaryRow   // and those that were not
	verdicts     string         // the verdicts on a table of the paper, counted
	headlines    []headline     // what came out, a line for each part of the page
	lead         []string       // for the first paragraphs of the page
	total        headline       // one sentence for the summary
	scores       scores         // for the terminal
}

// headline is a sentence about a part of the page, with its anchor and title.
type headline struct{ ID, Title, Text string }

// pagePart is one part of the page: an entry in its navigation, and a template of page/
// with the data that it shows.
type pagePart struct {
	ID, Title string
	template  string
	data      any
}

// sectionOf is the section of an experiment, nil if no section shows it.
func sectionOf(experiment string) *section {
	for _, s := range sections {
		if s.experiment != "" && s.experiment == experiment {
			return s
		}
	}
	return nil
}
