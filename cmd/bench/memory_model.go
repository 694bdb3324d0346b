package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"infinibench/experiments"
	"infinibench/internal/results"
	"infinibench/models"
)

// millionTokens is the length of the paper's longest passkey prompt.
const millionTokens = 1 << 20

// modelMemory prints the ledger of a checkpoint or of a model folder.
func modelMemory(env *environment, from *checkpointFlags, peak bool, alone string, asJSON bool) error {
	c, err := from.open()
	if err != nil {
		return err
	}
	if c.folder == nil {
		if peak {
			return usageError{errors.New("--peak needs a profile, the config.yaml of a run or a model folder")}
		}
		m := c.model
		l, err := experiments.ModelLedger(filepath.Base(from.dir), m.Config, []models.Memory{m.Memory}, 1, []int{millionTokens})
		if err != nil {
			return err
		}
		return printLedger(env, l, asJSON)
	}
	plug := from.plug.get()
	if alone != "" { // this is the child process for one memory
		plug.Memory, plug.Stored = alone, true // as eval does
		m, err := plug.Load(c.folder)
		if err != nil {
			return err
		}
		bytes, err := experiments.PeakOf(env.ctx, m)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.stdout, bytes)
		return err
	}
	var only []models.Memory
	if plug.Memory == "" && c.folder.Plugged == nil { // any memory, with default gates
		plug.GateInit, plug.UngatedStart = nil, nil
	}
	config, memory, err := plug.Configure(c.folder)
	if err != nil {
		return err
	}
	if plug.Memory != "" || c.folder.Plugged != nil {
		only = []models.Memory{memory}
	}
	l, err := experiments.ModelLedger(filepath.Base(c.folder.Dir), config, only, 1, c.lengths())
	if err != nil {
		return err
	}
	if peak {
		sizes := []string{"--checkpoint", from.dir, "--segment", strconv.Itoa(config.Segment)}
		if err := measurePeaks(env, sizes, l); err != nil {
			return err
		}
	}
	return printLedger(env, l, asJSON)
}

// lengths returns the lengths at which full attention is compared with a memory: the
// model's own context and a million tokens.
func (c *checkpoint) lengths() []int {
	if n := c.folder.Context; n > 0 && n < millionTokens {
		return []int{n, millionTokens}
	}
	return []int{millionTokens}
}

func printLedger(env *environment, l *results.Ledger, asJSON bool) error {
	if asJSON {
		return printJSON(env, l)
	}
	return printLedgers(env, []*results.Ledger{l})
}
