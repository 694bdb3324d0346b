package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"time"

	"infinibench/datasets"
	"infinibench/internal/kernel"
	"infinibench/internal/train"
)

// Work is a cell with the number of tokens it trains on and scores.
type Work struct {
	Cell           Cell `json:"cell"`
	Done           bool `json:"done"` // has its result already
	TrainTokens    int  `json:"train_tokens"`
	EvaluateTokens int  `json:"evaluate_tokens"`
}

// usualDocument stands for the length, in tokens, of a document that is scored
// whole and has not been read yet: a book.
const usualDocument = 100_000

// Identify notes which files the corpora of the profile's cells are, so that results made
// from others are not taken for its own.
func (p *Profile) Identify(data string) error {
	seen := map[string]string{}
	for _, name := range p.corpora() {
		c, err := OpenCorpus(name, p.Corpora[name], data)
		if datasets.IsDamage(err) {
			return fmt.Errorf("%w; mend it, or set corpora.%s.bad_texts to skip", err, name)
		}
		if err != nil {
			return err
		}
		if seen[name], err = datasets.Fingerprint(c); err != nil {
			return err
		}
	}
	p.fingerprints = seen
	return nil
}

// Workload lists the cells of a profile with their work.
func Workload(o Options) ([]Work, error) {
	p := o.Profile
	if err := p.Identify(o.Data); err != nil {
		return nil, err
	}
	documents := map[string]int{}
	for _, name := range p.corpora() {
		s := p.Corpora[name]
		c, err := OpenCorpus(name, s, o.Data)
		if err != nil {
			return nil, err
		}
		documents[name] = c.Len(datasets.Split(s.Split))
		if s.Documents > 0 {
			documents[name] = min(documents[name], s.Documents)
		}
	}
	type tokens struct{ trained, read int }
	passkeys := map[int]tokens{} // by samples: the rest is the same, and counting takes prompts of a million tokens
	var work []Work
	for _, c := range p.Cells() {
		s := p.Settings(c)
		var of tokens
		switch c.Experiment {
		case costExperiment:
			for _, length := range s.Cost.Lengths {
				of.trained += costRuns * length
			}
			of.read = of.trained
		case passkeyExperiment:
			counted, ok := passkeys[s.Passkey.Samples]
			if !ok {
				var err error
				if counted.trained, counted.read, err = s.passkeyWork(); err != nil {
					return nil, err
				}
				passkeys[s.Passkey.Samples] = counted
			}
			of = counted
		case recallExperiment:
			of.read = s.Recall.Pairs(c.Model)
		case booksumExperiment:
			of = tokens{s.Booksum.trainTokens(), documents[c.Corpus] * s.Booksum.readTokens()}
		default:
			document := max(s.Corpus.DocumentTokens, s.Corpus.MaxTokens)
			if document == 0 {
				document = usualDocument
			}
			of = tokens{s.Training.Steps * s.Training.Batch * s.Length, documents[c.Corpus] * document}
		}
		result, found := cellFiles(filepath.Join(o.Directory(), c.Key())).result(p.Hash(c))
		work = append(work, Work{Cell: c, Done: found && result.Status == StatusDone, TrainTokens: of.trained, EvaluateTokens: of.read})
	}
	return work, nil
}

// Planned is a cell with what it is expected to cost on this machine.
type Planned struct {
	Work
	Seconds float64 `json:"seconds"` // of one worker
	Bytes   int64   `json:"bytes"`   // of weights, gradients, moments, states and activations, with what the garbage collector leaves lying
}

