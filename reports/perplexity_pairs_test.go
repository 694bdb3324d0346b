package reports

import (
	"math"
	"slices"
	"strings"
	"testing"

	"infinibench/internal/metrics"
	"infinibench/internal/results"
	"infinibench/reports/table"
)

// twoModels is a control and a model over two seeds, with the losses of each document
// given as nats over ten tokens.
func twoModels(control, model [2][]float64) []*row {
	var rows []*row
	for m, losses := range [][2][]float64{control, model} {
		r := &row{model: []string{localOnly, infiniLin}[m], length: 64}
		for seed, documents := range losses {
			p := &results.Perplexity{}
			for d, nll := range documents {
				p.Documents = append(p.Documents, results.DocumentScore{ID: string(rune('a' + d)), NLL: nll, Tokens: 10})
				p.Intact.NLL += nll
				p.Intact.Tokens += 10
			}
			p.Intact.TokenPPL = math.Exp(p.Intact.NLL / float64(p.Intact.Tokens))
			r.records = append(r.records, Record{Result: results.Result{
				Cell: results.Cell{Model: r.model, Length: 64, Seed: uint64(seed + 1)}, Perplexity: p,
			}})
		}
		rows = append(rows, r)
	}
	return rows
}

// Over two documents of ten tokens the differences, averaged over two seeds, are -1 and
// -3: the ratio is exp(-4/20), and resamples reach from exp(-3/10) to exp(-1/10).
func TestByDocument(t *testing.T) {
	rows := twoModels([2][]float64{{20, 30}, {22, 30}}, [2][]float64{{19, 26}, {21, 28}})
	b := rows[1].byDocument(rows[0])
	for _, v := range []struct {
		what      string
		got, want float64
	}{{"ratio", b.Ratio, math.Exp(-.2)}, {"low", b.Low, math.Exp(-.3)}, {"high", b.High, math.Exp(-.1)}, {"the same over seeds", rows[1].over(rows[0]).Mean, math.Exp(-.2)}} {
		if !near(v.got, v.want) {
			t.Errorf("%s: %.5f, want %.5f", v.what, v.got, v.want)
		}
	}
	// Other documents, or none, cannot be paired.
	rows[0].records[1].Result.Perplexity.Documents[1].ID = "z"
	if b := rows[1].byDocument(rows[0]); b.Documents != 0 {
		t.Errorf("documents of different names were paired: %+v", b)
	}
	if b := rows[1].byDocument(nil); b.Documents != 0 {
		t.Errorf("nothing to compare with: %+v", b)
	}
}

