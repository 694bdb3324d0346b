package train

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"testing"

	"infinibench/models"
)

// sickly is a model of two layers and two heads, of width 4, with a batch of two
// documents of three segments and a tail.
func sickly(t *testing.T, memory models.Memory, interval int) (*models.Model, *Backprop, func() error) {
	t.Helper()
	m := savedModel(t, memory, 1, func(c *models.Config) { c.Layers = 2 })
	const documents, length = 2, 3*4 + 2
	b := NewBackprop(m, documents, interval)
	ids, targets, weights := make([]int32, documents*length), make([]int32, documents*length), make([]float32, documents*length)
	for i := range ids { // token 6 occurs only at position 9 of document 1, in segment 2
		ids[i], targets[i], weights[i] = int32(i%6), int32((i+1)%6), 1.0/(documents*length)
	}
	ids[length+9] = 6
	return m, b, func() error {
		_, err := b.Run(ids, targets, weights)
		return err
	}
}

// TestWhereItBegan puts numbers that are not finite, or soon will not be, in the
// model; what they are, and where the damage first shows, follows from the graph:
// token 6 is read in segment 2 only, w_qkv has four rows each for queries, keys and
// values, of two heads.
func TestWhereItBegan(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, test := range []struct {
		reason string
		harm   func(*models.Model)
		want   string
	}{
		{"nothing", func(*models.Model) {}, ""},
		{"a weight that is NaN", func(m *models.Model) { m.Param("layers.1.w_up").Data()[3] = nan },
			"w_up of layer 1 is NaN"},
		{"a weight of a head", func(m *models.Model) { m.Param("layers.1.w_qkv").Data()[(4+2)*4+1] = inf },
			"w_qkv of layer 1, head 1 is +Inf"},
		{"a gate", func(m *models.Model) { m.Param("layers.0.beta").Data()[1] = nan },
			"beta of layer 0, head 1 is NaN"},
		{"a column of what mixes the heads", func(m *models.Model) { m.Param("layers.0.w_o").Data()[2*4+3] = nan },
			"w_o of layer 0, head 1 is NaN"},
		// Token 6 alone has a first number other than 0; the value of head 1 is that times
		// the largest float32, and the product overflows.
		{"a memory that overflows", func(m *models.Model) {
			for i := range 7 {
				m.Param("embedding").Data()[i*4] = 0
			}
			m.Param("embedding").Data()[6*4] = 8
			m.Param("layers.0.w_qkv").Data()[(8+2)*4] = math.MaxFloat32
		}, "segment 2: memory of layer 0, head 1, document 1 of the batch is +Inf"},
		// The last norm scales to the largest float32, so that logits overflow.
		{"a loss that overflows", func(m *models.Model) {
			for i := range m.Param("norm_final").Data() {
				m.Param("norm_final").Data()[i] = math.MaxFloat32
			}
		}, "segment 3: loss is NaN"},
	} {
		for _, interval := range []int{1, 2, 0} {
			m, _, run := sickly(t, models.Infini{}, interval)
			test.harm(m)
			err := run()
			if test.want == "" {
				if err != nil {
					t.Errorf("%s: %v", test.reason, err)
				}
				continue
			}
			var broken *models.NotFinite
			if !errors.As(err, &broken) || err.Error() != test.want {
				t.Errorf("%s, %d segments in a graph: got %v, want %s", test.reason, interval, err, test.want)
			}
		}
	}
}

// again is a source of one batch.
type again struct{ Batch }

func (s again) Next(b *Batch) error {
	copy(b.IDs, s.IDs)
	copy(b.Targets, s.Targets)
	copy(b.Weights, s.Weights)
	return nil
}
func (again) Cursor() json.RawMessage         { return json.RawMessage("0") }
func (again) SetCursor(json.RawMessage) error { return nil }

// TestFitStopsAtTheFirstBadNumber: the step, the segment and the weight are named,
// and the last good checkpoint stays. With w_up = 0 the feed-forward gives 0 however
// large w_down is, so the loss is finite; the gradient of w_up is a sum over tokens
// of products with w_down, which overflow.
func TestFitStopsAtTheFirstBadNumber(t *testing.T) {
	for _, test := range []struct {
		reason string
		harm   func(*models.Model)
		want   string
	}{
		{"gradient", func(m *models.Model) {
			clear(m.Param("layers.1.w_up").Data())
			for i := range m.Param("layers.1.w_down").Data() {
				m.Param("layers.1.w_down").Data()[i] = math.MaxFloat32
			}
			for i := range m.Param("norm_final").Data() {
				m.Param("norm_final").Data()[i] = 1e4 // for steeper slopes
			}
		}, `^train: step 4: segment \d: gradient of (w_up|norm_ffn) of layer 1 is (NaN|[+-]Inf)$`},
		{"weight", func(m *models.Model) { m.Param("layers.1.w_o").Data()[2] = float32(math.NaN()) },
			`^train: step 4: w_o of layer 1, head 1 is NaN$`},
	} {
		m := savedModel(t, models.Infini{}, 1, func(c *models.Config) { c.Layers = 2 })
		o := NewAdamW(m.Params, 0)
		const documents, length = 2, 3 * 4
		batch := Batch{IDs: make([]int32, documents*length), Targets: make([]int32, documents*length), Weights: make([]float32, documents*length)}
		for i := range batch.IDs {
			batch.IDs[i], batch.Targets[i], batch.Weights[i] = int32(i%7), int32((i+1)%7), 1
		}
		dir := t.TempDir()
		steps := 0
		err := Fit(t.Context(), m, o, again{batch}, Settings{
			Documents: documents, Length: length, Interval: 2, Steps: 10, Rate: 1e-3, Directory: dir, SaveEvery: 2,
		}, func(int) error { return nil }, func(l Line) error {
			if steps = l.Step; l.Step == 3 {
				test.harm(m)
			}
			return nil
		})
		if err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) || steps != 3 {
			t.Errorf("%s: after %d steps %v, want %s", test.reason, steps, err, test.want)
		}
		if p, found, err := LoadProgress(dir, m, o, ""); err != nil || !found || p.Step != 2 {
			t.Errorf("%s: the checkpoint is of step %d, want 2; %v", test.reason, p.Step, err)
		}
	}
}
