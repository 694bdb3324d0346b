package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"infinibench/baselines"
	"infinibench/datasets/booksum"
	"infinibench/datasets/tokenizer"
	"infinibench/experiments"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// checkpointFlags name the model of a verb: a checkpoint of this program or a model folder,
// into which a memory may be plugged.
type checkpointFlags struct {
	dir      string
	template bool
	plug     plugFlags
	flags    *pflag.FlagSet
}

// add adds the flags to a verb that reads a text.
func (f *checkpointFlags) add(cmd *cobra.Command) {
	f.addOptional(cmd)
	f.flags.BoolVar(&f.template, "template", true, "start the text of a pretrained model with the special tokens of its tokenizer's template, if it has any")
	cmd.MarkFlagRequired("checkpoint")
}

// addOptional adds the flags to a verb that needs no checkpoint and reads no text.
func (f *checkpointFlags) addOptional(cmd *cobra.Command) {
	f.flags = cmd.Flags()
	f.flags.StringVar(&f.dir, "checkpoint", "", "checkpoint, or Hugging Face folder of a pretrained model")
	f.plug.add(cmd)
}

// checkpoint is a model; for a folder, the weights are not read until load.
type checkpoint struct {
	folder    *pretrained.Folder // nil for a checkpoint of this program
	model     *models.Model      // nil until load, for a folder
	tokenizer tokenizer.Tokenizer
	ends      []int32 // tokens that end a text
}

// open opens the checkpoint or the folder.
func (f *checkpointFlags) open() (*checkpoint, error) {
	if err := f.plug.check(); err != nil {
		return nil, err
	}
	if err := checkpointPlace(f.dir); err != nil {
		return nil, err
	}
	if pretrained.IsFolder(f.dir) {
		return f.openFolder()
	}
	if f.plug.set() || f.flags.Changed("template") {
		return nil, usageError{fmt.Errorf("%s is a checkpoint, not a model folder: its memory is already plugged in, and it reads texts as in training", f.dir)}
	}
	return openCheckpoint(f.dir)
}

func (f *checkpointFlags) openFolder() (*checkpoint, error) {
	folder, err := pretrained.Open(f.dir)
	if err != nil {
		return nil, err
	}
	c := &checkpoint{folder: folder, tokenizer: folder.Tokenizer, ends: folder.Ends}
	if f.template {
		switch t, err := tokenizer.WithTemplate(folder.Tokenizer); {
		case err == nil:
			c.tokenizer = t
		case f.flags.Changed("template"):
			return nil, fmt.Errorf("model folder %s: %w", f.dir, err)
		}
	}
	if folder.Plugged != nil { // it may have been trained on summaries
		c.ends = append(c.ends, summaryEnd(c.tokenizer)...)
	}
	return c, nil
}

// summaryEnd is the token that ends a summary, if the tokenizer has one.
func summaryEnd(t tokenizer.Tokenizer) []int32 {
	// Word vocabularies of other corpora lack it.
	if end, err := tokenizer.EncodeContinuation(t, booksum.End); err == nil && len(end) == 1 {
		return end
	}
	return nil
}

// openCheckpoint opens a checkpoint of this program.
func openCheckpoint(dir string) (*checkpoint, error) {
	m, extra, err := experiments.LoadModel(dir)
	if err != nil {
		return nil, err
	}
	t, err := tokenizer.Load(filepath.Join(dir, "tokenizer.json"))
	if err == nil && strings.HasSuffix(extra["tokenizer"], tokenizer.TemplateSuffix) {
		t, err = tokenizer.WithTemplate(t)
	}
	if err != nil {
		return nil, err
	}
	source, err := pretrained.SourceOf(extra, nil)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", dir, err)
	}
	// The vocabulary of a pretrained model may have more tokens than its tokenizer.
	if n := t.Size(); n > m.Config.Vocabulary || n < m.Config.Vocabulary && source.Config == nil {
		return nil, fmt.Errorf("checkpoint: %s: the model has a vocabulary of %d, its tokenizer.json one of %d", dir, m.Config.Vocabulary, n)
	}
	ends, err := source.Ends()
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", dir, err)
	}
	return &checkpoint{model: m, tokenizer: t, ends: append(ends, summaryEnd(t)...)}, nil
}

