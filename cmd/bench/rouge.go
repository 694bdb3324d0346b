package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/spf13/cobra"

	"infinibench/internal/jsonread"
	"infinibench/internal/metrics/rouge"
	"infinibench/internal/textfile"
)

// maxPair is the longest line that rouge reads, several books.
const maxPair = 64 << 20

func rougeCommand(env *environment) *cobra.Command {
	var stemmed bool
	cmd := &cobra.Command{
		Use:   "rouge [--stem] < FILE",
		Short: "Score summaries against references",
		Long: `rouge reads lines {"target": ..., "prediction": ...} from standard input and prints,
for each, one line of JSON with ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum (precision,
recall, F) as Google's rouge_score computes them, and overall, the geometric mean of
F of ROUGE-1, 2 and L. ROUGE-Lsum takes the lines of a text for its sentences. The
last line is about all pairs: the mean of each score (mid) and its 95 % interval (low,
high), from 1,000 bootstrap samples drawn with a fixed seed.`,
		Example: `  cat pairs.jsonl | bench rouge
  cat validation.jsonl test.jsonl | bench rouge --stem`,
		RunE: func(*cobra.Command, []string) error {
			_, err := await(env.ctx, func() (struct{}, error) { return struct{}{}, scorePairs(env, stemmed) })
			return err
		},
	}
	cmd.Flags().BoolVar(&stemmed, "stem", false, "compare the stems of words of more than three letters")
	return cmd
}

func scorePairs(env *environment, stemmed bool) error {
	var all []rouge.Scores
	out := json.NewEncoder(env.stdout)
	err := textfile.Lines(env.stdin, maxPair, func(_ int, _ int64, line []byte) error {
		target, prediction, err := parsePair(line)
		if err != nil {
			return err
		}
		scores := rouge.Compare(target, prediction, stemmed)
		all = append(all, scores)
		return out.Encode(scores)
	})
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if len(all) == 0 {
		return fmt.Errorf("standard input: no pairs; %s", pairForm)
	}
	return out.Encode(struct {
		Pairs   int  `json:"pairs"`
		Stemmed bool `json:"stemmed"`
		rouge.Interval
	}{len(all), stemmed, rouge.Bootstrap(all, 0.95, rand.New(rand.NewPCG(1, 0)))})
}

const pairForm = `a line is {"target": ..., "prediction": ...}`

// parsePair reads the two texts of a line; other keys, such as an id, may stand
// beside them.
func parsePair(line []byte) (target, prediction string, err error) {
	var pair struct {
		Target     *string `json:"target"`
		Prediction *string `json:"prediction"`
	}
	if err := jsonread.Line(line, &pair); err != nil {
		return "", "", fmt.Errorf("%w; %s", err, pairForm)
	}
	switch {
	case pair.Target == nil:
		return "", "", fmt.Errorf(`no "target"; %s`, pairForm)
	case pair.Prediction == nil:
		return "", "", fmt.Errorf(`no "prediction"; %s`, pairForm)
	}
	return *pair.Target, *pair.Prediction, nil
}
