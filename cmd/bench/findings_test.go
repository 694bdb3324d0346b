package main

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"infinibench/internal/results"
	"infinibench/internal/snapshot"
	"infinibench/reports/chart"
	"infinibench/reports/table"
)

// finding is the page whose numbers TestLocalModel checks, and the folder of its data.
const finding = "docs/findings/local-model"

// trial is a row of the finding's table: a model of one run, scored with one memory.
type trial struct {
	name, short string // the short name is the figure's; without one it is not in the figure
	run, model  string
	score       func(*results.Perplexity) *results.Score
}

func own(p *results.Perplexity) *results.Score      { return &p.Intact }
func emptied(p *results.Perplexity) *results.Score  { return p.Zeroed }
func anothers(p *results.Perplexity) *results.Score { return p.Shuffled }

// trials is the rows in their order. Local-only at another length of training or of the
// segment is the reference of its own run.
var trials = []trial{
	{"Local only", "", "local-model", "local-only", own},
	{"Linear", "Linear", "local-model", "infini-linear", own},
	{"Linear, emptied", "", "local-model", "infini-linear", emptied},
	{"Delta", "Delta", "local-model", "infini-delta", own},
	{"Delta, emptied", "Delta, emptied", "local-model", "infini-delta", emptied},
	{"A: trained emptied", "A", "emptied", "infini-delta", emptied},
	{"B: trained on another's memory", "B", "other", "infini-delta", anothers},
	{"B, emptied", "", "other", "infini-delta", emptied},
	{"C: local only, learned scale", "C", "local-model", "local-scaled", own},
	{"D: factor 0.9, fixed", "D 0.9", "emptied-10", "infini-delta", emptied},
	{"D: factor 0.5, fixed", "D 0.5", "emptied-50", "infini-delta", emptied},
	{"D: factor 0.1, fixed", "D 0.1", "emptied-90", "infini-delta", emptied},
	{"E: gates fixed at 0.1", "E 0.1", "gates-10", "infini-delta", own},
	{"E: gates fixed at 0.5", "E 0.5", "gates-50", "infini-delta", own},
	{"E: gates fixed at 0.9", "E 0.9", "gates-90", "infini-delta", own},
	{"F: local only, half the rate", "F ½", "rate-half", "local-only", own},
	{"F: local only, twice the rate", "F 2", "rate-double", "local-only", own},
	{"G: local only, as long as Delta", "G", "clock", "local-only", own},
	{"H: local only, twice the tokens", "", "tokens", "local-only", own},
	{"H: learned scale, twice the tokens", "", "tokens", "local-scaled", own},
	{"H: Delta, twice the tokens", "", "tokens", "infini-delta", own},
	{"H: Delta, twice the tokens, emptied", "", "tokens", "infini-delta", emptied},
	{"Books: local only", "", "books", "local-only", own},
	{"Books: Delta", "", "books", "infini-delta", own},
	{"Books: Delta, emptied", "", "books", "infini-delta", emptied},
	{"Books: Linear", "", "books", "infini-linear", own},
	{"Books: Transformer-XL", "", "books", "transformer-xl", own},
	{"Books: Transformer-XL, emptied", "", "books", "transformer-xl", emptied},
	{"I: local only, segments of 64", "", "segment-64", "local-only", own},
	{"I: learned scale, segments of 64", "", "segment-64", "local-scaled", own},
	{"I: Delta, segments of 64", "", "segment-64", "infini-delta", own},
	{"I: Delta, segments of 64, emptied", "", "segment-64", "infini-delta", emptied},
	{"I: local only, segments of 256", "", "segment-256", "local-only", own},
	{"I: learned scale, segments of 256", "", "segment-256", "local-scaled", own},
	{"I: Delta, segments of 256", "", "segment-256", "infini-delta", own},
	{"I: Delta, segments of 256, emptied", "", "segment-256", "infini-delta", emptied},
}

// estimate is a geometric mean over seeds with its 95 % Student-t interval, which has no
// width with one seed.
type estimate struct {
	mean, low, high float64
	n               int
}

func estimateOf(values []float64) estimate {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	n := len(values)
	mean, half := stat.Mean(logs, nil), 0.0
	if n > 1 {
		half = distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975) * stat.StdDev(logs, nil) / math.Sqrt(float64(n))
	}
	return estimate{math.Exp(mean), math.Exp(mean - half), math.Exp(mean + half), n}
}

