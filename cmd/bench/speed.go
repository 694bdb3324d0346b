package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"infinibench/baselines"
	"infinibench/experiments"
	"infinibench/internal/kernel"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// speedConfig is the size of a model and of the sequence it is timed on.
type speedConfig struct {
	name                                                string
	width, layers, heads, segment, segments, vocabulary int

	// The rest of a trunk of the Llama family; 0 in the paper's trunk.
	keyValueHeads, ffn int
}

// speedConfigs are shared with other implementations that are timed for comparison.
// Changing one invalidates older numbers.
var speedConfigs = []speedConfig{
	{name: "small", width: 256, layers: 4, heads: 4, segment: 512, segments: 8, vocabulary: 256},
	{name: "medium", width: 512, layers: 6, heads: 8, segment: 512, segments: 4, vocabulary: 4096},
	{name: "long", width: 512, layers: 6, heads: 8, segment: 2048, segments: 4, vocabulary: 4096},
	{name: "llama-15m", width: 288, layers: 6, heads: 6, segment: 256, segments: 4, vocabulary: 32000, keyValueHeads: 6, ffn: 768},
	{name: "smollm2-135m", width: 576, layers: 30, heads: 9, segment: 512, segments: 4, vocabulary: 49152, keyValueHeads: 3, ffn: 1536},
}

