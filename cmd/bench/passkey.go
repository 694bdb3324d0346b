package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/datasets/tokenizer"
	"infinibench/experiments"
)

func passkeyCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "passkey",
		Short:   "Print prompts of the passkey task",
		Long:    "passkey is the task of the paper's Table 3: find a number hidden in a long text.",
		Example: "  bench passkey make --length 1024",
	}
	cmd.AddCommand(passkeyMakeCommand(env))
	return cmd
}

// passkeyCall holds the flags of passkey make.
type passkeyCall struct {
	length                            int
	position, filler, tokenizer, data string
	seed, fillerSeed                  uint64
}

func passkeyMakeCommand(env *environment) *cobra.Command {
	var call passkeyCall
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "make",
		Short: "Print one prompt of the passkey task",
		Long: `make prints a prompt that hides a key of four digits and asks for it at the end. The
length is exact, in tokens, and does not include the answer. The needle is at the start, in
the middle or at the end of the filler, or at a depth from 0 to 1. The filler is the paper's
five sentences, repeated, or the test books of pg19 from a position drawn with --filler-seed.
The key comes from the test split and is drawn with --seed.

A line on standard error gives the positions. --json prints them with the token ids, which
are the exact prompt: books may be cut in the middle of a character.`,
		Example: `  bench passkey make --length 32K --position middle --seed 7
  bench passkey make --length 4096 --position 0.25 --filler books --data /data --json
  bench passkey make --length 512 --tokenizer word`,
		RunE: func(*cobra.Command, []string) error {
			made, err := await(env.ctx, call.make)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSONLine(env, made)
			}
			if _, err := fmt.Fprintln(env.stdout, made.Prompt); err != nil {
				return err
			}
			needle := made.Needle
			_, err = fmt.Fprintf(env.stderr, "%s tokens of %s, needle at %s to %s (depth %.4g), key %s, SHA-256 %.16s\n",
				humanize.Comma(int64(made.Length)), made.Tokenizer, humanize.Comma(int64(needle.First)), humanize.Comma(int64(needle.Last)),
				made.Depth, made.Key, made.Hash)
			return err
		},
	}
	flags := cmd.Flags()
	call.length = 32768
	flags.Var((*tokensFlag)(&call.length), "length", "length of the prompt, without the answer")
	flags.StringVar(&call.position, "position", "middle", "position of the needle: start, middle, end or a depth from 0 to 1")
	flags.Uint64Var(&call.seed, "seed", 1, "random seed of the key")
	flags.StringVar(&call.filler, "filler", "sentences", "sentences (the paper's) or books (from pg19)")
	flags.Uint64Var(&call.fillerSeed, "filler-seed", 1, "random seed of the position at which books begin")
	flags.StringVar(&call.tokenizer, "tokenizer", "bytes", "bytes, word, gpt2 or a tokenizer.json")
	flags.StringVar(&call.data, "data", "data", dataUsage)
	flags.BoolVar(&asJSON, "json", false, "print one JSON object, on one line")
	return cmd
}

// madePasskey is the output of --json.
type madePasskey struct {
	passkey.Record
	Seed   uint64  `json:"seed"`
	Prompt string  `json:"prompt"`
	IDs    []int32 `json:"prompt_ids"`
}

func (c *passkeyCall) make() (*madePasskey, error) {
	depth, err := passkey.ParsePosition(c.position)
	if err != nil {
		return nil, usageError{err}
	}
	keys, err := passkey.Keys(datasets.Test, rand.New(rand.NewPCG(c.seed, 0)))
	if err != nil {
		return nil, err
	}
	t, err := c.openTokenizer()
	if err != nil {
		return nil, err
	}
	task, err := c.openTask(t)
	if err != nil {
		return nil, err
	}
	s, err := task.Prompt(passkey.Prompt{Length: c.length, Depth: depth, Key: keys[0], FillerSeed: c.fillerSeed})
	if err != nil {
		return nil, usageError{err}
	}
	made := &madePasskey{Record: s.Record(), Seed: c.seed, IDs: s.IDs[:c.length]}
	made.Prompt, err = t.Decode(made.IDs)
	return made, err
}

func (c *passkeyCall) openTokenizer() (tokenizer.Tokenizer, error) {
	switch c.tokenizer {
	case "bytes":
		return tokenizer.Bytes(), nil
	case "word":
		return tokenizer.NewWord(passkey.Vocabulary())
	case "gpt2":
		return tokenizer.LoadGPT2Folder(filepath.Join(c.data, "tokenizer", "gpt2"))
	}
	if !experiments.IsTokenizerPath(c.tokenizer) {
		return nil, usageError{fmt.Errorf("--tokenizer is %q, must be bytes, word, gpt2, or the path of a tokenizer.json or its folder (./NAME)", c.tokenizer)}
	}
	return tokenizer.Load(c.tokenizer)
}

func (c *passkeyCall) openTask(t tokenizer.Tokenizer) (*passkey.Task, error) {
	switch c.filler {
	case "sentences":
		return passkey.New(t)
	case "books":
	default:
		return nil, usageError{fmt.Errorf("--filler is %q, must be sentences or books", c.filler)}
	}
	if c.tokenizer == "word" {
		return nil, usageError{errors.New("--filler books has words that --tokenizer word does not know: use another tokenizer")}
	}
	corpus, dir, err := openFiles(c.data, "pg19")
	if err != nil {
		return nil, err
	}
	texts := make([]string, corpus.Len(datasets.Test))
	if len(texts) == 0 {
		return nil, fmt.Errorf("%s has no test books for the filler; `bench data fetch pg19 --data %s --split test` downloads them", dir, c.data)
	}
	for i := range texts {
		d, err := corpus.Document(datasets.Test, i)
		if err != nil {
			return nil, err
		}
		texts[i] = d.Text
	}
	return passkey.NewBooks(t, texts)
}
