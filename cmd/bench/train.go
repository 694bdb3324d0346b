package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/results"
)

func trainCommand(env *environment) *cobra.Command {
	var profile, data, from, out string
	cell := results.Cell{Experiment: "perplexity"}
	cmd := &cobra.Command{
		Use:   "train --model ID --corpus NAME --out DIR",
		Short: "Train one model of a profile and save it",
		Long: `train trains one model with the settings of a profile. It writes two things to DIR: the
training log metrics.jsonl, and checkpoint/ with model.safetensors and tokenizer.json, which
eval and generate read. The same command resumes an interrupted training.`,
		Example: `  bench train --model infini-linear --corpus novel --out model
  bench train --profile small --data ../data --model infini-delta --corpus pg19 --out model
  bench train --profile my.yaml --from SmolLM2-135M --data ../data --model infini-delta --corpus pg19 --out model`,
		Annotations: map[string]string{continues: ""},
		RunE: func(*cobra.Command, []string) error {
			p, err := experiments.LoadProfile(profile)
			if err != nil {
				return err
			}
			if from != "" {
				if err := p.SetModel(from); err != nil {
					return usageError{err}
				}
			}
			planned, err := choose(p, cell)
			if err != nil {
				return usageError{err}
			}
			warnSlowBLAS(env)
			s := planned.Settings
			bar := env.progress("train", int64(s.Training.Steps*s.Training.Batch*s.Length))
			bar.tokens = true
			defer bar.finish()
			options := experiments.Options{Profile: p, Data: data, Version: buildVersion(), Observe: func(e experiments.Event) {
				bar.interrupt(func() { fmt.Fprintln(env.stderr, e.Text) })
			}}
			if err := experiments.Train(env.ctx, options, planned.Cell, out, func(tokens int, before bool) { bar.advance(int64(tokens), before) }); err != nil {
				return err
			}
			_, err = fmt.Fprintln(env.stdout, filepath.Join(out, "checkpoint"))
			return err
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "tiny", "built-in profile, or the path of a .yaml or .yml file")
	cmd.Flags().StringVar(&data, "data", "", "directory of the corpora")
	cmd.Flags().StringVar(&from, "from", "", "folder of a pretrained model, for a profile that trains from one")
	cmd.MarkFlagDirname("from")
	cmd.Flags().StringVar(&out, "out", "", "directory to write")
	cmd.Flags().StringVar(&cell.Model, "model", "", "id of the model: "+strings.Join(experiments.Models, ", "))
	cmd.Flags().StringVar(&cell.Corpus, "corpus", "", "name of the corpus")
	cmd.Flags().Var((*tokensFlag)(&cell.Length), "length", "training length, if the profile has several for the corpus")
	cmd.Flags().Uint64Var(&cell.Seed, "seed", 0, "one of the profile's seeds; 0 for the first")
	for _, name := range []string{"out", "model", "corpus"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

// choose finds the profile's first cell that matches the request.
func choose(p *experiments.Profile, want results.Cell) (experiments.PlannedCell, error) {
	cells := slices.DeleteFunc(p.Cells(), func(c experiments.PlannedCell) bool { return c.Experiment != want.Experiment })
	i := slices.IndexFunc(cells, func(c experiments.PlannedCell) bool {
		return c.Model == want.Model && c.Corpus == want.Corpus &&
			(want.Length == 0 || c.Length == want.Length) && (want.Seed == 0 || c.Seed == want.Seed)
	})
	if i >= 0 {
		return cells[i], nil
	}
	if len(cells) == 0 {
		return experiments.PlannedCell{}, fmt.Errorf("profile %s has no perplexity experiment, and train needs one; choose another profile", p.Name)
	}
	list := func(of func(results.Cell) string) string {
		var all []string
		for _, c := range cells {
			if s := of(c.Cell); !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		return strings.Join(all, ", ")
	}
	return experiments.PlannedCell{}, fmt.Errorf("profile %s trains no such model; its models are %s, its corpora %s, its lengths %s, its seeds %s", p.Name,
		list(func(c results.Cell) string { return c.Model }), list(func(c results.Cell) string { return c.Corpus }),
		list(func(c results.Cell) string { return strconv.Itoa(c.Length) }), list(func(c results.Cell) string { return strconv.FormatUint(c.Seed, 10) }))
}
