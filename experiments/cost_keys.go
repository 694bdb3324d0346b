package experiments

// costKeys describes the settings of the measurement of speed and memory.
var costKeys = []keyDoc{
	{path: "", about: "Speed and memory of every language model, and of full attention as a control. The paper claims a bounded memory and measures none."},
	{path: ".lengths", unit: "tokens", about: "Lengths of the sequences that are measured, rising, each a multiple of model.segment.", items: [2]int64{1, 1 << 24}, distinct: true},
	{path: ".control_seconds", unit: "seconds", about: "Full attention is measured up to the length that would take longer than this."},
	{path: ".control_mib", unit: "MiB", about: "Full attention is measured up to the length that would need more memory than this."},
}
