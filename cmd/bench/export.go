package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// plugFlags are the options that plug a memory into a pretrained model.
type plugFlags struct {
	plug    experiments.Plug
	gate    float64
	ungated bool
	flags   interface{ Changed(name string) bool }
}

func (f *plugFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.plug.Memory, "memory", "", "memory to plug into a pretrained model (default: the folder's)")
	flags.Var((*tokensFlag)(&f.plug.Segment), "segment", "segment length of that memory")
	flags.Float64Var(&f.gate, "gate-init", -2, "initial β of gates that the folder lacks")
	flags.BoolVar(&f.ungated, "ungated-start", true, "leave the first segment without a gate")
	f.flags = flags
}

// get returns what was set.
func (f *plugFlags) get() experiments.Plug {
	plug := f.plug
	if f.flags.Changed("gate-init") {
		plug.GateInit = &f.gate
	}
	if f.flags.Changed("ungated-start") {
		plug.UngatedStart = &f.ungated
	}
	return plug
}

// check refuses settings that are invalid for every folder.
func (f *plugFlags) check() error {
	if id := f.plug.Memory; id != "" && !slices.Contains(experiments.Models, id) {
		return usageError{fmt.Errorf("--memory is %q, must be one of %s", id, strings.Join(experiments.Models, ", "))}
	}
	return nil
}

// set reports whether any option was given.
func (f *plugFlags) set() bool {
	for _, name := range []string{"memory", "segment", "gate-init", "ungated-start"} {
		if f.flags.Changed(name) {
			return true
		}
	}
	return false
}

func exportCommand(env *environment) *cobra.Command {
	var checkpoint, out string
	var plug plugFlags
	cmd := &cobra.Command{
		Use:   "export --checkpoint DIR --out DIR",
		Short: "Write a model as a folder that other programs read",
		Long: `export writes a model in the layout of the Hugging Face hub: config.json,
model.safetensors, tokenizer.json and, if the base model had one, generation_config.json.
Weights have the names and the types of the base model; those of the memory are
model.layers.N.self_attn.beta, and its settings are under infini_attention in config.json.
Other programs ignore both and see the base model. docs/read_model.py reads the folder with
NumPy alone.

DIR is a checkpoint or a model folder, into which --memory plugs a memory. --out must not
exist, or be empty; it appears complete or not at all.`,
		Example: `  bench export --checkpoint runs/adapt/CELL/checkpoint --out my-model
  bench export --checkpoint SmolLM2-135M --memory infini-delta --segment 512 --out plugged`,
		RunE: func(*cobra.Command, []string) error {
			if err := plug.check(); err != nil {
				return err
			}
			if err := checkpointPlace(checkpoint); err != nil {
				return err
			}
			var m *models.Model
			var source *pretrained.Source
			var err error
			switch {
			case pretrained.IsFolder(checkpoint):
				m, source, err = experiments.ExportFolder(checkpoint, plug.get(), out)
			case plug.set():
				return usageError{fmt.Errorf("%s is a checkpoint, not a model folder: its memory is already plugged in", checkpoint)}
			default:
				m, source, err = experiments.Export(checkpoint, out)
			}
			if err != nil {
				return err
			}
			kind := source.Types[""]
			if kind == "" {
				kind = "F32"
			}
			fmt.Fprintf(env.stdout, "%s: %s, segment %d, %s weights in %s\n", out, m.Memory.Name(), m.Config.Segment, humanize.Comma(m.Parameters()), kind)
			if kind != "F32" {
				fmt.Fprintf(env.stdout, "the weights are rounded to %s, the type of the base model\n", kind)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "checkpoint or model folder")
	cmd.Flags().StringVar(&out, "out", "", "folder to write")
	plug.add(cmd)
	cmd.MarkFlagRequired("checkpoint")
	cmd.MarkFlagRequired("out")
	return cmd
}
