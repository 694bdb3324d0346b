package reports

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// passkeyTable holds the comparable rows of one table: one corpus under one protocol.
type passkeyTable struct {
	corpus, protocol string
	task             results.PasskeyTask
	lengths          []int // of all grids, tokens, rising
	rows             []*keyRow
}

// keyRow is one model after one of its trainings.
type keyRow struct {
	model, stage string
	record       *Record               // nil: only the paper has it, or there is no result
	scored       *results.PasskeyStage // of record
	failed       *Record
	notRun       bool
	twin         bool  // another row has the same model and stage
	trial        Trial // what its keys could have shown
	verdict      Verdict
	why          string
}

// keyPositions are the positions of the key in the text, in the paper's order.
var keyPositions = []string{"start", "middle", "end"}

// passkeyTables sorts a run's passkey results by corpus and protocol.
func passkeyTables(run *Run) []*passkeyTable {
	var all []*passkeyTable
	at := func(corpus, protocol string) *passkeyTable {
		for _, p := range all {
			if p.corpus == corpus && (p.protocol == protocol || protocol == "") {
				return p
			}
		}
		all = append(all, &passkeyTable{corpus: corpus, protocol: protocol})
		return all[len(all)-1]
	}
	for i := range run.Records {
		record := &run.Records[i]
		if r := &record.Result; r.Cell.Experiment == "passkey" && r.Status == results.StatusDone {
			p := at(r.Cell.Corpus, r.Protocol)
			p.task = r.Passkey.Task
			for k := range r.Passkey.Stages {
				p.rows = append(p.rows, &keyRow{model: r.Cell.Model, stage: r.Passkey.Stages[k].Stage, record: record, scored: &r.Passkey.Stages[k]})
			}
		}
	}
	for i := range run.Records {
		record := &run.Records[i]
		if r := record.Result; r.Cell.Experiment == "passkey" && r.Status == results.StatusFailed {
			at(r.Cell.Corpus, "").missing(r.Cell.Model, record)
		}
	}
	for _, cell := range run.notRun() {
		if cell.Experiment == "passkey" {
			at(cell.Corpus, "").missing(cell.Model, nil)
		}
	}
	for _, p := range all {
		p.complete()
	}
	slices.SortStableFunc(all, func(a, b *passkeyTable) int {
		return cmp.Or(cmp.Compare(a.corpus, b.corpus), cmp.Compare(a.protocol, b.protocol))
	})
	return all
}

// missing adds the rows of a cell without a result.
func (p *passkeyTable) missing(model string, failed *Record) {
	for _, stage := range results.PasskeyStages {
		p.rows = append(p.rows, &keyRow{model: model, stage: stage, failed: failed, notRun: failed == nil})
	}
}

// complete adds the rows only the paper has, then sorts and judges.
func (p *passkeyTable) complete() {
	for stage, models := range paperPasskey {
		for model := range models {
			if !slices.ContainsFunc(p.rows, func(r *keyRow) bool { return r.stage == stage && r.model == model }) {
				p.rows = append(p.rows, &keyRow{model: model, stage: stage})
			}
		}
	}
	seed := func(r *keyRow) uint64 {
		if r.record == nil {
			return 0
		}
		return r.record.Result.Cell.Seed
	}
	slices.SortStableFunc(p.rows, func(a, b *keyRow) int {
		return cmp.Or(cmp.Compare(slices.Index(results.PasskeyStages, a.stage), slices.Index(results.PasskeyStages, b.stage)),
			cmp.Compare(modelOrder(a.model), modelOrder(b.model)), cmp.Compare(a.model, b.model), cmp.Compare(seed(a), seed(b)))
	})
	for i, r := range p.rows {
		if i > 0 && p.rows[i-1].model == r.model && p.rows[i-1].stage == r.stage {
			r.twin, p.rows[i-1].twin = true, true
		}
		if r.scored != nil {
			for _, s := range r.scored.Grid {
				if !slices.Contains(p.lengths, s.Length) {
					p.lengths = append(p.lengths, s.Length)
				}
			}
		}
		r.judge(p.task.Chance)
	}
	slices.Sort(p.lengths)
}

