// Package golden holds a model against reference numbers made elsewhere: logits,
// loss, memory and gradients of a small network in a JSON file.
package golden

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"infinibench/internal/jsonread"
	"infinibench/internal/train"
	"infinibench/models"
)

// File is one reference.
type File struct {
	About     string               `json:"about"`
	Config    Config               `json:"config"`
	IDs       [][]int32            `json:"ids"` // [batch][segments·segment + tail + 1]
	Weights   map[string]Array     `json:"weights"`
	Loss      *float64             `json:"loss"`   // mean over all targets, nats
	Logits    Array                `json:"logits"` // [batch, length, vocabulary]
	Memory    []Array              `json:"memory"` // per layer, [batch, heads, D, D+1], after the last whole segment
	Gradients map[string][]float64 `json:"gradients"`
}

// Config is the network of a reference.
type Config struct {
	Vocabulary    int     `json:"vocab"`
	Width         int     `json:"d_model"`
	Layers        int     `json:"layers"`
	Heads         int     `json:"heads"`
	Segment       int     `json:"segment"`
	Segments      int     `json:"segments"`
	Tail          int     `json:"tail"` // tokens after the last whole segment: read, not written
	Batch         int     `json:"batch"`
	Delta         bool    `json:"delta"`
	MemoryEpsilon float64 `json:"memory_epsilon"`
	NormEpsilon   float64 `json:"norm_epsilon"`
	RopeBase      float64 `json:"rope_base"`
}

// Array is a tensor, row by row.
type Array struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

// Length is the number of scored tokens of a sequence.
func (c Config) Length() int { return c.Segments*c.Segment + c.Tail }

// maxFile bounds the memory that a reference can cost, in bytes. One of a network of
// ten million numbers takes half of it.
const maxFile = 512 << 20

// Load reads and checks a reference. Its errors name the file and the field.
func Load(path string) (*File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("golden: %w", err)
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("golden: %s: larger than %d MiB, which no reference should be", path, maxFile>>20)
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile))
	if err != nil {
		return nil, fmt.Errorf("golden: %w", err)
	}
	f, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("golden: %s: %w", path, err)
	}
	return f, nil
}

// Parse reads and checks a reference.
func Parse(data []byte) (*File, error) {
	f := new(File)
	if err := jsonread.Document(data, f, jsonread.Exact); err != nil {
		return nil, err
	}
	return f, f.validate()
}

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
	if c.Width%c.Heads != 0 {
		return fmt.Errorf("config.d_model %d is not a multiple of config.heads %d", c.Width, c.Heads)
	}
	up := f.Weights["layers.0.w_up"]
	if len(up.Shape) != 2 {
		return errors.New("weights[layers.0.w_up].shape must have two dimensions")
	}
	if err := f.model().Validate(); err != nil {
		return err
	}
	if err := f.checkWeights(); err != nil {
		return err
	}
	if c.Tail >= c.Segment {
		return fmt.Errorf("config.tail %d must be below config.segment %d", c.Tail, c.Segment)
	}
	if c.Length() < 1 {
		return errors.New("config.segments and config.tail are both 0")
	}
	if f.Loss == nil {
		return errors.New("loss is missing")
	}
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
	if want := c.Batch * c.Length() * c.Vocabulary; len(f.Logits.Data) != want {
		return fmt.Errorf("logits has %d numbers, want %d", len(f.Logits.Data), want)
	}
	if len(f.Memory) != c.Layers {
		return fmt.Errorf("memory has %d layers, config.layers is %d", len(f.Memory), c.Layers)
	}
	return nil
}

// checkWeights holds every weight against the network, before that is made: a file
// cannot claim a larger network than it holds.
func (f *File) checkWeights() error {
	shapes := models.Shapes(f.model(), models.Infini{Delta: f.Config.Delta})
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		w, ok := f.Weights[name]
		if !ok {
			return fmt.Errorf("weights[%s] is missing", name)
		}
		if !slices.Equal(w.Shape, shapes[name]) {
			return fmt.Errorf("weights[%s] has shape %v, want %v", name, w.Shape, shapes[name])
		}
		n := 1
		for _, d := range w.Shape {
			n *= d
		}
		if len(w.Data) != n {
			return fmt.Errorf("weights[%s] has %d numbers, want %d", name, len(w.Data), n)
		}
		for i, v := range w.Data {
			if math.Abs(v) > math.MaxFloat32 {
				return fmt.Errorf("weights[%s].data[%d] is %g, too large for float32", name, i, v)
			}
		}
	}
	if len(f.Weights) != len(shapes) {
		return fmt.Errorf("weights has %d entries, this network has %d", len(f.Weights), len(shapes))
	}
	return nil
}

