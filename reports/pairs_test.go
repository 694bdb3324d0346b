package reports

import (
	"math"
	"testing"

	"infinibench/experiments"
)

// twoModels is a control and a model over two seeds, with the losses of each document
// given as nats over ten tokens.
func twoModels(control, model [2][]float64) []*row {
	var rows []*row
	for m, losses := range [][2][]float64{control, model} {
		r := &row{model: []string{localOnly, infiniLin}[m], length: 64}
		for seed, documents := range losses {
			p := &experiments.Perplexity{}
			for d, nll := range documents {
				p.Documents = append(p.Documents, experiments.DocumentScore{ID: string(rune('a' + d)), NLL: nll, Tokens: 10})
				p.Intact.NLL += nll
				p.Intact.Tokens += 10
			}
			p.Intact.TokenPPL = math.Exp(p.Intact.NLL / float64(p.Intact.Tokens))
			r.records = append(r.records, Record{Result: experiments.Result{
				Cell: experiments.Cell{Model: r.model, Length: 64, Seed: uint64(seed + 1)}, Perplexity: p,
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
		{"better on one alone", [2][]float64{{21, 27}, {21, 27.1}}, Undecided},
	} {
		rows := twoModels([2][]float64{{20, 30}, {20, 30}}, c.model)
		ratio := rows[1].over(rows[0])
		got, why := Judge(Evidence{Attempted: true, Paper: 0.78, Ratio: ratio, Documents: rows[1].byDocument(rows[0])})
		if got != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
}

// 3,200 is to 1,024 what 100K is to 32K, and 49 segments to 16 what the profile paper
// has; twice as long is neither.
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

// A row of the scaled 100K is held against the same model at the usual length, and has
// the paper's value for 100K.
func TestLongRow(t *testing.T) {
	run := fixture()
	for _, record := range run.Records {
		if r := record.Result; r.Cell.Corpus == "proof" && r.Cell.Model == infiniLin {
			r.Cell.Length, r.Scale.TrainLength = 3200, 3200
			p := *r.Perplexity
			p.Intact.TokenPPL *= 0.99
			for i, d := range p.Documents {
				d.NLL += math.Log(0.99) * float64(d.Tokens)
				p.Documents = append(p.Documents[:i:i], append([]experiments.DocumentScore{d}, p.Documents[i+1:]...)...)
			}
			r.Perplexity = &p
			run.Records = append(run.Records, Record{Key: record.Key + "-long", Result: r})
		}
	}
	c := compare(run)[1]
	r := find(t, c, infiniLin, 3200)
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
