package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"infinibench/internal/jsonread"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/textfile"
)

// maxPair is the longest line that rouge reads, in bytes: several books.
const maxPair = 64 << 20

func rougeCommand(env *environment) *cobra.Command {
	var stemmed bool
	cmd := &cobra.Command{
		Use:   "rouge [--stem] [FILE]",
		Short: "Score summaries against references",
		Long: `rouge reads lines {"target": ..., "prediction": ...} from FILE, or from standard input if
FILE is missing or -. For each it prints one line of JSON with ROUGE-1, ROUGE-2, ROUGE-L and
ROUGE-Lsum (precision, recall, F) as computed by Google's rouge_score, and "overall", the
geometric mean of the F scores of ROUGE-1, 2 and L. ROUGE-Lsum treats each line of a text as
a sentence. The last line summarises all pairs: the mean of each score (mid) and its 95 %
interval (low, high), from 1,000 bootstrap samples with a fixed seed.

A target may be a list of texts. Each score then uses the target with the highest F, as in
rouge_score's score_multi.

ROUGE sees only the letters a to z and digits. A text without any, in Thai or Chinese for
example, scores 0 even against itself. "invisible" names such texts in the line of a pair and
counts the pairs in the last line.`,
		Example: `  bench rouge pairs.jsonl
  cat validation.jsonl test.jsonl | bench rouge --stem`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			path := standardInput
			if len(files) > 0 {
				path = files[0]
			}
			in, name, err := openInput(env, path)
			if err != nil {
				return err
			}
			defer in.Close()
			_, err = await(env.ctx, func() (struct{}, error) { return struct{}{}, scorePairs(env, in, name, stemmed) })
			return err
		},
	}
	cmd.Flags().BoolVar(&stemmed, "stem", false, "compare the stems of words longer than three letters")
	return cmd
}

// pairScores is the line that rouge prints for a pair.
type pairScores struct {
	rouge.Scores
	Invisible []string `json:"invisible,omitempty"` // the texts of the pair in which ROUGE sees no word
}

func scorePairs(env *environment, in io.Reader, name string, stemmed bool) error {
	var all []rouge.Scores
	invisible, first := 0, 0
	err := textfile.Lines(in, maxPair, func(number int, _ int64, line []byte) error {
		p, err := parsePair(line)
		if err != nil {
			return err
		}
		scores := pairScores{Scores: rouge.Best(p.targets, p.prediction, stemmed), Invisible: p.invisible()}
		if len(scores.Invisible) > 0 {
			if invisible++; invisible == 1 {
				first = number
			}
		}
		all = append(all, scores.Scores)
		return printJSONLine(env, scores)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(all) == 0 {
		return fmt.Errorf("%s: no pairs; %s", name, pairForm)
	}
	if invisible > 0 {
		fmt.Fprintf(env.stderr, "warning: %d of %d pairs (the first in line %d) always score 0, because one of their texts has no word that ROUGE sees (a to z, 0 to 9)\n", invisible, len(all), first)
	}
	return printJSONLine(env, struct {
		Pairs     int  `json:"pairs"`
		Stemmed   bool `json:"stemmed"`
		Invisible int  `json:"invisible,omitempty"`
		rouge.Interval
	}{len(all), stemmed, invisible, rouge.Bootstrap(all, 0.95, rand.New(rand.NewPCG(1, 0)))})
}

// pair is a prediction with one or more reference texts.
type pair struct {
	targets    []string
	prediction string
}

// invisible names the texts of a pair in which ROUGE sees no word, so that it scores 0.
func (p pair) invisible() (names []string) {
	hidden := 0
	for _, target := range p.targets {
		if rouge.Invisible(target) {
			hidden++
		}
	}
	if hidden == len(p.targets) {
		names = append(names, "target")
	}
	if rouge.Invisible(p.prediction) {
		names = append(names, "prediction")
	}
	return names
}

const pairForm = `a line is {"target": ..., "prediction": ...}; the target is a text or a list of texts`

// parsePair reads the texts of a line and ignores other keys, such as an id.
func parsePair(line []byte) (pair, error) {
	var raw struct {
		Target     jsontext.Value `json:"target"`
		Prediction jsontext.Value `json:"prediction"`
	}
	fail := func(why string, values ...any) (pair, error) {
		return pair{}, fmt.Errorf("%s; %s", fmt.Sprintf(why, values...), pairForm)
	}
	if err := jsonread.Line(line, &raw); err != nil {
		return fail("%v", err)
	}
	var p pair
	switch raw.Target.Kind() {
	case '"':
		p.targets = make([]string, 1)
		if err := jsonread.Line(raw.Target, &p.targets[0]); err != nil {
			return fail(`"target": %v`, err)
		}
	case '[':
		var list []*string
		if jsonread.Line(raw.Target, &list) != nil || slices.Contains(list, nil) {
			return fail(`"target" is a list with something other than texts`)
		}
		if len(list) == 0 {
			return fail(`"target" is an empty list`)
		}
		for _, text := range list {
			p.targets = append(p.targets, *text)
		}
	case 0, 'n':
		return fail(`no "target"`)
	default:
		return fail(`"target" is %s`, kindWords[raw.Target.Kind()])
	}
	switch raw.Prediction.Kind() {
	case '"':
		if err := jsonread.Line(raw.Prediction, &p.prediction); err != nil {
			return fail(`"prediction": %v`, err)
		}
	case 0, 'n':
		return fail(`no "prediction"`)
	default:
		return fail(`"prediction" is %s`, kindWords[raw.Prediction.Kind()])
	}
	return p, nil
}

// kindWords name the kinds of JSON values that are not texts.
var kindWords = map[jsontext.Kind]string{'t': "true", 'f': "false", '0': "a number", '{': "an object", '[': "a list"}
