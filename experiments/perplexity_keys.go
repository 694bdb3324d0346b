package experiments

// perplexityKeys describes the settings of the paper's Table 2.
var perplexityKeys = []keyDoc{
	{path: "", about: "The paper's Table 2: perplexity of language models on long texts. Each entry trains its models on one text at one length."},
	{path: "[].corpus", paper: "pg19 or arxiv-math", about: "The text, one of corpora.", names: corpusNames},
	{path: "[].models", paper: "[transformer-xl, memorizing, rmt, infini-linear, infini-delta] or [infini-linear, infini-delta]",
		about: "The models to train. local-only is the control without a memory, which the paper leaves out.", names: Models, distinct: true},
	{path: "[].length", unit: "tokens", paper: "32768 or 100352", about: "Length of a training sequence, a multiple of model.segment. The paper's \"100K\" is 49 whole segments here."},
	{path: "[].batch", unit: "sequences", absent: "training.batch", about: "Replaces training.batch, for a length that needs fewer sequences."},
	{path: "[].steps", unit: "steps", absent: "training.steps", about: "Replaces training.steps, for a length that sees as many tokens in fewer steps."},
}