func (f *File) model() models.Config {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.Segment = f.Config.Vocabulary, f.Config.Layers, f.Config.Heads, f.Config.Segment
	c.HeadSize = f.Config.Width / f.Config.Heads
	c.FFN = f.Weights["layers.0.w_up"].Shape[0]
	c.MemoryEpsilon, c.NormEpsilon, c.RopeBase = f.Config.MemoryEpsilon, f.Config.NormEpsilon, f.Config.RopeBase
	return c
}

// Deviation is how far one quantity is from its reference.
type Deviation struct {
	Name      string  `json:"name"`  // "logits", "loss", "memory.0", "gradient.layers.0.beta"
	Error     float64 `json:"error"` // ‖ours - reference‖ / ‖reference‖
	Tolerance float64 `json:"tolerance"`
}

// Passed says whether the deviation is inside its tolerance; NaN is not.
func (d Deviation) Passed() bool { return d.Error <= d.Tolerance }

// The tolerances that float32 arithmetic meets on networks of this kind.
const (
	ForwardTolerance  = 1e-5
	GradientTolerance = 1e-4
)

// Compare rebuilds the network of a reference and measures every quantity.
func Compare(f *File) ([]Deviation, error) {
	m, err := f.build()
	if err != nil {
		return nil, err
	}
	c := f.Config
	batch, length := c.Batch, c.Length()
	ids, targets := make([]int32, 0, batch*length), make([]int32, 0, batch*length)
	weights := make([]float32, batch*length)
	for b, row := range f.IDs {
		ids, targets = append(ids, row[:length]...), append(targets, row[1:]...)
		for i := range length {
			weights[b*length+i] = 1 / float32(batch*length)
		}
	}
	logits, err := forward(m, batch, length, ids)
	if err != nil {
		return nil, err
	}
	deviations := []Deviation{{"logits", distance(logits, f.Logits.Data), ForwardTolerance}}

	b := train.NewBackprop(m, batch, 1)
	loss, err := b.Run(ids, targets, weights)
	if err != nil {
		return nil, err
	}
	deviations = append(deviations, Deviation{"loss", distance([]float32{float32(loss)}, []float64{*f.Loss}), ForwardTolerance})
	for l, want := range f.Memory {
		deviations = append(deviations, Deviation{fmt.Sprintf("memory.%d", l), distance(b.Final.Data(l, 0), want.Data), ForwardTolerance})
	}
	for i, p := range m.Params {
		want, ok := f.Gradients[p.Name]
		if !ok {
			return nil, fmt.Errorf("gradients[%s] is missing", p.Name)
		}
		deviations = append(deviations, Deviation{"gradient." + p.Name, distance(b.Gradients[i], want), GradientTolerance})
	}
	return deviations, nil
}

// build makes the model with the reference's weights.
func (f *File) build() (*models.Model, error) {
	m, err := models.New(f.model(), models.Infini{Delta: f.Config.Delta}, 0)
	if err != nil {
		return nil, err
	}
	for _, p := range m.Params {
		for i, v := range f.Weights[p.Name].Data {
			p.Data()[i] = float32(v)
		}
	}
	return m, nil
}

// forward streams every document a token at a time, as decoding does, so that the
// reference checks the cache and the memory writes of decoding as well.
func forward(m *models.Model, batch, length int, ids []int32) ([]float32, error) {
	v := m.Config.Vocabulary
	d := m.NewDecoder(batch)
	all, column := make([]float32, batch*length*v), make([]int32, batch)
	for t := range length {
		for b := range batch {
			column[b] = ids[b*length+t]
		}
		logits, err := d.Feed(column)
		if err != nil {
			return nil, err
		}
		for b := range batch {
			copy(all[(b*length+t)*v:(b*length+t+1)*v], logits[b*v:])
		}
	}
	return all, nil
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
