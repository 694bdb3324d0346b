package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/atomicfile"
	"infinibench/reports"
)

func compareCommand(env *environment) *cobra.Command {
	var asJSON, asCSV bool
	var page string
	cmd := &cobra.Command{
		Use:   "compare RUN RUN...",
		Short: "Compare two or more runs, with paired statistics",
		Long: `compare reads the result files of two or more runs, which are folders runs/PROFILE from
different machines, commits or settings, and compares each run with the first. It matches
cells by experiment, text, model, length and seed, and lists the settings that differ.

Every number in a row uses the same cells: the seeds that all runs in the row share and, for
perplexity and ROUGE, the documents. Anything that some run lacks is left out and named below
the table. A row of three or more runs uses only what all of them share, so compare fewer runs
to use more seeds. A run with another protocol is left out and has no value.

A change is shown only where it exceeds noise; otherwise "~" is printed. For perplexity and
ROUGE the test is a bootstrap over documents, paired by document (p < 0.05, at least 6), and
with two or more seeds also over seeds. For speed and memory it is a paired t-test over seeds.
"=" means equal to the last digit; "≠" means not comparable, with the reason below the table.

--html writes a page instead, which needs no network: the verdict of every run on each claim
of the paper, their numbers on one axis, and the same tables.`,
		Example: `  bench compare runs/tiny /mnt/other/runs/tiny
  bench compare runs/before runs/after runs/later
  bench compare --csv runs/before runs/after
  bench compare --json runs/before runs/after
  bench compare --html difference.html runs/before runs/after`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("at least two runs are needed, got %d; name folders such as runs/tiny", len(args))
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
			case page != "":
				return writeComparison(env, page, s, runs)
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
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print one line per value, with every number, as CSV")
	cmd.Flags().StringVar(&page, "html", "", "write a page to this file and print its path")
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "html")
	return cmd
}

// writeComparison writes the page of a comparison.
func writeComparison(env *environment, path string, s *reports.SideBySide, runs []*reports.Run) error {
	ledger, err := experiments.PaperLedger()
	if err != nil {
		return err
	}
	for _, run := range runs {
		run.Ledger = ledger
	}
	html, err := s.Page(runs)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(path, html); err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	_, err = fmt.Fprintln(env.stdout, path)
	return err
}
