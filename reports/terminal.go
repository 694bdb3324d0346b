package reports

import (
	"bytes"
	"fmt"
	"io"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// Terminal prints what a reader wants at the end of a run: a small table for each section,
// the verdicts, and what went wrong. Everything else is in the files of Write.
func (d *Document) Terminal(w io.Writer) error {
	var out bytes.Buffer
	for _, c := range d.contents {
		if c.print == nil {
			continue
		}
		if err := c.print(&out); err != nil {
			return err
		}
	}
	if err := printSummary(&out, d.claims()); err != nil {
		return err
	}
	run := d.run
	for _, record := range run.Records {
		if record.Result.Status == results.StatusFailed {
			table.PrintWrapped(&out, "", "failed: "+record.Key+": "+table.Clean(record.Result.Error))
		}
	}
	if missing := len(run.notRun()); missing > 0 {
		table.PrintWrapped(&out, "", fmt.Sprintf("not run: %d of %d planned cells", missing, len(run.Planned)))
	}
	for _, text := range d.Warnings {
		table.PrintWrapped(&out, "", "warning: "+text)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// printSummary prints a line for each claim of the paper, and how values were made.
func printSummary(out *bytes.Buffer, claims []claim) error {
	t := table.New("terminal-summary", "", "Claim", "Verdict", "Why")
	for _, c := range claims {
		t.Add(c.brief, string(c.verdict()), c.why())
	}
	out.WriteString("Summary\n")
	if err := t.PrintPlain(out); err != nil {
		return err
	}
	for _, c := range claims {
		if words := c.power(); words != "" {
			table.PrintWrapped(out, "  ", "could have shown, "+c.brief+": "+words)
		}
	}
	for _, c := range claims {
		for _, v := range c.evidence {
			if v.verdict == NoFairTrial && v.trial.Hours > 0 {
				table.PrintWrapped(out, "  ", fmt.Sprintf("a fair trial, %s, %s: %s, %s hours of one worker", c.brief, v.who, v.trial.Takes, hoursText(v.trial.Hours)))
			}
		}
	}
	table.PrintWrapped(out, "  ", "a claim is worth as much as the weakest of its parts")
	table.PrintWrapped(out, "  ", "ours: geometric mean over n seeds; [95%]: exp(m ± t·s/√n) of the logarithms")
	return nil
}
