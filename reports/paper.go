package reports

import (
	"slices"

	"infinibench/internal/results"
)

// Model ids that appear in result files.
const (
	localOnly   = "local-only"
	infiniLin   = "infini-linear"
	infiniDelta = "infini-delta"
)

// modelNames gives the names of the paper's Table 2, in its order, and the
// controls that it lacks.
var modelNames = []struct{ id, name, short string }{
	{localOnly, "Local only (control)", "Local only"},
	{"transformer-xl", "Transformer-XL", "Transf.-XL"},
	{"memorizing", "Memorizing Transformer", "Memorizing"},
	{"rmt", "Recurrent Memory Transformer", "RMT"},
	{"compressive", "Compressive Transformer", "Compressive"},
	{"autocompressor", "AutoCompressors", "AutoCompr."},
	{infiniLin, "Infini-Transformer (Linear)", "Linear"},
	{infiniDelta, "Infini-Transformer (Linear + Delta)", "Linear + Delta"},
	{results.FullAttention, "Full attention (control)", "Full attention"},
}

// modelName is a model's name in tables; a model unknown here keeps its id.
func modelName(id string) string {
	for _, m := range modelNames {
		if m.id == id {
			return m.name
		}
	}
	return clean(id)
}

// shortName is modelName for the axis of a chart and the head of a column.
func shortName(id string) string {
	for _, m := range modelNames {
		if m.id == id {
			return m.short
		}
	}
	const longest = 24
	name := []rune(clean(id))
	if len(name) > longest {
		name = append(name[:longest-1], '…')
	}
	return string(name)
}

// modelOrder sorts models as the paper's table does, unknown ones last.
func modelOrder(id string) int {
	for i, m := range modelNames {
		if m.id == id {
			return i
		}
	}
	return len(modelNames)
}

// paperCorpus is one column of the paper's Table 2: token perplexities at
// segment length 2,048.
type paperCorpus struct {
	name       string
	perplexity map[string]float64 // by model id, training length 32,768
	at100K     map[string]float64 // training length 100K, given for arXiv-math only
	// control is what the paper lacks: 2,048 tokens without memory or cache, in Table 4
	// of arXiv 2203.08913, which the Transformer-XL and Memorizing rows equal.
	control float64
	// reference is the paper's best model of the column.
	reference string
}

// arXiv 2404.07143v2, Table 2, and the text below it for 100K. The
// Transformer-XL and Memorizing rows equal Table 4 of arXiv 2203.08913.
var (
	paperPG19 = paperCorpus{
		name: "PG19", reference: infiniLin, control: 12.37,
		perplexity: map[string]float64{
			"transformer-xl": 11.88, "memorizing": 11.37, "rmt": 13.27, infiniLin: 9.65, infiniDelta: 9.67,
		},
	}
	paperArxiv = paperCorpus{
		name: "arXiv-math", reference: infiniDelta, control: 2.69,
		perplexity: map[string]float64{
			"transformer-xl": 2.42, "memorizing": 2.26, "rmt": 2.55, infiniLin: 2.24, infiniDelta: 2.23,
		},
		at100K: map[string]float64{infiniLin: 2.21, infiniDelta: 2.20},
	}
)

// paperPasskeyLengths are the lengths of the prompts of the paper's Table 3: 32K, 128K,
// 256K, 512K and 1M tokens. It does not say whether its K is 1,000 or 1,024.
var paperPasskeyLengths = [5]int{1 << 15, 1 << 17, 1 << 18, 1 << 19, 1 << 20}

// paperPasskeyLength is which of them a length stands for, -1 when none: 1,000 for 1,024
// is 2.3 % less, and twice so 4.6 %.
func paperPasskeyLength(length int) int {
	for i, of := range paperPasskeyLengths {
		if 20*length >= 19*of && 20*length <= 21*of {
			return i
		}
	}
	return -1
}

// paperKeys is a row of that table: token accuracy at each length, in percent, the key
// at the start, in the middle and at the end.
type paperKeys [5][3]float64

// paperPasskey is arXiv 2404.07143v2, Table 3, by stage and model.
var paperPasskey = map[string]map[string]paperKeys{
	results.StageZeroShot: {
		infiniLin:   {{14, 13, 98}, {11, 14, 100}, {6, 3, 100}, {6, 7, 99}, {8, 6, 98}},
		infiniDelta: {{13, 11, 99}, {6, 9, 99}, {7, 5, 99}, {6, 8, 97}, {7, 6, 97}},
	},
	results.StagePaper: {
		infiniLin:   {{100, 100, 100}, {100, 100, 100}, {100, 100, 100}, {97, 99, 100}, {96, 94, 100}},
		infiniDelta: {{100, 100, 100}, {100, 100, 99}, {100, 100, 99}, {100, 100, 100}, {100, 100, 100}},
	},
}