// Every seed may agree on documents that another text would contradict: then the
// ordering is not decided.
func TestDocumentsMayOverruleSeeds(t *testing.T) {
	for _, c := range []struct {
		name  string
		model [2][]float64
		want  Verdict
	}{
		{"better on each document", [2][]float64{{19, 28}, {19, 28.1}}, DirectionHolds},
		{"worse on each document", [2][]float64{{21, 31}, {21, 31.1}}, NotReproduced},
		{"better on every other alone", [2][]float64{{21, 27}, {21, 27.1}}, Undecided},
	} {
		six := func(losses [2][]float64) [2][]float64 {
			return [2][]float64{slices.Repeat(losses[0], 3), slices.Repeat(losses[1], 3)}
		}
		rows := twoModels(six([2][]float64{{20, 30}, {20, 30}}), six(c.model))
		ratio := rows[1].over(rows[0])
		got, why, _ := Judge(Evidence{Attempted: true, Paper: 0.78, Ratio: ratio, Documents: rows[1].byDocument(rows[0])})
		if got != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
}

// Documents that all agree make a bootstrap look certain; too few
// documents therefore show no interval and no p-value.
func TestFewDocumentsHaveNoPValue(t *testing.T) {
	for documents, want := range map[int][2]string{0: {table.None, table.None}, 1: {table.None, table.None}, 5: {table.None, table.None}, 6: {"0.8500 to 0.9500", "< 0.001"}} {
		b := metrics.Bootstrap{Ratio: 0.9, Low: 0.85, High: 0.95, P: 0, Documents: documents}
		if got := [2]string{documentLimits(b).Text, pValue(b).Text}; got != want {
			t.Errorf("%d documents: %q, want %q", documents, got, want)
		}
	}
}

// A row is long at the ratio 3,200/1,024 = 100K/32K, or at the profile paper's 49/16
// segments; twice the usual length is not long.
func TestIsLong(t *testing.T) {
	for _, c := range []struct {
		length, usual int
		want          bool
	}{
		{3200, 1024, true}, {3136, 1024, true}, {100_352, 32_768, true}, {98_304, 100_352, true}, {12_800, 4096, true}, {416, 128, false},
		{384, 128, true}, {2048, 1024, false}, {1024, 1024, false}, {4096, 1024, false}, {0, 0, false},
	} {
		if got := isLong(c.length, c.usual); got != c.want {
			t.Errorf("%d beside %d: %v", c.length, c.usual, got)
		}
	}
}

// A row of the scaled 100K is compared with the same model at the usual length, and shows the
// paper's value for 100K. It has a perplexity of 10.6: between bounds of 10 and 13, it has
// closed ln(13/10.6)/ln(13/10) = 78 % of the gap.
func TestLongRow(t *testing.T) {
	run := fixture()
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Corpus == "proof" && r.Perplexity != nil {
			r.Perplexity.Ideal = &results.IdealRow{Full: 10, Segment: 13}
		}
		if r := record.Result; r.Cell.Corpus == "proof" && r.Cell.Model == infiniLin {
			r.Cell.Length, r.Scale.TrainLength = 3200, 3200
			p := *r.Perplexity
			p.Intact.TokenPPL *= 0.99
			for i, d := range p.Documents {
				d.NLL += math.Log(0.99) * float64(d.Tokens)
				p.Documents = append(p.Documents[:i:i], append([]results.DocumentScore{d}, p.Documents[i+1:]...)...)
			}
			r.Perplexity = &p
			run.Records = append(run.Records, Record{Key: record.Key + "-long", Result: r})
		}
	}
	c := compare(run)[1]
	r := find(t, c, infiniLin, 3200)
	if want := r.scale.TrainTokens; want == 0 || want != find(t, c, infiniLin, 1024).scale.TrainTokens {
		t.Fatalf("%d tokens", want)
	}
	if !r.long || r.paper != 2.21 || r.verdict != DirectionHolds || !near(r.overShort.Mean, 0.99) {
		t.Errorf("long %v, paper %v, %s (%s), ÷ %v", r.long, r.paper, r.verdict, r.why, r.overShort)
	}
	if name := c.name(r); name != "Infini-Transformer (Linear), trained at 3,200 for 100K" {
		t.Errorf("it is called %q", name)
	}
	if name := c.shortName(r); name != "Linear, for 100K" {
		t.Errorf("in short it is called %q", name)
	}
	if short := find(t, c, infiniLin, 1024); short.long || c.name(short) != "Infini-Transformer (Linear)" {
		t.Errorf("the usual row: long %v, %q", short.long, c.name(short))
	}
}

