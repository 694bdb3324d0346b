package experiments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"infinibench/internal/atomicfile"
	"infinibench/internal/kernel"
	"infinibench/internal/machine"
	"infinibench/internal/train"
)

// Options is how a profile is run.
type Options struct {
	Profile *Profile
	Data    string // directory of corpora that are read from files; "" when none is
	Runs    string // directory that holds runs/<profile>; "runs"
	Version string // of the program, for the result rows
	// Observe is told what happens, one event at a time; nil for nobody.
	Observe func(Event)
}

// Event is something that happened to a cell.
type Event struct {
	Kind   EventKind
	Cell   Cell
	Phase  string // of Progress: "train" or "evaluate"
	Tokens int    // of Progress: further tokens done
	Before bool   // of Progress: they were done by an earlier run
	Err    error  // of Failed
	Text   string // of Note
}

// EventKind says what happened.
type EventKind int

const (
	Started  EventKind = iota // a cell is begun or gone on with
	Progress                  // tokens were trained on or scored
	Done                      // a cell has its result
	Skipped                   // a cell had its result already
	Failed                    // a cell ended in an error; the others go on
	Note                      // something to tell that belongs to no cell
)

// Summary counts what became of the cells.
type Summary struct {
	Directory             string // runs/<profile>
	Done, Skipped, Failed int
}

// Directory is where the results of a profile go.
func (o Options) Directory() string { return filepath.Join(o.Runs, o.Profile.Name) }

// Run makes every cell of a profile that is not done yet, several at a time. A
// cell that fails is written down as failed and the others go on; the next Run
// tries it again. When the context ends, the cells under way save what they have
// and Run returns the context's error.
func Run(ctx context.Context, o Options) (Summary, error) {
	summary := Summary{Directory: o.Directory()}
	// Without knowing every corpus, results made from it would look like those of
	// another and be made anew: better to stop before anything is touched.
	plan, err := planFile(o)
	if err != nil {
		return summary, err
	}
	cells := plan.Cells
	if err := os.MkdirAll(summary.Directory, 0o755); err != nil {
		return summary, fmt.Errorf("experiments: cannot make the runs directory: %w", err)
	}
	unlock, err := lock(summary.Directory)
	if err != nil {
		return summary, err
	}
	defer unlock()
	if err := atomicfile.Sweep(summary.Directory); err != nil {
		return summary, fmt.Errorf("experiments: %w", err)
	}
	if err := writeJSON(filepath.Join(summary.Directory, "plan.json"), plan); err != nil {
		return summary, err
	}
	kernel.SetThreads(o.Profile.Threads)
	r := &runner{options: o, summary: summary, texts: map[string]*Text{}, broken: map[string]error{}, peak: sync.OnceValue(kernel.Peak)}
	if r.options.Observe == nil {
		r.options.Observe = func(Event) {}
	}
	queue := make(chan Cell)
	var workers sync.WaitGroup
	for range o.Profile.Workers {
		workers.Go(func() {
			for c := range queue {
				r.cell(ctx, c)
			}
		})
	}
feed:
	for _, c := range cells {
		if c.Experiment == costExperiment {
			continue
		}
		select {
		case queue <- c:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	for _, c := range cells {
		if c.Experiment == costExperiment { // alone, or it would measure the others too
			r.cell(ctx, c)
		}
	}
	return r.summary, ctx.Err()
}

type runner struct {
	options Options

	mutex   sync.Mutex // of summary, and of Observe
	summary Summary

	opening sync.Mutex // of the fields below; opening may train a tokenizer
	texts   map[string]*Text
	broken  map[string]error

	peak func() float64 // kernel.Peak, measured when first asked for
}

func (r *runner) tell(e Event) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	switch e.Kind {
	case Done:
		r.summary.Done++
	case Skipped:
		r.summary.Skipped++
	case Failed:
		r.summary.Failed++
	}
	r.options.Observe(e)
}

// cell makes one cell and writes down its failure, if it fails.
func (r *runner) cell(ctx context.Context, c Cell) {
	p := r.options.Profile
	files := cellFiles(filepath.Join(r.options.Directory(), c.Key()))
	hash := p.Hash(c)
	result, finished := files.result(hash)
	finished = finished && result.Status == StatusDone
	if finished {
		notes, done, err := files.reopen(result, p.Config(c))
		if err != nil { // what cannot be read may be as it should
			notes = append(notes, err.Error())
		}
		for _, note := range notes {
			r.tell(Event{Kind: Note, Text: note})
		}
		if done {
			r.tell(Event{Kind: Skipped, Cell: c})
			return
		}
	}
	if ctx.Err() != nil {
		return
	}
	r.tell(Event{Kind: Started, Cell: c})
	err := r.make(ctx, c, files, hash)
	switch {
	case err == nil:
		r.tell(Event{Kind: Done, Cell: c})
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		// Interrupted: what is done is saved, nothing failed.
	default:
		if !finished { // the result of a finished one is as good as before
			failed := &Result{
				Version: ResultVersion, Profile: p.Name, Cell: c, ConfigHash: hash,
				Status: StatusFailed, Error: err.Error(), Environment: ThisEnvironment(r.options.Version, p.Threads),
			}
			err = errors.Join(err, writeJSON(files.path("result.json"), failed))
		}
		r.tell(Event{Kind: Failed, Cell: c, Err: err})
	}
}

func (r *runner) make(ctx context.Context, c Cell, files cellFiles, hash string) error {
	if err := os.MkdirAll(string(files), 0o755); err != nil {
		return err
	}
	notes, err := files.repair(r.options.Profile.Config(c))
	for _, note := range notes {
		r.tell(Event{Kind: Note, Text: note})
	}
	if err != nil {
		return err
	}
	if c.Experiment == passkeyExperiment {
		return r.passkey(ctx, c, files)
	}
	if c.Experiment == costExperiment {
		return r.measureCost(ctx, c, files, hash)
	}
	if c.Experiment == recallExperiment {
		return r.tryRecall(ctx, c, files, hash)
	}
	text, err := r.text(ctx, c.Corpus)
	if err != nil {
		return err
	}
	run := newCellRun(r.options, c, files, text, func(phase string, tokens int, before bool) {
		r.tell(Event{Kind: Progress, Cell: c, Phase: phase, Tokens: tokens, Before: before})
	})
	run.note = func(text string) { r.tell(Event{Kind: Note, Text: text}) }
	if c.Experiment == booksumExperiment {
		return run.summarise(ctx, run.note)
	}
	_, err = run.run(ctx, run.note)
	return err
}

// ours is an error when a directory holds anything but what a training with these
// settings left there: train deletes what it finds.
func ours(dir string, config []byte) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err == nil && bytes.Equal(old, sealedConfig(config)) {
		return nil
	}
	for _, e := range entries {
		if e.Name() != lockName && !strings.HasPrefix(e.Name(), ".config.yaml.") { // which a kill left unfinished
			return fmt.Errorf("experiments: %s holds something else already (%s): name a new directory", dir, e.Name())
		}
	}
	return nil
}

