package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"

	"infinibench/reports/live"
)

// status is what "bench status --json" prints.
type status struct {
	Profile  string     `json:"profile"`
	Phase    string     `json:"phase"`
	Sentence string     `json:"sentence"`
	Since    *time.Time `json:"since"`
	Cells    int        `json:"cells"`
	Done     int        `json:"done"`
	Failed   int        `json:"failed"`
	Running  int        `json:"running"`
	Left     int        `json:"left"` // cells without a result, those that run included
	Share    *float64   `json:"share"`
	Seconds  *float64   `json:"seconds_left"`
	Unknown  int        `json:"left_out"` // cells that seconds_left does not count
	Rows     []live.Row `json:"rows"`
	Warnings []string   `json:"warnings"`
}

func statusCommand(env *environment) *cobra.Command {
	var profile, runs string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how far a run is: cells done, running where and how fast, failed why, time left",
		Long: `status says how many cells of a run are done, which are running, where and how fast, which
have failed and why, and how long the rest will take at the speed of the last steps. It only
reads the result files, so the run may be spread over any number of processes and machines.`,
		Example: `  bench status
  bench status --profile small --runs /scratch/runs
  bench status --profile smoke --json`,
		RunE: func(*cobra.Command, []string) error {
			name, err := profileName(runs, profile)
			if err != nil {
				return err
			}
			s := statusOf(live.NewWatch(filepath.Join(runs, name), name).State())
			if asJSON {
				return printJSON(env, s)
			}
			return printStatus(env, s)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "tiny", "name of the profile, or its file")
	cmd.Flags().StringVar(&runs, "runs", "runs", "directory of the results")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with a row for each cell")
	return cmd
}

func statusOf(s *live.State) status {
	all := status{
		Profile: s.Profile, Phase: s.Phase, Sentence: s.Sentence, Since: s.Since, Cells: s.Total, Done: s.Done, Failed: s.Fails,
		Left: s.Total - s.Done - s.Fails, Share: s.Share, Seconds: s.Left, Unknown: s.LeftOut, Rows: s.Cells, Warnings: s.Warnings,
	}
	for _, r := range s.Cells {
		if r.Running() {
			all.Running++
		}
	}
	return all
}

func printStatus(env *environment, s status) error {
	fmt.Fprintln(env.stdout, s.Sentence)
	if s.Cells > 0 {
		line := fmt.Sprintf("%d of %d cells done, %d running, %d failed, %d to come", s.Done, s.Cells, s.Running, s.Failed, s.Left-s.Running)
		if s.Share != nil {
			line += fmt.Sprintf("; %.0f %% of the tokens", 100**s.Share)
		}
		fmt.Fprintln(env.stdout, line)
	}
	if s.Seconds != nil {
		left := "about " + duration(*s.Seconds) + " left at the speed of the last steps"
		if s.Unknown > 0 {
			left += fmt.Sprintf(", without %d cells that write nothing on the way", s.Unknown)
		}
		fmt.Fprintln(env.stdout, left)
	}
	if s.Running > 0 {
		table := tablewriter.NewTable(env.stdout, tablewriter.WithHeaderAutoFormat(tw.Off),
			tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: []tw.Align{tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignLeft}}))
		table.Header("cell", "state", "step", "tokens/s", "left", "where")
		for _, r := range s.Rows {
			if !r.Running() {
				continue
			}
			if err := table.Append(r.Cell, stateOf(r), stepOf(r), speedOf(r), leftOf(r), whereOf(r)); err != nil {
				return err
			}
		}
		if err := table.Render(); err != nil {
			return err
		}
	}
	for _, r := range s.Rows {
		if r.Error != "" {
			fmt.Fprintf(env.stdout, "failed: %s: %s\n", r.Cell, r.Error)
		}
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(env.stderr, "bench: %s\n", w)
	}
	return nil
}

func stateOf(r live.Row) string {
	if r.Stage != "" {
		return r.State + " " + r.Stage
	}
	return r.State
}

func stepOf(r live.Row) string {
	if r.Steps == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s", humanize.Comma(int64(r.Step)), humanize.Comma(int64(r.Steps)))
}

func speedOf(r live.Row) string {
	if r.TokensPerSecond == nil {
		return ""
	}
	return humanize.Comma(int64(*r.TokensPerSecond))
}

func leftOf(r live.Row) string {
	if r.Left == nil {
		return ""
	}
	return duration(*r.Left)
}

func whereOf(r live.Row) string {
	if r.Silent == nil {
		return r.Where
	}
	return r.Where + ", no sign of life for " + duration(*r.Silent)
}
