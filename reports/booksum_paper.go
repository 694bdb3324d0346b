package reports

// paperBooksum is arXiv 2404.07143v2, Table 4: ROUGE-1, 2, L and overall, times 100. The
// first four rows come from the Unlimiformer paper.
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