// Train trains the model of one cell of a profile in a directory of its own, which
// then holds checkpoint/ and metrics.jsonl, and evaluates nothing. Interrupted, it
// goes on when called again.
func Train(ctx context.Context, o Options, c Cell, dir string, told func(tokens int, before bool)) error {
	if err := o.Profile.Identify(o.Data); err != nil {
		return err
	}
	kernel.SetThreads(o.Profile.Threads)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("experiments: %w", err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	files, config := cellFiles(dir), o.Profile.Config(c)
	if err := ours(dir, config); err != nil {
		return err
	}
	if err := atomicfile.Sweep(dir); err != nil {
		return fmt.Errorf("experiments: %w", err)
	}
	notes, err := files.repair(config)
	if o.Observe != nil {
		for _, note := range notes {
			o.Observe(Event{Kind: Note, Cell: c, Text: note})
		}
	}
	if err != nil {
		return err
	}
	if _, err := files.prepare(config); err != nil {
		return err
	}
	text, err := OpenText(ctx, c.Corpus, o.Profile.Corpora[c.Corpus], o.Data, dir, func(int, int) {})
	if err != nil {
		return err
	}
	run := newCellRun(o, c, files, text, func(_ string, tokens int, before bool) { told(tokens, before) })
	if _, err = run.trained(ctx); err != nil {
		return err
	}
	return train.ForgetProgress(files.checkpoint())
}

// text opens a corpus once for all cells.
func (r *runner) text(ctx context.Context, name string) (*Text, error) {
	r.opening.Lock()
	defer r.opening.Unlock()
	if t := r.texts[name]; t != nil {
		return t, nil
	}
	if err := r.broken[name]; err != nil {
		return nil, err
	}
	told := false
	t, err := OpenText(ctx, name, r.options.Profile.Corpora[name], r.options.Data, filepath.Join(r.options.Directory(), "tokenizers"), func(done, total int) {
		if !told {
			told = true
			r.tell(Event{Kind: Note, Text: fmt.Sprintf("training a tokenizer of %d tokens on %s", total, name)})
		}
	})
	if err != nil {
		if ctx.Err() == nil {
			r.broken[name] = err
		}
		return nil, err
	}
	for _, left := range t.LeftOut {
		r.tell(Event{Kind: Note, Text: name + ": " + left.String()})
	}
	r.texts[name] = t
	return t, nil
}

// ThisEnvironment is the build and the machine, for result rows.
func ThisEnvironment(version string, threads int) Environment {
	return Environment{
		Version: version, Go: runtime.Version(), OS: machine.System(),
		CPU: machine.CPU(), BLAS: kernel.BLAS(), Threads: threads,
	}
}
