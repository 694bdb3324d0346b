package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"infinibench/internal/results"
)

var (
	perplexityMeasure = Measure{Name: "token perplexity"}
	rougeMeasure      = Measure{Name: "ROUGE overall", Higher: true, Difference: true}
	speedMeasure      = Measure{Name: "training speed", Higher: true}
)

// ofDocuments is a reading of documents of ten tokens each.
func ofDocuments(nats ...float64) value {
	r := value{}
	total := 0.
	for i, n := range nats {
		r.parts = append(r.parts, part{fmt.Sprint("d", i), n, 10})
		total += n
	}
	r.value = math.Exp(total / float64(10*len(nats)))
	return r
}

// ofBooks is a reading of scores, one for each book.
func ofBooks(scores ...float64) value {
	r := value{}
	for i, s := range scores {
		r.parts = append(r.parts, part{fmt.Sprint("b", i), s, 1})
		r.value += s / float64(len(scores))
	}
	return r
}

func seeds(readings ...value) map[uint64]value {
	m := map[uint64]value{}
	for i, r := range readings {
		m[uint64(i+1)] = r
	}
	return m
}

// otherTokens is a reading of the same documents, cut into eleven tokens each.
func otherTokens(r value) value {
	cut := value{value: r.value}
	for _, p := range r.parts {
		cut.parts = append(cut.parts, part{p.id, p.sum, p.weight + 1})
	}
	return cut
}

func single(v float64) value { return value{value: v} }

// By hand. A change of -1 nat in each document of 10 tokens is a ratio of exp(-0.1), with
// nothing left to the draw. For n seeds t = mean/(s/√n), and with 2 degrees of freedom
// p = 1 − t/√(t² + 2).
func TestContrast(t *testing.T) {
	six := ofDocuments(20, 21, 22, 23, 24, 25)
	less := ofDocuments(19, 20, 21, 22, 23, 24)
	more := ofDocuments(21, 22, 23, 24, 25, 26)
	mixed := ofDocuments(21, 20, 23, 22, 25, 24) // ±1 in turn
	nan := math.NaN()
	for _, c := range []struct {
		name              string
		measure           Measure
		base, other       map[uint64]value
		change, low, high float64
		p, near           float64
		n                 int
		call              Call
		why               string
	}{
		{"lower loss", perplexityMeasure, seeds(six), seeds(less), math.Exp(-0.1), math.Exp(-0.1), math.Exp(-0.1), 2. / 10001, 1e-9, 6, Better, ""},
		{"higher loss", perplexityMeasure, seeds(six), seeds(more), math.Exp(0.1), math.Exp(0.1), math.Exp(0.1), 2. / 10001, 1e-9, 6, Worse, ""},
		{"half better, half worse", perplexityMeasure, seeds(six), seeds(mixed), 1, nan, nan, nan, 0, 6, Noise, ""},
		{"the same", perplexityMeasure, seeds(six, less), seeds(six, less), 1, nan, nan, nan, 0, 6, Noise, "equal"},
		{"too few documents", perplexityMeasure, seeds(ofDocuments(2, 3, 4, 5, 6)), seeds(ofDocuments(1, 2, 3, 4, 5)), math.Exp(-0.1), nan, nan, nan, 0, 5, Noise, "fewer than 6 documents"},
		{"other documents", perplexityMeasure, seeds(six), seeds(otherTokens(six)), nan, nan, nan, nan, 0, 0, NotCompared, "other documents, or cut into other tokens"},
		{"no common seed", perplexityMeasure, map[uint64]value{1: six}, map[uint64]value{2: six}, nan, nan, nan, nan, 0, 0, NotCompared, "no seed in common"},
		// Over documents both seeds together are better by half a nat in each; the seeds
		// alone say −2 and +1 nats.
		{"one seed against another", perplexityMeasure, seeds(more, six), seeds(ofDocuments(19, 20, 21, 22, 23, 24), more), math.Exp(-0.05), math.Exp(-0.05), math.Exp(-0.05), 2. / 10001, 1e-9, 6, Noise, "holds over documents, not over 2 seeds"},
		{"two seeds that agree", perplexityMeasure, seeds(six, more), seeds(less, six), math.Exp(-0.1), math.Exp(-0.1), math.Exp(-0.1), 2. / 10001, 1e-9, 6, Better, ""},
		{"higher scores", rougeMeasure, seeds(ofBooks(.1, .2, .3, .1, .2, .3)), seeds(ofBooks(.12, .22, .32, .12, .22, .32)), 0.02, 0.02, 0.02, 2. / 10001, 1e-9, 6, Better, ""},
		{"faster, perhaps", speedMeasure, seeds(single(100), single(100), single(100)), seeds(single(100*math.Exp(.1)), single(100*math.Exp(.2)), single(100*math.Exp(.3))),
			// t(0.975, 2) = 4.3027 of any table.
			math.Exp(.2), math.Exp(.2 - 4.3027*.1/math.Sqrt(3)), math.Exp(.2 + 4.3027*.1/math.Sqrt(3)), 1 - 3.4641/math.Sqrt(14), 1e-4, 3, Noise, ""},
		{"faster", speedMeasure, seeds(single(100), single(100), single(100)), seeds(single(100*math.Exp(.19)), single(100*math.Exp(.2)), single(100*math.Exp(.21))),
			math.Exp(.2), math.Exp(.2 - 4.3027*.01/math.Sqrt(3)), math.Exp(.2 + 4.3027*.01/math.Sqrt(3)), 1 - 34.641/math.Sqrt(1202), 1e-4, 3, Better, ""},
		{"measured once", speedMeasure, seeds(single(100)), seeds(single(200)), 2, nan, nan, nan, 0, 1, Noise, "one measurement: how well it repeats is not known"},
	} {
		got := c.measure.contrast(c.base, c.other)
		if got.Call != c.call || got.Why != c.why || got.N != c.n {
			t.Errorf("%s: %q (%s), n = %d; want %q (%s), n = %d", c.name, got.Call, got.Why, got.N, c.call, c.why, c.n)
		}
		for _, v := range []struct {
			what string
			got  *float64
			want float64
		}{{"change", got.Change, c.change}, {"low", got.Low, c.low}, {"high", got.High, c.high}, {"p", got.P, c.p}} {
			switch {
			case c.name == "half better, half worse" && v.what != "change": // hangs on the draw
			case v.got == nil != math.IsNaN(v.want):
				t.Errorf("%s: %s is there %v, want %g", c.name, v.what, v.got != nil, v.want)
			case v.got != nil && math.Abs(*v.got-v.want) > max(c.near, 1e-9):
				t.Errorf("%s: %s is %.8g, want %.8g", c.name, v.what, *v.got, v.want)
			}
		}
	}
}

