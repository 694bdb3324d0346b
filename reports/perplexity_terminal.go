package reports

import (
	"bytes"
	"fmt"
	"strings"

	"infinibench/reports/table"
)

// printTo prints the rows that ran, the bounds, and under them what they are.
func (c *comparison) printTo(out *bytes.Buffer) error {
	t := table.New("terminal", "", "Model", ">Paper", ">Ours [95%]", ">n", ">Memory zeroed", ">÷ local only [95%]", "Verdict")
	var settings []string          // what a row is, in the order of the rows
	which := map[string][]string{} // by setting, the models
	marked := false
	for _, r := range c.rows {
		if len(r.records)+len(r.failed) == 0 {
			continue
		}
		paper, control := table.None, table.None
		if r.paper > 0 {
			paper = fmt.Sprintf("%.2f", r.paper)
			if isBorrowed(r.model) {
				paper += borrowed
				marked = true
			}
		}
		if r.overLocal.N > 0 {
			control = narrow(r.overLocal)
		}
		t.Add(c.shortName(r), paper, r.ours.String(), fmt.Sprint(len(r.records)), r.zeroed.mean(), control, string(r.verdict))
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
			size = ", " + table.Count(int64(i.segment))
		}
		t.Add("Ideal, history"+size, "", table.Sig4(i.full), "", "", "", "bound")
		t.Add("Ideal, segment"+size, "", table.Sig4(i.limited), "", "", "", "bound")
		segments = append(segments, table.Count(int64(i.segment)))
	}
	table.PrintWrapped(out, "", "Token perplexity on "+c.title()+"; lower is better")
	out.WriteString("\n")
	if len(t.Rows) > 0 {
		if err := t.PrintPlain(out); err != nil {
			return err
		}
	}
	for _, setting := range settings {
		if len(settings) > 1 {
			setting = strings.Join(which[setting], ", ") + ": " + setting
		}
		table.PrintWrapped(out, "  ", setting)
	}
	for _, r := range c.rows {
		if words := c.apart(r, r.like(c.rows, localOnly)); words != "" {
			table.PrintWrapped(out, "  ", words)
		}
	}
	if len(segments) > 0 {
		table.PrintWrapped(out, "  ", "ideal: the bound for a reader of the full history, and of the last segment ("+
			strings.Join(segments, ", ")+" tokens) only")
	}
	var shares []string
	for _, r := range c.rows {
		if share, known := c.closed(r); known {
			shares = append(shares, c.shortName(r)+" "+table.Hundred(share)+" %")
		}
	}
	if len(shares) > 0 {
		table.PrintWrapped(out, "  ", "ideal gap closed: "+strings.Join(shares, ", "))
	}
	if marked {
		table.PrintWrapped(out, "  ", borrowedNote)
	}
	if names := c.notAttempted(); names != "" {
		table.PrintWrapped(out, "  ", "not attempted: "+names)
	}
	out.WriteString("\n")
	return nil
}

// narrow writes an interval in the width of a terminal, where one seed that differs wildly
// makes it absurdly wide.
func narrow(i Interval) string {
	text := i.String()
	if len(text) <= 24 || i.N < 2 {
		return text
	}
	high := table.Decimals(i.High, 1)
	if i.High >= 1000 {
		high = ">999"
	}
	return fmt.Sprintf("%s [%s, %s]", table.Decimals(i.Mean, 3), table.Decimals(i.Low, 3), high)
}
