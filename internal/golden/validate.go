package golden

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"infinibench/baselines"
	"infinibench/models"
)

// mostNeighbours bounds what the search of the Memorizing Transformer allocates, k for
// each token and head: no array in the file bounds that.
const mostNeighbours = 1 << 26

// validate checks everything that Compare relies on, before allocating anything whose size
// the file only claims.
func (f *File) validate() error {
	c := f.Config
	for _, v := range []struct {
		name   string
		n, low int
	}{{"batch", c.Batch, 1}, {"segments", c.Segments, 0}, {"tail", c.Tail, 0}, {"heads", c.Heads, 1}} {
		if v.n < v.low || v.n > 1<<20 {
			return fmt.Errorf("config.%s is %d, must be %d to %d", v.name, v.n, v.low, 1<<20)
		}
	}
	if err := c.checkLlama(); err != nil {
		return err
	}
	if c.HeadSize == 0 && c.Width%c.Heads != 0 {
		return fmt.Errorf("config.d_model %d is not a multiple of config.heads %d", c.Width, c.Heads)
	}
	memory, err := f.memory()
	if err != nil {
		return err
	}
	if up := f.Weights["layers.0.w_up"]; c.FFN == 0 && c.KeyValueHeads == 0 && len(up.Shape) != 2 {
		return errors.New("weights[layers.0.w_up].shape must have two dimensions")
	}
	if err := models.Check(f.model(), memory); err != nil {
		return err
	}
	if !f.bare() {
		if err := f.checkWeights(memory); err != nil {
			return err
		}
	}
	if c.Tail >= c.Segment {
		return fmt.Errorf("config.tail %d must be below config.segment %d", c.Tail, c.Segment)
	}
	if c.Length() < 1 {
		return errors.New("config.segments and config.tail are both 0")
	}
	if err := f.checkIDs(); err != nil {
		return err
	}
	if _, ok := memory.(baselines.Memorizing); ok && c.Options.K != nil {
		if n := float64(c.Batch*c.Length()) * float64(c.Heads) * float64(*c.Options.K); n > mostNeighbours {
			return fmt.Errorf("config.options.k %d makes %.3g neighbours for all tokens and heads, more than the limit of %d", *c.Options.K, n, mostNeighbours)
		}
	}
	if f.Loss == nil {
		return errors.New("loss is missing")
	}
	if _, ok := memory.(models.AuxiliaryLoss); ok && f.Auxiliary == nil {
		return fmt.Errorf("auxiliary is missing: %s has a loss of its own", memory.Name())
	}
	if err := f.checkPublished(); err != nil {
		return err
	}
	if err := f.Logits.check("logits", []int{c.Batch, len(f.positions()), c.Vocabulary}); err != nil {
		return err
	}
	return f.checkState(memory)
}

func (f *File) checkIDs() error {
	c := f.Config
	if len(f.IDs) != c.Batch {
		return fmt.Errorf("ids has %d rows, config.batch is %d", len(f.IDs), c.Batch)
	}
	for b, row := range f.IDs {
		if len(row) != c.Length()+1 {
			return fmt.Errorf("ids[%d] has %d tokens, want %d", b, len(row), c.Length()+1)
		}
		for i, id := range row {
			if id < 0 || int(id) >= c.Vocabulary {
				return fmt.Errorf("ids[%d][%d] is %d, vocabulary is %d", b, i, id, c.Vocabulary)
			}
		}
	}
	return nil
}

// check compares an array with the shape it must have.
func (a Array) check(name string, shape []int) error {
	if !slices.Equal(a.Shape, shape) {
		return fmt.Errorf("%s has shape %v, want %v", name, a.Shape, shape)
	}
	n := 1
	for _, d := range shape {
		if d > 0 && n > maxFile/d { // more than any file holds, and the product may overflow
			return fmt.Errorf("%s has %d numbers, want %v", name, len(a.Data), shape)
		}
		n *= d
	}
	if len(a.Data) != n {
		return fmt.Errorf("%s has %d numbers, want %d", name, len(a.Data), n)
	}
	return nil
}

// checkWeights compares every weight with the network before building it, so that a file
// cannot claim a larger network than it holds.
func (f *File) checkWeights(memory models.Memory) error {
	if f.Config.Layers > len(f.Weights) { // before listing layers that the file does not have
		return fmt.Errorf("config.layers is %d, more than the %d entries of weights", f.Config.Layers, len(f.Weights))
	}
	parts := f.parts(memory)
	for _, p := range parts {
		name := p.Tensor
		w, ok := f.Weights[name]
		if !ok {
			return fmt.Errorf("weights[%s] is missing", name)
		}
		if err := w.check("weights["+name+"]", p.Shape); err != nil {
			return err
		}
		for i, v := range w.Data {
			if math.Abs(v) > math.MaxFloat32 {
				return fmt.Errorf("weights[%s].data[%d] is %g, too large for float32", name, i, v)
			}
		}
	}
	if len(f.Weights) != len(parts) {
		return fmt.Errorf("weights has %d entries, this network has %d", len(f.Weights), len(parts))
	}
	return nil
}

// checkState compares the state with the model's. Its sizes are often not in the weights
// (a cache, entries, slots), so this also bounds what the model may allocate.
func (f *File) checkState(memory models.Memory) error {
	c := f.model()
	field, layers := "state", len(f.State)
	switch named := f.Config.Model != ""; {
	case named && f.Memory != nil:
		return errors.New("memory is for references without config.model; use state")
	case !named && f.State != nil:
		return errors.New("state is for references with config.model; use memory")
	case !named:
		field, layers = "memory", len(f.Memory)
	}
	if _, nothing := memory.(baselines.LocalOnly); nothing && field == "memory" {
		return nil
	}
	if layers != c.Layers {
		return fmt.Errorf("%s has %d layers, config.layers is %d", field, layers, c.Layers)
	}
	for l := range c.Layers {
		specs := memory.State(c, l)
		for _, s := range specs {
			a, name, ok := f.tensor(l, s.Name)
			if !ok {
				return fmt.Errorf("%s is missing", name)
			}
			if err := a.check(name, slices.Concat([]int{f.Config.Batch}, s.Shape)); err != nil {
				return err
			}
		}
		if f.State != nil && len(f.State[l]) != len(specs) {
			names := make([]string, len(specs))
			for i, s := range specs {
				names[i] = s.Name
			}
			extra := slices.DeleteFunc(slices.Sorted(maps.Keys(f.State[l])), func(n string) bool { return slices.Contains(names, n) })
			return fmt.Errorf("state[%d] has %s, which this layer of %s does not carry", l, strings.Join(extra, ", "), memory.Name())
		}
	}
	return nil
}

// tensor is one tensor of the reference's state and where it is in the file.
func (f *File) tensor(layer int, name string) (Array, string, bool) {
	if f.State == nil && f.Memory != nil {
		return f.Memory[layer], fmt.Sprintf("memory[%d]", layer), true
	}
	a, ok := f.State[layer][name]
	return a, fmt.Sprintf("state[%d].%s", layer, name), ok
}
