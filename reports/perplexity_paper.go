package reports

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

// paperColumns says which column of the paper a corpus belongs to. The
// generated corpora stand in for the paper's.
var paperColumns = map[string]paperCorpus{
	"pg19": paperPG19, "novel": paperPG19,
	"arxiv-math": paperArxiv, "proof": paperArxiv,
}

// is100K reports whether a training length is the paper's "100K". 49 segments
// of 2,048 are 100,352 tokens, 48 are 98,304; the paper does not say which.
func is100K(length int) bool { return length >= 98_304 && length <= 100_352 }

// isLong reports whether a training length represents the paper's 100K where the usual
// one represents its 32,768: 49 segments over 16, or 100K over 32K.
func isLong(length, usual int) bool {
	return is100K(length) || 3*usual <= length && 8*length <= 25*usual && length > 0
}

// value is the paper's perplexity for a model, trained at 100K or at the usual length;
// 0 when it printed none. The control's is printed elsewhere.
func (p paperCorpus) value(model string, long bool) float64 {
	switch {
	case long:
		return p.at100K[model]
	case model == localOnly:
		return p.control
	}
	return p.perplexity[model]
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

// isBorrowed says whether the paper's value for a model is marked so.
func isBorrowed(model string) bool {
	return model == localOnly || model == "transformer-xl" || model == "memorizing"
}