// load returns the model, which must not be trained, and for a folder reports what was
// plugged in.
func (c *checkpoint) load(env *environment, plug experiments.Plug) (*models.Model, error) {
	plug.Stored = true
	return c.loadFor(env, plug, 0)
}

// loadFor is load for a text of the given number of tokens: it allocates only as much context
// for a base model as the text needs. 0 means no limit.
func (c *checkpoint) loadFor(env *environment, plug experiments.Plug, tokens int) (*models.Model, error) {
	if c.model != nil {
		return c.model, nil
	}
	own := c.folder.Plugged == nil && plug.Memory == "" && plug.Segment == 0
	context := c.folder.Config.Segment
	if own && tokens > 0 {
		plug.Segment = min(tokens, context)
	}
	m, err := await(env.ctx, func() (*models.Model, error) { return plug.Load(c.folder) })
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(env.stderr, "bench: %s\n", c.describe(m, own))
	if own && tokens > context {
		fmt.Fprintf(env.stderr, "bench: the text is longer than the context of the model: after each %s tokens it starts with an empty one\n", humanize.Comma(int64(context)))
	}
	return m, nil
}

// describe describes a folder and either the plugged-in memory or, if own is set, the model's
// own context.
func (c *checkpoint) describe(m *models.Model, own bool) string {
	kind := c.folder.Architecture
	if kind == "" {
		kind = c.folder.ModelType
	}
	text := fmt.Sprintf("%s: %s, %s weights in %s; ", c.folder.Dir, kind, humanize.Comma(c.folder.Parameters()), c.folder.Type())
	id, segment := m.Memory.Name(), humanize.Comma(int64(m.Config.Segment))
	switch _, local := m.Memory.(baselines.LocalOnly); {
	case own:
		text += fmt.Sprintf("its own context, %s tokens", humanize.Comma(int64(c.folder.Config.Segment)))
	case local:
		text += fmt.Sprintf("no memory, segments of %s tokens", segment)
	case c.folder.Plugged != nil && c.folder.Plugged.Memory == id:
		text += fmt.Sprintf("%s as saved, segments of %s tokens", id, segment)
	default:
		text += fmt.Sprintf("%s plugged in, untrained, segments of %s tokens", id, segment)
	}
	if p := c.plugged(m); p.GateInit != nil {
		text += fmt.Sprintf(", new gates at β = %g", *p.GateInit)
		if !*p.UngatedStart {
			text += ", gated from the first segment"
		}
	}
	if strings.HasSuffix(c.tokenizer.Name(), tokenizer.TemplateSuffix) {
		text += "; a text starts with its tokenizer's template"
	}
	return text
}

// plugged is what verbs print of a model folder in JSON.
type plugged struct {
	Dir     string `json:"dir"`
	Segment int    `json:"segment"`
	// Of gates that the folder lacks.
	GateInit     *float64 `json:"gate_init,omitempty"`
	UngatedStart *bool    `json:"ungated_start,omitempty"`
}

// plugged is nil for a checkpoint of this program.
func (c *checkpoint) plugged(m *models.Model) *plugged {
	if c.folder == nil {
		return nil
	}
	p := &plugged{Dir: c.folder.Dir, Segment: m.Config.Segment}
	if m.Gates() != nil && (c.folder.Plugged == nil || c.folder.Plugged.Memory == baselines.LocalOnly{}.Name()) {
		p.GateInit, p.UngatedStart = &m.Config.GateInit, &m.Config.UngatedStart
	}
	return p
}

// checkpointPlace checks that dir is a directory but not a cell directory.
func checkpointPlace(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("checkpoint: %w", err)
	case !info.IsDir():
		return fmt.Errorf("checkpoint: %s is a file, want the directory that holds model.safetensors", dir)
	}
	if below := filepath.Join(dir, "checkpoint"); !pretrained.IsFolder(dir) && !isFile(filepath.Join(dir, "model.safetensors")) && isFile(filepath.Join(below, "model.safetensors")) {
		return fmt.Errorf("checkpoint: %s is a cell; its model is in %s", dir, below)
	}
	return nil
}
