package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/experiments"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// corpusCheck is the result of checking one corpus.
type corpusCheck struct {
	Corpus  string           `json:"corpus"`
	Folder  string           `json:"folder,omitempty"`
	OK      bool             `json:"ok"`
	Problem string           `json:"problem,omitempty"` // why it could not be read at all
	Report  *datasets.Report `json:"report,omitempty"`
	// Unusable are the pairs of a manifest that cannot be used.
	Unusable []string `json:"unusable,omitempty"`
	// Doubts are warnings about pairs that can be used but look wrong.
	Doubts []string `json:"doubts,omitempty"`
}

func dataVerifyCommand(env *environment) *cobra.Command {
	var data string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [CORPUS...]",
		Short: "Count documents, words and bytes and compare with the official counts",
		Long: `verify reads every document of the named corpora, or of all it finds if none is named,
and prints the counts next to the official ones. If the folder of a corpus or its parent
has a SHA256SUMS file, verify checks the files against it.

An incomplete collection is called a stand-in, which is not an error. A document that cannot
be read and a listed file that differs or is missing are errors; the exit code is then 1. A
summary that looks like JSON or markup causes a warning.`,
		Example: `  bench data verify --data /data
  bench data verify pg19 --data /data --json`,
		Args: knownCorpora,
		RunE: func(_ *cobra.Command, names []string) error {
			if len(names) == 0 {
				var err error
				if names, err = findCorpora(data); err != nil {
					return err
				}
			}
			var checks []corpusCheck
			bad := 0
			for _, name := range names {
				c, err := checkCorpus(env, data, name)
				if err != nil {
					return err
				}
				if !c.OK {
					bad++
				}
				if !asJSON {
					if err := c.print(env); err != nil {
						return err
					}
				}
				checks = append(checks, c)
			}
			if asJSON {
				if err := printJSON(env, checks); err != nil {
					return err
				}
			}
			if bad > 0 {
				return fmt.Errorf("%d of %d corpora are damaged", bad, len(names))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "data", dataUsage)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array with one object per corpus")
	return cmd
}

// findCorpora returns the corpora that are present. If there are none, the error says
// where it looked for each.
func findCorpora(data string) ([]string, error) {
	var found []string
	var problems []string
	for _, name := range corpusFiles() {
		if _, err := datasets.Find(data, name); err != nil {
			problems = append(problems, err.Error())
		} else {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil, errors.New(strings.Join(problems, "; "))
	}
	return found, nil
}

// checkCorpus reads a corpus. It returns an error only for an interruption or a fault of
// the machine; faults of the corpus are in the check.
func checkCorpus(env *environment, data, name string) (corpusCheck, error) {
	p := env.progress("verify "+name, 0)
	defer p.finish()
	return await(env.ctx, func() (corpusCheck, error) {
		c := corpusCheck{Corpus: name}
		var corpus datasets.Corpus
		var err error
		if c.Folder, err = datasets.Find(data, name); err == nil {
			corpus, err = experiments.OpenCorpus(name, results.CorpusSettings{BadTexts: "skip"}, data)
		}
		if fault := machine.AsFault(err); fault != nil {
			return c, fault
		}
		if err != nil {
			c.Problem = err.Error()
			return c, nil
		}
		if closer, ok := corpus.(*datasets.ArxivMath); ok {
			defer closer.Close()
		}
		report, err := datasets.Verify(corpus, func(done, total int) { p.set(int64(done), int64(total), "") })
		if fault := machine.AsFault(err); fault != nil {
			return c, fault
		}
		if err != nil {
			c.Problem = err.Error()
			return c, nil
		}
		if pairs, ok := corpus.(booksum.Pairs); ok {
			for _, split := range []datasets.Split{datasets.Train, datasets.Validation, datasets.Test} {
				coverage := pairs.Coverage(split)
				for _, p := range coverage.Problems {
					c.Unusable = append(c.Unusable, p.String())
				}
				for _, p := range coverage.Doubts {
					c.Doubts = append(c.Doubts, p.String())
				}
			}
		}
		c.Report, c.OK = &report, report.OK() && len(c.Unusable) == 0
		return c, nil
	})
}

func (c corpusCheck) print(env *environment) error {
	if c.Problem != "" {
		_, err := fmt.Fprintf(env.stdout, "%s: %s\n\n", c.Corpus, c.Problem)
		return err
	}
	certificate := c.Report.Certificate
	t := &table.Table{
		Title: fmt.Sprintf("%s in %s", c.Corpus, c.Folder),
		Columns: []table.Column{{Title: "split"}, {Title: "documents", Align: table.Right}, {Title: "official", Align: table.Right},
			{Title: "words", Align: table.Right}, {Title: "official", Align: table.Right}, {Title: "bytes", Align: table.Right}, {Title: "SHA-256"}},
		Caption: "a stand-in: " + certificate.StandIn,
	}
	if certificate.Official {
		t.Caption = "complete, by the number of documents"
	}
	for _, s := range c.Report.Splits {
		official := certificate.Splits[s.Split]
		sum := "-"
		if len(s.SHA256) > 16 {
			sum = s.SHA256[:16] // enough to compare by eye; --json prints all of it
		}
		t.Rows = append(t.Rows, []string{string(s.Split), humanize.Comma(int64(s.Documents)), known(int64(official.OfficialDocuments)),
			humanize.Comma(s.Words), known(official.OfficialWords), humanize.Comma(s.Bytes), sum})
		var problems []string
		for _, u := range s.Unreadable {
			problems = append(problems, u.Error)
		}
		t.Notes = append(t.Notes, some("cannot be read", problems)...)
	}
	t.Notes = append(t.Notes, some("cannot be used", c.Unusable)...)
	t.Notes = append(t.Notes, some("warning", c.Doubts)...)
	if s := c.Report.Sums; s != nil {
		t.Notes = append(t.Notes, fmt.Sprintf("%d files match %s", s.Matching, s.Path))
		t.Notes = append(t.Notes, some("differs from the list", s.Differ)...)
		t.Notes = append(t.Notes, some("is listed but not there", s.Missing)...)
		t.Notes = append(t.Notes, some("is not listed", s.Unlisted)...)
	}
	return t.WriteTerminal(env.stdout)
}

// known formats an official count; 0 means that there is none.
func known(n int64) string {
	if n == 0 {
		return "-"
	}
	return humanize.Comma(n)
}

// some returns a line for each of the first ten items: a broken disk has thousands.
func some(what string, items []string) []string {
	const limit = 10
	var lines []string
	for i, item := range items {
		if i == limit {
			lines = append(lines, fmt.Sprintf("and %d more, see --json: %s", len(items)-limit, what))
			break
		}
		lines = append(lines, fmt.Sprintf("%s: %s", what, item))
	}
	return lines
}
