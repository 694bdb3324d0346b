package golden

import (
	"fmt"
	"math"

	"infinibench/internal/kernel"
	"infinibench/internal/train"
	"infinibench/models"
	"infinibench/models/pretrained"
)

// Deviation is how far one quantity is from its reference.
type Deviation struct {
	Name      string  `json:"name"`  // "logits", "loss", "state.0.cache", "gradient.layers.0.beta", "decoding.logits"
	Error     float64 `json:"error"` // ‖ours - reference‖ / ‖reference‖, the largest over all intervals
	Tolerance float64 `json:"tolerance"`
	Interval  int     `json:"interval,omitempty"` // the checkpoint interval of the largest error; 0 when decoding
}

// Passed reports whether the deviation is within its tolerance; NaN is not.
func (d Deviation) Passed() bool { return d.Error <= d.Tolerance }

// The tolerances that float32 arithmetic meets on networks of this kind.
const (
	ForwardTolerance  = 1e-5
	GradientTolerance = 1e-4
)

// comparison compares a model with its reference.
type comparison struct {
	*File
	model        *models.Model
	parts        []pretrained.Part
	ids, targets []int32   // [batch·length]
	weights      []float32 // of each target in the loss
	found        []Deviation
	at           map[string]int // in found
}

// Compare rebuilds the network of a reference and measures every quantity: with 1, 2, …
// segments to a graph, up to the whole text in one, and token by token, as in decoding. A
// reference without weights takes them from base, the folder of a published model, and has
// no gradients; for any other reference base may be nil.
func Compare(f *File, base *pretrained.Folder) ([]Deviation, error) {
	m, err := f.build(base)
	if err != nil {
		return nil, err
	}
	c := &comparison{File: f, model: m, at: map[string]int{}}
	if !f.bare() {
		c.parts = f.parts(m.Memory)
	}
	if err := c.checkGradients(); err != nil {
		return nil, err
	}
	length := f.Config.Length()
	for _, row := range f.IDs {
		c.ids, c.targets = append(c.ids, row[:length]...), append(c.targets, row[1:]...)
		for range length {
			c.weights = append(c.weights, 1/float32(f.Config.Batch*length))
		}
	}
	for interval := 1; interval <= max(1, f.Config.Segments); interval++ {
		if err := c.whole(interval); err != nil {
			return nil, err
		}
	}
	if err := c.decoding(); err != nil {
		return nil, err
	}
	if err := c.greedy(); err != nil {
		return nil, err
	}
	if base != nil {
		err = c.texts(base)
	}
	return c.found, err
}

func (c *comparison) checkGradients() error {
	for _, p := range c.parts {
		if _, ok := c.Gradients[p.Tensor]; !ok {
			return fmt.Errorf("gradients[%s] is missing", p.Tensor)
		}
	}
	if len(c.Gradients) != len(c.parts) {
		return fmt.Errorf("gradients has %d entries, this network has %d weights", len(c.Gradients), len(c.parts))
	}
	return nil
}

// note keeps the largest error of each quantity.
func (c *comparison) note(name string, interval int, got []float32, want []float64, tolerance float64) {
	d := Deviation{name, distance(got, want), tolerance, interval}
	i, ok := c.at[name]
	switch {
	case !ok:
		c.at[name] = len(c.found)
		c.found = append(c.found, d)
	case d.Error > c.found[i].Error:
		c.found[i] = d
	}
}

// whole measures a forward pass, and one with gradients, `interval` segments to a graph.
func (c *comparison) whole(interval int) error {
	logits, err := c.logits(interval)
	if err != nil {
		return err
	}
	c.note("logits", interval, c.listed(logits), c.Logits.Data, ForwardTolerance)
	b := train.NewBackprop(c.model, c.Config.Batch, interval)
	loss, err := b.Run(c.ids, c.targets, c.weights)
	if err != nil {
		return err
	}
	c.note("loss", interval, []float32{float32(loss)}, []float64{*c.Loss}, ForwardTolerance)
	if c.Auxiliary != nil {
		c.note("auxiliary", interval, []float32{float32(b.Auxiliary)}, []float64{*c.Auxiliary}, ForwardTolerance)
	}
	c.state("", interval, b.Final)
	gradients := map[string][]float32{}
	for i, p := range c.model.Params {
		gradients[p.Name] = b.Gradients[i]
	}
	for _, p := range c.parts {
		c.note("gradient."+p.Tensor, interval, within(p, gradients[p.Param]), c.Gradients[p.Tensor], GradientTolerance)
	}
	return nil
}

