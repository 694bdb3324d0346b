package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/machine"
	"infinibench/internal/results"
)

// runFlags are the flags shared by the verbs that run a profile.
type runFlags struct {
	profile, data, runs, model string
	only                       []string
}

func (f *runFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.profile, "profile", "tiny", "built-in profile, or the path of a .yaml or .yml file")
	cmd.Flags().StringVar(&f.data, "data", "", "directory of the corpora")
	cmd.Flags().StringVar(&f.model, "model", "", "folder of a pretrained model, for a profile that trains from one")
	cmd.MarkFlagDirname("model")
	cmd.Flags().StringVar(&f.runs, "runs", "runs", "directory of the results")
	cmd.Flags().StringSliceVar(&f.only, "only", nil, "run only these experiments, such as passkey")
}

func (f *runFlags) options() (experiments.Options, error) {
	p, err := experiments.LoadProfile(f.profile)
	if err == nil {
		err = p.Restrict(f.only...)
	}
	if err == nil && f.model != "" {
		err = p.SetModel(f.model)
	}
	return experiments.Options{Profile: p, Data: f.data, Runs: f.runs, Version: buildVersion()}, err
}

func reproduceCommand(env *environment) *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "reproduce",
		Short: "Run every experiment of a profile and write the report",
		Long: `reproduce runs every cell of a profile and writes the report. A cell is one
experiment with one corpus, model and seed. Finished cells are skipped, interrupted ones
are resumed, and a failed one does not stop the others. Press Ctrl-C at any time: reproduce
saves its state, and the same command resumes the run.`,
		Example: `  bench reproduce
  bench reproduce --profile small --data ../data
  bench reproduce --profile small --only passkey
  bench reproduce --profile pretrained --model SmolLM2-135M --data ../data
  bench reproduce --profile my.yaml --runs /scratch/runs`,
		Annotations: map[string]string{continues: ""},
		RunE: func(*cobra.Command, []string) error {
			options, err := flags.options()
			if err != nil {
				return err
			}
			summary, err := runProfile(env, options)
			if err != nil {
				return err
			}
			if summary.Done+summary.Skipped+summary.Failed > 0 {
				if _, err := writeReport(env, flags.runs, options.Profile.Name, "", false); err != nil {
					return err
				}
			}
			return failures(summary)
		},
	}
	flags.add(cmd)
	return cmd
}

func runCommand(env *environment) *cobra.Command {
	var flags runFlags
	var cells string
	var array bool
	var workers int
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run every experiment of a profile, or some of its cells, without the report",
		Long: `run is reproduce without the report; "bench report" can write the report at any time.

Several processes, on one machine or on many, may run the same profile in the same --runs:
each cell is made by one of them, and each process ends when its cells have a result. To
split the work, give each process a share: --cells 0/3, 1/3 and 2/3 is every third cell from
the first, the second and the third. --cells also takes names as "bench plan" lists them, and
their positions from 0: 0,4-7. --array takes the share of this task of a Slurm job array.

A scheduler that warns a job of its end by SIGUSR1, SIGUSR2 or SIGXCPU gets exit code 75 once
the state is saved: the same command resumes the run.`,
		Example: `  bench run --profile smoke
  bench run --profile small --data ../data
  bench run --profile smoke --cells 0/3 --workers 1
  bench run --profile smoke --cells 0,4-7
  bench run --profile smoke --cells cost-infini-delta-512`,
		Annotations: map[string]string{continues: ""},
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := flags.options()
			if err != nil {
				return err
			}
			if options.Workers = workers; workers < 0 {
				return usageError{fmt.Errorf("--workers %d: want 1 or more, or 0 for the profile's", workers)}
			}
			switch {
			case array && cells != "":
				return usageError{errors.New("--array and --cells both pick cells: use one of them")}
			case array:
				options.Cells, err = experiments.SelectTask(options.Profile.Names(), os.Getenv)
			case cmd.Flags().Changed("cells"):
				options.Cells, err = experiments.Select(options.Profile.Names(), cells)
			}
			if err != nil {
				return usageError{err}
			}
			summary, err := runProfile(env, options)
			if err != nil {
				return err
			}
			return failures(summary)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&cells, "cells", "", "run only these cells: INDEX/OF, or names and positions")
	cmd.Flags().BoolVar(&array, "array", false, "run only the share of this task of a Slurm job array")
	cmd.Flags().IntVar(&workers, "workers", 0, "cells at the same time (default: the profile's)")
	return cmd
}