// ran lists the rows that have a result.
func (p *passkeyTable) ran() []*keyRow {
	return slices.DeleteFunc(slices.Clone(p.rows), func(r *keyRow) bool { return r.scored == nil })
}

// at is the score of one cell of the grid, nil when there is none.
func (r *keyRow) at(length int, position string) *results.PasskeyScore {
	if r.scored == nil {
		return nil
	}
	for i := range r.scored.Grid {
		if s := &r.scored.Grid[i]; s.Length == length && s.Position == position {
			return s
		}
	}
	return nil
}

// carried lists the cells of the grid whose key reaches the question only through the memory;
// own are the scores with the key in the question's own segment.
func (r *keyRow) carried() (across, own []results.PasskeyScore) {
	if r.scored != nil {
		for _, s := range r.scored.Grid {
			if s.Writes > 0 {
				across = append(across, s)
			} else {
				own = append(own, s)
			}
		}
	}
	return across, own
}

// lowest is the worst of some cells, nil of none.
func lowest(cells []results.PasskeyScore) *results.PasskeyScore {
	if len(cells) == 0 {
		return nil
	}
	s := slices.MinFunc(cells, func(a, b results.PasskeyScore) int {
		return cmp.Or(cmp.Compare(a.Tokens.Value, b.Tokens.Value), cmp.Compare(a.Tokens.Low, b.Tokens.Low))
	})
	return &s
}

// name is the row's model, with its seed and length where another row has the same.
func (r *keyRow) name(of func(string) string) string {
	text := of(r.model)
	if c := r.record; r.twin && c != nil {
		text += fmt.Sprintf(", seed %d, to %s tokens", c.Result.Cell.Seed, table.Count(int64(c.Result.Cell.Length)))
	}
	return text
}

// stageWords says what a stage is.
func stageWords(stage string) string {
	switch stage {
	case results.StagePaper:
		return "fine-tuned as in the paper"
	case results.StageRecipe:
		return "our recipe"
	}
	return stage
}

// lengthLabel is the paper's word for a length, else the number.
func lengthLabel(length int) string {
	if i := paperPasskeyLength(length); i >= 0 {
		return []string{"32K", "128K", "256K", "512K", "1M"}[i]
	}
	return table.Short(int64(length))
}

// checkPasskey refuses scores that the tables could not show honestly.
func checkPasskey(p *results.Passkey) error {
	if p == nil || len(p.Stages) == 0 {
		return errors.New("status is done but there is no passkey")
	}
	if !isShare(p.Task.Chance) {
		return fmt.Errorf("passkey.task.chance %v: want a share of 1", p.Task.Chance)
	}
	var stages []string
	for i, s := range p.Stages {
		at := fmt.Sprintf("passkey.stages[%d]", i)
		if !slices.Contains(results.PasskeyStages, s.Stage) || slices.Contains(stages, s.Stage) {
			return fmt.Errorf("%s.stage %q: want each of %q once", at, s.Stage, results.PasskeyStages)
		}
		stages = append(stages, s.Stage)
		for k, l := range s.Looks {
			if l.Step < 0 || !isShare(l.Share) {
				return fmt.Errorf("%s.looks[%d]: %v at step %d: want a share of 1 and a step of 0 or more", at, k, l.Share, l.Step)
			}
		}
		scores := slices.Concat(s.Grid, s.Writes)
		if s.LastSegment != nil {
			scores = append(scores, *s.LastSegment)
		}
		for _, score := range scores {
			ok := score.Length > 0 && score.Writes >= 0 && score.Samples > 0 && slices.Contains(keyPositions, score.Position)
			for _, share := range []*results.Share{&score.Tokens, &score.Exact, score.Zeroed} {
				ok = ok && (share == nil || isShare(share.Value) && isShare(share.Low) && isShare(share.High))
			}
			if !ok {
				return fmt.Errorf("%s: the score at %d tokens, %q: want positive sizes, a known position, and shares of 1", at, score.Length, score.Position)
			}
		}
	}
	return nil
}

// passkeySlugs gives each table a name for files and anchors.
func passkeySlugs(all []*passkeyTable) []string {
	var corpora []string
	for _, p := range all {
		corpora = append(corpora, p.corpus)
	}
	return slugsOf(corpora)
}
