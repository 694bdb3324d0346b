package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/datasets"
	"infinibench/experiments"
	"infinibench/internal/results"
)

// corpora describes what can be read, in the order of help.
var corpora = []struct {
	name, about string
	generated   bool
}{
	{"novel", "A novel about a village, written by a grammar: who follows which trade is fixed at first mention. The best possible perplexity is known.", true},
	{"proof", "A proof in the same manner, with terms that are defined once and used for ever.", true},
	{"chronicle", "Books with their summaries, written by a program: the summary depends on facts spread evenly over the book. What a reader of a part can reach at most is known.", true},
	{"pg19", "Whole books published before 1919 (Rae et al. 2020), in the official layout.", false},
	{"arxiv-math", "Mathematical papers in LaTeX: proof-pile's arXiv part, or folders of .tex files. The paper's own collection was never released.", false},
	{"booksum", "Whole books with summaries (Kryściński et al. 2021), as one manifest for each split. Nothing to download: the summaries are not free.", false},
}

// corpusFiles is the names of the corpora that are read from files.
func corpusFiles() []string {
	var names []string
	for _, c := range corpora {
		if !c.generated {
			names = append(names, c.name)
		}
	}
	return names
}

const dataUsage = "directory that holds the corpora, each in a folder of its own"

func dataCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "List, check and download the texts",
		Long: `data looks after the texts that models read. Some are generated and need no files;
the others are read from a directory, in the layout of their publishers.`,
		Example: `  bench data list --data /data
  bench data verify --data /data
  bench data fetch pg19 --data /data`,
	}
	cmd.AddCommand(dataListCommand(env), dataVerifyCommand(env), dataFetchCommand(env))
	return cmd
}

func dataListCommand(env *environment) *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Say which texts there are and where they are found",
		Long:  `list prints each corpus, what it is, and where below the data directory it is.`,
		Example: `  bench data list
  bench data list --data /data`,
		RunE: func(*cobra.Command, []string) error {
			for _, c := range corpora {
				place := "generated, needs no files"
				if !c.generated {
					if dir, err := datasets.Find(data, c.name); err != nil {
						place = err.Error()
					} else {
						place = "found in " + dir
					}
				}
				fmt.Fprintf(env.stdout, "%s\n  %s\n  %s\n", c.name, c.about, place)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "data", dataUsage)
	return cmd
}

func dataFetchCommand(env *environment) *cobra.Command {
	var data, split string
	cmd := &cobra.Command{
		Use:   "fetch CORPUS --data DIR",
		Short: "Download a corpus",
		Long: `fetch downloads a corpus from where it is published into DIR/CORPUS and checks
every file against the size and hash that the publisher lists: pg19 from the bucket
of its authors, arxiv-math as proof-pile from the Hugging Face hub.

Without --split it takes test and validation; the training splits are 11 GB and
more. Called again it goes on where it was stopped.`,
		Example: `  bench data fetch pg19 --data /data
  bench data fetch arxiv-math --data /data --split train`,
		Annotations: map[string]string{continues: ""},
		Args:        oneCorpus,
		RunE: func(_ *cobra.Command, args []string) error {
			splits := []datasets.Split{"", datasets.Train, datasets.Validation, datasets.Test}
			if !slices.Contains(splits, datasets.Split(split)) {
				return usageError{fmt.Errorf("--split is %q, must be train, validation or test", split)}
			}
			dir := filepath.Join(data, args[0])
			if err := fetch(env, args[0], dir, datasets.Split(split)); err != nil {
				return err
			}
			_, err := fmt.Fprintf(env.stdout, "%s is in %s\n", args[0], dir)
			return err
		},
	}
	cmd.Flags().StringVar(&data, "data", "", dataUsage)
	cmd.Flags().StringVar(&split, "split", "", "train, validation or test; without it, validation and test")
	cmd.MarkFlagRequired("data")
	return cmd
}

func fetch(env *environment, corpus, dir string, split datasets.Split) error {
	p := env.progress("fetch "+corpus, 0)
	p.bytes = true
	defer p.finish()
	return datasets.Fetch(env.ctx, corpus, dir, split, func(at datasets.FetchProgress) {
		p.set(at.Bytes, at.TotalBytes, fmt.Sprintf("%d of %d files", at.Files, at.TotalFiles))
	})
}

func oneCorpus(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one corpus is needed, got %d: %s", len(args), strings.Join(corpusFiles(), " or "))
	}
	return knownCorpora(nil, args)
}

// knownCorpora checks that every argument is a corpus that is read from files.
func knownCorpora(_ *cobra.Command, args []string) error {
	for _, name := range args {
		if !slices.Contains(corpusFiles(), name) {
			return fmt.Errorf("corpus %q is not read from files; those that are: %s", name, strings.Join(corpusFiles(), ", "))
		}
	}
	return nil
}

// openFiles opens a corpus that is read from files, and says from where.
func openFiles(data, name string) (corpus datasets.Corpus, dir string, err error) {
	if dir, err = datasets.Find(data, name); err != nil {
		return nil, "", err
	}
	corpus, err = experiments.OpenCorpus(name, results.CorpusSettings{}, data)
	return corpus, dir, err
}
