package reports

import (
	"strconv"

	"infinibench/internal/results"
)

// controlTable shows what becomes of the answers without the memory, and where it is
// not needed.
func (p *passkeyTable) controlTable(slug string) *Table {
	t := newTable("passkey-controls-"+slug, "Controls of passkey retrieval, in percent",
		"Model", "Training", ">n", ">From memory, mean", ">lowest cell", ">highest cell", ">Whole keys from memory, mean",
		">Memory emptied, mean", ">highest cell", ">Key and question in one segment", ">95 % interval", "Data and scale").csv("model", "training", "n_least n_most",
		"from_memory_mean_percent", "from_memory_lowest_percent", "from_memory_highest_percent", "whole_keys_from_memory_mean_percent",
		"memory_emptied_mean_percent", "memory_emptied_highest_percent", "one_segment_percent", "one_segment_percent_low one_segment_percent_high one_segment_n", "data_and_scale")
	t.Caption = "Token accuracy. From memory: over the cells of the grid with at least one segment written between key and question. Memory emptied: the same prompts, the memory set to zeros before the segment of the question. In one segment: the last of two segments holds key and question. Chance is " + hundred(p.task.Chance) + " %."
	for _, r := range p.ran() {
		across, _ := r.carried()
		var mean, exact, zeroed, low, high, mostZeroed float64
		none := 0 // cells without an emptied memory
		low = 1
		for _, s := range across {
			n := float64(len(across))
			mean, exact = mean+s.Tokens.Value/n, exact+s.Exact.Value/n
			low, high = min(low, s.Tokens.Value), max(high, s.Tokens.Value)
			if s.Zeroed == nil {
				none++
				continue
			}
			zeroed, mostZeroed = zeroed+s.Zeroed.Value/n, max(mostZeroed, s.Zeroed.Value)
		}
		in := func(share float64) Cell { return shown(hundred(share), hundredfold(share)) }
		cells := make([]Cell, len(t.Columns))
		cells[0], cells[1], cells[11] = text(r.name(modelName)), text(stageWords(r.stage)), text("reduced scale")
		if least, most := r.sampleRange(); most > 0 {
			cells[2] = shown(r.samples(), least, most)
		}
		if len(across) > 0 {
			cells[3], cells[4], cells[5], cells[6] = in(mean), in(low), in(high), in(exact)
			if none == 0 {
				cells[7], cells[8] = in(zeroed), in(mostZeroed)
			}
		}
		if s := r.scored.LastSegment; s != nil {
			cells[9], cells[10] = in(s.Tokens.Value), shown(floored(s.Tokens.Low)+" to "+ceiled(s.Tokens.High), shareValues(&s.Tokens, s.Samples)[1:]...)
		}
		t.put(cells...)
	}
	t.note("A dash under the emptied memory is a model that has none.")
	return t
}

// scoresTable is every score with its interval, for programs.
func (p *passkeyTable) scoresTable(slug string) *Table {
	t := newTable("passkey-scores-"+slug, "Every score of passkey retrieval", "Model", "Training", ">Seed", "Kind", ">Tokens", "Position", ">Memory writes", ">n",
		">Token accuracy", ">Low", ">High", ">Whole keys", ">Low", ">High", ">Memory emptied", ">Low", ">High").csv("model", "training", "seed", "kind", "tokens", "position", "memory_writes", "n",
		"digits_right_share", "digits_right_share_low", "digits_right_share_high", "whole_keys_share", "whole_keys_share_low", "whole_keys_share_high",
		"memory_emptied_share", "memory_emptied_share_low", "memory_emptied_share_high")
	for _, r := range p.ran() {
		add := func(kind string, scores ...results.PasskeyScore) {
			for _, s := range scores {
				seed := r.record.Result.Cell.Seed
				cells := []Cell{text(modelName(r.model)), text(stageWords(r.stage)), shown(strconv.FormatUint(seed, 10), seed), text(kind),
					whole(s.Length), text(s.Position), whole(s.Writes), digits(s.Samples)}
				for _, x := range []*results.Share{&s.Tokens, &s.Exact, s.Zeroed} {
					if x == nil {
						cells = append(cells, Cell{}, Cell{}, Cell{})
					} else {
						cells = append(cells, shareCell(x.Value), shareCell(x.Low), shareCell(x.High))
					}
				}
				t.put(cells...)
			}
		}
		add("grid", r.scored.Grid...)
		add("against writes", r.scored.Writes...)
		if r.scored.LastSegment != nil {
			add("one segment", *r.scored.LastSegment)
		}
	}
	return t
}