func (e estimate) interval(digits int) string {
	if e.n < 2 {
		return table.None
	}
	return table.Decimals(e.low, digits) + " to " + table.Decimals(e.high, digits)
}

// measured is a trial with its numbers.
type measured struct {
	trial
	perplexity, ratio estimate  // the ratio is to local-only of the same seed
	factors           []float64 // mean of 1-sigmoid(β) in each layer; nil without gates
}

// localModel reads the committed results, by run, model and seed.
func localModel(t *testing.T) map[string][]results.Result {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../..", finding, "*.json.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d results, %v", len(paths), err)
	}
	all := map[string][]results.Result{}
	for _, path := range paths {
		data := unpack(t, path)
		r, err := results.ParseResult(data)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		run := strings.TrimPrefix(r.Profile, "local-model-")
		if want := strings.TrimPrefix(fmt.Sprintf("%s-%s-seed%d.json.gz", r.Profile, r.Cell.Model, r.Cell.Seed), "local-model-"); filepath.Base(path) != want {
			t.Errorf("%s holds %s", path, want)
		}
		all[run+" "+r.Cell.Model] = append(all[run+" "+r.Cell.Model], r)
	}
	return all
}

// measure is the trials that have results.
func measure(t *testing.T, all map[string][]results.Result) []measured {
	t.Helper()
	var rows []measured
	for _, c := range trials {
		base := all[c.run+" local-only"]
		if len(base) == 0 || c.run == "clock" || strings.HasPrefix(c.run, "rate-") {
			base = all["local-model local-only"]
		}
		m := measured{trial: c}
		var perplexities, ratios []float64
		for _, r := range all[c.run+" "+c.model] {
			ppl := c.score(r.Perplexity).TokenPPL
			perplexities = append(perplexities, ppl)
			i := slices.IndexFunc(base, func(b results.Result) bool { return b.Cell.Seed == r.Cell.Seed })
			if i < 0 {
				t.Fatalf("%s, seed %d: no local-only model", c.name, r.Cell.Seed)
			}
			if base[i].Protocol != r.Protocol {
				t.Fatalf("%s was scored by %s, local-only by %s", c.name, r.Protocol, base[i].Protocol)
			}
			ratios = append(ratios, ppl/base[i].Perplexity.Intact.TokenPPL)
			for l, gates := range r.Gates {
				if len(m.factors) <= l {
					m.factors = append(m.factors, 0)
				}
				m.factors[l] += (1 - stat.Mean(gates, nil)) / float64(len(all[c.run+" "+c.model]))
			}
		}
		if len(ratios) > 0 {
			m.perplexity, m.ratio = estimateOf(perplexities), estimateOf(ratios)
			rows = append(rows, m)
		}
	}
	return rows
}

// cells is a row of the page's table.
func (m measured) cells() []string {
	factors := table.None
	for i, f := range m.factors {
		if i == 0 {
			factors = table.Decimals(f, 2)
		} else {
			factors += ", " + table.Decimals(f, 2)
		}
	}
	return []string{m.name, table.Decimals(m.perplexity.mean, 1), m.perplexity.interval(1), table.Decimals(m.ratio.mean, 3), m.ratio.interval(3), strconv.Itoa(m.ratio.n), factors}
}

