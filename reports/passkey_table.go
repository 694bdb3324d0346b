package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/results"
)

// tables of one corpus and protocol, the paper's Table 3 first. The last, of every score, is too
// long for the page.
func (p *passkeyTable) tables(slug string) []*Table {
	tables := []*Table{p.mainTable(slug)}
	if controls := p.controlTable(slug); len(controls.Rows) > 0 {
		tables = append(tables, controls)
	}
	if p.paperHasMore() {
		tables = append(tables, paperPasskeyTable(slug))
	}
	return append(tables, p.scoresTable(slug))
}

// mainTable sets the paper's token accuracies beside ours.
func (p *passkeyTable) mainTable(slug string) *Table {
	columns := []string{"Model", "Training", "Whose", "Verdict", ">n"}
	for _, length := range p.lengths {
		for _, position := range keyPositions {
			columns = append(columns, ">"+lengthLabel(length)+" "+position)
		}
	}
	t := newTable("passkey-"+slug, "Passkey retrieval: token accuracy in percent (the paper's Table 3)", append(columns, "Data and scale")...)
	fields := []string{"model", "training", "whose", "verdict", ""}
	for range 3 * len(p.lengths) {
		fields = append(fields, "digits_right_percent digits_right_percent_low digits_right_percent_high n")
	}
	t.csv(append(fields, "data_and_scale")...)
	t.repeat(5, "tokens position", keyPoints(p.lengths)...)
	t.Caption = fmt.Sprintf("97 (≥93) says that 97 %% of the digits were right, and that 93 %% is the lower end of the 95 %% Wilson interval over n keys. The key stands at the start, in the middle or at the end of so many tokens: %s. Chance is %s %%. Protocol %s.",
		lengthList(p.lengths), hundred(p.task.Chance), orNone(p.protocol))
	for _, r := range p.rows {
		if paper, ok := paperPasskey[r.stage][r.model]; ok {
			verdict, scale := Cell{}, prose(fmt.Sprintf("%s parameters", short(paperKeyScale.parameters)))
			if r.scored == nil && r.failed == nil && !r.notRun {
				verdict, scale = text(string(r.verdict)), text("paper only")
			}
			cells := append([]Cell{text(modelName(r.model)), text(stageWords(r.stage)), text("paper"), verdict, {}}, p.paperCells(paper)...)
			t.put(append(cells, scale)...)
		}
		if r.scored == nil && r.failed == nil && !r.notRun {
			continue
		}
		cells := []Cell{text(r.name(modelName)), text(stageWords(r.stage)), text("ours"), text(string(r.verdict)), {Text: r.samples()}}
		for _, length := range p.lengths {
			for _, position := range keyPositions {
				var cell Cell
				if s := r.at(length, position); s != nil {
					cell = shown(fmt.Sprintf("%s (≥%s)", hundred(s.Tokens.Value), floored(s.Tokens.Low)), shareValues(&s.Tokens, s.Samples)...)
				}
				cells = append(cells, cell)
			}
		}
		t.put(append(cells, prose(r.dataAndScale()))...)
		if r.failed != nil {
			t.note("%s failed: %s", modelName(r.model), r.failed.Result.Error)
		}
	}
	guess := []Cell{text("A guess"), {}, text("chance"), {}, {}}
	for range 3 * len(p.lengths) {
		guess = append(guess, shown(hundred(p.task.Chance), hundredfold(p.task.Chance), nil, nil, nil))
	}
	t.put(append(guess, text("exact: a digit is one of ten"))...)
	t.note("Digits of a key are right or wrong together more often than not, so the intervals are over keys, as if each were one trial.")
	t.note("Where no segment is written to memory between key and question, as mostly at the end, the model's own segment holds both, and the memory is not needed.")
	t.note("The paper's recipe has one question at the end of each training text. Ours asks in every segment, weighs the answers more, and lets segments of filler stand for many; the paper has no such row, and ours is held against its fine-tuned one.")
	for _, words := range p.segments() {
		t.note("%s", words)
	}
	t.note("The paper states neither its number of prompts, nor the digits of a key, nor how an answer was decoded; ours are decoded greedily.")
	return t
}

// paperCells is the paper's values under our lengths.
func (p *passkeyTable) paperCells(paper paperKeys) []Cell {
	var cells []Cell
	for _, length := range p.lengths {
		for k := range keyPositions {
			var cell Cell
			if i := paperPasskeyLength(length); i >= 0 {
				cell = shown(strconv.FormatFloat(paper[i][k], 'f', -1, 64), paper[i][k], nil, nil, nil)
			}
			cells = append(cells, cell)
		}
	}
	return cells
}