// failures is the error of a run in which cells failed, or nil.
func failures(s experiments.Summary) error {
	if s.Failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d cells failed; the reasons are in %s/<cell>/result.json and in the report; the same command tries these cells again",
		s.Failed, s.Done+s.Skipped+s.Failed, s.Directory)
}

// runProfile runs the cells of a profile under a progress bar and prints their cost at
// the end.
func runProfile(env *environment, o experiments.Options) (experiments.Summary, error) {
	warnSlowBLAS(env)
	work, err := experiments.Workload(o)
	if err != nil {
		return experiments.Summary{}, err
	}
	total, share := int64(0), map[results.Cell]int64{}
	work = slices.DeleteFunc(work, func(e experiments.Estimate) bool { return !o.Picks(e.Cell) })
	for _, w := range work {
		share[w.Cell] = int64(w.TrainTokens + w.EvaluateTokens)
		total += share[w.Cell]
	}
	if o.Data != "" && !o.Profile.ReadsFiles() {
		fmt.Fprintf(env.stderr, "bench: profile %s generates its texts and reads no files; --data %s is ignored\n", o.Profile.Name, o.Data)
	}
	if o.Workers == 0 {
		o.Workers = fittingWorkers(env, o)
	}
	start := machine.WorkTime()
	bar := env.progress("reproduce", total)
	bar.tokens = true
	var done int64
	cells, counted := 0, map[results.Cell]int64{}
	// The bar counts every finished cell as its expected tokens, even if it processed
	// fewer. The missing ones must not count towards the speed.
	complete := func(c results.Cell) {
		bar.before(share[c] - counted[c])
		cells++
		done += share[c] - counted[c]
		counted[c] = share[c]
	}
	say := func(format string, args ...any) {
		bar.interrupt(func() { fmt.Fprintf(env.stderr, format+"\n", args...) })
	}
	bar.set(0, total, "")
	o.Observe = func(e experiments.Event) {
		switch e.Kind {
		case experiments.Note:
			say("%s", e.Text)
		case experiments.Skipped, experiments.Done:
			complete(e.Cell)
		case experiments.Failed:
			complete(e.Cell)
			say("failed: %s: %v", e.Cell.Key(), e.Err)
		case experiments.Progress:
			n := min(int64(e.Tokens), share[e.Cell]-counted[e.Cell])
			counted[e.Cell] += n
			done += n
			if e.Before {
				bar.before(n)
			}
		default:
			return
		}
		note := fmt.Sprintf("%d/%d cells", cells, len(work))
		if e.Kind == experiments.Progress {
			note += ", " + e.Phase + " " + e.Cell.Key()
		}
		bar.set(done, total, note)
	}
	summary, err := experiments.Run(env.ctx, o)
	bar.finish()
	if err != nil && env.ctx.Err() == nil && summary.Done+summary.Skipped+summary.Failed == 0 {
		return summary, err // nothing was started
	}
	fmt.Fprintf(env.stderr, "%d cells done, %d done before, %d failed; %v, peak memory %s\n",
		summary.Done, summary.Skipped, summary.Failed, (machine.WorkTime() - start).Round(time.Second), humanize.IBytes(uint64(machine.PeakRSS())))
	return summary, err
}

// fittingWorkers is the number of cells to run at the same time, 0 for the profile's.
// Only where memory is limited, as in a container, does it spend the few seconds that a
// plan takes. It prints a message if fewer fit than the profile asks for.
func fittingWorkers(env *environment, o experiments.Options) int {
	if !machine.MemoryIsLimited() || o.Profile.Workers == 1 {
		return 0
	}
	plan, err := experiments.Plan(env.ctx, o)
	if err != nil {
		if env.ctx.Err() == nil {
			fmt.Fprintf(env.stderr, "bench: running one cell at a time, because the number that fits in memory is unknown: %v\n", err)
		}
		return 1
	}
	n, why := experiments.Workers(o.Profile, plan)
	if why != "" {
		fmt.Fprintf(env.stderr, "bench: %s\n", why)
	}
	return n
}

// warnSlowBLAS prints blasWarning.
func warnSlowBLAS(env *environment) {
	if warning := blasWarning(); warning != "" {
		fmt.Fprintf(env.stderr, "bench: %s\n", warning)
	}
}
