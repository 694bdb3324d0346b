package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/internal/golden"
	"infinibench/models/pretrained"
)

// goldenCheck is the result of checking one file of reference values, or the folder of one
// model.
type goldenCheck struct {
	File       string          `json:"file"`
	OK         bool            `json:"ok"`
	Problem    string          `json:"problem,omitempty"` // why the file could not be used
	Quantities []goldenMeasure `json:"quantities,omitempty"`
}

// goldenMeasure is one quantity of a reference.
type goldenMeasure struct {
	Name      string   `json:"name"`
	Error     *float64 `json:"error"` // relative; null if not finite
	Tolerance float64  `json:"tolerance"`
	Interval  int      `json:"interval,omitempty"` // segments to a graph where the error is largest; not when decoding
	OK        bool     `json:"ok"`
}

func verifyCommand(env *environment) *cobra.Command {
	var asJSON bool
	var model string
	cmd := &cobra.Command{
		Use:   "verify [--model DIR] [GOLDEN.json...]",
		Short: "Check the mathematics against reference values",
		Long: `verify reads files of reference values. Each holds a small network with its
weights and tokens, and the logits, losses, state and gradients that another
implementation computed from them. verify runs the same network and prints the relative error
‖ours - reference‖ / ‖reference‖ of every quantity, next to the tolerance for
float32 arithmetic.

Each network runs in two ways: as a whole, at every checkpoint interval from one
segment to all of them (the largest error counts), and token by token as in decoding.
Quantities of the second kind have names that begin with "decoding.".

A reference names its model in config.model, and the model's settings in
config.options under their names in a profile. A file without config.model is an
Infini-Transformer. Unknown fields, models and options are errors. The models are
` + strings.Join(golden.Models(), ", ") + `.

A file with config.kv_heads is of the Llama family. Its weights have Hugging Face's names.
A file of a published model holds none: --model names the model's folder. It has no
gradients, and may have logits at some positions only and the most likely continuation of a
text.

Without files, --model checks that plugging in a memory leaves the published model as it is:
behind a shut gate (β = -Inf) and with an empty cache, the last hidden layer of a text of one
segment and the logits of decoding it must be the same bits. The error is the share of
numbers that differ.

verify exits with 1 if a file cannot be used or an error exceeds its tolerance.`,
		Example: `  bench verify infini_delta.json transformer_xl.json
  bench verify --json infini_delta.json
  bench verify --model stories260K
  bench verify --model stories260K stories260k_base.json
  bench verify --json *.json | jq '.[] | {file, ok, largest: ([.quantities[]?.error] | max)}'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && model == "" {
				return errors.New("at least one GOLDEN.json is needed, or --model DIR")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, paths []string) error {
			var base *pretrained.Folder
			if model != "" {
				var err error
				if base, err = pretrained.Open(model); err != nil {
					return err
				}
			}
			var checks []goldenCheck
			failed := 0
			check := func(path string) ([]golden.Deviation, error) {
				f, err := golden.Load(path)
				if err != nil {
					return nil, err
				}
				return golden.Compare(f, base)
			}
			if len(paths) == 0 {
				paths = []string{model}
				check = func(string) ([]golden.Deviation, error) { return golden.PluggedIn(base) }
			}
			for _, path := range paths {
				c, err := await(env.ctx, func() (goldenCheck, error) { return newGoldenCheck(path, check), nil })
				if err != nil {
					return err
				}
				if !c.OK {
					failed++
				}
				if !asJSON {
					c.print(env)
				}
				checks = append(checks, c)
			}
			if asJSON {
				if err := printJSON(env, checks); err != nil {
					return err
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d of %d references failed", failed, len(paths))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "folder of a published model: for files without weights or, without files, to be checked itself")
	cmd.MarkFlagDirname("model")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array with one object per file")
	return cmd
}

func newGoldenCheck(path string, check func(path string) ([]golden.Deviation, error)) goldenCheck {
	c := goldenCheck{File: path}
	deviations, err := check(path)
	if err != nil {
		c.Problem = err.Error()
		return c
	}
	c.OK = true
	for _, d := range deviations {
		m := goldenMeasure{Name: d.Name, Tolerance: d.Tolerance, Interval: d.Interval, OK: d.Passed()}
		if !math.IsNaN(d.Error) && !math.IsInf(d.Error, 0) { // which JSON cannot represent
			m.Error = &d.Error
		}
		c.Quantities = append(c.Quantities, m)
		c.OK = c.OK && m.OK
	}
	return c
}

func (c goldenCheck) print(env *environment) {
	fmt.Fprintln(env.stdout, c.File)
	if c.Problem != "" {
		fmt.Fprintf(env.stdout, "  FAIL  %s\n", c.Problem)
		return
	}
	largest, name := -1.0, ""
	for _, q := range c.Quantities {
		verdict := "ok"
		if !q.OK {
			verdict = "FAIL"
			if q.Interval > 0 {
				verdict += fmt.Sprintf(" (checkpoint interval %d)", q.Interval)
			}
		}
		value := math.Inf(1)
		if q.Error != nil {
			value = *q.Error
		}
		fmt.Fprintf(env.stdout, "  %-34s %8.2g  tolerance %.0e  %s\n", q.Name, value, q.Tolerance, verdict)
		if value > largest {
			largest, name = value, q.Name
		}
	}
	fmt.Fprintf(env.stdout, "  largest error %.2g, %s\n", largest, name)
}
