package reports

import (
	"strconv"

	"infinibench/experiments"
)

// controlTable shows what becomes of the answers without the memory, and where it is
// not needed.
func (p *retrieval) controlTable(slug string) *Table {
	t := newTable("passkey-controls-"+slug, "Controls of passkey retrieval, in percent",
		"Model", "Training", ">n", ">From memory, mean", ">lowest cell", ">highest cell", ">Whole keys from memory, mean",
		">Memory emptied, mean", ">highest cell", ">Key and question in one segment", ">95 % interval", "Data and scale")
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
		cells := []string{r.name(modelName), stageWords(r.stage), r.samples(), "", "", "", "", "", "", "", "", "reduced scale"}
		if len(across) > 0 {
			cells[3], cells[4], cells[5], cells[6] = hundred(mean), hundred(low), hundred(high), hundred(exact)
			if none == 0 {
				cells[7], cells[8] = hundred(zeroed), hundred(mostZeroed)
			}
		}
		if s := r.scored.LastSegment; s != nil {
			cells[9], cells[10] = hundred(s.Tokens.Value), floored(s.Tokens.Low)+" to "+ceiled(s.Tokens.High)
		}
		t.add(cells...)
	}
	t.note("A dash under the emptied memory is a model that has none.")
	return t
}

// scoresTable is every score with its interval, for programs.
func (p *retrieval) scoresTable(slug string) *Table {
	t := newTable("passkey-scores-"+slug, "Every score of passkey retrieval", "Model", "Training", ">Seed", "Kind", ">Tokens", "Position", ">Memory writes", ">n",
		">Token accuracy", ">Low", ">High", ">Whole keys", ">Low", ">High", ">Memory emptied", ">Low", ">High")
	for _, r := range p.ran() {
		add := func(kind string, scores ...experiments.PasskeyScore) {
			for _, s := range scores {
				cells := []string{modelName(r.model), stageWords(r.stage), strconv.FormatUint(r.record.Result.Cell.Seed, 10), kind,
					count(int64(s.Length)), s.Position, count(int64(s.Writes)), strconv.Itoa(s.Samples)}
				for _, x := range []*experiments.Share{&s.Tokens, &s.Exact, s.Zeroed} {
					if x == nil {
						cells = append(cells, "", "", "")
					} else {
						cells = append(cells, share(x.Value), share(x.Low), share(x.High))
					}
				}
				t.add(cells...)
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
