package experiments

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"infinibench/internal/machine"
	"infinibench/internal/metrics"
	"infinibench/models"
)

// StreamPoint is the cost of a stream of tokens up to a length.
type StreamPoint struct {
	Tokens          int     `json:"tokens"`            // since the stream began
	TokensPerSecond float64 `json:"tokens_per_second"` // over the stretch since the point before
	StateBytes      int64   `json:"state_bytes"`       // of the live state
	RSS             int64   `json:"rss_bytes"`         // resident memory of the process; 0 where it is not known
}

// StreamLengths returns the lengths at which a stream of n tokens is measured: 1,024 tokens
// or one segment, whichever is more, every doubling of that, and the end. All are whole
// segments; fewer than two lengths show no trend.
func StreamLengths(n, segment int) []int {
	const first = 1024
	n -= n % segment
	var lengths []int
	for at := (first + segment - 1) / segment * segment; at < n; at *= 2 {
		lengths = append(lengths, at)
	}
	return append(lengths, n)
}

// MeasureStream evaluates a model, without gradients, on one stream of random tokens and
// carries the state from segment to segment. It measures the cost at each of the rising
// lengths, which are whole segments. tick is called with the number of new tokens done.
func MeasureStream(ctx context.Context, m *models.Model, lengths []int, tick func(tokens int)) ([]StreamPoint, error) {
	r := newReader(m)
	// The first run of a graph also allocates what the others use.
	if err := r.read(ctx, m.Config.Segment, func(int) {}); err != nil {
		return nil, err
	}
	r.state.Zero()
	_, entries := m.Memory.Footprint(m.Config)
	var points []StreamPoint
	done := 0
	for _, length := range lengths {
		start := machine.WorkTime()
		if err := r.read(ctx, length-done, tick); err != nil {
			return nil, err
		}
		p := StreamPoint{
			Tokens: length, TokensPerSecond: float64(length-done) / (machine.WorkTime() - start).Seconds(),
			StateBytes: r.state.Bytes(), RSS: machine.RSS(),
		}
		if p.StateBytes != 4*entries {
			return nil, fmt.Errorf("experiments: %s carries %d bytes after %d tokens, its formula says %d", m.Memory.Name(), p.StateBytes, length, 4*entries)
		}
		if err := r.state.Finite(); err != nil {
			return nil, fmt.Errorf("experiments: after %d tokens %w", length, err)
		}
		points, done = append(points, p), length
	}
	return points, nil
}

// reader evaluates a model on a stream of random tokens.
type reader struct {
	scorer *models.Scorer
	state  *models.State
	random *rand.Rand
	config models.Config
	tokens []int32 // a segment and the token after it, its last target
}

func newReader(m *models.Model) *reader {
	n := m.Config.Segment
	r := &reader{m.NewScorer(1, n), m.NewState(1), rand.New(rand.NewPCG(0, 0)), m.Config, make([]int32, n+1)}
	r.tokens[n] = int32(r.random.IntN(m.Config.Vocabulary))
	return r
}

// read advances by n tokens, which must be whole segments.
func (r *reader) read(ctx context.Context, n int, tick func(tokens int)) error {
	segment := r.config.Segment
	for ; n > 0; n -= segment {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.tokens[0] = r.tokens[segment]
		for i := range segment {
			r.tokens[i+1] = int32(r.random.IntN(r.config.Vocabulary))
		}
		if _, err := r.scorer.Score(r.tokens[:segment], r.tokens[1:], r.state); err != nil {
			return err
		}
		tick(segment)
	}
	return nil
}

// StreamTrend describes how the cost of a stream changes with its length. A cost that does
// not depend on the length has a trend of zero, up to measurement noise.
type StreamTrend struct {
	SpeedPerDoubling float64 `json:"speed_per_doubling"` // 0.01: one percent faster with each doubling
	RSSPerMillion    float64 `json:"rss_bytes_per_million_tokens"`
}

// Trend fits lines to two or more points by least squares: log speed over log length, and
// resident memory over length.
func Trend(points []StreamPoint) StreamTrend {
	var length, doublings, speed, rss []float64
	for _, p := range points {
		length, doublings = append(length, float64(p.Tokens)), append(doublings, math.Log2(float64(p.Tokens)))
		speed, rss = append(speed, math.Log(p.TokensPerSecond)), append(rss, float64(p.RSS))
	}
	return StreamTrend{
		SpeedPerDoubling: math.Expm1(metrics.Slope(doublings, speed)),
		RSSPerMillion:    1e6 * metrics.Slope(length, rss),
	}
}
