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

// Terminal prints what a reader wants at the end of a run: one small table for
// each corpus, the verdicts, and what went wrong. Everything else stands in
// the files of Write.
func Terminal(run *Run, w io.Writer) error {
	d, err := newDocument(run)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, c := range d.comparisons {
		if err := c.printTo(&out); err != nil {
			return err
		}
	}
	for _, p := range d.retrievals {
		if err := p.printTo(&out); err != nil {
			return err
		}
	}
	for _, b := range d.shelves {
		if err := b.printTo(&out); err != nil {
			return err
		}
	}
	if err := printSummary(&out, d.theses()); err != nil {
		return err
	}
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
	_, err = w.Write(out.Bytes())
	return err
}

// printTo prints the rows that ran, the bounds, and under them what they are.
func (c *comparison) printTo(out *bytes.Buffer) error {
	t := newTable("terminal", "", "Model", ">Paper", ">Ours [95%]", ">n", ">Memory zeroed", ">÷ local only [95%]", "Verdict")
	var settings []string          // what a row is, in the order of the rows
	which := map[string][]string{} // by setting, the models
	marked := false
	for _, r := range c.rows {
		if len(r.records)+len(r.failed) == 0 {
			continue
		}
		paper, control := none, none
		if r.paper > 0 {
			paper = fmt.Sprintf("%.2f", r.paper)
			if isBorrowed(r.model) {
				paper += borrowed
				marked = true
			}
		}
		if r.overLocal.N > 0 {
			control = r.overLocal.String()
		}
		t.add(c.shortName(r), paper, r.ours.String(), fmt.Sprint(len(r.records)), r.zeroed.mean(), control, string(r.verdict))
		setting := c.dataAndScale(r)
		if which[setting] == nil {
			settings = append(settings, setting)
		}
		which[setting] = append(which[setting], c.shortName(r))
	}
	var segments []string
	for _, i := range c.ideals {
		size := ""
		if len(c.ideals) > 1 {
			size = ", " + count(int64(i.segment))
		}
		t.add("Ideal, history"+size, "", figure(i.full), "", "", "", "bound")
		t.add("Ideal, segment"+size, "", figure(i.limited), "", "", "", "bound")
		segments = append(segments, count(int64(i.segment)))
	}
	printWrapped(out, "", "Token perplexity on "+c.title()+"; lower is better")
	out.WriteString("\n")
	if len(t.Rows) > 0 {
		if err := t.printPlain(out); err != nil {
			return err
		}
	}
	for _, setting := range settings {
		if len(settings) > 1 {
			setting = strings.Join(which[setting], ", ") + ": " + setting
		}
		printWrapped(out, "  ", setting)
	}
	for _, r := range c.rows {
		if words := c.apart(r, r.like(c.rows, localOnly)); words != "" {
			printWrapped(out, "  ", words)
		}
	}
	if len(segments) > 0 {
		printWrapped(out, "  ", "ideal: the bound for a reader of the full history, and of the last segment ("+
			strings.Join(segments, ", ")+" tokens) only")
	}
	if marked {
		printWrapped(out, "  ", borrowedNote)
	}
	if names := c.notAttempted(); names != "" {
		printWrapped(out, "  ", "not attempted: "+names)
	}
	out.WriteString("\n")
	return nil
}

// printSummary prints a line for each claim of the paper, and how values were made.
func printSummary(out *bytes.Buffer, theses []thesis) error {
	t := newTable("terminal-summary", "", "Claim", "Verdict", "Why")
	for _, th := range theses {
		t.add(th.brief, string(th.verdict()), th.why())
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
