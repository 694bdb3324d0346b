package reports

import (
	"bytes"
	"slices"

	"infinibench/reports/table"
)

// fairTrialsTable lists the parts of claims without a fair trial, and what one would take. Its
// hours are computed from the times of this run, so they change from run to run.
func fairTrialsTable(claims []claim) *table.Table {
	t := table.New("fair-trials", "What fair trials would take", "Claim", "Part", "What is lacking", "It would take", ">Hours of one worker").CSV(
		"claim", "part", "lacking", "takes", "hours_of_one_worker")
	for _, c := range claims {
		for _, v := range c.evidence {
			if v.verdict == NoFairTrial {
				t.Put(table.Prose(c.brief), table.Prose(v.who), table.Prose(v.trial.Lacks), table.Prose(v.trial.Takes), hoursCell(v.trial.Hours))
			}
		}
	}
	if slices.ContainsFunc(t.Rows, func(row []string) bool { return row[4] != table.None }) {
		t.Note("Hours to train all seeds, at the speed of this run.")
	}
	return t
}

// printFairTrials prints what a fair trial of each claim without one would take: the first
// part's needs, and how many parts more. All are in the table.
func printFairTrials(out *bytes.Buffer, screen table.Screen, claims []claim) {
	for _, c := range claims {
		found := c.decided(NoFairTrial)
		if c.verdict() != NoFairTrial || found[0].trial.Takes == "" {
			continue
		}
		first := found[0].trial
		text := c.brief + ": a fair trial needs " + first.Takes
		if first.Hours > 0 {
			text += " (" + hoursText(first.Hours) + " hours of one worker)"
		}
		if more := len(found) - 1; more > 0 {
			needs := " needs"
			if more > 1 {
				needs = " need"
			}
			text += "; " + plural(more, "other part") + needs + " more as well"
		}
		screen.Print(out, "", text)
	}
}

// hoursCell shows hours; nothing for 0, which is unknown.
func hoursCell(hours float64) table.Cell {
	if hours == 0 {
		return table.Cell{}
	}
	return table.Shown(hoursText(hours), hours)
}

// hoursText writes hours with two decimals, and few of them as "< 0.01".
func hoursText(hours float64) string {
	if hours < 0.01 {
		return "< 0.01"
	}
	return table.Decimals(hours, 2)
}
