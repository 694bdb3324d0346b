package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// Terminal prints what a reader wants at the end of a run, on one screen: the verdicts, one
// table of all models, and what went wrong. Everything else is in the files of Write.
func (d *Document) Terminal(w io.Writer, screen table.Screen) error {
	var out bytes.Buffer
	size := d.Profile + ": " + plural(len(d.run.Records), "cell")
	if d.Spent != "" {
		size += " in " + d.Spent
	}
	screen.Print(&out, "", size)
	out.WriteString("\n")
	if err := printCards(&out, screen, d.Cards); err != nil {
		return err
	}
	printFairTrials(&out, screen, d.claims())
	out.WriteString("\n")
	var all []scores
	for _, c := range d.contents {
		all = append(all, c.scores)
	}
	if err := printScores(&out, screen, all); err != nil {
		return err
	}
	d.printProblems(&out, screen)
	_, err := w.Write(out.Bytes())
	return err
}

// terminalSigns gives each verdict the sign of its card, in Unicode and in ASCII.
var terminalSigns = map[Verdict][2]string{
	Reproduced:     {"✓", "+"},
	DirectionHolds: {"↑", "^"},
	NotReproduced:  {"✗", "x"},
	Undecided:      {"◇", "?"},
	NoFairTrial:    {"⊘", "o"},
	NotAttempted:   {"–", "-"},
}

func verdictText(screen table.Screen, v Verdict) string {
	sign := terminalSigns[v]
	if screen.ASCII {
		return sign[1] + " " + string(v)
	}
	return sign[0] + " " + string(v)
}

// printCards prints a line for each claim, with its verdict first; its reason has to have
// room in the same line.
func printCards(out *bytes.Buffer, screen table.Screen, all []card) error {
	verdicts, claims := 0, 0
	for _, c := range all {
		verdicts, claims = max(verdicts, table.Width(verdictText(screen, c.Verdict))), max(claims, table.Width(screen.Text(c.Claim)))
	}
	const gap, least = 2, 20
	room := screen.Width - verdicts - claims - 3*gap
	columns := make([]table.Column, 2, 3)
	if room >= least {
		columns = append(columns, table.Column{})
	}
	var rows [][]string
	for _, c := range all {
		row := []string{verdictText(screen, c.Verdict), screen.Text(c.Claim), screen.Cut(c.Why, room)}
		rows = append(rows, row[:len(columns)])
	}
	return screen.Columns(out, columns, rows)
}

// printProblems prints which cells failed or did not run, and the warnings: the first few
// of each, since the report lists all.
func (d *Document) printProblems(out *bytes.Buffer, screen table.Screen) {
	var failed, warnings []string
	for _, record := range d.run.Records {
		if record.Result.Status == results.StatusFailed {
			failed = append(failed, "failed: "+record.Key+": "+table.CleanTo(record.Result.Error, 160))
		}
	}
	for _, text := range d.Warnings {
		warnings = append(warnings, "warning: "+table.CleanTo(text, 160))
	}
	for _, list := range [][]string{failed, warnings} {
		for _, text := range list[:min(len(list), shownProblems)] {
			screen.Print(out, "", text)
		}
		if more := len(list) - shownProblems; more > 0 {
			word, _, _ := strings.Cut(list[0], ":")
			screen.Print(out, "", fmt.Sprintf("%s: %d more, which the report lists", word, more))
		}
	}
	if missing := len(d.run.notRun()); missing > 0 {
		screen.Print(out, "", fmt.Sprintf("not run: %d of %d planned cells", missing, len(d.run.Planned)))
	}
}

// shownProblems is how many failed cells and how many warnings the terminal shows.
const shownProblems = 3
