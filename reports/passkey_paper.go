package reports

import "infinibench/internal/results"

// paperPasskeyLengths are the lengths of the prompts of the paper's Table 3: 32K, 128K,
// 256K, 512K and 1M tokens. It does not say whether its K is 1,000 or 1,024.
var paperPasskeyLengths = [5]int{1 << 15, 1 << 17, 1 << 18, 1 << 19, 1 << 20}

// paperPasskeyLength is the index of the length that a length represents, -1 if none: 1,000 for 1,024
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
