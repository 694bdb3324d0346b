package experiments

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"infinibench/internal/atomicfile"
	"infinibench/internal/lease"
	"infinibench/internal/results"
	"infinibench/internal/seal"
)

// begin writes plan.json to a runs directory, and removes what killed processes left
// unfinished outside the cells. Of many processes that start with the same plan, one does.
func begin(ctx context.Context, dir string, plan results.Plan) error {
	path := filepath.Join(dir, "plan.json")
	same, err := samePlan(path, plan)
	if err != nil {
		return err
	}
	if _, held := lease.Holder(os.DirFS(dir), "."); same && !held {
		return sweepShared(dir, plan)
	}
	err = once(ctx, dir, func(context.Context) error {
		if err := sweepShared(dir, plan); err != nil {
			return err
		}
		if same, err := samePlan(path, plan); same || err != nil { // another process has written it
			return err
		}
		return results.WriteJSON(path, plan)
	})
	if err != nil {
		return fmt.Errorf("experiments: cannot write to the runs directory: %w", err)
	}
	return nil
}

// samePlan reports whether a file holds a plan, except for the number of workers: processes
// that share a plan may have different ones.
func samePlan(path string, plan results.Plan) (bool, error) {
	old, err := os.ReadFile(path)
	var before results.Plan
	if err != nil || seal.Unmarshal(old, &before) != nil {
		return false, nil // missing, or damaged, and written again
	}
	before.Workers = plan.Workers
	a, err := seal.Indent(before)
	if err != nil {
		return false, err
	}
	b, err := seal.Indent(plan)
	return bytes.Equal(a, b), err
}

// sweepShared removes unfinished files of the run itself, of its tokenizers and its report.
// The process that takes a cell sweeps the cell's files.
func sweepShared(dir string, plan results.Plan) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	cells := make(map[string]bool, len(plan.Cells))
	for _, c := range plan.Cells {
		cells[c.Key()] = true
	}
	for _, e := range entries {
		if e.IsDir() && !cells[e.Name()] && !lease.IsHidden(e.Name()) {
			if err := atomicfile.Sweep(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return atomicfile.SweepOnly(dir)
}
