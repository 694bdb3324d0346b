package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/results"
	"infinibench/reports"
)

func memoryCommand(env *environment) *cobra.Command {
	var profile, config, alone string
	var peak, asJSON bool
	cmd := &cobra.Command{
		Use:   "memory",
		Short: "Show the memory each model carries from segment to segment",
		Long: `memory works out what each model carries from segment to segment, by the formulas of
the paper's Table 1, in numbers and in bytes, and counts the bytes of the live state
beside them: at the paper's sizes, next to what the paper prints, and at those of the
profile, or of one run. With --peak, every model also reads two segments at the
profile's sizes in a process of its own, and the most memory that process had resident
is shown; at the paper's sizes that takes gigabytes, and minutes, so without --peak it is
what was measured once.`,
		Example: `  bench memory
  bench memory --profile paper
  bench memory --profile my.yaml --peak --json
  bench memory --config runs/tiny/perplexity-novel-memorizing-1024-seed1/config.yaml`,
		RunE: func(*cobra.Command, []string) error {
			load, sizes := experiments.LoadProfile, []string{"--profile", profile}
			if config != "" {
				load, sizes = experiments.LoadConfig, []string{"--config", config}
			}
			p, err := load(sizes[1])
			if err != nil {
				return err
			}
			if alone != "" { // the process of its own
				bytes, err := experiments.PeakMemory(env.ctx, p, alone)
				if err != nil {
					return err
				}
				fmt.Fprintln(env.stdout, bytes)
				return nil
			}
			paper, err := experiments.PaperLedger()
			if err != nil {
				return err
			}
			ledgers := []*results.Ledger{paper}
			if p.Name != paper.Profile {
				own, err := p.Ledger()
				if err != nil {
					return err
				}
				ledgers = append(ledgers, own)
			}
			if peak {
				if err := measurePeaks(env, sizes, ledgers[len(ledgers)-1]); err != nil {
					return err
				}
			}
			if asJSON {
				return printJSON(env, ledgers)
			}
			for _, l := range ledgers {
				for _, t := range reports.LedgerTables(l) {
					if err := t.WriteTerminal(env.stdout); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&profile, "profile", "tiny", "built-in profile, or the path of your own, a .yaml or .yml file")
	flags.StringVar(&config, "config", "", "config.yaml of a run, in place of a profile")
	flags.BoolVar(&peak, "peak", false, "measure the peak resident memory of each model as well")
	flags.BoolVar(&asJSON, "json", false, "print the ledgers as JSON")
	flags.StringVar(&alone, "alone", "", "print the peak resident memory of this process with one model")
	if err := flags.MarkHidden("alone"); err != nil {
		panic(err)
	}
	cmd.MarkFlagsMutuallyExclusive("profile", "config")
	return cmd
}

// measurePeaks runs this program once for each model that is here, since the peak of
// one process is that of the largest model it has held.
func measurePeaks(env *environment, sizes []string, l *results.Ledger) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to run it for each model: %w", err)
	}
	p := env.progress("memory", int64(len(l.Rows)))
	defer p.finish()
	l.Peaks = ""
	for i := range l.Rows {
		r := &l.Rows[i]
		if r.Measured != nil {
			var problem bytes.Buffer
			child := exec.CommandContext(env.ctx, self, append([]string{"memory", "--alone", r.Model}, sizes...)...)
			child.Stderr = &problem
			out, err := child.Output()
			if err != nil {
				return fmt.Errorf("%s: %w: %s", r.Model, err, strings.TrimSpace(problem.String()))
			}
			if r.PeakRSS, err = strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64); err != nil {
				return fmt.Errorf("%s: %w", r.Model, err)
			}
		}
		p.add(1, "")
	}
	return nil
}