// TestLocalModel: the tables and the figures of the finding come from the committed results,
// and so do the numbers of its text. An item of a list names rows of a table in bold; its
// numbers with decimals are theirs, and its percentages are what their ratios lack to 1 or, for
// an emptied model, what its memory saves.
func TestLocalModel(t *testing.T) {
	rows := measure(t, localModel(t))
	values := map[string][]float64{}
	main := "| Model | Perplexity | 95 % interval | ÷ local only | 95 % interval | Seeds | Factor on local attention, layer by layer |\n|---|--:|--:|--:|--:|--:|--:|\n"
	f := &chart.Chart{ID: "chart-local-model"}
	f.Drawing = chart.Drawing{X: chart.Axis{Kind: chart.Category}, Levels: []chart.Level{{Value: 1, Dash: chart.Dashed}}}
	shown := chart.EmptyRange()
	for _, m := range rows {
		main += "| " + strings.Join(m.cells(), " | ") + " |\n"
		values[m.name] = append([]float64{m.perplexity.mean, m.perplexity.low, m.perplexity.high, m.ratio.mean, m.ratio.low, m.ratio.high, 100 * (1 - m.ratio.mean)}, m.factors...)
		if m.short == "" {
			continue
		}
		f.X.Labels = append(f.X.Labels, m.short)
		f.Marks = append(f.Marks, chart.Mark{X: float64(len(f.X.Labels) - 1), Mean: m.ratio.mean, Low: m.ratio.low, High: m.ratio.high, Color: chart.Vermillion})
		shown.Include(m.ratio.mean, m.ratio.low, m.ratio.high, 1)
	}
	for i, m := range rows[1:] { // an emptied model follows the same with its memory
		if own := rows[i]; strings.HasSuffix(m.name, ", emptied") && own.run == m.run && own.model == m.model {
			values[m.name] = append(values[m.name], 100*(1-own.ratio.mean/m.ratio.mean))
		}
	}
	f.Y = chart.ValueAxis("perplexity ÷ local only", shown)
	lead, leads := leadOverTraining(t, values)
	page := readPage(t, finding+".md")
	for name, text := range map[string]string{"table": main, "lead": lead} {
		before, rest, _ := strings.Cut(page, "<!-- "+name+" -->\n")
		_, after, found := strings.Cut(rest, "<!-- end -->\n")
		if !found {
			t.Fatalf("the page has no table between <!-- %s --> and <!-- end -->", name)
		}
		page = before + "<!-- " + name + " -->\n" + text + "<!-- end -->\n" + after
	}
	snapshot.Check(t, filepath.Join("../..", finding+".md"), []byte(page))
	for name, f := range map[string]*chart.Chart{"ratios.svg": f, "lead.svg": leads} {
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		snapshot.Check(t, filepath.Join("../..", finding, name), svg)
	}
	checkItems(t, page, values)
}

// leadOverTraining is how far each model is ahead of local-only while both are trained on the
// same tokens in the same order: local-only's loss less the model's, a mean of 20 steps. It
// adds the values of each row of the table.
func leadOverTraining(t *testing.T, values map[string][]float64) (string, *chart.Chart) {
	t.Helper()
	text := "| Model, seed 1 | Largest lead, nats per token | after tokens | Lead in the last 20 steps | after tokens |\n|---|--:|--:|--:|--:|\n"
	f := &chart.Chart{ID: "chart-lead"}
	f.Drawing = chart.Drawing{X: chart.Axis{Name: "training tokens, thousands", Kind: chart.Value}, Levels: []chart.Level{{Value: 0, Dash: chart.Dotted}}}
	shown := chart.EmptyRange()
	for _, c := range []struct {
		name, base, model string
		color             string
		dash              chart.Dash
	}{
		{"Lead of A", "local-only", "emptied-infini-delta", chart.Vermillion, chart.Solid},
		{"Lead of C", "local-only", "local-scaled", chart.Green, chart.Solid},
		{"Lead of Delta", "local-only", "infini-delta", chart.Blue, chart.Solid},
		{"Lead of Delta, books", "books-local-only", "books-infini-delta", chart.Blue, chart.Dashed},
		{"Lead of Transformer-XL, books", "books-local-only", "books-transformer-xl", chart.Purple, chart.Dashed},
	} {
		curve := chart.Curve{Name: c.name, Color: c.color, Dash: c.dash, Width: 2}
		base, model := trainingLog(t, c.base), trainingLog(t, c.model)
		const window = 20
		largest := 0
		for to := window; to <= len(base); to += window {
			var lead float64
			for i := to - window; i < to; i++ {
				lead += (base[i].Loss - model[i].Loss) / window
			}
			curve.X, curve.Y = append(curve.X, float64(base[to-1].Tokens)/1000), append(curve.Y, lead)
			if at := len(curve.Y) - 1; lead > curve.Y[largest] {
				largest = at
			}
			shown.Include(lead)
		}
		last := len(curve.Y) - 1
		text += fmt.Sprintf("| %s | %.3f | %s | %.3f | %s |\n", c.name, curve.Y[largest], humanize.Comma(base[(largest+1)*window-1].Tokens), curve.Y[last], humanize.Comma(base[(last+1)*window-1].Tokens))
		values[c.name] = []float64{curve.Y[largest], curve.Y[last]}
		f.Curves = append(f.Curves, curve)
		f.Legend = append(f.Legend, chart.LegendItem{Name: strings.TrimPrefix(c.name, "Lead of "), Color: c.color, Dash: c.dash})
	}
	f.Y = chart.ValueAxis("nats per token ahead of local only", shown)
	return text, f
}

