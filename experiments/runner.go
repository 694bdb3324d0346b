package experiments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"infinibench/internal/atomicfile"
	"infinibench/internal/kernel"
	"infinibench/internal/lease"
	"infinibench/internal/machine"
	"infinibench/internal/results"
)

// Options is how a profile is run.
type Options struct {
	Profile *Profile
	Data    string   // directory of corpora that are read from files; "" when none is
	Runs    string   // directory that holds runs/<profile>; "runs"
	Version string   // of the program, for the result rows
	Workers int      // cells at the same time; 0: the profile's, or as many as there are cores
	Cells   []string // names of the cells to run; nil for all
	// Observe is called with one event at a time; nil for no observer.
	Observe func(Event)
}

// Event is something that happened to a cell.
type Event struct {
	Kind   EventKind
	Cell   results.Cell
	Phase  string // of Progress: "train" or "evaluate"
	Tokens int    // of Progress: further tokens done
	Before bool   // of Progress: they were done by an earlier run
	Err    error  // of Failed
	Text   string // of Note
}

// EventKind says what happened.
type EventKind int

const (
	Started  EventKind = iota // a cell is started or resumed
	Progress                  // tokens were trained on or scored
	Done                      // a cell has its result
	Skipped                   // a cell had its result already
	Failed                    // a cell ended in an error; the others continue
	Note                      // a message that belongs to no cell
)

// Summary counts the cells by outcome.
type Summary struct {
	Directory             string // runs/<profile>
	Done, Skipped, Failed int
}

// Directory is where the results of a profile go.
func (o Options) Directory() string { return filepath.Join(o.Runs, o.Profile.Name) }

// Picks reports whether a cell is one of those to run.
func (o Options) Picks(c results.Cell) bool {
	return o.Cells == nil || slices.Contains(o.Cells, c.Key())
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	n, _ := Workers(o.Profile, nil)
	return n
}

// Run runs every picked cell of a profile that is not done yet, several at a time. A failed cell
// gets a result that says so, and the others continue; the next Run retries it. When the
// context ends, the running cells save their work and Run returns the context's error.
//
// Other processes may run cells of the same profile at the same time: each cell is made by
// one of them, and Run ends when all its cells have a result.
func Run(ctx context.Context, o Options) (Summary, error) {
	summary := Summary{Directory: o.Directory()}
	// If a corpus could not be identified, its results would look stale and be recomputed:
	// stop before anything is touched.
	cells, work, err := workload(o)
	if err != nil {
		return summary, err
	}
	if err := o.Profile.configure(); err != nil {
		return summary, err
	}
	if err := os.MkdirAll(summary.Directory, 0o755); err != nil {
		return summary, fmt.Errorf("experiments: cannot create the runs directory: %w", err)
	}
	if err := begin(ctx, summary.Directory, planFile(o, work)); err != nil {
		return summary, err
	}
	r := &runner{options: o, summary: summary, texts: map[string]*TokenizedCorpus{}, broken: map[string]error{}, seen: map[string]*lease.Sighting{}, peak: sync.OnceValue(kernel.Peak)}
	if r.options.Observe == nil {
		r.options.Observe = func(Event) {}
	}
	var together, alone queue
	for _, i := range longestFirst(work) {
		c := cells[i]
		if !o.Picks(c.Cell) {
			continue
		}
		if c.experiment.alone { // or it would measure the others too
			alone.add(o, c)
		} else {
			together.add(o, c)
		}
	}
	var workers sync.WaitGroup
	for range o.workers() {
		workers.Go(func() { r.work(ctx, &together) })
	}
	workers.Wait()
	r.work(ctx, &alone)
	return r.summary, ctx.Err()
}

// longestFirst orders cells by their work, so that no worker is idle at the end while another
// makes a long one; equal cells keep their order. A training token takes about as long as
// three that are evaluated, since its gradient costs two more passes.
func longestFirst(work []Estimate) []int {
	order := make([]int, len(work))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(3*work[b].TrainTokens+work[b].EvaluateTokens, 3*work[a].TrainTokens+work[a].EvaluateTokens)
	})
	return order
}

type runner struct {
	options Options

	mutex   sync.Mutex // of summary, and of Observe
	summary Summary

	opening sync.Mutex // of the fields below; opening may train a tokenizer
	texts   map[string]*TokenizedCorpus
	broken  map[string]error

	taking sync.Mutex
	seen   map[string]*lease.Sighting // of those who hold directories that cells share

	peak func() float64 // kernel.Peak, measured when first asked for
}

