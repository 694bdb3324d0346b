package reports

import (
	"strconv"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// controlTable shows what becomes of the answers without the memory, and where it is
// not needed.
func (p *passkeyTable) controlTable(slug string) *table.Table {
	t := table.New("passkey-controls-"+slug, "Controls of passkey retrieval, in percent",
		"Model", "Training", ">n", ">From memory, mean", ">lowest cell", ">highest cell", ">Whole keys from memory, mean",
		">Memory emptied, mean", ">highest cell", ">Key and question in one segment", ">95 % interval", "Data and scale").CSV("model", "training", "n_least n_most",
		"from_memory_mean_percent", "from_memory_lowest_percent", "from_memory_highest_percent", "whole_keys_from_memory_mean_percent",
		"memory_emptied_mean_percent", "memory_emptied_highest_percent", "one_segment_percent", "one_segment_percent_low one_segment_percent_high one_segment_n", "data_and_scale")
	t.Caption = "Token accuracy. From memory: over the cells of the grid with at least one segment written between key and question. Memory emptied: the same prompts, the memory set to zeros before the segment of the question. In one segment: the last of two segments holds key and question. Chance is " + table.Hundred(p.task.Chance) + " %."
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
		in := func(share float64) table.Cell { return table.Shown(table.Hundred(share), table.Hundredfold(share)) }
		cells := make([]table.Cell, len(t.Columns))
		cells[0], cells[1], cells[11] = table.Text(r.name(modelName)), table.Text(stageWords(r.stage)), table.Text("reduced scale")
		if least, most := r.sampleRange(); most > 0 {
			cells[2] = table.Shown(r.samples(), least, most)
		}
		if len(across) > 0 {
			cells[3], cells[4], cells[5], cells[6] = in(mean), in(low), in(high), in(exact)
			if none == 0 {
				cells[7], cells[8] = in(zeroed), in(mostZeroed)
			}
		}
		if s := r.scored.LastSegment; s != nil {
			cells[9], cells[10] = in(s.Tokens.Value), table.Shown(table.Floored(s.Tokens.Low)+" to "+table.Ceiled(s.Tokens.High), shareValues(&s.Tokens, s.Samples)[1:]...)
		}
		t.Put(cells...)
	}
	t.Note("A dash under the emptied memory is a model that has none.")
	return t
}

// scoresTable is every score with its interval, for programs.
func (p *passkeyTable) scoresTable(slug string) *table.Table {
	t := table.New("passkey-scores-"+slug, "Every score of passkey retrieval", "Model", "Training", ">Seed", "Kind", ">Tokens", "Position", ">Memory writes", ">n",
		">Token accuracy", ">Low", ">High", ">Whole keys", ">Low", ">High", ">Memory emptied", ">Low", ">High").CSV("model", "training", "seed", "kind", "tokens", "position", "memory_writes", "n",
		"digits_right_share", "digits_right_share_low", "digits_right_share_high", "whole_keys_share", "whole_keys_share_low", "whole_keys_share_high",
		"memory_emptied_share", "memory_emptied_share_low", "memory_emptied_share_high")
	for _, r := range p.ran() {
		add := func(kind string, scores ...results.PasskeyScore) {
			for _, s := range scores {
				seed := r.record.Result.Cell.Seed
				cells := []table.Cell{table.Text(modelName(r.model)), table.Text(stageWords(r.stage)), table.Shown(strconv.FormatUint(seed, 10), seed), table.Text(kind),
					table.Whole(s.Length), table.Text(s.Position), table.Whole(s.Writes), table.Digits(s.Samples)}
				for _, x := range []*results.Share{&s.Tokens, &s.Exact, s.Zeroed} {
					if x == nil {
						cells = append(cells, table.Cell{}, table.Cell{}, table.Cell{})
					} else {
						cells = append(cells, table.ShareCell(x.Value), table.ShareCell(x.Low), table.ShareCell(x.High))
					}
				}
				t.Put(cells...)
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
