package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"

	"infinibench/experiments"
	"infinibench/internal/machine"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// shownModel is what "model show" prints, with --json as it is.
type shownModel struct {
	Dir          string               `json:"dir"`
	Supported    bool                 `json:"supported"`
	Why          string               `json:"why,omitempty"` // not
	Architecture string               `json:"architecture,omitempty"`
	ModelType    string               `json:"model_type,omitempty"`
	Config       *models.Config       `json:"config,omitempty"`
	Context      int                  `json:"context,omitempty"`
	Window       int                  `json:"window,omitempty"`
	Parameters   int64                `json:"parameters,omitempty"`
	Type         string               `json:"type,omitempty"`
	Files        int                  `json:"files,omitempty"`
	FileBytes    int64                `json:"file_bytes,omitempty"`
	LoadedBytes  int64                `json:"loaded_bytes,omitempty"` // of the weights in float32
	Tokens       int                  `json:"tokens,omitempty"`       // of the tokenizer
	Begin        *int32               `json:"begins_with,omitempty"`
	Ends         []int32              `json:"ends_with,omitempty"`
	Plugged      string               `json:"plugged,omitempty"`
	Settings     []pretrained.Setting `json:"settings"`
	Memory       *shownMemory         `json:"memory,omitempty"`
	Speed        *shownSpeed          `json:"speed,omitempty"`
}

// shownMemory is the bytes that one document takes beside the weights, in float32.
type shownMemory struct {
	Model   string            `json:"model"`
	Segment int               `json:"segment"`
	State   int64             `json:"state_bytes"`   // of the compressive memory
	Running int64             `json:"running_bytes"` // keys and values of the running segment
	Lengths []shownMemoryRow  `json:"lengths"`
	Formula map[string]string `json:"formula"`
}

type shownMemoryRow struct {
	Tokens  int   `json:"tokens"`
	Base    int64 `json:"base_bytes"` // keys and values of all tokens
	Plugged int64 `json:"plugged_bytes"`
}

// shownSpeed is an estimate for this machine.
type shownSpeed struct {
	TokensPerSecond float64 `json:"tokens_per_second"` // read; 0 if the model does not fit
	Segment         int     `json:"segment"`           // that was measured
	Cores           int     `json:"cores"`
	Why             string  `json:"why,omitempty"`
}