// speedNames lists the sizes, for a message.
func speedNames() string {
	var names []string
	for _, c := range speedConfigs {
		names = append(names, c.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// decodeTokens is the tokens of one step of decoding.
const decodeTokens = 64

// speedRuns is the number of timed steps, after one warm-up step.
const speedRuns = 3

// speedResult is the JSON line that bench speed prints.
type speedResult struct {
	Impl            string  `json:"impl"`
	Config          string  `json:"config"`
	Mode            string  `json:"mode"`
	Threads         int     `json:"threads"`
	Parameters      int64   `json:"parameters"`
	TokensPerSecond float64 `json:"tokens_per_second"` // median
	PeakRSSMB       float64 `json:"peak_rss_mb"`       // 2²⁰ bytes
	Interval        int     `json:"interval"`
	Precision       string  `json:"precision"`
	Model           string  `json:"model"`
	BLAS            string  `json:"blas"`

	// WithoutSearch is the speed of the Memorizing Transformer without its memory, which
	// makes it a Transformer-XL; 0 for other models.
	WithoutSearch float64 `json:"tokens_per_second_without_search,omitempty"`

	FLOPS     float64 `json:"flops"`      // per second, as experiments.FLOPs counts them
	PeakFLOPS float64 `json:"peak_flops"` // of large matrix products, measured right after
	PeakShare float64 `json:"peak_share"`
}

func speedCommand(env *environment) *cobra.Command {
	var o speedOptions
	cmd := &cobra.Command{
		Use:   "speed",
		Short: "Measure tokens per second on this machine",
		Long: `speed times a model of a fixed size on random tokens, one sequence at a time, in
float32. It prints the median speed of three steps after one warm-up step, and the peak
memory of the process. It also prints the floating-point operations per second of all
matrix products, without those recomputed to save memory, and their share of this
machine's rate on large matrices, measured right afterwards.

  small         4 layers of 4 heads, width 256, 8 segments of  512, vocabulary   256
  medium        6 layers of 8 heads, width 512, 4 segments of  512, vocabulary  4096
  long          6 layers of 8 heads, width 512, 4 segments of 2048, vocabulary  4096
  llama-15m     6 layers of 6 heads, width 288, 4 segments of  256, vocabulary 32000
  smollm2-135m 30 layers of 9 heads, width 576, 4 segments of  512, vocabulary 49152

The last two have the trunk of the Llama family; in smollm2-135m, three heads share a key
and a value. Their weights are random and no file is read.

In mode train, a step is the forward pass, back-propagation through all segments and an
Adam update. In mode eval, it is the forward pass with the loss of every token; the memory
is carried from segment to segment. In mode decode, it is 64 tokens, one after the other,
each with the logits of the next; the memory is empty until a segment is full.

The Memorizing Transformer is timed a second time without its memory, as a Transformer-XL,
to show how much time its search takes.

With --checkpoint, it times that model instead: two to eight segments of up to 2,048 tokens
in all; a base model in its folder has one segment, of its own context up to 2,048 tokens,
unless --segment says otherwise.

With --stream, speed evaluates one sequence of that many tokens instead. At 1K, 2K, 4K and
so on it prints the speed since the previous line, the size of the state and the memory of
the process, and at the end the slopes of lines fitted to them.`,
		Example: `  bench speed
  bench speed --config medium --mode eval --threads 1
  bench speed --config smollm2-135m --mode decode
  bench speed --config long --interval 1 --json
  bench speed --stream 1M
  bench speed --checkpoint SmolLM2-135M --memory infini-delta --segment 512 --mode eval`,
		RunE: func(*cobra.Command, []string) error { return o.run(env) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.config, "config", "small", "size: "+speedNames())
	flags.StringVar(&o.mode, "mode", "train", "what a step is: train, eval or decode")
	flags.StringVar(&o.model, "model", "infini-delta", "id of the model: "+strings.Join(experiments.Models, ", "))
	flags.IntVar(&o.interval, "interval", 0, "segments per graph in training, 0 for all; fewer take less memory and more time")
	flags.Var((*tokensFlag)(&o.stream), "stream", "evaluate one sequence of this many tokens instead")
	flags.IntVar(&o.threads, "threads", 0, "threads, 0 for all cores")
	addPrecision(cmd, &o.precision)
	flags.BoolVar(&o.asJSON, "json", false, "print one line of JSON")
	o.from.addOptional(cmd)
	cmd.MarkFlagsMutuallyExclusive("config", "checkpoint")
	cmd.MarkFlagsMutuallyExclusive("model", "checkpoint")
	cmd.MarkFlagsMutuallyExclusive("stream", "mode") // a stream is evaluated, never trained on
	cmd.MarkFlagsMutuallyExclusive("stream", "interval")
	return cmd
}

// speedOptions are the flags of bench speed.
type speedOptions struct {
	config, mode, model       string
	precision                 string
	from                      checkpointFlags
	interval, threads, stream int
	asJSON                    bool
}

func (o *speedOptions) run(env *environment) error {
	i := slices.IndexFunc(speedConfigs, func(c speedConfig) bool { return c.name == o.config })
	switch {
	case i < 0:
		return usageError{fmt.Errorf("--config is %q, must be %s", o.config, speedNames())}
	case o.mode != "train" && o.mode != "eval" && o.mode != "decode":
		return usageError{fmt.Errorf("--mode is %q, must be train, eval or decode", o.mode)}
	case o.threads < 0:
		return usageError{fmt.Errorf("--threads is %d, must be at least 1, or 0 for all cores", o.threads)}
	case o.interval < 0:
		return usageError{fmt.Errorf("--interval is %d, must be at least 1, or 0 for all segments", o.interval)}
	}
	memory, err := experiments.NewMemory(o.model, results.BaselineSettings{})
	if err != nil {
		return usageError{fmt.Errorf("--model: %w", err)}
	}
	c := speedConfigs[i].timed()
	switch {
	case o.from.dir != "":
		if c, memory, err = timedCheckpoint(env, &o.from, o.stream > 0 || o.mode != "train"); err != nil {
			return err
		}
	case o.from.plug.set():
		return usageError{errors.New("--memory, --segment, --gate-init and --ungated-start need --checkpoint with a model folder")}
	}
	if o.threads == 0 {
		o.threads = machine.Cores()
	}
	kernel.SetThreads(o.threads)
	if err := setPrecision(o.precision); err != nil {
		return err
	}
	if o.stream > 0 {
		lengths, err := streamLengths(o.stream, c.segment)
		if err != nil {
			return usageError{err}
		}
		warnSlowBLAS(env)
		result, err := measureStream(env, c, memory, lengths)
		if err != nil {
			return err
		}
		return result.print(env, o.asJSON)
	}
	warnSlowBLAS(env)
	result, err := measureSpeed(env, c, o.mode, memory, o.interval)
	if err != nil {
		return err
	}
	return result.print(env, o.asJSON)
}

// model is a model of this size. Its weights are arbitrary: they do not affect the time.
func (c speedConfig) model(memory models.Memory) (*models.Model, error) {
	return models.New(c.sizes(), memory, 0)
}

func (c speedConfig) sizes() models.Config {
	s := models.Defaults()
	s.Vocabulary, s.Layers, s.Heads, s.HeadSize = c.vocabulary, c.layers, c.heads, c.width/c.heads
	s.FFN, s.Segment = 4*c.width, c.segment
	if c.ffn > 0 {
		s.FFN, s.KeyValueHeads, s.SwiGLU = c.ffn, c.keyValueHeads, true
	}
	return s
}

// timed is a model that is timed, and the sequence it is timed on.
type timed struct {
	name                          string
	segment, segments, vocabulary int
	model                         func(models.Memory) (*models.Model, error)
}

func (c speedConfig) timed() timed {
	return timed{c.name, c.segment, c.segments, c.vocabulary, c.model}
}

// timedCheckpoint is a model folder with a memory plugged in, or a checkpoint of this program.
// A stored model keeps its folder's type and cannot be trained.
func timedCheckpoint(env *environment, from *checkpointFlags, stored bool) (timed, models.Memory, error) {
	const tokens = 2048
	c, err := from.open()
	if err != nil {
		return timed{}, nil, err
	}
	plug := from.plug.get()
	plug.Stored = stored
	own := 0 // tokens of a base model's own context
	if c.folder != nil {
		own = min(tokens, c.folder.Config.Segment)
	}
	m, err := c.loadFor(env, plug, own)
	if err != nil {
		return timed{}, nil, err
	}
	segments := min(max(tokens/m.Config.Segment, 2), 8)
	if c.folder != nil && c.folder.Plugged == nil && plug.Memory == "" && plug.Segment == 0 {
		segments = 1
	}
	build := func(memory models.Memory) (*models.Model, error) {
		if memory.Name() == m.Memory.Name() {
			return m, nil
		}
		return models.New(m.Config, memory, 0) // as of a fixed size, weights do not matter
	}
	return timed{filepath.Base(from.dir), m.Config.Segment, segments, m.Config.Vocabulary, build}, m.Memory, nil
}

// measureSpeed times the steps. A signal takes effect between two steps.
func measureSpeed(env *environment, c timed, mode string, memory models.Memory, interval int) (speedResult, error) {
	steps := speedRuns + 1
	searching, searches := memory.(baselines.Memorizing)
	if searches {
		steps *= 2
	}
	p := env.progress("speed", int64(steps))
	defer p.finish()
	m, perSecond, err := c.time(env, mode, memory, interval, p)
	if err != nil {
		return speedResult{}, err
	}
	rss := machine.PeakRSS()
	var without float64
	if searches {
		if _, without, err = c.time(env, mode, searching.TransformerXL, interval, p); err != nil {
			return speedResult{}, err
		}
	}
	peak := kernel.Peak() // last, or its matrices would count towards the peak memory
	segments := 1
	if mode == "train" {
		if segments = interval; interval == 0 {
			segments = c.segments
		}
	}
	sizes := m.Config
	if mode == "decode" { // attention sees no more than the tokens of a step
		sizes.Segment = min(sizes.Segment, decodeTokens)
	}
	flops := experiments.FLOPs(sizes, memory, mode == "train", segments) * perSecond
	return speedResult{
		Impl: "infinibench " + buildVersion(), Config: c.name, Mode: mode, Threads: kernel.Threads(),
		Parameters: m.Parameters(), TokensPerSecond: perSecond, WithoutSearch: without,
		PeakRSSMB: float64(rss) / (1 << 20),
		Interval:  interval, Precision: kernel.Precision(), Model: memory.Name(), BLAS: kernel.BLAS(),
		FLOPS: flops, PeakFLOPS: peak, PeakShare: flops / peak,
	}, nil
}

// time returns a model and the tokens per second of its steps.
func (c timed) time(env *environment, mode string, memory models.Memory, interval int, p *progress) (*models.Model, float64, error) {
	m, err := c.model(memory)
	if err != nil {
		return nil, 0, err
	}
	n := c.segment * c.segments
	random := rand.New(rand.NewPCG(0, 0))
	tokens := make([]int32, n+1)
	for i := range tokens {
		tokens[i] = int32(random.IntN(c.vocabulary))
	}
	var step func() error
	switch mode { // each kind builds graphs, whose memory is measured
	case "train":
		step = trainStep(m, tokens, interval)
	case "eval":
		step = evalStep(m, tokens)
	case "decode":
		n = min(n, decodeTokens)
		step = decodeStep(m, tokens[:n])
	}
	seconds, err := timeSteps(env.ctx, env.workTime(), step, func() { p.add(1, "") })
	return m, float64(n) / seconds, err
}

// timeSteps returns the median time of a step in seconds, without the first.
func timeSteps(ctx context.Context, now func() time.Duration, step func() error, done func()) (float64, error) {
	var seconds []float64
	for range speedRuns + 1 {
		start := now()
		_, err := await(ctx, func() (struct{}, error) { return struct{}{}, step() })
		if err != nil {
			return 0, err
		}
		seconds = append(seconds, (now() - start).Seconds())
		done()
	}
	seconds = seconds[1:]
	slices.Sort(seconds)
	return seconds[len(seconds)/2], nil
}

// trainStep is one update on a sequence, with the mean loss over its tokens.
func trainStep(m *models.Model, tokens []int32, interval int) func() error {
	n := len(tokens) - 1
	weights := make([]float32, n)
	for i := range weights {
		weights[i] = 1 / float32(n)
	}
	b := train.NewBackprop(m, 1, interval)
	adam := train.NewAdamW(m.Params, 0)
	const rate = 1e-3
	return func() error {
		if _, err := b.Run(tokens[:n], tokens[1:], weights); err != nil {
			return err
		}
		adam.Step(b.Gradients, rate, rate)
		return nil
	}
}

// evalStep scores a sequence segment by segment.
func evalStep(m *models.Model, tokens []int32) func() error {
	size := m.Config.Segment
	scorer := m.NewScorer(1, size)
	state := m.NewState(1)
	return func() error {
		state.Zero()
		for at := 0; at+size < len(tokens); at += size {
			if _, err := scorer.Score(tokens[at:at+size], tokens[at+1:at+size+1], state); err != nil {
				return err
			}
		}
		return nil
	}
}

// decodeStep feeds the tokens one by one, from an empty memory.
func decodeStep(m *models.Model, tokens []int32) func() error {
	decoder, empty := m.NewDecoder(1), m.NewState(1)
	return func() error {
		decoder.Restart(empty)
		for i := range tokens {
			if _, err := decoder.Feed(tokens[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	}
}

func (r speedResult) print(env *environment, asJSON bool) error {
	if asJSON {
		return printJSONLine(env, r)
	}
	mode := r.Mode
	if mode == "train" && r.Interval > 0 {
		mode += fmt.Sprintf(" %d segments at a time", r.Interval)
	}
	if r.Precision != kernel.Float32 {
		mode += ", " + r.Precision
	}
	search := ""
	if r.WithoutSearch > 0 {
		search = fmt.Sprintf("\n  %s without the search", humanize.CommafWithDigits(r.WithoutSearch, 0))
		if share := 1 - r.TokensPerSecond/r.WithoutSearch; share > 0 { // otherwise the machine was busy
			search += fmt.Sprintf(", which takes %.0f %% of the time", 100*share)
		}
	}
	_, err := fmt.Fprintf(env.stdout, "%s, %s, %s: %s parameters, %d threads\n  %s tokens per second%s\n  %s MB peak memory\n  %.1f GFLOP/s, %.0f %% of the %.1f reached on large matrix products\n  BLAS: %s\n",
		r.Model, r.Config, mode, humanize.Comma(r.Parameters), r.Threads,
		humanize.CommafWithDigits(r.TokensPerSecond, 0), search, humanize.CommafWithDigits(r.PeakRSSMB, 0),
		r.FLOPS/1e9, 100*r.PeakShare, r.PeakFLOPS/1e9, r.BLAS)
	return err
}

// addPrecision adds the flag for setPrecision.
func addPrecision(cmd *cobra.Command, precision *string) {
	cmd.Flags().StringVar(precision, "precision", kernel.Float32, "of products with weights: float32, or bf16, which rounds both factors and needs oneDNN")
}

// setPrecision sets the precision of everything that is computed from here on.
func setPrecision(precision string) error {
	err := kernel.SetPrecision(precision)
	if err != nil && precision != kernel.BF16 {
		return usageError{fmt.Errorf("--%w", err)}
	}
	return err
}
