package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/experiments"
)

func evalPasskeyCommand(env *environment) *cobra.Command {
	var from checkpointFlags
	q := experiments.PasskeyQuestions{Lengths: []int{8192}, Samples: 8, Batch: 4}
	cmd := &cobra.Command{
		Use:   "passkey --checkpoint DIR",
		Short: "Ask a model, as it is, for numbers hidden in long texts",
		Long: `passkey hides a key of four digits at the start, in the middle and at the end of prompts
(the paper's Table 3) and asks the model for it. It trains nothing. The length of a prompt
includes the answer. The text is the paper's five sentences, repeated; the most likely token
is taken as the answer.

A base model that is read from its folder sees its own context alone. With --memory, it sees
a segment and, through the memory, everything before it.

The output is JSON: for each length and position the share of right digits and of keys that
are right as a whole, with Wilson's 95 % intervals over keys, the share of right digits with
the memory emptied, and how many segments were written to memory between key and question.
Chance is 0.1. An interrupted call begins again; for prompts that take hours, use a profile,
such as pretrained, which also trains the model to answer and which resumes.`,
		Example: `  bench eval passkey --checkpoint SmolLM2-135M --length 2K,8K
  bench eval passkey --checkpoint SmolLM2-135M --memory infini-delta --segment 512 --length 32K
  bench eval passkey --checkpoint runs/pretrained/CELL/checkpoint/recipe --length 32K,1M --samples 2`,
		RunE: func(*cobra.Command, []string) error {
			for _, n := range []struct {
				flag  string
				value int
			}{{"samples", q.Samples}, {"batch", q.Batch}} {
				if n.value < 1 {
					return usageError{fmt.Errorf("--%s is %d, must be at least 1", n.flag, n.value)}
				}
			}
			return evalPasskey(env, &from, q)
		},
	}
	from.add(cmd)
	cmd.Flags().Var((*tokensList)(&q.Lengths), "length", "lengths of the prompts with their answers")
	cmd.Flags().IntVar(&q.Samples, "samples", q.Samples, "keys for each length and position")
	cmd.Flags().IntVar(&q.Batch, "batch", q.Batch, "prompts read side by side")
	cmd.Flags().Uint64Var(&q.Seed, "seed", 1, "random seed of the keys")
	return cmd
}

// passkeyScores is the output of eval passkey.
type passkeyScores struct {
	Model  string   `json:"model"`
	Folder *plugged `json:"model_folder,omitempty"`
	Seed   uint64   `json:"seed"`
	*experiments.PasskeyScores
}

func evalPasskey(env *environment, from *checkpointFlags, q experiments.PasskeyQuestions) error {
	c, err := from.open()
	if err != nil {
		return err
	}
	plug := from.plug.get()
	plug.Stored = true
	m, err := c.loadFor(env, plug, slices.Max(q.Lengths))
	if err != nil {
		return err
	}
	bar := env.progress("eval passkey", 0)
	bar.tokens = true
	done := 0
	scores, err := experiments.AskPasskeys(env.ctx, m, c.tokenizer, q, func(tokens, total int) {
		done += tokens
		bar.set(int64(done), int64(total), "")
	})
	bar.finish()
	if err != nil {
		return err
	}
	return printJSON(env, passkeyScores{Model: m.Memory.Name(), Folder: c.plugged(m), Seed: q.Seed, PasskeyScores: scores})
}

// tokensList is a list of numbers of tokens, separated by commas.
type tokensList []int

func (l *tokensList) Type() string { return "tokens" }

func (l *tokensList) String() string {
	var all []string
	for _, n := range *l {
		all = append(all, fmt.Sprint(n))
	}
	return strings.Join(all, ",")
}

func (l *tokensList) Set(text string) error {
	var all []int
	for _, s := range strings.Split(text, ",") {
		var n tokensFlag
		if err := n.Set(s); err != nil {
			return err
		}
		all = append(all, int(n))
	}
	*l = all
	return nil
}