func modelShowCommand(env *environment) *cobra.Command {
	var asJSON, noSpeed bool
	cmd := &cobra.Command{
		Use:   "show DIR",
		Short: "Show what is in the folder of a model, and what it takes to run",
		Long: `show prints the architecture and the sizes of a model, every field of its config.json and
what becomes of it (used; ignored, as it does not change what the model computes; refused,
as it would), the memory that a document takes before and after Infini-attention is plugged
in, and how many tokens a second it is expected to read on this machine. It estimates the
speed by measuring one and two layers of random weights for a few seconds.

The exit code is 1 if the model cannot be used.`,
		Example: `  bench model show SmolLM2-135M
  bench model show SmolLM2-135M --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("one folder is needed, got %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s, problem := examine(args[0])
			if problem != nil && len(s.Settings) == 0 {
				return problem
			}
			if problem == nil && !noSpeed {
				warnSlowBLAS(env)
				if err := s.measure(env); err != nil {
					return err
				}
			}
			if asJSON {
				if err := printJSON(env, s); err != nil {
					return err
				}
			} else if err := s.print(env.stdout); err != nil {
				return err
			}
			return problem
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print everything as JSON")
	cmd.Flags().BoolVar(&noSpeed, "no-speed", false, "do not measure the speed")
	return cmd
}

// examine reads all available files; the error says why the model is unusable.
func examine(dir string) (*shownModel, error) {
	s := &shownModel{Dir: dir}
	var err error
	if s.Settings, err = pretrained.Settings(dir); err != nil {
		return s, err
	}
	f, err := pretrained.Open(dir)
	if err != nil {
		s.Why = err.Error()
		return s, err
	}
	s.Supported, s.Architecture, s.ModelType, s.Config = true, f.Architecture, f.ModelType, &f.Config
	s.Context, s.Window, s.Parameters, s.Type = f.Context, f.Window, f.Parameters(), f.Type()
	s.Files, s.FileBytes = f.Files()
	s.LoadedBytes, s.Tokens, s.Ends = 4*s.Parameters, f.Tokenizer.Size(), f.Ends
	if f.Begin >= 0 {
		s.Begin = &f.Begin
	}
	if f.Plugged != nil {
		s.Plugged = f.Plugged.Memory
	}
	s.remember(f)
	return s, nil
}

// longest is the maximum length of the paper's passkey task.
const longest = 1 << 20

// remember computes the memory before and after plugging in.
func (s *shownModel) remember(f *pretrained.Folder) {
	c := f.Config
	if f.Plugged == nil {
		c.Segment = min(c.Segment, 512)
	}
	m := models.Infini{Delta: true}
	_, entries := m.Footprint(c)
	row := int64(2 * c.Layers * c.KVHeads() * c.HeadSize) // keys and values of a token
	s.Memory = &shownMemory{Model: m.Name(), Segment: c.Segment, State: 4 * entries, Running: 4 * row * int64(c.Segment),
		Formula: map[string]string{"base": "2·layers·key/value heads·head size·tokens", "state": "layers·key/value heads·head size·(head size + 1)"}}
	for _, n := range []int{f.Context, 32 << 10, 128 << 10, longest} {
		if rows := s.Memory.Lengths; n > 0 && (len(rows) == 0 || n > rows[len(rows)-1].Tokens) {
			s.Memory.Lengths = append(rows, shownMemoryRow{n, 4 * row * int64(n), s.Memory.State + s.Memory.Running})
		}
	}
}

// measuredSegment is the longest segment that the speed is measured at, so that it takes
// seconds.
const measuredSegment = 512

// measure estimates the speed.
func (s *shownModel) measure(env *environment) error {
	s.Speed = &shownSpeed{Cores: machine.Cores()}
	if have := machine.Memory(); s.LoadedBytes > have {
		s.Speed.Why = fmt.Sprintf("its weights take %s, this machine has %s", humanize.IBytes(uint64(s.LoadedBytes)), humanize.IBytes(uint64(have)))
		return nil
	}
	c := *s.Config
	c.Segment = min(s.Memory.Segment, measuredSegment)
	s.Speed.Segment = c.Segment
	var err error
	s.Speed.TokensPerSecond, err = experiments.ExpectedSpeed(env.ctx, c, models.Infini{Delta: true})
	return err
}

func (s *shownModel) print(w io.Writer) error {
	if s.Supported {
		s.printModel(w)
	} else {
		fmt.Fprintf(w, "%s: cannot be used\n", s.Dir)
	}
	left := tablewriter.WithRowAlignmentConfig(tw.CellAlignment{Global: tw.AlignLeft})
	table := tablewriter.NewTable(w, tablewriter.WithHeaderAutoFormat(tw.Off), left)
	table.Header("config.json", "value", "")
	for _, f := range s.Settings {
		what := string(f.Verdict)
		if f.Why != "" {
			what += ": " + f.Why
		}
		if err := table.Append(f.Name, shorten(f.Value, 40), what); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil || s.Memory == nil {
		return err
	}
	return s.printMemory(w)
}

func (s *shownModel) printModel(w io.Writer) {
	c := s.Config
	name := s.Architecture
	if name == "" {
		name = s.ModelType
	}
	fmt.Fprintf(w, "%s: %s, supported\n", s.Dir, name)
	head := "head tied to the embedding"
	if c.UntiedHead {
		head = "head of its own"
	}
	fmt.Fprintf(w, "%d layers, width %d, %d query heads on %d key/value heads of %d, feed-forward %d, %s\n", c.Layers, c.Width(), c.Heads, c.KVHeads(), c.HeadSize, c.FFN, head)
	fmt.Fprintf(w, "vocabulary %s, tokenizer %s; context %s", humanize.Comma(int64(c.Vocabulary)), humanize.Comma(int64(s.Tokens)), humanize.Comma(int64(s.Context)))
	if s.Window > 0 {
		fmt.Fprintf(w, ", in a window of %s", humanize.Comma(int64(s.Window)))
	}
	fmt.Fprintf(w, "\n%s weights in %s: %s in %d file", humanize.Comma(s.Parameters), s.Type, humanize.Bytes(uint64(s.FileBytes)), s.Files)
	if s.Files > 1 {
		fmt.Fprint(w, "s")
	}
	fmt.Fprintf(w, ", %s as float32\n", humanize.Bytes(uint64(s.LoadedBytes)))
	var marks []string
	if s.Begin != nil {
		marks = append(marks, fmt.Sprintf("begins with token %d", *s.Begin))
	}
	if len(s.Ends) > 0 {
		marks = append(marks, "ends with "+strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Ends), "[]"), " ", " or "))
	}
	if len(marks) > 0 {
		fmt.Fprintf(w, "a text %s\n", strings.Join(marks, " and "))
	}
	if s.Plugged != "" {
		fmt.Fprintf(w, "plugged in: %s, segments of %d tokens\n", s.Plugged, c.Segment)
	}
}

func (s *shownModel) printMemory(w io.Writer) error {
	m := s.Memory
	right := tablewriter.WithRowAlignmentConfig(tw.CellAlignment{Global: tw.AlignRight})
	table := tablewriter.NewTable(w, tablewriter.WithHeaderAutoFormat(tw.Off), right)
	table.Header("tokens", "base: keys and values", m.Model+", segment "+fmt.Sprint(m.Segment))
	for _, r := range m.Lengths {
		if err := table.Append(humanize.Comma(int64(r.Tokens)), humanize.IBytes(uint64(r.Base)), humanize.IBytes(uint64(r.Plugged))); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	fmt.Fprintf(w, "memory of a document in float32; plugged in, %s is the compressive memory and %s the running segment\n", humanize.IBytes(uint64(m.State)), humanize.IBytes(uint64(m.Running)))
	switch v := s.Speed; {
	case v == nil:
	case v.Why != "":
		fmt.Fprintf(w, "no speed: %s\n", v.Why)
	default:
		fmt.Fprintf(w, "about %.2g tokens/s read on this machine in segments of %d, by layers measured on %d cores\n", v.TokensPerSecond, v.Segment, v.Cores)
	}
	return nil
}

// shorten cuts a text to n characters.
func shorten(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