// paperBooksum is arXiv 2404.07143v2, Table 4: ROUGE-1, 2, L and overall, times 100. The
// first four rows are those of the Unlimiformer paper.
var paperBooksum = []struct {
	name, model string // model: "" of what is not built here
	rouge       [4]float64
}{
	{"BART", "", [4]float64{36.4, 7.6, 15.3, 16.2}},
	{"BART + Unlimiformer", "", [4]float64{36.8, 8.3, 15.7, 16.9}},
	{"PRIMERA", "", [4]float64{38.6, 7.2, 15.6, 16.3}},
	{"PRIMERA + Unlimiformer", "", [4]float64{37.9, 8.2, 16.3, 17.2}},
	{"Infini-Transformer (Linear)", infiniLin, [4]float64{37.9, 8.7, 17.6, 18.0}},
	{"Infini-Transformer (Linear + Delta)", infiniDelta, [4]float64{40.0, 8.8, 17.9, 18.5}},
}

// elsewhere is what else the paper reports and no cell of the run is about. Its Figure 3
// is the figure of the gates.
func (run *Run) elsewhere() []string {
	var missing []string
	for _, e := range []struct{ experiment, text string }{
		{"passkey", "Table 3: passkey retrieval at 32K to 1M tokens"},
		{"booksum", "Table 4: summaries of BookSum"},
	} {
		planned := slices.ContainsFunc(run.Planned, func(c results.Cell) bool { return c.Experiment == e.experiment })
		if !planned && !slices.ContainsFunc(run.Records, func(r Record) bool { return r.Result.Cell.Experiment == e.experiment }) {
			missing = append(missing, e.text)
		}
	}
	return missing
}

// paperColumns says which column of the paper a corpus belongs to. The
// generated corpora stand in for the paper's.
var paperColumns = map[string]paperCorpus{
	"pg19": paperPG19, "novel": paperPG19,
	"arxiv-math": paperArxiv, "proof": paperArxiv,
}

// isStandIn reports whether a corpus is not, or not all of, the paper's.
func isStandIn(r results.Result) bool {
	return r.Cell.Corpus == "novel" || r.Cell.Corpus == "proof" ||
		!r.Data.Certificate.Official || r.Data.Certificate.StandIn != ""
}

// is100K reports whether a training length is the paper's "100K". 49 segments
// of 2,048 are 100,352 tokens, 48 are 98,304; the paper does not say which.
func is100K(length int) bool { return length >= 98_304 && length <= 100_352 }

// isLong reports whether a training length stands for the paper's 100K where the usual
// one stands for its 32,768: 49 segments over 16, or 100K over 32K.
func isLong(length, usual int) bool {
	return is100K(length) || 3*usual <= length && 8*length <= 25*usual && length > 0
}

// value is the paper's perplexity for a model, trained at 100K or at the usual length;
// 0 when it printed none. That of the control is printed elsewhere.
func (p paperCorpus) value(model string, long bool) float64 {
	switch {
	case long:
		return p.at100K[model]
	case model == localOnly:
		return p.control
	}
	return p.perplexity[model]
}

// borrowed is the mark of the values that the paper took over, and the control that it
// lacks: all are those of Table 4 of another paper, trained by another recipe.
const (
	borrowed     = "†"
	borrowedNote = "† Not measured by the paper: Table 4 of the Memorizing Transformers paper (arXiv 2203.08913), by another recipe."
)

// isBorrowed says whether the paper's value for a model is marked so.
func isBorrowed(model string) bool {
	return model == localOnly || model == "transformer-xl" || model == "memorizing"
}

// ratio is the paper's perplexity of a model over its best model's, 0 when it
// printed none.
func (p paperCorpus) ratio(model string, long bool) float64 {
	best := p.value(p.reference, long)
	if best == 0 {
		return 0
	}
	return p.value(model, long) / best
}

// The paper's scale, for the rows that set ours beside it. It states neither
// the number of steps nor of parameters; 183.9M follows from its sizes with
// tied embeddings of 32,128 tokens: 32128·1024 + 12·(4·1024² + 2·1024·4096).
var paperScale = results.Scale{
	Parameters: 183_894_016, Layers: 12, DModel: 1024, Heads: 8,
	Segment: 2048, TrainLength: 32_768, Batch: 64,
}