func (r *runner) emit(e Event) {
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

func (r *runner) note(text string) { r.emit(Event{Kind: Note, Text: text}) }

// work makes cells until none is left, or the context ends.
func (r *runner) work(ctx context.Context, q *queue) {
	for {
		t, wait := q.next(time.Now())
		switch {
		case t != nil:
			if !r.cell(ctx, t) {
				q.later(t, time.Now())
			}
			continue
		case wait == 0:
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// cell makes one cell and writes down its failure, if it fails. The cell is not settled if
// another process has it.
func (r *runner) cell(ctx context.Context, t *turn) (settled bool) {
	c := t.PlannedCell
	files := cellFiles(filepath.Join(r.options.Directory(), c.Key()))
	if result, found := files.result(hashOf(c.Settings)); found {
		switch {
		case result.Status == results.StatusDone && files.intact(result, configOf(c.Settings)):
			r.emit(Event{Kind: Skipped, Cell: c.Cell})
			return true
		case result.Status == results.StatusFailed && t.changed(files):
			r.emit(Event{Kind: Failed, Cell: c.Cell, Err: fmt.Errorf("%s (in another process)", result.Error)})
			return true
		}
	}
	if ctx.Err() != nil {
		return true
	}
	l, err := lease.Try(string(files), &t.seen)
	var held *lease.Held
	switch {
	case errors.As(err, &held):
		if !t.waiting {
			t.waiting = true
			r.note(fmt.Sprintf("%s is being run by %s", c.Key(), held.Owner))
		}
		return false
	case err != nil:
		r.emit(Event{Kind: Failed, Cell: c.Cell, Err: err})
		return true
	}
	defer l.Release()
	within, cancel := l.Context(ctx)
	defer cancel()
	if r.hold(ctx, within, l, c, files) {
		return true
	}
	if t.waiting = false; l.Lost() {
		r.note(c.Key() + " was taken over by another process, as this one showed no sign of life")
	}
	return false
}

// hold makes a cell that this process holds. Two contexts: the one of the run, and one that
// also ends when the cell is lost, in which case the cell is not settled.
func (r *runner) hold(ctx, within context.Context, l *lease.Lease, c PlannedCell, files cellFiles) (settled bool) {
	l.Refresh()
	hash := hashOf(c.Settings)
	result, finished := files.result(hash) // again: another process may have made it
	finished = finished && result.Status == results.StatusDone
	if finished {
		notes, done, err := files.reopen(result, configOf(c.Settings))
		if err != nil { // what cannot be read may be as it should
			notes = append(notes, err.Error())
		}
		for _, note := range notes {
			r.note(note)
		}
		if done {
			r.emit(Event{Kind: Skipped, Cell: c.Cell})
			return true
		}
	}
	if ctx.Err() != nil {
		return true
	}
	r.emit(Event{Kind: Started, Cell: c.Cell})
	err := l.Explain(r.make(within, c, files))
	switch {
	case err == nil:
		r.emit(Event{Kind: Done, Cell: c.Cell})
	case errors.Is(err, atomicfile.ErrFenced): // this cell, or what several cells need
		return false
	case errors.As(err, new(*lease.Held)): // what several cells need is being made
		return false
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		// Interrupted: what is done is saved, nothing failed.
	default:
		if !finished { // the result of a finished one is as good as before
			failed := &results.Result{
				Version: results.Version, Profile: r.options.Profile.Name, Cell: c.Cell, ConfigHash: hash,
				Status: results.StatusFailed, Error: err.Error(), Environment: ThisEnvironment(r.options.Version, r.options.Profile.Threads),
			}
			written := results.WriteJSON(files.path("result.json"), failed)
			if errors.Is(written, atomicfile.ErrFenced) {
				return false
			}
			err = errors.Join(err, written)
		}
		r.emit(Event{Kind: Failed, Cell: c.Cell, Err: err})
	}
	return true
}

func (r *runner) make(ctx context.Context, c PlannedCell, files cellFiles) error {
	if err := atomicfile.Sweep(string(files)); err != nil {
		return err
	}
	notes, err := files.repair(configOf(c.Settings))
	for _, note := range notes {
		r.note(note)
	}
	if err != nil {
		return err
	}
	var text *TokenizedCorpus
	if c.Corpus != "" {
		if text, err = r.text(ctx, c.Corpus); err != nil {
			return err
		}
	}
	run := newCellRun(r.options, c, files, text, func(phase string, tokens int, before bool) {
		r.emit(Event{Kind: Progress, Cell: c.Cell, Phase: phase, Tokens: tokens, Before: before})
	})
	run.note, run.peak, run.take = r.note, r.peak, r.take
	return c.experiment.make(ctx, run)
}

// take takes a directory that cells share, or returns a *lease.Held.
func (r *runner) take(dir string) (*lease.Lease, error) {
	r.taking.Lock()
	defer r.taking.Unlock()
	if r.seen[dir] == nil {
		r.seen[dir] = &lease.Sighting{}
	}
	return lease.Try(dir, r.seen[dir])
}

// text opens a corpus once for all cells.
func (r *runner) text(ctx context.Context, name string) (*TokenizedCorpus, error) {
	r.opening.Lock()
	defer r.opening.Unlock()
	if t := r.texts[name]; t != nil {
		return t, nil
	}
	if err := r.broken[name]; err != nil {
		return nil, err
	}
	noted := false
	p := r.options.Profile
	t, err := openText(ctx, name, p.Corpora[name], p.tokenizers[name], r.options.Data, filepath.Join(r.options.Directory(), "tokenizers"), func(done, total int) {
		if !noted {
			noted = true
			r.note(fmt.Sprintf("training a tokenizer of %d tokens on %s", total, name))
		}
	})
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, atomicfile.ErrFenced) {
			r.broken[name] = err
		}
		return nil, err
	}
	for _, left := range t.LeftOut {
		r.note(name + ": " + left.String())
	}
	r.texts[name] = t
	return t, nil
}

// ThisEnvironment is the build and the machine, for result rows.
func ThisEnvironment(version string, threads int) results.Environment {
	return results.Environment{
		Version: version, Go: runtime.Version(), OS: machine.System(),
		CPU: machine.CPU(), BLAS: kernel.BLAS(), Threads: threads,
	}
}
