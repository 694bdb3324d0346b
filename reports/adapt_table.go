package reports

import (
	"fmt"
	"math"

	"infinibench/internal/metrics"
	"infinibench/reports/table"
)

// table lists every row.
func (a *adaptTable) table(slug string) *table.Table {
	t := table.New("adapt-"+slug, a.title(), "Model", "State", ">Segment", ">Loss", ">Perplexity", ">95 % over seeds",
		">÷ control", ">95 % over seeds", ">95 % over documents", ">Memory emptied", ">Gates shut", ">Another's memory", ">On own texts", ">Forgotten", "Verdict", "Why").CSV(
		"model", "state", "segment_tokens", "loss_nats_per_token", "token_perplexity", "token_perplexity_low token_perplexity_high seeds",
		"ratio_to_control", "ratio_low_over_seeds ratio_high_over_seeds paired_seeds", "ratio_low_over_documents ratio_high_over_documents documents",
		"token_perplexity_memory_emptied", "token_perplexity_gates_shut", "token_perplexity_anothers_memory", "own_texts_loss_nats_per_token", "forgotten_nats_per_token", "verdict", "why")
	t.Caption = "Token perplexity; lower is better. The control is the same model without a memory, trained alike on the same tokens; of an untrained model, and of one whose gates alone are trained, it is the base cut into segments."
	for _, r := range a.rows {
		t.Put(table.Text(r.name()), table.Prose(r.state()), table.Whole(r.segment), adaptNumber(lossOf(r.ours)), adaptPPL(r.ours), r.ours.limitsAndSeeds(),
			adaptRatio(r.over), r.over.limitsAndSeeds(), documentLimits(r.documents),
			adaptPPL(r.emptied), adaptPPL(r.shut), adaptPPL(r.other), adaptNumber(r.own), adaptNumber(r.rise), table.Text(string(r.verdict)), table.Prose(r.why))
	}
	for _, r := range a.rows {
		if r.control != nil {
			if words := unlikeWords(unlike(r.record, r.control.record)); words != "" {
				t.Note("%s, %s, ÷ control: %s.", r.name(), r.state(), words)
			}
		}
	}
	if i := a.record.Result.Adapt.Rows[0].Score.Ideal; i != nil {
		t.Note("The best possible perplexity is %s with the full history and %s with the last segment only.", table.Sig4(i.Full), table.Sig4(i.Segment))
	}
	t.Note("%s", a.baseWords())
	t.Note("Forgotten: how much more a token of the texts that the base wrote itself, at temperature 1, costs than in the base, in nats. It estimates the divergence from the base.")
	if a.record.Result.Settings.Adapt.UngatedStart || a.ungated() {
		t.Note("With an ungated start, a model leaves its gate out while its memory is empty, so emptying the memory and shutting the gates come to the same.")
	}
	for _, r := range a.rows {
		if n := r.documents.Documents; n >= leastDocuments {
			t.Note("The interval over documents is of a paired bootstrap: %s resamples of the %d documents, losses averaged over seeds.", table.Count(metrics.Resamples), n)
			break
		}
	}
	for seed := range a.bases {
		if !a.comparable(seed) {
			t.Note("The models do not all start from the same base, so some are not compared.")
		}
	}
	return t
}

// ungated reports whether a model with a memory started with an ungated first segment.
func (a *adaptTable) ungated() bool {
	for _, r := range a.rows {
		for _, record := range r.record {
			if record.Result.Settings.Adapt.UngatedStart {
				return true
			}
		}
	}
	return false
}

// baseWords describes the base that all models start from.
func (a *adaptTable) baseWords() string {
	b := a.base
	text := fmt.Sprintf("The base, %s, has %s parameters and a context of %s tokens", table.Clean(b.Name), table.Short(b.Parameters), table.Count(int64(b.Context)))
	if b.TrainTokens > 0 {
		text += fmt.Sprintf("; it was trained here, on %s tokens of the same corpus", table.Short(b.TrainTokens))
	}
	scale := a.record.Result.Scale
	return text + fmt.Sprintf(". Continual pre-training is %s of %s tokens.", plural(scale.Steps, "step"), table.Count(int64(scale.Batch)*int64(scale.TrainLength)))
}

// lossOf returns the mean loss in nats behind a perplexity.
func lossOf(i Interval) Interval {
	return Interval{Mean: math.Log(i.Mean), Low: math.Log(i.Low), High: math.Log(i.High), N: i.N}
}

// adaptPPL is the mean of a perplexity, or nothing.
func adaptPPL(i Interval) table.Cell { return i.ratioCell() }

// adaptRatio is the mean of a ratio, with four decimals: of a large model they matter.
func adaptRatio(i Interval) table.Cell {
	if i.N == 0 {
		return table.Cell{}
	}
	return table.Shown(table.Decimals(i.Mean, 4), i.Mean)
}

// adaptNumber is the mean of a number of nats, or nothing.
func adaptNumber(i Interval) table.Cell {
	if i.N == 0 {
		return table.Cell{}
	}
	return table.Shown(table.Decimals(i.Mean, 3), i.Mean)
}
