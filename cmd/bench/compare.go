package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"infinibench/reports"
)

func compareCommand(env *environment) *cobra.Command {
	var asJSON, asCSV bool
	cmd := &cobra.Command{
		Use:   "compare RUN RUN...",
		Short: "Set two or more runs side by side, with paired statistics",
		Long: `compare reads the result files of two or more runs, the folders runs/PROFILE of other
machines, commits or settings, and sets them side by side, each against the first. Cells
match by experiment, text, model, length and seed; settings that differ are listed.

Every number of a row is over the same cells: the seeds, and of perplexity and ROUGE also
the documents, that all runs in the row have. What one run has and another lacks counts
nowhere and is named below the table; with three runs or more, compare fewer of them to
use more seeds. A run with another protocol does not take part and has no value.

A change is shown only where it is more than noise, else "~": perplexities and ROUGE by
a bootstrap over documents, in pairs of the same document (p < 0.05, at least 6), and,
where there are two seeds or more, also over these; speed and memory by a paired t-test
over seeds. "=" is no change to the last digit, "≠" what does not compare, with the
reason below the table.`,
		Example: `  bench compare runs/tiny /mnt/other/runs/tiny
  bench compare runs/before runs/after runs/later
  bench compare --csv runs/before runs/after
  bench compare --json runs/before runs/after`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("two runs or more are needed, got %d: folders such as runs/tiny", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var runs []*reports.Run
			var names []string
			for _, dir := range args {
				run, err := reports.Load(dir)
				if err != nil {
					return err
				}
				runs, names = append(runs, run), append(names, filepath.ToSlash(filepath.Clean(dir)))
			}
			s, err := reports.NewSideBySide(names, runs)
			if err != nil {
				return err
			}
			for _, w := range s.Warnings {
				fmt.Fprintf(env.stderr, "warning: %s\n", w)
			}
			switch {
			case asJSON:
				return printJSON(env, s)
			case asCSV:
				return s.Flat().WriteCSV(env.stdout)
			}
			for _, t := range s.Tables() {
				if err := t.WriteTerminal(env.stdout); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the comparison as JSON")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print a line for each value, with every number, as CSV")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	return cmd
}
