package experiments

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"infinibench/internal/atomicfile"
	"infinibench/internal/jsonread"
	"infinibench/internal/safetensors"
	"infinibench/models"
)

// passkeyProgress is the progress of an evaluation.
type passkeyProgress struct {
	ConfigHash string `json:"config_hash"`
	Stage      string `json:"stage"`
	Batch      int    `json:"batch"`  // of samples; -1: the prefix
	Stream     int    `json:"stream"` // of streams
	Token      int    `json:"token"`  // of every document of it: those before have been read
}

const prefixBatch = -1

// questions calls f with each question of a stage, in the order in which they are asked: its
// position in the reading, and the n samples from first on that are asked together. It stops
// when f returns false.
func (e *passkeyEvaluation) questions(f func(at passkeyProgress, a passkeyPrompt, first, n int) bool) {
	batch := e.settings.Passkey.Batch
	for first := 0; first < e.stage.samples; first += batch {
		for i, s := range e.streams {
			for _, a := range s.prompts {
				at := passkeyProgress{Batch: first / batch, Stream: i, Token: a.until(e.model.Config.Segment)}
				if !f(at, a, first, min(batch, e.stage.samples-first)) {
					return
				}
			}
		}
	}
}

// intact returns how many saved answers match the first questions, in order and without a
// gap. A torn batch, and every answer after a lost one, is computed again.
func (e *passkeyEvaluation) intact() int {
	kept := 0
	e.questions(func(_ passkeyProgress, a passkeyPrompt, first, n int) bool {
		if len(e.lines) < kept+n {
			return false
		}
		for i, l := range e.lines[kept : kept+n] {
			if !a.matches(l) || l.Sample != first+i {
				return false
			}
		}
		kept += n
		return true
	})
	return kept
}

// due returns the number of answers before a position in the reading.
func (e *passkeyEvaluation) due(at passkeyProgress) int {
	answers := 0
	e.questions(func(q passkeyProgress, _ passkeyPrompt, _, n int) bool {
		before := q.Batch < at.Batch || q.Batch == at.Batch && (q.Stream < at.Stream || q.Stream == at.Stream && q.Token < at.Token)
		if before {
			answers += n
		}
		return before
	})
	return answers
}

// path is the file of what has been read.
func (e *passkeyEvaluation) path() string {
	return filepath.Join(e.directory(e.stage), "reading.safetensors")
}

// tensors are the live numbers of a state, by names with a prefix.
func tensors(prefix string, s *models.State) []safetensors.Tensor {
	var all []safetensors.Tensor
	for l := range s.Layers {
		for i, spec := range s.Specs(l) {
			all = append(all, safetensors.Tensor{
				Name: fmt.Sprintf("%s.%d.%s", prefix, l, spec.Name), Shape: append([]int{s.Documents}, spec.Shape...), Data: s.Data(l, i),
			})
		}
	}
	return all
}

// all is what is kept of a reading.
func (e *passkeyEvaluation) all() []safetensors.Tensor {
	kept := tensors("state", e.state)
	for i, s := range e.prefix {
		if s != nil {
			kept = append(kept, tensors(fmt.Sprintf("prefix.%d", i), s)...)
		}
	}
	return kept
}

// save writes the progress of the reading, after the answers so far.
func (e *passkeyEvaluation) save() error {
	e.unsaved = 0
	if err := e.file.Sync(); err != nil {
		return err
	}
	sumStages(&e.timing)
	if err := e.saveTiming(); err != nil {
		return err
	}
	at, err := json.Marshal(e.at)
	if err != nil {
		return err
	}
	return safetensors.Write(e.path(), map[string]string{"reading": string(at)}, e.all())
}

// load restores the state that save wrote. It removes a file that is damaged or has other
// settings; the stage is then read from the start, and its answers are kept.
func (e *passkeyEvaluation) load() error {
	e.at = passkeyProgress{ConfigHash: e.hash, Stage: e.stage.name, Batch: prefixBatch}
	metadata, saved, err := safetensors.Read(e.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var at passkeyProgress
	if err == nil {
		err = jsonread.Line([]byte(metadata["reading"]), &at)
	}
	if err == nil && (at.ConfigHash != e.hash || at.Stage != e.stage.name) {
		err = errors.New("it belongs to other settings")
	}
	if missing := e.due(at) - len(e.lines); err == nil && missing > 0 {
		err = fmt.Errorf("%d earlier answers are missing", missing)
	}
	if err == nil {
		err = e.restore(at, saved)
	}
	if err != nil {
		e.note(fmt.Sprintf("cannot resume from %s (%v): the prompts of %s are read from the start", e.path(), err, e.stage.name))
		clear(e.prefix)
		return atomicfile.RemoveAll(e.path())
	}
	e.at, e.saved = at, true
	e.advance("evaluate", e.done(), true)
	return nil
}

func (e *passkeyEvaluation) restore(at passkeyProgress, saved []safetensors.Tensor) error {
	documents, reached := 1, at.Stream
	if at.Batch != prefixBatch {
		batch := e.settings.Passkey.Batch
		documents, reached = min(batch, e.stage.samples-at.Batch*batch), len(e.streams)
	}
	if at.Batch < prefixBatch || documents < 1 || at.Stream < 0 || at.Stream >= len(e.streams) || at.Token < 0 {
		return fmt.Errorf("its position is batch %d, stream %d, token %d", at.Batch, at.Stream, at.Token)
	}
	e.state = e.model.NewState(documents)
	for i := range reached {
		e.prefix[i] = e.model.NewState(1)
	}
	live := e.all()
	if len(live) != len(saved) {
		return fmt.Errorf("it holds %d tensors, not %d", len(saved), len(live))
	}
	for i, t := range live {
		if saved[i].Name != t.Name || !slices.Equal(saved[i].Shape, t.Shape) {
			return fmt.Errorf("it holds tensor %s %v instead of %s %v", saved[i].Name, saved[i].Shape, t.Name, t.Shape)
		}
		copy(t.Data, saved[i].Data)
	}
	return nil
}

// done returns the number of tokens read up to the current position.
func (e *passkeyEvaluation) done() int {
	n := e.model.Config.Segment
	if e.at.Batch == prefixBatch {
		return e.at.Token
	}
	batch := e.settings.Passkey.Batch
	before := e.at.Batch * batch
	tokens := readTokens(e.streams, n, before)
	documents := min(batch, e.stage.samples-before)
	for _, s := range e.streams[:e.at.Stream] {
		tokens += documents * (s.prompts[len(s.prompts)-1].until(n) - s.from(n))
	}
	return tokens + documents*(e.at.Token-e.streams[e.at.Stream].from(n))
}
