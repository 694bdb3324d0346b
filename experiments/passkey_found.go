package experiments

import (
	"fmt"
	"math/rand/v2"

	"infinibench/datasets"
	"infinibench/datasets/passkey"
	"infinibench/internal/results"
	"infinibench/models"
)

// passkeyLooked is the number of prompts in one check for the digits.
const passkeyLooked = 16

// digits returns a function that measures the share of the digits that a model gives in
// prompts of a length, the answer included. The needle is at the start, so that all but the
// shortest prompts ask the memory. Their keys are of the validation split.
func (r *passkeyRun) digits(m *models.Model, length int) (func() (float64, error), error) {
	keys, err := passkey.Keys(datasets.Validation, rand.New(rand.NewPCG(r.cell.Seed, 0)))
	if err != nil {
		return nil, err
	}
	a, n := passkeyPrompt{Length: length}, m.Config.Segment
	var ends []promptEnd
	var documents [][]int32
	for _, k := range keys[:passkeyLooked] {
		x, err := r.task.Prompt(a.prompt(k))
		if err != nil {
			return nil, err
		}
		documents = append(documents, x.IDs)
		ends = append(ends, promptEnd{x.Record(), x.IDs[a.until(n):x.Prompt.Length]})
	}
	var reader *passkeyReader // made when it is first needed
	return func() (float64, error) {
		if reader == nil {
			reader = newPasskeyReader(m, len(ends), r.text.Tokenizer.Size())
		}
		state := m.NewState(len(ends))
		if err := reader.read(state, documents, 0, a.until(n)); err != nil {
			return 0, fmt.Errorf("experiments: looking for the digits: %w", err)
		}
		output, _, err := reader.answers(state, ends)
		if err != nil {
			return 0, err
		}
		right := 0
		for i, x := range ends {
			for k, want := range x.record.Answer {
				if output[i][k] == want {
					right++
				}
			}
		}
		return float64(right) / float64(len(ends)*passkey.Digits), nil
	}, nil
}

// looked records, in a stage that asks for the digits, the shares that were measured and
// after how many steps the digits were found.
func (r *passkeyRun) looked(stage passkeyStage, to *results.PasskeyStage) error {
	want := r.settings.Passkey.Recipe.RepeatsFound
	if want == 0 || stage.name != results.StageRecipe {
		return nil
	}
	log, err := results.ReadLog[results.LogLine](r.files.path(stage.log()))
	if err != nil {
		return err
	}
	for _, l := range log {
		if l.Digits == 0 {
			continue // not measured before this step, or none was right
		}
		to.Looks = append(to.Looks, results.PasskeyLook{Step: l.Step - 1, Share: l.Digits})
		if to.Found == 0 && l.Digits >= want {
			to.Found = l.Step - 1
		}
	}
	return nil
}
