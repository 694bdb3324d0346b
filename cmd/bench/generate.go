package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/datasets/tokenizer"
	"infinibench/models"
)

func generateCommand(env *environment) *cobra.Command {
	o := generateOptions{tokens: 128}
	cmd := &cobra.Command{
		Use:   "generate --checkpoint DIR --prompt-file FILE",
		Short: "Continue a text, token by token",
		Long: `generate reads a prompt of any length and prints its continuation. The whole prompt
passes through the memory. The defaults of temperature and top-p are the paper's;
temperature 0 always picks the most likely token. A model that was trained on summaries
stops at the end of one, a pretrained model where its folder says that a text ends.

A base model that is read from its folder sees its own context alone. With --memory, it sees
a segment and, through the memory, everything before it.`,
		Example: `  bench generate --checkpoint runs/tiny/CELL/checkpoint --prompt-file start.txt
  echo "the captain" | bench generate --checkpoint runs/tiny/CELL/checkpoint --prompt-file - --tokens 50 --temperature 0
  echo "Once upon a time" | bench generate --checkpoint SmolLM2-135M --prompt-file -`,
		RunE: func(*cobra.Command, []string) error { return o.run(env) },
	}
	o.from.add(cmd)
	cmd.Flags().StringVar(&o.promptFile, "prompt-file", "", "text to continue; - for standard input")
	cmd.Flags().Var((*tokensFlag)(&o.tokens), "tokens", "number of tokens to generate")
	cmd.Flags().Float64Var(&o.sampler.Temperature, "temperature", 0.5, "sampling temperature; 0 is greedy")
	cmd.Flags().Float64Var(&o.sampler.TopP, "top-p", 0.95, "draw from the most likely tokens with this total probability")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "random seed of the sampling")
	cmd.MarkFlagRequired("prompt-file")
	return cmd
}

// generateOptions are the flags of bench generate.
type generateOptions struct {
	from       checkpointFlags
	promptFile string
	tokens     int
	seed       uint64
	sampler    models.Sampler
}

func (o *generateOptions) run(env *environment) error {
	switch {
	case !(o.sampler.Temperature >= 0):
		return usageError{fmt.Errorf("--temperature is %g, must not be negative", o.sampler.Temperature)}
	case !(o.sampler.TopP >= 0 && o.sampler.TopP <= 1):
		return usageError{fmt.Errorf("--top-p is %g, must be between 0 and 1", o.sampler.TopP)}
	}
	c, err := o.from.open()
	if err != nil {
		return err
	}
	t := c.tokenizer
	prompt, err := readPrompt(env, o.promptFile)
	if err != nil {
		return err
	}
	ids, err := t.Encode(spaced(prompt, t))
	if err != nil {
		return err
	}
	plug := o.from.plug.get()
	plug.Stored = true
	m, err := c.loadFor(env, plug, len(ids)+o.tokens)
	if err != nil {
		return err
	}
	o.sampler.Rand, o.sampler.Tokens = rand.New(rand.NewPCG(o.seed, 0)), t.Size()
	d := m.NewDecoder(1)
	if ids, err = readAhead(env, d, m.Config.Segment, ids); err != nil {
		return err
	}
	return o.decode(env, d, t, ids, c.ends)
}

// decode prints the continuation of a prompt as it is drawn, up to a token that ends a text.
func (o *generateOptions) decode(env *environment, d *models.Decoder, t tokenizer.Tokenizer, prompt, ends []int32) error {
	var all []int32
	printed := 0 // bytes of the continuation
	var failed error
	err := d.Generate(prompt, o.tokens, &o.sampler, func(id int32) bool {
		if slices.Contains(ends, id) {
			return false
		}
		all = append(all, id)
		var text string
		if text, failed = tokenizer.DecodeContinuation(t, all); failed != nil {
			return false
		}
		// A token may end inside a character, which is printed once complete.
		if shown := strings.ToValidUTF8(text, ""); len(shown) == len(text) || len(all) == o.tokens {
			fmt.Fprint(env.stdout, text[printed:])
			printed = len(text)
		}
		return env.ctx.Err() == nil
	})
	fmt.Fprintln(env.stdout)
	return cmp.Or(err, failed, env.ctx.Err())
}

// readAhead feeds a long prompt to a decoder, whole segments at a time, and returns the
// rest.
func readAhead(env *environment, d *models.Decoder, segment int, ids []int32) ([]int32, error) {
	p := env.progress("generate: reading", int64(len(ids)))
	p.tokens = true
	defer p.finish()
	for step := segment * max(1, 1<<13/segment); len(ids) > step; ids = ids[step:] {
		if err := env.ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := d.Feed(ids[:step]); err != nil {
			return nil, err
		}
		p.add(int64(step), "")
	}
	return ids, nil
}

func readPrompt(env *environment, path string) (string, error) {
	text, err := readText(env, path)
	return strings.TrimRight(text, "\n"), err
}
