package experiments

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"

	"infinibench/baselines"
	"infinibench/internal/kernel"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// makeCost measures a model. The measurements go to timing.json, since they differ from run
// to run; the result records only what was measured and how.
func makeCost(ctx context.Context, r *cellRun) error {
	s := r.settings
	if _, err := r.files.prepare(r.config); err != nil {
		return err
	}
	_ = os.Remove(r.files.checkpoint()) // no model is kept; that it stays is no harm
	vocabulary, err := vocabularyOf(r.folder, s)
	if err != nil {
		return err
	}
	others := machine.WatchOthers()
	points, err := costPoints(ctx, r.folder, s, vocabulary, func(tokens int) { r.advance("measure", tokens, false) })
	if err != nil {
		return err
	}
	var beside *float64
	if cores, known := others.Cores(); known {
		beside = &cores
	}
	if err := results.WriteJSON(r.files.path("timing.json"), results.Timing{PeakRSS: machine.PeakRSS(), PeakFLOPS: r.peak(), Lengths: points, OtherCores: beside, Finished: today()}); err != nil {
		return err
	}
	m, err := drawnModel(r.folder, measuredModel(s, s.Model.Segment), vocabulary)
	if err != nil {
		return err
	}
	result := r.result()
	result.Scale = results.Scale{Parameters: m.Parameters(), Layers: m.Config.Layers, DModel: m.Config.Width(), Heads: m.Config.Heads, Segment: m.Config.Segment}
	if result.Footprint, err = measureFootprint(m); err != nil {
		return err
	}
	return results.WriteJSON(r.files.path("result.json"), result)
}

// measuredModel is the settings of the model that is measured on a sequence: the control's
// segment is all of it.
func measuredModel(s results.CellSettings, length int) results.CellSettings {
	if s.ModelID == results.FullAttention {
		s.ModelID, s.Model.Segment = baselines.LocalOnly{}.Name(), length
	}
	return s
}

// costPoints measures a model at every length of the settings. The control is measured
// until the next length would exceed a limit; from there on its cost is predicted.
func costPoints(ctx context.Context, f *modelFolder, s results.CellSettings, vocabulary int, tick func(tokens int)) ([]results.CostPoint, error) {
	var points, beyond []results.CostPoint
	for _, length := range s.Cost.Lengths {
		if s.ModelID == results.FullAttention && len(points) > 0 {
			p, err := predict(f, s, vocabulary, points, length)
			if err != nil {
				return nil, err
			}
			if p.WouldTakeSeconds > s.Cost.ControlSeconds || p.WouldTakeBytes > int64(s.Cost.ControlMiB)<<20 {
				beyond = append(beyond, p)
				continue
			}
		}
		p, err := costPoint(ctx, f, measuredModel(s, length), vocabulary, length, tick)
		if err != nil {
			return nil, err
		}
		points = append(points, p)
	}
	return append(points, beyond...), nil
}

// predict extrapolates the cost to a sequence longer than the measured ones. The time is
// proportional to the arithmetic. The memory is extrapolated with the last observed power of
// the length; after a single measurement with the square, which is the worst case.
func predict(f *modelFolder, s results.CellSettings, vocabulary int, points []results.CostPoint, tokens int) (results.CostPoint, error) {
	c, memory, err := modelOf(f, measuredModel(s, tokens), vocabulary)
	if err != nil {
		return results.CostPoint{}, err
	}
	last := points[len(points)-1]
	seconds := float64(tokens) * (FLOPs(c, memory, false, 1)/last.Evaluation.FLOPS + FLOPs(c, memory, true, 1)/last.Training.FLOPS)
	bytes := func(p results.CostPoint) float64 { return float64(max(p.Evaluation.Bytes, p.Training.Bytes, 1)) }
	power := 2.0
	if n := len(points) - 2; n >= 0 {
		power = math.Log(bytes(last)/bytes(points[n])) / math.Log(float64(last.Tokens)/float64(points[n].Tokens))
	}
	return results.CostPoint{
		Tokens: tokens, WouldTakeSeconds: seconds,
		WouldTakeBytes: int64(bytes(last) * math.Pow(float64(tokens)/float64(last.Tokens), power)),
	}, nil
}

// costPoint measures one length: an evaluation and one step of training of a sequence
// of random tokens, and what is in use after each.
func costPoint(ctx context.Context, f *modelFolder, s results.CellSettings, vocabulary, length int, tick func(tokens int)) (results.CostPoint, error) {
	runtime.GC()           // with the one in heap two: after the second, pools are empty
	kernel.ForgetScratch() // or what an earlier cell needed would be missing here
	before := heap()
	m, err := drawnModel(f, s, vocabulary)
	if err != nil {
		return results.CostPoint{}, err
	}
	p := results.CostPoint{Tokens: length}
	r := newReader(m)
	p.StateBytes = r.state.Bytes()
	p.Evaluation, err = measureCost(m, length, false, m.Config.Segment, before, func(n int) error {
		r.state.Zero()
		return r.read(ctx, n, func(int) {})
	})
	if err != nil {
		return p, err
	}
	runtime.KeepAlive(r)
	r = nil
	tick(costRuns * length)

	optimizer, err := train.NewOptimizer(s.Training.Optimizer, m.Params, s.Training.WeightDecay)
	if err != nil {
		return p, err
	}
	b := train.NewBackprop(m, 1, s.Training.CheckpointInterval)
	random := rand.New(rand.NewPCG(0, 0))
	ids, weights := make([]int32, length+1), make([]float32, length)
	for i := range ids {
		ids[i] = int32(random.IntN(vocabulary))
	}
	p.Training, err = measureCost(m, length, true, min(2*m.Config.Segment, length), before, func(n int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range n {
			weights[i] = 1 / float32(n)
		}
		if _, err := b.Run(ids[:n], ids[1:n+1], weights[:n]); err != nil {
			return err
		}
		optimizer.Step(b.Gradients, 0, 0) // the same arithmetic at any rate
		return nil
	})
	runtime.KeepAlive(optimizer)
	runtime.KeepAlive(b)
	tick(costRuns * length)
	return p, err
}

// Each measurement is the median of at least costRuns runs over at least costTime. Of two
// runs it takes the faster, since other load on the machine only slows a run down.
const (
	costRuns = 2
	costTime = 100 * time.Millisecond
)

// measureCost runs work on a sequence until it can be timed, after one run on a few tokens
// that builds its graphs, and looks at the heap at the end.
func measureCost(m *models.Model, length int, training bool, few int, before int64, work func(tokens int) error) (*results.Cost, error) {
	if err := work(few); err != nil {
		return nil, err
	}
	var runs []time.Duration
	for begin := machine.WorkTime(); len(runs) < costRuns || machine.WorkTime()-begin < costTime; {
		start := machine.WorkTime()
		if err := work(length); err != nil {
			return nil, err
		}
		runs = append(runs, machine.WorkTime()-start)
	}
	slices.Sort(runs)
	speed := float64(length) / runs[(len(runs)-1)/2].Seconds()
	runtime.GC()
	return &results.Cost{TokensPerSecond: speed, FLOPS: speed * FLOPs(m.Config, m.Memory, training, 1), Bytes: heap() - before}, nil
}
