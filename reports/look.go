package reports

// What the live page of reports/live has in common with the report.

// Stylesheet is the stylesheet of the report's page.
func Stylesheet() (string, error) {
	raw, err := pageFiles.ReadFile("page/report.css")
	return string(raw), err
}

// ModelName is the name of a model in tables; one unknown here keeps its id.
func ModelName(id string) string { return modelName(id) }

// ModelColor is the colour of a model in every figure, one of few.
func ModelColor(id string) string { return modelColor(id) }

// LoadResults is Load for a run that may be under way: it has no training logs, does not read
// the samples, and need not have a result yet.
func LoadResults(dir string) *Run {
	run, err := load(dir, true)
	if err != nil { // no result yet
		run = &Run{}
		run.Planned = run.loadPlan(dir)
	}
	return run
}

// Cards renders the cards of the report. A claim without a result is still to come if any
// cell is.
func Cards(run *Run) (string, error) {
	d, err := New(run)
	if err != nil {
		return "", err
	}
	if len(run.notRun()) > 0 {
		for i, c := range d.Cards {
			if c.Verdict == NotAttempted {
				d.Cards[i].Why = "no result yet"
			}
		}
	}
	html, err := cardsHTML(d.Cards)
	return string(html), err
}
