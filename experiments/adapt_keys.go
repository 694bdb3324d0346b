package experiments

// adaptKeys describes the settings of plug-and-play continual pre-training.
var adaptKeys = []keyDoc{
	{path: "", about: "The paper's plug-and-play continual pre-training: memories are plugged into a language model that was trained without one, and its training continues. The same model without a memory is trained alike, as a control.", needs: []string{"corpus", "models"}},
	{path: ".corpus", absent: "required", about: "The text that the models are adapted to, one of corpora.", names: corpusNames},
	{path: ".models", paper: "[infini-linear, infini-delta]", absent: "required", about: "The memories to plug in, at least one. local-only, the control, always runs too.", names: Models, distinct: true},
	{path: ".base", absent: "the base is the model in model.from", about: "Training of the base, a local-only model of the profile's size, on the same corpus. What it does not set is as in training."},
	{path: ".base.length", unit: "tokens", about: "Length of a training sequence, a multiple of the segment."},
	{path: ".base.batch", unit: "sequences", about: "Sequences in one step."},
	{path: ".base.steps", unit: "steps", about: "Optimiser steps. Train a base until its loss no longer falls: one that still learns has little use for a memory."},
	{path: ".base.warmup_steps", unit: "steps", about: "Steps of linear warm-up, at most steps."},
	{path: ".base.learning_rate", about: "Learning rate at the peak of the schedule."},
	{path: ".segment", unit: "tokens", absent: "model.segment", about: "Segment after the memory is plugged in, at most the context of the base."},
	{path: ".ungated_start", about: "Leaves out the gate while the memory is empty, so that the first segment of the new model is exactly the base. It replaces model.ungated_start."},
	{path: ".training", about: "Continual pre-training, of each memory and of the control. What it does not set is as in training."},
	{path: ".training.length", paper: "4096 or 8192"},
	{path: ".training.steps", unit: "steps", paper: "30000", about: "Optimiser steps."},
	{path: ".training.learning_rate", paper: "0.0001"},
	{path: ".ways", about: "How a memory starts and what is trained. Each way is trained from the base on the same sequences; claims are judged by the first."},
	{path: ".ways[].gate_init", about: "β of every gate when the memory is plugged in. -2 costs an untrained model next to nothing; from 0 it learns faster."},
	{path: ".ways[].gate_learning_rate", about: "Learning rate of the gates at the peak, usually 10 to 50 times the weights'; 0 freezes them."},
	{path: ".ways[].train", about: "What is trained: all weights, the gates alone, or the gates and the norms."},
	{path: ".own_texts", unit: "texts", about: "Texts that the base writes at temperature 1. The rise of the loss on them shows how much of the base is forgotten."},
	{path: ".own_tokens", unit: "tokens", about: "Length of each such text."},
}
