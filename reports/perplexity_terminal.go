package reports

import (
	"bytes"
	"fmt"
	"strings"
)

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
		t.add("Ideal, history"+size, "", sig4(i.full), "", "", "", "bound")
		t.add("Ideal, segment"+size, "", sig4(i.limited), "", "", "", "bound")
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