// before is the fixture with the number of steps set.
func before() *Run {
	run := fixture()
	for i := range run.Records {
		run.Records[i].Result.Settings.Training.Steps = 150
	}
	return run
}

// after is the fixture with the loss of Infini-Transformer (Linear + Delta) on the novel
// lower by 0.02 nats a token in every document, more steps, and another machine.
func after() *Run {
	run := fixture()
	for i := range run.Records {
		r := &run.Records[i].Result
		r.Environment.CPU = "Another processor"
		r.Settings.Training.Steps = 300
		if r.Cell.Model == infiniDelta && r.Cell.Corpus == "novel" {
			p := r.Perplexity
			p.Intact.TokenPPL *= math.Exp(-0.02)
			for d := range p.Documents {
				p.Documents[d].NLL -= 0.02 * float64(p.Documents[d].Tokens)
			}
		}
		if r.Cell.Model == infiniLin && r.Cell.Corpus == "novel" {
			r.Protocol = "novel/test/bytes/carry/v1"
		}
	}
	return run
}

func TestSideBySide(t *testing.T) {
	s, err := NewSideBySide([]string{"runs/a", "runs/b", "runs/a again"}, []*Run{before(), after(), before()})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Settings) != 1 || s.Settings[0].Key != "training.steps" || fmt.Sprint(s.Settings[0].Values) != "[[150] [300] [150]]" {
		t.Errorf("settings %+v", s.Settings)
	}
	calls := map[string]Call{}
	for _, row := range s.Rows {
		if row.Measure == "token perplexity" {
			calls[row.Corpus+" "+row.Model] = row.Contrast[0].Call
			if again := row.Contrast[1]; again.Call != Noise || again.Why != "equal" {
				t.Errorf("%s %s of the same run: %+v", row.Corpus, row.Model, again)
			}
		}
		if row.Measure == "token perplexity" && row.Corpus == "novel" && row.Model == infiniDelta {
			// All documents change alike, so that n and the ratio are known: exp(-0.02).
			c := row.Contrast[0]
			if math.Abs(*c.Change-math.Exp(-0.02)) > 1e-9 || c.N != 6 || len(row.Seeds) != 3 {
				t.Errorf("%+v", row)
			}
			if got := c.String(perplexityMeasure); got != "-2.0 % (p<0.001, n=6)" {
				t.Errorf("written %q", got)
			}
		}
	}
	want := map[string]Call{
		"novel local-only": Noise, "novel infini-linear": NotCompared, "novel infini-delta": Better,
		"proof local-only": Noise, "proof infini-linear": Noise, "proof infini-delta": Noise,
	}
	for cell, call := range want {
		if calls[cell] != call {
			t.Errorf("%s: %q, want %q", cell, calls[cell], call)
		}
	}

	var text bytes.Buffer
	for _, table := range s.Tables() {
		if err := table.WriteTerminal(&text); err != nil {
			t.Fatal(err)
		}
		inert(t, table)
	}
	for _, part := range []string{"Token perplexity: lower is better", "-2.0 % (p<0.001,", "≠: other protocol: novel/test/word-168/carry/v1 | novel/test/bytes/carry/v1", "= (n=6)", "training.steps"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("the tables lack %q:\n%s", part, text.String())
		}
	}
	if raw, err := json.Marshal(s); err != nil || !bytes.Contains(raw, []byte(`"call":"better"`)) {
		t.Errorf("JSON: %v", err)
	}
	var flat bytes.Buffer
	if err := s.Flat().WriteCSV(&flat); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&flat).ReadAll()
	if err != nil || len(lines) != 1+3*len(s.Rows) {
		t.Errorf("CSV of %d lines for %d rows, %v", len(lines), len(s.Rows), err)
	}
}

