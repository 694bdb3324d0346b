package reports

import (
	"infinibench/internal/results"
	"infinibench/reports/table"
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
	{"local-scaled", "Local only, scaled heads (control)", "Local, scaled"},
}

// modelName is a model's name in tables; a model unknown here keeps its id.
func modelName(id string) string {
	for _, m := range modelNames {
		if m.id == id {
			return m.name
		}
	}
	return table.Clean(id)
}

// shortName is modelName for the axis of a chart and the head of a column.
func shortName(id string) string {
	for _, m := range modelNames {
		if m.id == id {
			return m.short
		}
	}
	const longest = 24
	name := []rune(table.Clean(id))
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

// isStandIn reports whether a corpus is not, or not all of, the paper's.
func isStandIn(r results.Result) bool {
	return r.Cell.Corpus == "novel" || r.Cell.Corpus == "proof" ||
		!r.Data.Certificate.Official || r.Data.Certificate.StandIn != ""
}

// The paper's scale, for the rows that set ours beside it. It states neither
// the number of steps nor of parameters; 183.9M follows from its sizes with
// tied embeddings of 32,128 tokens: 32128·1024 + 12·(4·1024² + 2·1024·4096).
var paperScale = results.Scale{
	Parameters: 183_894_016, Layers: 12, DModel: 1024, Heads: 8,
	Segment: 2048, TrainLength: 32_768, Batch: 64,
}

// isInfini reports whether a model is one of the paper's own.
func isInfini(model string) bool { return model == infiniLin || model == infiniDelta }

// borrowed marks the values that the paper copied, and the control that it lacks: all come
// from Table 4 of another paper, trained with another recipe.
const (
	borrowed     = "†"
	borrowedNote = "† Not measured by the paper: Table 4 of the Memorizing Transformers paper (arXiv 2203.08913), by another recipe."
)