// With three times the training tokens, as in the profile paper, the comparison does not
// isolate the length; with one more step it does. 1,228,800 tokens are 384 steps of 3,200,
// which take 0.32 of the 3 hours of 1,200. The model's perplexity is 0.9·e² = 6.65, so it has
// closed ln(9/6.65)/ln(9/6) = 75 % of the gap from 9 to 6.
func TestLongRowOnMoreTokens(t *testing.T) {
	for _, c := range []struct {
		tokens int64
		want   Verdict
		why    string
	}{
		{1_228_800, DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale"},
		{1_230_000, DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale"},
		{3_840_000, NoFairTrial, "it saw 3,840,000 tokens, at the usual length 1,228,800: more of them may be what decides; it would take 384 steps, the same number of tokens"},
	} {
		seed := func(r *row, losses float64, length int, tokens int64) *row {
			r.length, r.scale.TrainTokens, r.paper, r.standIn = length, tokens, 2.2, true
			r.scale.TrainLength, r.scale.Batch, r.scale.Steps = length, 1, 1200
			for i := range r.records {
				r.records[i].Timing = &results.Timing{TrainSeconds: 5400} // of each of two seeds
				p := r.records[i].Result.Perplexity
				p.Intact.TokenPPL *= losses
			}
			return r
		}
		rows := twoModels([2][]float64{{20}, {20}}, [2][]float64{{20}, {20}})
		short, long := seed(rows[0], 1, 1024, 1_228_800), seed(rows[1], 0.9, 3200, c.tokens)
		short.model, long.model, long.long = infiniLin, infiniLin, true
		for _, r := range rows {
			for i := range r.records {
				r.records[i].Result.Perplexity.Documents = nil
			}
		}
		long.overShort = long.over(short)
		(&comparison{paper: paperArxiv, ideals: []ideal{{0, 6, 9}}}).judge(long, nil, nil, short)
		if long.verdict != c.want || long.why != c.why || c.want == NoFairTrial && math.Abs(long.trial.Hours-0.96) > 1e-9 {
			t.Errorf("%d tokens: %s (%s), want %s (%s)", c.tokens, long.verdict, long.why, c.want, c.why)
		}
	}
}

// A model trained at 100K that is no better than one without memory has not learnt to use its
// memory, so it is no evidence about the length: 0.99 and 1.01 times the control's, and in
// each case 1.25 or more times the same model's at the usual length. Of the way from 25 to 19
// they have gone 85 and 78 %, enough for a fair trial.
func TestLongRowThatLearntNothing(t *testing.T) {
	for _, c := range []struct {
		ppl  float64
		want Verdict
		why  string
	}{
		{19.8, NotReproduced, "the ordering is not the paper's, with its whole interval"},
		{14, DirectionHolds, "the paper's ordering, with its whole interval, not at the paper's scale"},
		{20.2, NoFairTrial, "after 384 steps, 600 at the usual length, it is not yet surely better than a model without memory; it would take more than its 384 steps (how many is unknown)"},
	} {
		at := func(model string, ppl float64, length, steps int) *row {
			r := twoModels([2][]float64{{20}, {20}}, [2][]float64{{20}, {20}})[0]
			r.model, r.length, r.paper, r.long = model, length, 2.2, length > 1024
			r.scale.Steps, r.scale.TrainLength, r.scale.TrainTokens = steps, length, 1_228_800
			for i := range r.records {
				r.records[i].Result.Perplexity.Intact.TokenPPL = ppl * (1 + 0.001*float64(i))
				r.records[i].Result.Perplexity.Documents = nil
			}
			return r
		}
		control, short, long := at(localOnly, 20, 1024, 600), at(infiniLin, 15, 1024, 600), at(infiniLin, c.ppl, 3200, 384)
		long.overShort = long.over(short)
		of := &comparison{paper: paperArxiv, rows: []*row{control, short, long}, ideals: []ideal{{long.scale.Segment, 19, 25}}}
		of.judge(long, nil, nil, short)
		if long.verdict != c.want || long.why != c.why {
			t.Errorf("perplexity %v: %s (%s), want %s (%s)", c.ppl, long.verdict, long.why, c.want, c.why)
		}
	}
}

// Every pair's row, and the title of a corpus, says that the text is a stand-in and how
// small the models are.
func TestPairsSayDataAndScale(t *testing.T) {
	run := fixture()
	for i := range run.Records {
		r := &run.Records[i].Result
		if r.Cell.Experiment == "perplexity" {
			r.Cell.Corpus = map[string]string{"novel": "pg19", "proof": "arxiv-math"}[r.Cell.Corpus]
			if r.Cell.Model == infiniLin {
				r.Cell.Model = "memorizing"
				r.Settings.Baselines.Memorizing.K = 8
			}
		}
	}
	run.Planned = nil
	for _, c := range compare(run) {
		table := c.pairsTable(c.corpus)
		if want := map[string]string{"pg19": "PG19", "arxiv-math": "arXiv-math"}[c.corpus]; table.Title != "Ratios between models on "+want+" (stand-in)" {
			t.Errorf("%s is titled %q", c.corpus, table.Title)
		}
		if len(table.Rows) != 3 {
			t.Fatalf("%s: %d pairs", c.corpus, len(table.Rows))
		}
		for _, row := range table.Rows {
			scale := row[len(row)-1]
			if !strings.Contains(scale, "stand-in, reduced scale") {
				t.Errorf("%s ÷ %s: %q", row[0], row[1], scale)
			}
			if set := strings.HasPrefix(row[0], "Memorizing") || strings.HasPrefix(row[1], "Memorizing"); set != strings.Contains(scale, "the nearest 8 of it") {
				t.Errorf("%s ÷ %s: %q", row[0], row[1], scale)
			}
		}
	}
}

// The paper measured RMT and its own models; what it prints for Transformer-XL and the
// Memorizing Transformer equals Table 4 of arXiv 2203.08913, where the control is too.
func TestBorrowedValuesAreMarked(t *testing.T) {
	run := fixture()
	for i := range run.Records {
		if r := &run.Records[i].Result; r.Cell.Experiment == "perplexity" && r.Cell.Model == localOnly {
			r.Cell.Model = map[string]string{"novel": "rmt", "proof": "transformer-xl"}[r.Cell.Corpus]
		}
	}
	run.Planned = nil
	for _, c := range compare(run) {
		table := c.pairsTable(c.corpus)
		marks := 0
		for _, row := range table.Rows {
			isMarked := strings.HasSuffix(row[2], borrowed)
			if want := row[0] == "Transformer-XL" || row[1] == "Transformer-XL"; isMarked != want {
				t.Errorf("%s ÷ %s: the paper's ratio is %q", row[0], row[1], row[2])
			}
			if isMarked {
				marks++
			}
		}
		want := map[string]int{"novel": 0, "proof": 2}[c.corpus]
		if noted := strings.Contains(strings.Join(table.Notes, "\n"), borrowedNote); marks != want || noted != (want > 0) {
			t.Errorf("%s: %d marks, explained: %t", c.corpus, marks, noted)
		}
	}
}
