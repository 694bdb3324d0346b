package experiments

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"infinibench/baselines"
	"infinibench/models"
)

func TestStreamLengths(t *testing.T) {
	tests := []struct {
		reason     string
		n, segment int
		want       []int
	}{
		{"doublings", 8192, 512, []int{1024, 2048, 4096, 8192}},
		{"an end that is no doubling", 5000, 512, []int{1024, 2048, 4096, 4608}}, // 9 segments
		{"a segment longer than the first length", 8192, 2048, []int{2048, 4096, 8192}},
		{"a segment that does not divide it", 2000, 96, []int{1056, 1920}}, // 11 and 20 segments
		{"the first length only", 1024, 64, []int{1024}},
	}
	for _, test := range tests {
		if got := StreamLengths(test.n, test.segment); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.reason, got, test.want)
		}
	}
}

// The state is d_key·(d_value+1)·H·l numbers of 4 bytes (paper table 1): of the small
// model 8·9·2·2 numbers, of the control none, at every length.
func TestMeasureStream(t *testing.T) {
	for _, test := range []struct {
		memory models.Memory
		bytes  int64
	}{{models.Infini{}, 8 * 9 * 2 * 2 * 4}, {models.Infini{Delta: true}, 1152}, {baselines.LocalOnly{}, 0}} {
		var ticks int
		points, err := MeasureStream(t.Context(), smallModel(t, test.memory), []int{8, 16, 40}, func(n int) { ticks += n })
		if err != nil {
			t.Fatal(err)
		}
		var lengths []int
		for _, p := range points {
			lengths = append(lengths, p.Tokens)
			if !(p.TokensPerSecond > 0) || math.IsInf(p.TokensPerSecond, 0) || p.StateBytes != test.bytes {
				t.Errorf("%s: %+v, want a speed and a state of %d bytes", test.memory.Name(), p, test.bytes)
			}
		}
		if !slices.Equal(lengths, []int{8, 16, 40}) || ticks != 40 {
			t.Errorf("%s: measured at %v and counted %d tokens", test.memory.Name(), lengths, ticks)
		}
	}
}

func TestMeasureStreamStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ticks := 0
	_, err := MeasureStream(ctx, smallModel(t, models.Infini{}), []int{8000}, func(int) {
		if ticks++; ticks == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || ticks != 3 {
		t.Errorf("stopped with %v after %d segments, want 3", err, ticks)
	}
}

// liar is a memory whose formula disagrees with its state.
type liar struct{ models.Infini }

func (liar) Footprint(models.Config) (string, int64) { return "7", 7 }

func TestMeasureStreamChecksTheState(t *testing.T) {
	_, err := MeasureStream(t.Context(), smallModel(t, liar{}), []int{8}, func(int) {})
	if want := "experiments: infini-linear carries 1152 bytes after 8 tokens, its formula says 28"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	m := smallModel(t, models.Infini{})
	m.Param("layers.0.w_qkv").Data()[33*16] = float32(math.NaN()) // of rows q, k and v, 16 each, one of v
	_, err = MeasureStream(t.Context(), m, []int{8}, func(int) {})
	if want := "experiments: after 8 tokens memory of layer 0, head 0 is NaN"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Lines whose slope is known: half the speed with each doubling, 3 bytes a token, and
// points that lie on no line. For x = 1, 2, 3 and y = 0, 0, 3, by hand: means 2 and 1,
// Σ(x-2)² = 2, Σ(x-2)(y-1) = 1+0+2 = 3, slope 1.5.
func TestTrend(t *testing.T) {
	points := []StreamPoint{
		{Tokens: 1024, TokensPerSecond: 800, RSS: 5000 + 3*1024},
		{Tokens: 2048, TokensPerSecond: 400, RSS: 5000 + 3*2048},
		{Tokens: 8192, TokensPerSecond: 100, RSS: 5000 + 3*8192},
	}
	got := Trend(points)
	if math.Abs(got.SpeedPerDoubling+0.5) > 1e-12 || math.Abs(got.RSSPerMillion-3e6) > 1e-6 {
		t.Errorf("trend %+v, want -0.5 and 3e6", got)
	}
}
