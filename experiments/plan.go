package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"time"

	"infinibench/datasets"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/kernel"
	"infinibench/internal/machine"
	"infinibench/internal/results"
	"infinibench/internal/train"
	"infinibench/models"
)

// Estimate is the work of a cell and, from Plan, its cost on this machine.
type Estimate struct {
	Cell           results.Cell `json:"cell"`
	Done           bool         `json:"done"` // has its result already
	TrainTokens    int          `json:"train_tokens"`
	EvaluateTokens int          `json:"evaluate_tokens"` // roughly; pairs in a cell without a corpus or a training
	Seconds        float64      `json:"seconds"`         // of one worker
	Bytes          int64        `json:"bytes"`           // of weights, gradients, moments, states and activations, with what the garbage collector leaves lying

	alone     bool                   // runs last, when nothing else does
	hash      string                 // of the settings
	trainings []results.TrainingSize // that write a log
}

// training adds a training that writes a log.
func (e *Estimate) training(log string, steps, batch, length int) {
	e.trainings = append(e.trainings, results.TrainingSize{Log: log, Steps: steps, Tokens: steps * batch * length})
	e.TrainTokens += steps * batch * length
}

// Identify records which files the corpora of the profile's cells consist of, and which
// pretrained models and tokenizers it names by their paths, so that
// results from other files are not taken for the profile's own.
func (p *Profile) Identify(data string) error {
	if err := p.identifyModels(); err != nil {
		return err
	}
	if err := p.takeTokenizer(); err != nil {
		return err
	}
	seen, tokenizers := map[string]string{}, map[string]tokenizer.Tokenizer{}
	for _, name := range p.corpora() {
		if s := p.Corpora[name]; IsTokenizerPath(s.Tokenizer) {
			t, err := p.loadTokenizer(s)
			if err != nil {
				return fmt.Errorf("corpora.%s.tokenizer: %w", name, err)
			}
			tokenizers[name] = t
			if err := p.readBy(name, t); err != nil {
				return err
			}
		}
		c, err := OpenCorpus(name, p.Corpora[name], data)
		if datasets.IsDamage(err) {
			return fmt.Errorf("%w; correct it, or set corpora.%s.bad_texts to skip", err, name)
		}
		if err != nil {
			return err
		}
		if seen[name], err = datasets.Fingerprint(c); err != nil {
			return err
		}
	}
	p.fingerprints, p.tokenizers = seen, tokenizers
	return nil
}

// Workload lists the cells of a profile with their work.
func Workload(o Options) ([]Estimate, error) {
	_, work, err := workload(o)
	return work, err
}

// workload lists the cells of a profile, and the work of each.
func workload(o Options) ([]PlannedCell, []Estimate, error) {
	p := o.Profile
	if err := p.Identify(o.Data); err != nil {
		return nil, nil, err
	}
	documents := map[string]int{}
	for _, name := range p.corpora() {
		s := p.Corpora[name]
		c, err := OpenCorpus(name, s, o.Data)
		if err != nil {
			return nil, nil, err
		}
		documents[name] = c.Len(datasets.Split(s.Split))
		if s.Documents > 0 {
			documents[name] = min(documents[name], s.Documents)
		}
	}
	cells := p.Cells()
	work := make([]Estimate, len(cells))
	for i, c := range cells {
		e := &work[i]
		e.Cell, e.hash, e.alone = c.Cell, hashOf(c.Settings), c.experiment.alone
		if err := c.experiment.count(c, documents[c.Corpus], e); err != nil {
			return nil, nil, err
		}
		result, found := cellFiles(filepath.Join(o.Directory(), c.Key())).result(e.hash)
		e.Done = found && result.Status == results.StatusDone
	}
	return cells, work, nil
}

