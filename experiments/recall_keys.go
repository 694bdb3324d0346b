package experiments

// recallKeys describes the settings of the trial of one head's memory.
var recallKeys = []keyDoc{
	{path: "", about: "What the memory of one head gives back, without a model, against the equations. The paper has no such experiment."},
	{path: ".head_sizes", about: "Widths of the head to try; wide keys are easier to tell apart.", items: [2]int64{1, largestRecall}},
	{path: ".segments", unit: "pairs", about: "Pairs written at once. Linear does not depend on it and is tried with the first only; Delta corrects most where a segment is one pair.", items: [2]int64{1, largestRecall}},
	{path: ".trials", unit: "trials", about: "Memories filled with fresh random pairs; the error is their mean."},
}
