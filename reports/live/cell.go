package live

import (
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"infinibench/internal/results"
	"infinibench/reports"
	"infinibench/reports/table"
)

// What a cell is doing.
const (
	waiting     = "waiting"
	starting    = "starting"
	training    = "training"
	evaluating  = "evaluating"
	measuring   = "measuring"   // of an experiment that writes no log on its way
	interrupted = "interrupted" // started, and no process is working on it
	done        = "done"
	failed      = "failed"
)

// cell is what the files say of one cell.
type cell struct {
	results.Cell
	size  results.Size // zero for a plan without sizes
	state string
	stage string // of those that the cell goes through
	err   string // of a failed one

	logs   map[string]*tail // its trainings, by file
	order  []string         // their names, in the order of the plan
	latest string           // the log that grew last
	timing results.Timing
	lines  int    // evaluated
	maker  *maker // nil if no process holds it
}

// active reports whether a live process is working on the cell.
func (x *cell) active() bool { return x.maker != nil && x.maker.alive }

// outcome is the part of a result.json that the page needs. The rest may be long, and is
// not kept.
type outcome struct {
	status     results.Status
	err        string
	configHash string
}

func parseOutcome(raw []byte) (outcome, error) {
	r, err := results.ParseResult(raw)
	return outcome{r.Status, r.Error, r.ConfigHash}, err
}

func parseConfigHash(raw []byte) (string, error) { return results.ParseConfigHash(raw), nil }

// cell reads one cell.
func (v *view) cell(c results.Cell, size results.Size) *cell {
	x := &cell{Cell: c, size: size, state: waiting, logs: map[string]*tail{}}
	key := c.Key()
	if !fs.ValidPath(key) {
		return x
	}
	x.maker = v.maker(key)
	result, _, found := read(v, key+"/result.json", parseOutcome)
	found = found && (size.ConfigHash == "" || result.configHash == size.ConfigHash)
	hash, _, begun := read(v, key+"/config.yaml", parseConfigHash)
	if begun = begun && (size.ConfigHash == "" || hash == size.ConfigHash); begun {
		v.progress(key, x)
	}
	switch {
	case found && result.status == results.StatusDone:
		x.state = done
	case x.active():
		x.state = starting
		if begun {
			x.state = x.doing()
		}
	case found && result.status == results.StatusFailed:
		x.state, x.err = failed, table.Clean(result.err)
	case begun:
		x.state = interrupted
	}
	return x
}

// progress reads the progress of a cell.
func (v *view) progress(key string, x *cell) {
	if timing, _, found := read(v, key+"/timing.json", results.Parse[results.Timing]); found {
		x.timing = timing
	}
	entries, err := fs.ReadDir(v.root.FS(), key)
	if err != nil {
		v.warn(key, err)
		return
	}
	var grew time.Time
	for _, e := range entries { // in the order of their names
		name := e.Name()
		if filepath.Ext(name) != ".jsonl" || strings.HasPrefix(name, ".") {
			continue
		}
		samples := strings.HasPrefix(name, "samples")
		t := v.tail(key+"/"+name, !samples)
		if t == nil {
			continue
		}
		if samples {
			x.lines += t.lines
		} else {
			x.logs[name] = t
			x.order = append(x.order, name)
		}
		if at := t.info.ModTime(); !at.Before(grew) { // of two that are as new, samples come after metrics
			grew, x.latest = at, name
		}
	}
	place := func(log string) int {
		return slices.IndexFunc(x.size.Trainings, func(t results.TrainingSize) bool { return t.Log == log })
	}
	slices.SortStableFunc(x.order, func(a, b string) int { return place(a) - place(b) })
}

// doing is what an active cell does now.
func (x *cell) doing() string {
	name, samples := strings.CutPrefix(x.latest, "samples")
	switch {
	case len(x.size.Trainings) == 0 && x.size.EvaluateTokens > 0:
		return measuring
	case x.latest == "":
		return starting
	case samples:
		x.stage = stageOf("metrics" + name)
		return evaluating
	}
	x.stage = stageOf(x.latest)
	return training
}

// stageOf is what a training is called, by its log: "" for the only one, or the last.
func stageOf(log string) string {
	return table.Clean(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(log, ".jsonl"), "metrics"), "-"))
}

// tokens returns the number of tokens trained on and evaluated so far, and the total; total
// is 0 if the plan does not say.
func (x *cell) tokens() (now, total float64) {
	for _, t := range x.size.Trainings {
		total += positive(t.Tokens)
		now += positive(t.Tokens) * x.share(t)
	}
	evaluate := positive(x.size.EvaluateTokens)
	total += evaluate
	now += min(evaluate, max(0, float64(x.timing.EvalTokens)))
	if x.state == done {
		now = total
	}
	return now, total
}

func positive(n int) float64 { return float64(max(n, 0)) }

// share is the part of a training that is done.
func (x *cell) share(t results.TrainingSize) float64 {
	log := x.logs[t.Log]
	if log == nil || t.Steps <= 0 {
		return 0
	}
	return max(0, min(1, float64(log.curve.step)/float64(t.Steps)))
}

// perSecond returns the current training speed in tokens per second; 0 if unknown.
func (x *cell) perSecond(t results.TrainingSize) rate {
	log := x.logs[t.Log]
	if log == nil || t.Steps <= 0 || t.Tokens <= 0 {
		return rate{}
	}
	steps, seconds := log.speed.over()
	return rate{float64(steps) / float64(t.Steps) * float64(t.Tokens), seconds}
}

// row is the cell for the page.
func (x *cell) row(left float64) Row {
	r := Row{
		Cell: table.Clean(x.Key()), Experiment: table.Clean(x.Experiment), Text: table.Clean(x.Corpus), Model: reports.ModelName(x.Model), Length: x.Length,
		State: x.state, Stage: x.stage, Error: x.err, Evaluated: x.lines,
	}
	if x.Corpus != "" { // of a cell without a seed
		r.Seed = fmt.Sprint(x.Seed)
	}
	if now, total := x.tokens(); total > 0 {
		share := now / total
		if x.state != done {
			share = min(share, 0.99) // the evaluation is a little more or less than planned
		}
		r.Share = &share
	}
	if x.state == done || x.state == failed {
		left = math.NaN()
	}
	r.Left = known(left)
	if m := x.maker; m != nil && x.state != done {
		r.Where = m.where()
		if m.quiet > m.Lease() {
			r.Silent = known(m.quiet.Seconds())
		}
	}
	name := x.latest
	if strings.HasPrefix(name, "samples") {
		name = strings.Replace(name, "samples", "metrics", 1)
	}
	log := x.logs[name]
	if log == nil {
		return r
	}
	r.Step = log.curve.step
	if n := len(log.curve.points); n > 0 || log.curve.n > 0 {
		loss := short(log.curve.loss)
		r.Loss = &loss
	}
	for _, t := range x.size.Trainings {
		if t.Log == name {
			r.Steps = t.Steps
			if rate := x.perSecond(t); x.state == training && rate.known() {
				r.TokensPerSecond = known(rate.perSecond())
			}
		}
	}
	return r
}

// where names the process and its machine.
func (m *maker) where() string {
	text := fmt.Sprintf("process %d on %s", m.ID, m.Host)
	if m.Job != "" {
		text += ", job " + m.Job
	}
	return table.Clean(text)
}

// Running reports whether a live process is working on the cell.
func (r Row) Running() bool {
	switch r.State {
	case starting, training, evaluating, measuring:
		return true
	}
	return false
}

// known is nil for what is not a number.
func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > largest {
		return nil
	}
	return &x
}