// keyPoints are the lengths and places of the columns of a grid.
func keyPoints(lengths []int) [][]any {
	var all [][]any
	for _, length := range lengths {
		for _, position := range keyPositions {
			all = append(all, []any{int64(length), position})
		}
	}
	return all
}

// shareValues is a share in percent, the ends of its interval, and over how many keys.
func shareValues(s *results.Share, n int) []any {
	return []any{hundredfold(s.Value), hundredfold(s.Low), hundredfold(s.High), int64(n)}
}

// paperHasMore reports whether the paper has a length that no column of ours has.
func (p *passkeyTable) paperHasMore() bool {
	found := map[int]bool{}
	for _, length := range p.lengths {
		found[paperPasskeyLength(length)] = true
	}
	for i := range paperPasskeyLengths {
		if !found[i] {
			return true
		}
	}
	return false
}

// paperPasskeyTable is the paper's table alone.
func paperPasskeyTable(slug string) *Table {
	columns := []string{"Model", "Training"}
	for _, length := range paperPasskeyLengths {
		for _, position := range keyPositions {
			columns = append(columns, ">"+lengthLabel(length)+" "+position)
		}
	}
	t := newTable("passkey-paper-"+slug, "The paper's Table 3, as printed", columns...)
	fields := []string{"model", "training"}
	for range len(columns) - len(fields) {
		fields = append(fields, "digits_right_percent")
	}
	t.csv(fields...)
	t.repeat(2, "tokens position", keyPoints(paperPasskeyLengths[:])...)
	for _, stage := range results.PasskeyStages {
		for _, m := range modelNames {
			if row, ok := paperPasskey[stage][m.id]; ok {
				cells := []Cell{text(m.name), text(stageWords(stage))}
				for _, values := range row {
					for _, v := range values {
						cells = append(cells, shown(strconv.FormatFloat(v, 'f', -1, 64), v))
					}
				}
				t.put(cells...)
			}
		}
	}
	return t
}

// segments says into what the prompts are cut.
func (p *passkeyTable) segments() []string {
	var all []string
	for _, r := range p.ran() {
		words := fmt.Sprintf("Segments of %s tokens, where the paper has %s.", count(int64(r.record.Result.Scale.Segment)), count(paperKeyScale.segment))
		if !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	return all
}

// samples is the number of keys of each cell.
func (r *keyRow) samples() string {
	switch low, high := r.sampleRange(); {
	case high == 0:
		return ""
	case low == high:
		return strconv.Itoa(low)
	default:
		return fmt.Sprintf("%d to %d", low, high)
	}
}

// sampleRange is the smallest and the largest number of keys of a cell, zeros of none.
func (r *keyRow) sampleRange() (low, high int) {
	if r.scored == nil {
		return 0, 0
	}
	for i, s := range r.scored.Grid {
		if i == 0 {
			low = s.Samples
		}
		low, high = min(low, s.Samples), max(high, s.Samples)
	}
	return low, high
}

// lengthList names lengths in tokens.
func lengthList(lengths []int) string {
	var words []string
	for _, length := range lengths {
		words = append(words, count(int64(length)))
	}
	return strings.Join(words, ", ")
}

// paperKeyScale is what the paper says of the model of its Table 3.
var paperKeyScale = struct{ parameters, segment int64 }{1_000_000_000, 2048}

// dataAndScale says in the row itself how far it is from the paper's setting.
func (r *keyRow) dataAndScale() string {
	switch {
	case r.failed != nil:
		return "failed"
	case r.scored == nil:
		return "planned, not run"
	}
	return r.scaleWords(short(r.record.Result.Scale.Parameters))
}

// scaleWords sets the sizes of a row, with some number of parameters, beside the paper's.
func (r *keyRow) scaleWords(parameters string) string {
	scale := r.record.Result.Scale
	words := fmt.Sprintf("reduced scale: %s of %s parameters", parameters, short(paperKeyScale.parameters))
	s := r.record.Result.Settings.Passkey
	training, paper := s.Language, " (paper: 30K of 4K)"
	switch r.stage {
	case results.StagePaper:
		training, paper = s.Paper, " (paper: 400 of 5K)"
	case results.StageRecipe:
		training, paper = s.Recipe.Training, ""
	}
	if training.Segments > 0 {
		words += fmt.Sprintf("; %s steps of %s tokens%s", count(int64(r.scored.Steps)), count(int64(training.Segments)*int64(scale.Segment)), paper)
	}
	return words
}
