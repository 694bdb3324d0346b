package experiments

// booksumKeys describes the settings of the paper's Table 4 and Figure 4.
var booksumKeys = []keyDoc{
	{path: "", about: "The paper's Table 4 and Figure 4: summaries of whole books. Models are trained as language models of books, then on books with their summaries, and then summarise books of which they read more and more.", needs: []string{"corpus", "models"}},
	{path: ".corpus", paper: "booksum", absent: "required", about: "The books: chronicle is generated, booksum is read from files. It must be one of corpora.", names: []string{"chronicle", "booksum"}},
	{path: ".models", paper: "[infini-linear, infini-delta]", absent: "required", about: "The models to train and compare, at least one.", names: Models, distinct: true},
	{path: ".pretraining", about: "Training as a language model of books. What it does not set is as in training."},
	{path: ".pretraining.length", unit: "tokens", paper: "8192", about: "Tokens of a book in a training sequence: any stretch in pretraining, the start of the book in fine-tuning. A multiple of model.segment."},
	{path: ".pretraining.batch", unit: "sequences", about: "Sequences in one step."},
	{path: ".pretraining.steps", unit: "steps", paper: "30000", about: "Optimiser steps."},
	{path: ".pretraining.warmup_steps", unit: "steps", about: "Steps of linear warm-up, at most steps."},
	{path: ".pretraining.learning_rate", paper: "0.0001", about: "Learning rate at the peak of the schedule."},
	{path: ".pretraining.gate_learning_rate", about: "Learning rate of the gates β at the peak; 0 freezes them."},
	{path: ".finetuning", about: "Training on books, each followed by its summary."},
	{path: ".finetuning.length", paper: "32768"},
	{path: ".finetuning.learning_rate", paper: "0.0001"},
	{path: ".summary_tokens", unit: "tokens", paper: "1024", about: "Where a summary ends; longer references are cut in training."},
	{path: ".lengths", unit: "tokens", paper: "[16384, 32768, 65536, 131072, 262144, 524288]", about: "How much of a book is read before summarising, rising, each a multiple of model.segment; a shorter book is read whole.",
		items: [2]int64{1, 1 << 24}, distinct: true},
	{path: ".decodes", unit: "summaries", about: "Summaries sampled for each book and length, as sampling depends on luck; 1 at temperature 0."},
	{path: ".temperature", paper: "0.5", about: "Sampling temperature; 0 takes the most likely token."},
	{path: ".top_p", paper: "0.95", about: "Share of the probability from which a token is drawn."},
	{path: ".bad_pairs", about: "What to do when some pairs of book and summary cannot be used: stop, or skip and count them."},
}
