package experiments

import "infinibench/datasets/passkey"

// passkeyKeys describes the settings of the paper's Table 3.
var passkeyKeys = []keyDoc{
	{path: "", about: "The paper's Table 3: finding a number hidden in up to a million tokens. Each model is trained as a language model, and from there twice on the task: the paper's way and by the recipe of passkey.md."},
	{path: ".models", paper: "[infini-linear, infini-delta]", about: "The models to train and to ask.", names: Models, distinct: true},
	{path: ".corpus", about: "The text trained on first, one of corpora; its tokenizer writes the task.", names: corpusNames},
	{path: ".model", about: "The size of the models of this experiment, in place of model. The paper adapts a language model of 1B parameters whose sizes it does not give."},
	{path: ".model.segment", paper: "2048"},
	{path: ".language", about: "The first stage: training as a language model."},
	{path: ".language.steps", unit: "steps", paper: "30000", about: "Optimiser steps."},
	{path: ".language.batch", unit: "sequences", paper: "64", about: "Sequences in one step."},
	{path: ".language.segments", unit: "segments", paper: "2", about: "Segments of a training sequence. The paper's 4K tokens of training are 2 segments, its 5K of fine-tuning 2.5."},
	{path: ".language.learning_rate", paper: "0.0001", about: "Learning rate at the peak of the schedule."},
	{path: ".language.gate_learning_rate", about: "Learning rate of the gates β at the peak; 0 freezes them."},
	{path: ".paper", about: "The second stage, the paper's way: training on prompts with one question at the end."},
	{path: ".paper.steps", paper: "400"},
	{path: ".paper.segments", paper: "2.5"},
	{path: ".paper.learning_rate", paper: "0.0001"},
	{path: ".recipe", about: "The second stage, our way; see passkey.md."},
	{path: ".recipe.training", about: "Steps, batch, length and rates of the recipe."},
	{path: ".recipe.answer_weight", about: "Weight in the loss of a digit of the answer; any other token weighs 1."},
	{path: ".recipe.repeats_from", unit: "steps", about: "The step from which one segment of filler is written many times, so that the memory learns long texts from short ones."},
	{path: ".recipe.repeats_ramp", unit: "steps", about: "Steps over which that number rises to repeats."},
	{path: ".recipe.repeats", unit: "segments", about: "The most that one segment of filler counts for, drawn log-uniformly from 1 up; larger than the longest prompt has segments."},
	{path: ".recipe.repeats_found", unit: "share of the digits", absent: "not asked for", about: "Puts this off until the model gives this share of the digits in prompts as long as its training sequences, with the needle at the start. Until then, training sequences begin with the needle, without the lines that announce the question. A pretrained model that is made to keep a number for long before it can find one at all stays at chance."},
	{path: ".lengths", unit: "tokens", paper: "[32768, 131072, 262144, 524288, 1048576]", about: "Lengths of the prompts with their answers, rising, each a multiple of passkey.model.segment and at least two segments.",
		items: [2]int64{2, passkey.MaxLength}, distinct: true},
	{path: ".samples", unit: "prompts", about: "Prompts for each length and position, for an Infini-Transformer after the recipe. 74, all answered correctly, put the interval above 0.95."},
	{path: ".other_samples", unit: "prompts", about: "The same for every other model and stage, most of which answer at chance."},
	{path: ".batch", unit: "prompts", about: "Prompts read side by side."},
	{path: ".paper_samples", unit: "prompts", absent: "other_samples", about: "The number of samples after the paper's fine-tuning. With fewer than 8, the paper's claim gets no fair trial."},
}
