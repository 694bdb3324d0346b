package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/results"
	"infinibench/models"
	"infinibench/reports"
)

func recallCommand(env *environment) *cobra.Command {
	var settings results.RecallSettings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "recall",
		Short: "Measure what one head's memory recalls, without a model",
		Long: `recall writes random pairs of key and value to the memory of one head, with the same
loops that the models run, and reads each value back with its key. The number of pairs
ranges from one to four times the width of the head, for both update rules, with standard
normal keys and with keys whose features do not overlap. recall prints each error next to
the error that the equations predict, computed in float64 from the products of the keys.

It takes seconds and distinguishes wrong arithmetic from a model that has not learnt: the
exit code is 1 if the memory departs from the predicted curve.`,
		Example: `  bench recall
  bench recall --head 16,64,128 --segment 1,4,64
  bench recall --trials 2 --json`,
		RunE: func(*cobra.Command, []string) error {
			if err := experiments.CheckRecall(settings); err != nil {
				return usageError{err}
			}
			all, err := measureRecall(env, settings)
			if err != nil {
				return err
			}
			return printRecall(env, all, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&settings.HeadSizes, "head", []int{64}, "widths of a head, for key and value")
	flags.IntSliceVar(&settings.Segments, "segment", []int{1, 16}, "pairs written at once; Linear does not depend on it and uses the first")
	flags.IntVar(&settings.Trials, "trials", 4, "number of times that new pairs are drawn")
	flags.BoolVar(&asJSON, "json", false, "print the points as JSON")
	return cmd
}

func measureRecall(env *environment, s results.RecallSettings) ([]reports.Recall, error) {
	total := 0
	for _, model := range experiments.RecallModels {
		total += experiments.SumRecallPairs(s, model)
	}
	p := env.progress("recall", int64(total))
	defer p.finish()
	var all []reports.Recall
	for _, model := range experiments.RecallModels {
		points, err := experiments.MeasureRecall(env.ctx, model, s, models.Defaults().MemoryEpsilon, func(pairs int) { p.add(int64(pairs), "") })
		if err != nil {
			return nil, err
		}
		all = append(all, reports.NewRecall(model, points))
	}
	return all, nil
}

// printRecall prints the table and the verdicts; it returns an error if a memory is wrong.
func printRecall(env *environment, all []reports.Recall, asJSON bool) error {
	agree := true
	for _, r := range all {
		agree = agree && r.Agrees
	}
	if asJSON {
		if err := printJSON(env, all); err != nil {
			return err
		}
	} else {
		if err := reports.RecallTable(all).WriteTerminal(env.stdout); err != nil {
			return err
		}
		for _, r := range all {
			fmt.Fprintln(env.stdout, r.Verdict())
		}
	}
	if !agree {
		return errors.New("the memory departs from its equations: its arithmetic is wrong")
	}
	return nil
}