// A cell that one run lacks, or failed in, is shown without a change; runs without any
// cell in common are an error.
func TestSideBySideOfUnlikeRuns(t *testing.T) {
	part := after()
	part.Records = part.Records[:4] // the novel: local only and one seed of Linear
	s, err := NewSideBySide([]string{"a", "b", "c"}, []*Run{part, fixture(), fixture()})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range s.Rows {
		if row.Measure == "token perplexity" && row.Corpus == "proof" && (row.Contrast[0].Call != NotCompared || row.Values[0] != nil || row.Values[1] == nil) {
			t.Errorf("%+v", row)
		}
	}
	other := fixture()
	for i := range other.Records {
		other.Records[i].Result.Cell.Length = 7
	}
	if _, err := NewSideBySide([]string{"a", "b"}, []*Run{fixture(), other}); err == nil || !strings.HasPrefix(err.Error(), "reports: no two of the runs have a finished cell in common") {
		t.Errorf("error %v", err)
	}
}

// The score of a length is the mean over its books.
func TestReadRouge(t *testing.T) {
	record := Record{Result: results.Result{Booksum: &results.Booksum{Books: []results.BooksumBook{
		{ID: "1", Readings: []results.BooksumReading{{Length: 1000}, {Length: 2000}}},
		{ID: "2", Readings: []results.BooksumReading{{Length: 1000}, {Length: 2000}}},
	}}}}
	books := record.Result.Booksum.Books
	books[0].Readings[0].Mean.Overall, books[1].Readings[0].Mean.Overall = 0.1, 0.3
	books[0].Readings[1].Mean.Overall, books[1].Readings[1].Mean.Overall = 0.2, 0.6
	got := readBooksum(record)
	if len(got) != 2 || math.Abs(got["1,000 tokens read"].value-0.2) > 1e-12 || math.Abs(got["2,000 tokens read"].value-0.4) > 1e-12 {
		t.Errorf("got %+v", got)
	}
}

func TestReadPasskey(t *testing.T) {
	record := Record{Result: results.Result{Passkey: &results.Passkey{Stages: []results.PasskeyStage{
		{Stage: "zero-shot", Grid: []results.PasskeyScore{{Length: 32768, Position: "start", Tokens: results.Share{Value: 0.25}}}},
	}}}}
	got := readPasskey(record)
	if len(got) != 1 || got["zero-shot, 32,768 tokens, start"].value != 0.25 {
		t.Errorf("got %+v", got)
	}
}
