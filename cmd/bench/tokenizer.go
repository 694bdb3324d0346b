package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/machine"
)

// sampleBytes is the length of the text on which a new tokenizer is tried.
const sampleBytes = 1 << 20

func tokenizerCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tokenizer",
		Short:   "Train and use tokenizers",
		Long:    "tokenizer trains a tokenizer, and converts text to token ids and back.",
		Example: "  bench tokenizer train --input book.txt --vocabulary 1024 --out book.json",
	}
	cmd.AddCommand(tokenizerTrainCommand(env), tokenizerEncodeCommand(env), tokenizerDecodeCommand(env))
	return cmd
}

func tokenizerTrainCommand(env *environment) *cobra.Command {
	var corpus, data, out string
	var inputs []string
	var vocabulary int
	cmd := &cobra.Command{
		Use:   "train --vocabulary N --out FILE",
		Short: "Train a byte-pair tokenizer",
		Long: `train learns a byte-level BPE from the training split of a corpus, from text files,
or from both, and writes tokenizer.json, which the Hugging Face tokenizers library
also reads. The same texts and size give the same file. It prints the tokenizer's name, its
size, and the mean number of bytes per token on at most 1 MiB of text: the first validation
document if there is one, otherwise the first training text.`,
		Example: `  bench tokenizer train --corpus pg19 --data /data --vocabulary 4096 --out pg19.json
  bench tokenizer train --input one.txt --input two.txt --vocabulary 512 --out small.json`,
		RunE: func(*cobra.Command, []string) error {
			if corpus == "" && len(inputs) == 0 {
				return usageError{errors.New("no training text: give --corpus, --input or both")}
			}
			if vocabulary <= 256 {
				return usageError{fmt.Errorf("--vocabulary is %d, must be above 256: the first 256 ids are the bytes", vocabulary)}
			}
			if corpus != "" {
				if err := knownCorpora(nil, []string{corpus}); err != nil {
					return usageError{fmt.Errorf("--corpus: %w", err)}
				}
			}
			if err := onceStandardInput(inputs); err != nil {
				return err
			}
			texts := trainingTexts{files: inputs}
			if slices.Contains(inputs, standardInput) {
				data, err := await(env.ctx, func() ([]byte, error) { return io.ReadAll(env.stdin) })
				if err != nil {
					return err
				}
				texts.input = string(data)
			}
			if corpus != "" {
				c, _, err := openFiles(data, corpus)
				if err != nil {
					return err
				}
				if closer, ok := c.(*datasets.ArxivMath); ok {
					defer closer.Close()
				}
				texts.corpus = c
			}
			return trainTokenizer(env, texts, vocabulary, out)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&corpus, "corpus", "", "training corpus: pg19 or arxiv-math")
	flags.StringVar(&data, "data", "data", dataUsage)
	flags.StringArrayVar(&inputs, "input", nil, "training text, - for standard input; may be repeated")
	flags.Var((*tokensFlag)(&vocabulary), "vocabulary", "size of the vocabulary, above 256")
	flags.StringVar(&out, "out", "", "file to write")
	cmd.MarkFlagRequired("vocabulary")
	cmd.MarkFlagRequired("out")
	return cmd
}

func trainTokenizer(env *environment, texts trainingTexts, vocabulary int, out string) error {
	start := machine.WorkTime()
	reading := env.progress("tokenizer train: reading", int64(texts.len()))
	learning := env.progress("tokenizer train: learning", 0)
	defer learning.finish()
	t, err := await(env.ctx, func() (*tokenizer.BPE, error) {
		return tokenizer.TrainBPE(texts.all(env.ctx, reading), vocabulary, func(done, total int) {
			learning.set(int64(done), int64(total), "")
		})
	})
	if err != nil {
		return err
	}
	if err := tokenizer.Save(t, out); err != nil {
		return err
	}
	sample, from, err := texts.sample()
	if err != nil {
		return err
	}
	ids, err := t.Encode(sample)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "%s, %s tokens\n%.3g bytes per token on %s of %s\n%.1f s\n%s\n", t.Name(), humanize.Comma(int64(t.Size())),
		float64(len(sample))/float64(max(len(ids), 1)), humanize.Bytes(uint64(len(sample))), from, (machine.WorkTime() - start).Seconds(), out)
	return err
}

// trainingTexts is the training split of a corpus, if any, followed by files.
type trainingTexts struct {
	corpus datasets.Corpus // nil for none
	files  []string
	input  string // standard input, if it is among the files: read once, used twice
}

func (t trainingTexts) len() int {
	n := len(t.files)
	if t.corpus != nil {
		n += t.corpus.Len(datasets.Train)
	}
	return n
}

// text is the text at an index, with its name.
func (t trainingTexts) text(i int) (text, name string, err error) {
	documents := t.len() - len(t.files)
	if i < documents {
		d, err := t.corpus.Document(datasets.Train, i)
		return d.Text, fmt.Sprintf("%s, train, %s", t.corpus.Name(), d.ID), err
	}
	name = t.files[i-documents]
	if name == standardInput {
		return t.input, "standard input", nil
	}
	text, err = datasets.ReadText(name)
	return text, name, err
}

// all yields every text, and an error once the context is cancelled.
func (t trainingTexts) all(ctx context.Context, p *progress) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		defer p.finish()
		for i := range t.len() {
			text, name, err := t.text(i)
			if err == nil {
				err = context.Cause(ctx)
			}
			if !yield(text, err) {
				return
			}
			p.set(int64(i+1), int64(t.len()), name)
		}
	}
}

// sample is the beginning of a text on which to judge the tokenizer: one it was not trained
// on, if there is one.
func (t trainingTexts) sample() (text, name string, err error) {
	if t.corpus != nil && t.corpus.Len(datasets.Validation) > 0 {
		d, err := t.corpus.Document(datasets.Validation, 0)
		if err != nil {
			return "", "", err
		}
		text, name = d.Text, fmt.Sprintf("%s, validation, %s", t.corpus.Name(), d.ID)
	} else if text, name, err = t.text(0); err != nil {
		return "", "", err
	}
	if len(text) > sampleBytes {
		text = strings.ToValidUTF8(text[:sampleBytes], "") // it may end inside a character
	}
	return text, name, nil
}