// Plan lists the cells of a profile and estimates their cost from a short
// calibration: each model is trained for a moment on random tokens, with one
// document and no more than a few segments, and the time per token and the memory
// are scaled up.
func Plan(ctx context.Context, o Options) ([]Planned, error) {
	p := o.Profile
	work, err := Workload(o)
	if err != nil {
		return nil, err
	}
	kernel.SetThreads(p.Threads)
	var plan []Planned
	costs := map[string]cost{}
	for _, w := range work {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := p.Settings(w.Cell)
		if w.Cell.Model == FullAttention {
			// Lengths that double take four times as long, so the last takes three
			// quarters of the time. Each runs once more, to warm up.
			plan = append(plan, Planned{w, 4. / 3 * (costRuns + 1) * s.Cost.ControlSeconds, int64(s.Cost.ControlMiB) << 20})
			continue
		}
		if w.Cell.Experiment == recallExperiment {
			plan = append(plan, Planned{w, s.Recall.seconds(w.Cell.Model), s.Recall.bytes()})
			continue
		}
		if w.Cell.Experiment == passkeyExperiment {
			recipe := s.Passkey.Recipe.Training
			s.Length, s.Training.Batch = recipe.Segments*s.Model.Segment, recipe.Batch
		}
		kind := fmt.Sprintf("%s/%s/%s/%d", w.Cell.Experiment, w.Cell.Model, w.Cell.Corpus, w.Cell.Length)
		k, ok := costs[kind]
		if !ok {
			if k, err = calibrate(s, p.Workers); err != nil {
				return nil, err
			}
			costs[kind] = k
		}
		plan = append(plan, Planned{
			Work:    w,
			Seconds: float64(w.TrainTokens)*k.train + float64(w.EvaluateTokens)*k.evaluate,
			Bytes:   garbage * (k.fixed + k.perDocument*int64(s.Training.Batch)),
		})
	}
	return plan, nil
}

// cost is seconds per token and bytes.
type cost struct {
	train, evaluate    float64
	fixed, perDocument int64
}

// vocabularyOf is the size a corpus's tokenizer will have, known or guessed
// before it is trained.
func vocabularyOf(s CellSettings) (int, error) {
	switch s.Corpus.Tokenizer {
	case "bytes":
		return 256, nil
	case "gpt2":
		return 50257, nil
	case "bpe":
		return s.Corpus.Vocabulary, nil
	}
	t, err := OpenText(context.Background(), s.CorpusName, s.Corpus, "", "", nil)
	if err != nil {
		return 0, err
	}
	return t.Tokenizer.Size(), nil
}

// calibrationTime is how long one measurement goes on, at least.
const calibrationTime = 300 * time.Millisecond

func calibrate(s CellSettings, workers int) (cost, error) {
	vocabulary, err := vocabularyOf(s)
	if err != nil {
		return cost{}, err
	}
	kernel.ForgetScratch()
	before := heap()
	m, err := NewModel(s, vocabulary)
	if err != nil {
		return cost{}, err
	}
	optimizer, err := train.NewOptimizer(s.Training.Optimizer, m.Params, s.Training.WeightDecay)
	if err != nil {
		return cost{}, err
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
	var k cost
	k.train, err = perToken(tokens, func() error {
		_, err := b.Run(ids, ids, weights)
		return err
	})
	if err != nil {
		return cost{}, err
	}
	// The optimiser's step is shared by all tokens of a batch.
	start := time.Now()
	optimizer.Step(b.Gradients, 0, 0)
	k.train += time.Since(start).Seconds() / float64(s.Training.Batch*s.Length)
	// Every chunk but the last is run forward once more.
	state := m.NewState(1)
	scorer := m.NewScorer(1, m.Config.Segment)
	one := make([]int32, m.Config.Segment)
	forward, err := perToken(len(one), func() error {
		_, err := scorer.Score(one, one, state)
		return err
	})
	if err != nil {
		return cost{}, err
	}
	passes := 1.0
	if m.Stateful() {
		if s.Experiment == perplexityExperiment {
			passes = float64(ablations)
		}
		if s.Length > tokens {
			k.train += forward
		}
	}
	k.evaluate = forward * passes
	if s.Experiment == passkeyExperiment { // which reads many segments at once, for the state alone
		reader, documents := newPasskeyReader(m, 1), [][]int32{make([]int32, readAbreast*m.Config.Segment)}
		k.evaluate, err = perToken(len(documents[0]), func() error { return reader.read(state, documents, 0, len(documents[0])) })
		if err != nil {
			return cost{}, err
		}
	}
	k.fixed, k.perDocument = fixed, heap()-before-fixed
	runtime.KeepAlive(optimizer)
	// Workers share the caches and the memory bus, more than the cores.
	if workers > 1 {
		k.train, k.evaluate = k.train*sharing, k.evaluate*sharing
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
	for begin, n := time.Now(), 0; n == 0 || time.Since(begin) < calibrationTime; n++ {
		start := time.Now()
		if err := run(); err != nil {
			return 0, err
		}
		if d := time.Since(start); n == 0 || d < best {
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
