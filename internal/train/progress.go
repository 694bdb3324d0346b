package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/atomicfile"
	"infinibench/internal/jsonread"
	"infinibench/internal/safetensors"
	"infinibench/models"
)

const (
	progressFile   = "training.safetensors"
	previousFile   = "training.previous.safetensors" // the one before
	progressFormat = "infinibench training 1"
)

// Progress is the state of an interrupted training, besides weights and moments.
type Progress struct {
	Step       int             `json:"step"`             // updates done
	Tokens     int64           `json:"tokens"`           // seen
	Seconds    float64         `json:"seconds"`          // spent, interruptions left out
	Cursor     json.RawMessage `json:"cursor,omitempty"` // of the data
	ConfigHash string          `json:"config_hash"`      // of the settings all this depends on
}

// SaveProgress writes all that is needed to resume a training exactly to
// training.safetensors in dir, which it creates if needed: weights, moments, the
// optimiser's number of updates and p. It keeps the previous file under another name, in
// case the new one is damaged, and replaces the one before that. Only finite numbers are
// saved.
func SaveProgress(dir string, m *models.Model, o Optimizer, p Progress) error {
	path := filepath.Join(dir, progressFile)
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("train: checkpoint %s: progress: %w", path, err)
	}
	if err := finite(trained(m, o)); err != nil { // before the good one is touched
		return fmt.Errorf("train: checkpoint %s is not written: %w", path, err)
	}
	if err := atomicfile.Keep(path, filepath.Join(dir, previousFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return save(path, progressFormat, m, map[string]string{
		"optimizer": o.Name(),
		"updates":   strconv.Itoa(o.Steps()),
		"progress":  string(text),
	}, trained(m, o))
}

// ForgetProgress removes what SaveProgress wrote to dir.
func ForgetProgress(dir string) error {
	for _, name := range []string{progressFile, previousFile} {
		if err := atomicfile.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("train: checkpoint: %w", err)
		}
	}
	return nil
}

// Repair removes the damaged checkpoints in dir and names them, so that LoadModel and
// LoadProgress resume from what is left.
func Repair(dir string) (notes []string, err error) {
	for _, file := range []struct{ name, instead string }{
		{modelFile, "trained again from the last checkpoint"},
		{progressFile, "resuming from the checkpoint before it"},
		{previousFile, "training from the start"},
	} {
		path := filepath.Join(dir, file.name)
		err := safetensors.Check(path)
		if err == nil && file.name == progressFile {
			break // the one before is not needed
		}
		if errors.Is(err, safetensors.ErrDamaged) {
			notes = append(notes, fmt.Sprintf("%s is damaged: %s", path, file.instead))
			err = atomicfile.RemoveAll(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return notes, fmt.Errorf("train: checkpoint: %w", err)
		}
	}
	return notes, nil
}

// LoadProgress restores a training to its last checkpoint, or to the one before if the
// last is missing; found is false if there is none. It changes the model and the optimiser
// in place, but only after checking that they and the settings, identified by configHash,
// match the checkpoint.
func LoadProgress(dir string, m *models.Model, o Optimizer, configHash string) (p Progress, found bool, err error) {
	path := filepath.Join(dir, progressFile)
	metadata, saved, err := load(path, progressFormat)
	if errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(dir, previousFile)
		metadata, saved, err = load(path, progressFormat)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Progress{}, false, nil
	}
	if err != nil {
		return Progress{}, false, err
	}
	fail := func(format string, args ...any) (Progress, bool, error) {
		return Progress{}, false, fmt.Errorf("train: checkpoint %s "+format+": go back to its settings, or delete it to train from the start", append([]any{path}, args...)...)
	}
	if id := metadata["memory"]; id != m.Memory.Name() {
		return fail("is of the model %q, not %q", id, m.Memory.Name())
	}
	if diff := difference(metadata["config"], m.Config); diff != "" {
		return fail("is of a model with %s", diff)
	}
	if name := metadata["optimizer"]; name != o.Name() {
		return fail("was made with the optimizer %q, not %q", name, o.Name())
	}
	if err := jsonread.Line([]byte(metadata["progress"]), &p); err != nil {
		return fail("has unreadable progress: %w", err)
	}
	if p.ConfigHash != configHash {
		return fail("was made with other settings: their hash is %q, now it is %q", p.ConfigHash, configHash)
	}
	updates, err := strconv.Atoi(metadata["updates"])
	if err != nil || updates < 0 || p.Step < 0 || p.Tokens < 0 || p.Seconds < 0 {
		return fail("has impossible progress: %s updates, %s", metadata["updates"], metadata["progress"])
	}
	if err := restore(trained(m, o), saved); err != nil {
		return fail("does not fit: %w", err)
	}
	o.SetSteps(updates)
	return p, true, nil
}

// difference names the settings in which a saved config differs from c.
func difference(saved string, c models.Config) string {
	var was, is map[string]any
	if err := jsonread.Line([]byte(saved), &was); err != nil {
		return "an unreadable config"
	}
	text, _ := json.Marshal(c) // a model's config is valid: no NaN
	jsonread.Line(text, &is)
	var diffs []string
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if was[key] != is[key] {
			diffs = append(diffs, fmt.Sprintf("%s %v, not %v", key, was[key], is[key]))
		}
	}
	return strings.Join(diffs, ", ")
}

// trained returns what training changes: weights and moments.
func trained(m *models.Model, o Optimizer) []safetensors.Tensor {
	all := weights(m, "weight.")
	moments := o.Moments()
	for _, name := range slices.Sorted(maps.Keys(moments)) {
		all = append(all, safetensors.Tensor{Name: "moment." + name, Shape: []int{len(moments[name])}, Data: moments[name]})
	}
	return all
}
