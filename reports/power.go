package reports

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"infinibench/internal/finite"
	"infinibench/internal/metrics"
	"infinibench/reports/table"
)

// Trial is what the trial behind a verdict could have shown. A trial that could not have
// gone the other way decides nothing, see Judge.
type Trial struct {
	// Detectable is the smallest difference that the trial would find with the probability
	// power, as a fraction of Unit; NaN where the spread is not known.
	Detectable float64
	Unit       string // "% of the perplexity"
	N          int    // sample size; 0 where nothing is estimated
	Of         string // what was sampled: "seed", "document", "key", "book" or "head"

	// Control is the outcome of the positive control, which shows that the model could have
	// used what the claim is about. Lacks says why the trial is not fair; "" if it is.
	Control string
	Lacks   string
	Takes   string  // what a fair trial would take; "" if nothing is lacking
	Hours   float64 // what Takes would cost one worker, from the times of this run; 0 if unknown
}

// exact is the trial of a claim that is counted, not estimated.
var exact = Trial{Control: "counted, so any difference would show"}

// words says what the trial could have shown; "" for no trial.
func (t Trial) words() string {
	var text string
	switch {
	case t.N == 0:
	case !finite.Is(t.Detectable):
		text = "no difference: " + t.over() + " shows no spread"
	default:
		text = fmt.Sprintf("%s %s (%s)", table.Decimals(100*t.Detectable, 1), t.Unit, t.over())
	}
	control := t.Control
	if t.Lacks != "" {
		control = t.Lacks
	}
	if text != "" && control != "" {
		text += "; "
	}
	return text + control
}

func (t Trial) over() string { return plural(t.N, t.Of) }

// cell is words with the numbers behind them.
func (t Trial) cell() table.Cell {
	words := t.words()
	if words == "" {
		return table.Cell{}
	}
	var detectable any
	if t.N > 0 && finite.Is(t.Detectable) {
		detectable = table.Hundredfold(t.Detectable)
	}
	return table.Shown(words, detectable, table.ASCII(words))
}

// unfair returns the verdict on a trial that lacks power, and why. The reason leaves out the
// hours: they change from run to run, and verdicts do not.
func (t Trial) unfair() (Verdict, string) {
	if t.Takes == "" {
		return NoFairTrial, t.Lacks
	}
	return NoFairTrial, t.Lacks + "; it would take " + t.Takes
}

// lacking returns the trial with what it lacks, and what a fair one would take.
func (t Trial) lacking(what, takes string) Trial {
	t.Lacks, t.Takes, t.Hours = what, takes, 0
	return t
}

// power is the probability with which a detectable difference is found.
const power = 0.8

// fairShare is how much of what is possible a model must have reached for its trial to be
// fair: of the way, in nats, from the best reader without memory to the best reader with it;
// or of the best summary. Before that, an ordering shows who learns faster.
const fairShare = 0.7

// closedControl is the positive control of a model on generated text.
func closedControl(name string, share float64) Trial {
	t := Trial{Control: fmt.Sprintf("%s closes %s %% of the ideal gap", name, table.Hundred(share))}
	if !(share >= fairShare) {
		closed := "only " + table.Hundred(share) + " %"
		if share < 0 { // worse than the best reader of one segment; how much worse is in Control
			closed = "none"
		}
		t.Lacks = fmt.Sprintf("%s closes %s of the ideal gap, and a fair trial needs %s %%", name, closed, table.Hundred(fairShare))
	}
	return t
}

// detectableOverSeeds is the smallest ratio above 1, minus 1, that an interval over so many
// seeds finds with the probability power: exp((t(0.975) + t(0.8))·s/√n) - 1, at n - 1 degrees
// of freedom. The half-width of the interval is t(0.975)·s/√n.
func detectableOverSeeds(i Interval) float64 {
	if i.N < 2 {
		return math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(i.N - 1)}
	half := math.Log(i.High/i.Low) / 2
	return math.Expm1(half * (1 + t.Quantile(power)/t.Quantile(0.975)))
}

// detectableOverDocuments is the same of a bootstrap over documents, which is nearly normal.
func detectableOverDocuments(b metrics.Bootstrap) float64 {
	return math.Expm1(normalDetectable(math.Log(b.Low), math.Log(b.High)))
}

// normalDetectable is the smallest difference that a normal 95 % interval of this width
// finds with the probability power: 1.96 + 0.84 standard errors.
func normalDetectable(low, high float64) float64 {
	return (high - low) / 2 * (1 + distuv.UnitNormal.Quantile(power)/distuv.UnitNormal.Quantile(0.975))
}

// ratioTrial is the trial of a paired ratio of perplexities. A verdict needs the intervals
// over seeds and over documents, so the larger difference counts.
func ratioTrial(seeds Interval, documents metrics.Bootstrap) Trial {
	t := Trial{Detectable: detectableOverSeeds(seeds), Unit: "% of the perplexity", N: seeds.N, Of: "seed"}
	if documents.Documents >= leastDocuments {
		if d := detectableOverDocuments(documents); d > t.Detectable {
			t.Detectable, t.N, t.Of = d, documents.Documents, "document"
		}
	}
	return t
}

// detectableShare is the smallest share of right answers that n keys distinguish from chance
// with the probability power; NaN if none. The number of right keys is binomial, and
// Wilson's interval lies above chance from `least` right keys on.
func detectableShare(n int, chance float64) float64 {
	least := 1
	for ; least <= n; least++ {
		if low, _ := metrics.Wilson(float64(least)/float64(n), n); low > chance {
			break
		}
	}
	if least > n {
		return math.NaN()
	}
	low, high := 0., 1.
	for range 50 {
		p := (low + high) / 2
		// P(X ≥ least) is the regularised incomplete beta function.
		if mathext.RegIncBeta(float64(least), float64(n-least+1), p) < power {
			low = p
		} else {
			high = p
		}
	}
	return high
}
