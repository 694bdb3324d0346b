package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/datasets"
	"infinibench/experiments"
)

var shells = []string{"bash", "zsh", "fish"}

func completionCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes verbs and options in a shell",
		Long: `completion prints a script for bash, zsh or fish that completes verbs, options, built-in
profiles, models and files. Load it at every start of the shell:

  source <(bench completion bash)                                  in ~/.bashrc
  bench completion zsh > "${fpath[1]}/_bench"                      once, for zsh
  bench completion fish > ~/.config/fish/completions/bench.fish    once, for fish

The bash script needs the package bash-completion.`,
		Example: `  bench completion bash
  bench completion zsh`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return fmt.Errorf("one shell is needed: %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "zsh":
				return cmd.Root().GenZshCompletion(env.stdout)
			case "fish":
				return cmd.Root().GenFishCompletion(env.stdout, true)
			}
			return cmd.Root().GenBashCompletionV2(env.stdout, true)
		},
	}
}

// completeValues registers the values of options that have few of them. All others
// complete file names, as --profile also does.
func completeValues(cmd *cobra.Command) {
	values := map[string][]string{
		"profile": experiments.ProfileNames(),
		"from":    experiments.ProfileNames(),
		"model":   experiments.Models,
		"memory":  experiments.Models,
		"mode":    {"train", "eval"},
		"split":   {string(datasets.Train), string(datasets.Validation), string(datasets.Test)},
	}
	for flag, words := range values {
		f := cmd.Flags().Lookup(flag)
		if f == nil || f.Annotations[cobra.BashCompSubdirsInDir] != nil { // --model of run names a folder
			continue
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if flag == "profile" {
			directive = cobra.ShellCompDirectiveDefault
		}
		if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, directive)); err != nil {
			panic(err) // registered twice
		}
	}
	for _, sub := range cmd.Commands() {
		completeValues(sub)
	}
}