// Plan lists the cells of a profile and estimates their cost from a short
// calibration: each model is trained for a moment on random tokens, with one
// document and no more than a few segments, and the time per token and the memory
// are scaled up.
func Plan(ctx context.Context, o Options) ([]Estimate, error) {
	cells, plan, err := workload(o)
	if err != nil {
		return nil, err
	}
	if err := o.Profile.configure(); err != nil {
		return nil, err
	}
	measured := map[string]calibration{} // by what decides it
	for i, c := range cells {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		calibrate := func(s results.CellSettings, evaluate evaluator) (calibration, error) {
			alike := hashOf(calibratedSettings(s))
			k, ok := measured[alike]
			if ok {
				return k, nil
			}
			k, err := calibrateModel(c.folder, s, o.workers(), evaluate)
			if err == nil {
				measured[alike] = k
			}
			return k, err
		}
		if err := c.experiment.estimate(c, &plan[i], calibrate); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// calibratedSettings are the settings that a calibration depends on. They exclude the seed,
// the number of steps and of sequences, and the length of a sequence beyond the measured one.
func calibratedSettings(s results.CellSettings) results.CellSettings {
	s.Seed, s.Training.Steps, s.Training.WarmupSteps, s.Training.Batch = 0, 1, 0, 1
	if measured := s.Training.CheckpointInterval * s.Model.Segment; measured > 0 {
		s.Length = min(s.Length, measured+1)
	}
	return s
}

// calibration is the measured cost of a model on this machine.
type calibration struct {
	train, evaluate    float64 // seconds per token
	step               float64 // seconds of an update of the weights
	fixed, perDocument int64   // bytes
	evaluation         int64   // bytes that the evaluation takes on top, whatever the batch
}

// calibrator measures the model of a cell, or remembers one with the same calibratedSettings.
type calibrator func(s results.CellSettings, evaluate evaluator) (calibration, error)

// evaluator returns the seconds that a model takes to evaluate a token, given the seconds to
// score it once.
type evaluator func(m *models.Model, forward float64) (float64, error)

// scoredOnce is the evaluator of a model that scores each token once.
func scoredOnce(_ *models.Model, forward float64) (float64, error) { return forward, nil }

// calibrated sets the cost of a cell that trains and evaluates a model.
func (e *Estimate) calibrated(calibrate calibrator, s results.CellSettings, evaluate evaluator) error {
	k, err := calibrate(s, evaluate)
	if err != nil {
		return err
	}
	// The optimiser's step is shared by all tokens of a batch.
	perToken := k.train + k.step/float64(max(1, s.Training.Batch*s.Length))
	e.Seconds = float64(e.TrainTokens)*perToken + float64(e.EvaluateTokens)*k.evaluate
	e.Bytes = garbage * (k.fixed + k.perDocument*int64(s.Training.Batch) + k.evaluation)
	return nil
}

// vocabularyOf is the size of the model's vocabulary: a folder's own, or what a corpus's
// tokenizer will have, known or guessed before it is trained.
func vocabularyOf(f *modelFolder, s results.CellSettings) (int, error) {
	if f != nil {
		return f.Config.Vocabulary, nil
	}
	switch s.Corpus.Tokenizer {
	case "bytes":
		return 256, nil
	case "gpt2":
		return 50257, nil
	case "bpe":
		return s.Corpus.Vocabulary, nil
	}
	if s.TokenizerSize > 0 {
		return s.TokenizerSize, nil
	}
	t, err := OpenText(context.Background(), s.CorpusName, s.Corpus, "", "", nil)
	if err != nil {
		return 0, err
	}
	return t.Tokenizer.Size(), nil
}

// calibrationTime is the minimum duration of one measurement.
const calibrationTime = 300 * time.Millisecond

func calibrateModel(f *modelFolder, s results.CellSettings, workers int, evaluate evaluator) (calibration, error) {
	vocabulary, err := vocabularyOf(f, s)
	if err != nil {
		return calibration{}, err
	}
	kernel.ForgetScratch()
	before := heap()
	m, err := newModel(f, s, vocabulary)
	if err != nil {
		return calibration{}, err
	}
	optimizer, err := train.NewOptimizer(s.Training.Optimizer, m.Params, s.Training.WeightDecay)
	if err != nil {
		return calibration{}, err
	}
	segments := max(s.Training.CheckpointInterval, 1)
	if s.Training.CheckpointInterval == 0 {
		segments = max(s.Length/m.Config.Segment, 1)
	}
	tokens := min(segments*m.Config.Segment, s.Length)
	b := train.NewBackprop(m, 1, segments)
	fixed := heap() - before

	r := rand.New(rand.NewPCG(1, 1))
	ids, weights := make([]int32, tokens), make([]float32, tokens)
	for i := range ids {
		ids[i], weights[i] = int32(r.IntN(vocabulary)), 1/float32(tokens)
	}
	var k calibration
	k.train, err = perToken(tokens, func() error {
		_, err := b.Run(ids, ids, weights)
		return err
	})
	if err != nil {
		return calibration{}, err
	}
	start := machine.WorkTime()
	optimizer.Step(b.Gradients, 0, 0)
	k.step = (machine.WorkTime() - start).Seconds()
	// Every chunk but the last is run forward once more.
	state := m.NewState(1)
	scorer := m.NewScorer(1, m.Config.Segment)
	one := make([]int32, m.Config.Segment)
	forward, err := perToken(len(one), func() error {
		_, err := scorer.Score(one, one, state)
		return err
	})
	if err != nil {
		return calibration{}, err
	}
	if m.Stateful() && s.Length > tokens {
		k.train += forward
	}
	trained := heap()
	if k.evaluate, err = evaluate(m, forward); err != nil {
		return calibration{}, err
	}
	k.fixed, k.perDocument, k.evaluation = fixed, trained-before-fixed, max(heap()-trained, 0)
	runtime.KeepAlive(optimizer)
	// Workers share the caches and the memory bus, more than the cores.
	if workers > 1 {
		k.train, k.evaluate, k.step = k.train*sharing, k.evaluate*sharing, k.step*sharing
	}
	return k, nil
}

// garbage is how much larger the heap grows than what is in use: with Go's default
// setting a collection begins when it has doubled.
const garbage = 2

// sharing is how much slower two workers are together than one alone, as seen on
// two cores of one socket.
const sharing = 1.15

// perToken is the fastest of several runs, per token, after one to warm up.
func perToken(tokens int, run func() error) (float64, error) {
	if err := run(); err != nil {
		return 0, err
	}
	var best time.Duration
	for begin, n := machine.WorkTime(), 0; n == 0 || machine.WorkTime()-begin < calibrationTime; n++ {
		start := machine.WorkTime()
		if err := run(); err != nil {
			return 0, err
		}
		if d := machine.WorkTime() - start; n == 0 || d < best {
			best = d
		}
	}
	return best.Seconds() / float64(tokens), nil
}

// heap is the bytes in use; all tensors live there.
func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
