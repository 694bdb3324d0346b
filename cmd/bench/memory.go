package main

import (
	"bytes"
	"errors"
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
	var from checkpointFlags
	var peak, asJSON bool
	cmd := &cobra.Command{
		Use:   "memory",
		Short: "Show the memory that each model carries between segments",
		Long: `memory prints the size of the state that each model carries from segment to segment, in
numbers and in bytes: by the formulas of the paper's Table 1 and as counted in the live
state. It does so at the paper's sizes, next to the paper's figures, and at the sizes of the
profile or of one run.

With --peak, every model also reads two segments at the profile's sizes in its own process,
and memory prints the peak resident memory of that process. At the paper's sizes this takes
gigabytes and minutes; without --peak, values measured earlier are printed.

With --checkpoint, memory prints what each memory would carry in that model, or --memory
alone, next to the keys and values that full attention keeps.`,
		Example: `  bench memory
  bench memory --profile paper
  bench memory --profile my.yaml --peak --json
  bench memory --config runs/tiny/perplexity-novel-memorizing-1024-seed1/config.yaml
  bench memory --checkpoint SmolLM2-135M --segment 512`,
		RunE: func(*cobra.Command, []string) error {
			if from.dir != "" {
				return modelMemory(env, &from, peak, alone, asJSON)
			}
			if from.plug.set() {
				return usageError{errors.New("--memory, --segment, --gate-init and --ungated-start need --checkpoint with a model folder")}
			}
			load, sizes := experiments.LoadProfile, []string{"--profile", profile}
			if config != "" {
				load, sizes = experiments.LoadConfig, []string{"--config", config}
			}
			p, err := load(sizes[1])
			if err != nil {
				return err
			}
			if alone != "" { // this is the child process for one model
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
			return printLedgers(env, ledgers)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&profile, "profile", "tiny", "built-in profile, or the path of a .yaml or .yml file")
	flags.StringVar(&config, "config", "", "config.yaml of a run, instead of a profile")
	flags.BoolVar(&peak, "peak", false, "also measure the peak resident memory of each model")
	flags.BoolVar(&asJSON, "json", false, "print the ledgers as JSON")
	flags.StringVar(&alone, "alone", "", "print the peak resident memory of this process with one model")
	if err := flags.MarkHidden("alone"); err != nil {
		panic(err)
	}
	from.addOptional(cmd)
	cmd.MarkFlagsMutuallyExclusive("profile", "config", "checkpoint")
	return cmd
}

func printLedgers(env *environment, ledgers []*results.Ledger) error {
	for _, l := range ledgers {
		for _, t := range reports.LedgerTables(l) {
			if err := t.WriteTerminal(env.stdout); err != nil {
				return err
			}
		}
	}
	return nil
}

// measurePeaks runs this program once per implemented model, because a process reports
// the peak of the largest model it has ever held.
func measurePeaks(env *environment, sizes []string, l *results.Ledger) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program's own path, to run it for each model: %w", err)
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
