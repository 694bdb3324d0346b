package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwarp"
	"github.com/olekukonko/tablewriter/tw"

	"infinibench/internal/results"
)

// terminalWidth is the longest line that Terminal prints, in characters; only a
// single longer word breaks it.
const terminalWidth = 100

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
			printWrapped(&out, "", "failed: "+record.Key+": "+clean(record.Result.Error))
		}
	}
	if missing := len(run.notRun()); missing > 0 {
		printWrapped(&out, "", fmt.Sprintf("not run: %d of %d planned cells", missing, len(run.Planned)))
	}
	for _, text := range d.Warnings {
		printWrapped(&out, "", "warning: "+text)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// printSummary prints a line for each claim of the paper, and how values were made.
func printSummary(out *bytes.Buffer, claims []claim) error {
	t := newTable("terminal-summary", "", "Claim", "Verdict", "Why")
	for _, c := range claims {
		t.add(c.brief, string(c.verdict()), c.why())
	}
	out.WriteString("Summary\n")
	if err := t.printPlain(out); err != nil {
		return err
	}
	printWrapped(out, "  ", "a claim is worth as much as the weakest of its parts")
	printWrapped(out, "  ", "ours: geometric mean over n seeds; [95%]: exp(m ± t·s/√n) of the logarithms")
	return nil
}

// printPlain draws the table without borders, which would take a fifth of the
// width.
func (t *Table) printPlain(out *bytes.Buffer) error {
	var drawn bytes.Buffer
	if err := t.draw(&drawn, t.titles(), t.Rows,
		tablewriter.WithRowAutoWrap(tw.WrapNormal),
		tablewriter.WithHeaderAutoWrap(tw.WrapNormal),
		tablewriter.WithRowMaxWidth(50),
		tablewriter.WithHeaderMaxWidth(14), // else titles, not numbers, decide the width
		tablewriter.WithRendition(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off}},
		})); err != nil {
		return err
	}
	for line := range strings.Lines(drawn.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return nil
}

// printWrapped prints one text in lines of at most terminalWidth, all but the
// first indented two further.
func printWrapped(out *bytes.Buffer, indent, text string) {
	lines, _ := twwarp.WrapString(text, terminalWidth-len(indent)-2)
	for i, line := range lines {
		if i > 0 {
			line = "  " + line
		}
		out.WriteString(indent + line + "\n")
	}
}