// state measures every tensor of the state after the last whole segment.
func (c *comparison) state(prefix string, interval int, s *models.State) {
	for l := range s.Layers {
		for i, spec := range s.Specs(l) {
			name := fmt.Sprintf("%sstate.%d.%s", prefix, l, spec.Name)
			if c.Memory != nil {
				name = fmt.Sprintf("%smemory.%d", prefix, l)
			}
			want, _, _ := c.tensor(l, spec.Name)
			c.note(name, interval, s.Data(l, i), want.Data, ForwardTolerance)
		}
	}
}

// logits is the forward pass [batch, length, vocabulary], `interval` segments to a graph.
func (c *comparison) logits(interval int) ([]float32, error) {
	batch, length, segment, v := c.Config.Batch, c.Config.Length(), c.Config.Segment, c.Config.Vocabulary
	all, table := make([]float32, batch*length*v), c.model.Head().Weights()
	state, passes := c.model.NewState(batch), map[int]*models.Pass{}
	for from := 0; from < length; {
		segments, tokens := min(interval, (length-from)/segment), segment
		if segments == 0 {
			segments, tokens = 1, length-from
		}
		n := segments * tokens
		p := passes[n]
		if p == nil {
			p = c.model.NewPass(batch, segments, tokens, false)
			passes[n] = p
		}
		for b := range batch {
			copy(p.IDs[b*n:(b+1)*n], c.ids[b*length+from:])
		}
		if err := p.Run(state); err != nil {
			return nil, err
		}
		hidden, width := models.Floats(p.Hidden), c.Config.Width
		for b := range batch {
			kernel.Logits(all[(b*length+from)*v:(b*length+from+n)*v], hidden[b*n*width:(b+1)*n*width], table, width)
		}
		p.Carry(state)
		from += n
	}
	return all, nil
}

// decoding measures the logits and the state of a decoder that reads one token at a time.
func (c *comparison) decoding() error {
	batch, length, v := c.Config.Batch, c.Config.Length(), c.Config.Vocabulary
	d := c.model.NewDecoder(batch)
	all, column := make([]float32, batch*length*v), make([]int32, batch)
	for t := range length {
		for b := range batch {
			column[b] = c.ids[b*length+t]
		}
		logits, err := d.Feed(column)
		if err != nil {
			return err
		}
		for b := range batch {
			copy(all[(b*length+t)*v:(b*length+t+1)*v], logits[b*v:])
		}
	}
	c.note("decoding.logits", 0, c.listed(all), c.Logits.Data, ForwardTolerance)
	c.state("decoding.", 0, d.State())
	return nil
}

// listed selects the logits at the reference's positions from all [batch, length, V].
func (c *comparison) listed(all []float32) []float32 {
	if c.Positions == nil {
		return all
	}
	var some []float32
	v, length := c.Config.Vocabulary, c.Config.Length()
	for b := range c.Config.Batch {
		for _, at := range c.Positions {
			some = append(some, all[(b*length+at)*v:][:v]...)
		}
	}
	return some
}

// greedy measures the share of tokens after the prompt that are not the most likely ones; the
// tolerance is 0.
func (c *comparison) greedy() error {
	if c.Greedy == nil {
		return nil
	}
	d, n := c.model.NewDecoder(1), c.prompt()
	logits, err := d.Feed(c.Greedy[:n])
	wrong := 0
	for _, id := range c.Greedy[n:] {
		if err != nil {
			return err
		}
		if new(models.Sampler).Next(logits) != id {
			wrong++
		}
		logits, err = d.Feed([]int32{id})
	}
	c.found = append(c.found, Deviation{Name: "greedy", Error: float64(wrong) / float64(len(c.Greedy)-n)})
	return err
}

// texts compares the texts of tokens, without the one that starts a text, in the model's
// tokenizer; they must be the same.
func (c *comparison) texts(base *pretrained.Folder) error {
	for _, x := range []struct {
		name string
		ids  []int32
		text string
	}{{"text", c.IDs[0], c.Text}, {"greedy_text", c.Greedy, c.GreedyText}} {
		if x.text == "" || len(x.ids) == 0 {
			continue
		}
		ids := x.ids
		if ids[0] == base.Begin {
			ids = ids[1:]
		}
		got, err := base.Tokenizer.Decode(ids)
		if err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		d := Deviation{Name: x.name}
		if got != x.text {
			d.Error = 1
		}
		c.found = append(c.found, d)
	}
	return nil
}

// distance is ‖got - want‖ / ‖want‖; a wrong size or a NaN is infinitely far.
func distance(got []float32, want []float64) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var d, n float64
	for i, w := range want {
		d += (float64(got[i]) - w) * (float64(got[i]) - w)
		n += w * w
	}
	if r := math.Sqrt(d / n); !math.IsNaN(r) {
		return r
	}
	if d == 0 {
		return 0
	}
	return math.Inf(1)
}
