package reports

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"infinibench/internal/results"
)

// ledgerRemarks explains where the ledger, the paper and the models here differ, and what
// all of them leave out.
func ledgerRemarks(l *results.Ledger) []string {
	rows := map[string]results.LedgerRow{}
	for _, r := range l.Rows {
		rows[r.Model] = r
	}
	var text []string
	say := func(format string, args ...any) { text = append(text, fmt.Sprintf(format, args...)) }
	infini, kNN, rmt := rows["infini-linear"], rows["memorizing"], rows["rmt"]
	if kNN.Paper != "" {
		say("The paper's ratios are quotients of its rounded sizes: %s ÷ %s = %s, where the exact numbers give %.1fx; %s ÷ %s = %s, exactly %.1fx.",
			kNN.Rounded, infini.Rounded, infini.RoundedRatio, infini.Ratio, kNN.Rounded, rmt.Rounded, rmt.RoundedRatio, rmt.Ratio)
		cache, own := rows["transformer-xl"].Entries, *kNN.Measured/4
		tokens := func(entries int64) string {
			return humanize.Comma((entries - cache) / int64(2*l.Model.Heads*l.Model.HeadSize))
		}
		say("The paper's %s for the Memorizing Transformer are %s tokens in the one layer with the memory and the Transformer-XL cache of all layers. Its Table 1 has the memory alone, %s numbers; the model here keeps %s tokens, with the cache %s numbers, which would print as %s.",
			kNN.Paper, tokens(kNN.Entries), humanize.Comma(kNN.Entries-cache), tokens(own), humanize.Comma(own), results.Millions(own))
	}
	if rmt.Measured != nil {
		say("The Recurrent Memory Transformer hands its memory tokens on once, %s numbers; Table 1 counts them for each layer, and twice.", humanize.Comma(*rmt.Measured/4))
	}
	if rows["compressive"].Measured != nil {
		auto := ""
		if _, ok := rows["autocompressor"]; ok {
			auto = " AutoCompressors keep all summaries, so that their row grows with the text."
		}
		say("Table 1 counts the hidden layers that the Compressive Transformer keeps; the model here keeps their keys and values, twice as much.%s", auto)
	}
	if infini.Entries > 0 {
		say("The keys and values of the running segment, %s numbers over all layers in every model and %.1f times the compressive memory, are counted by no formula of the paper, nor here.",
			humanize.Comma(l.Local), float64(l.Local)/float64(infini.Entries))
	}
	for _, why := range l.LeftOut {
		say("Left out: %s.", why)
	}
	return text
}