// trainingLog is the committed log of a cell's first seed.
func trainingLog(t *testing.T, name string) []results.LogLine {
	t.Helper()
	lines, damaged := results.ParseTrainingLog(unpack(t, filepath.Join("../..", finding, name+"-seed1.log.gz")))
	if len(damaged) > 0 {
		t.Fatalf("%s: %v", name, damaged[0].Err)
	}
	return lines
}

// checkItems checks the numbers in the items of a text's lists.
func checkItems(t *testing.T, text string, of map[string][]float64) {
	t.Helper()
	checked := 0
	for _, item := range regexp.MustCompile(`(?m)^- .*(\n  .*)*`).FindAllString(text, -1) {
		var values []float64
		for _, bold := range regexp.MustCompile(`\*\*(.*?)\*\*`).FindAllStringSubmatch(strings.ReplaceAll(item, "\n  ", " "), -1) {
			if values = append(values, of[bold[1]]...); of[bold[1]] == nil {
				t.Errorf("no table has a row %q:\n%s", bold[1], item)
			}
		}
		for _, n := range regexp.MustCompile(`\d+\.\d+|\d+(\.\d+)? %`).FindAllString(regexp.MustCompile("`.*?`|\\*\\*.*?\\*\\*").ReplaceAllString(item, ""), -1) {
			if n == "95 %" {
				continue
			}
			_, decimals, _ := strings.Cut(strings.TrimSuffix(n, " %"), ".")
			want, err := strconv.ParseFloat(strings.TrimSuffix(n, " %"), 64)
			if err != nil {
				t.Fatal(err)
			}
			checked++
			if !slices.ContainsFunc(values, func(v float64) bool {
				return math.Abs(math.Abs(v)-want) <= 0.501*math.Pow(10, -float64(len(decimals)))
			}) {
				t.Errorf("%s is no number of the rows that the item names:\n%s", n, item)
			}
		}
	}
	if checked == 0 {
		t.Error("no item has a number")
	}
}

// TestDistance holds the tables of docs/findings/distance.md, one for each number of facts, to
// the result files of three seeds: the mean loss of a fact by its age, and the seeds' range.
func TestDistance(t *testing.T) {
	const page = "docs/findings/distance"
	text := readPage(t, page+".md")
	for _, n := range []int{8, 32} {
		_, part, found := strings.Cut(text, fmt.Sprintf("\n## %d facts\n", n))
		if !found {
			t.Fatalf("no section for %d facts", n)
		}
		part, _, _ = strings.Cut(part, "\n## ")
		rows := tableRows(part)
		if len(rows) != 7 {
			t.Errorf("%d facts: %d rows", n, len(rows))
		}
		for _, row := range rows {
			paths, err := filepath.Glob(filepath.Join("../..", page, fmt.Sprintf("facts-%d-%s-seed*.json.gz", n, modelIDs[row[0]])))
			if err != nil || len(paths) != 3 {
				t.Fatalf("%s, %d facts: %d results, %v", row[0], n, len(paths), err)
			}
			losses := make([][]float64, 8) // in sight, 1, 2 to 3, and so on to 64 to 127 segments ago
			for _, path := range paths {
				var r results.Result
				if err := json.Unmarshal(unpack(t, path), &r); err != nil {
					t.Fatal(err)
				}
				for i := range losses {
					a := r.Perplexity.Ages[i]
					losses[i] = append(losses[i], a.NLL/float64(a.Tokens))
				}
			}
			want := []string{row[0]}
			for _, l := range losses {
				want = append(want, fmt.Sprintf("%.2f (%.2f–%.2f)", stat.Mean(l, nil), slices.Min(l), slices.Max(l)))
			}
			if !slices.Equal(row, want) {
				t.Errorf("%d facts: %q, in the results %q", n, row, want)
			}
		}
	}
}
