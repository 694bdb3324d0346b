package results

import (
	"slices"
)

// RecallSettings is what is tried with the memory of one head, apart from any model.
type RecallSettings struct {
	HeadSizes []int `yaml:"head_sizes" required:"true" min:"1" max:"16"`
	Segments  []int `yaml:"segments" required:"true" min:"1" max:"16"` // pairs that are written at once; of Linear, which does not depend on it, the first
	Trials    int   `yaml:"trials" required:"true" min:"1" max:"100"`
}

// Tried says whether the profile tries it at all.
func (s RecallSettings) Tried() bool { return len(s.HeadSizes) > 0 }

// RecallPoint is how well one head's memory gives back the values that were written
// to it, each read with its own key. Errors are ‖answer − value‖² over the mean ‖value‖²:
// 0 is perfect, 1 is what no answer at all would have.
type RecallPoint struct {
	Keys     RecallKeys `json:"keys"`
	HeadSize int        `json:"head_size"`
	Segment  int        `json:"segment"` // pairs written at once
	Pairs    int        `json:"pairs"`
	Trials   int        `json:"trials"`

	Error     float64 `json:"error"`     // of the memory, mean over pairs and trials
	Expected  float64 `json:"expected"`  // given the keys, over all values; see recall_curve.go
	Tolerance float64 `json:"tolerance"` // that Error may differ from Expected by
	Limit     float64 `json:"limit"`     // of Expected, for wide heads
	Rounding  float64 `json:"rounding"`  // largest difference from the answers in float64, in standard deviations of a value
	// Identified is the share of answers whose direction is closer to their own value's than
	// to any other's; 1/Pairs by chance.
	Identified float64 `json:"identified"`
	Agrees     bool    `json:"agrees"`
}

// RecallKeys says how keys are drawn.
type RecallKeys string

const (
	// NormalKeys are standard normal, so that all features look alike.
	NormalKeys RecallKeys = "normal"
	// OrthogonalKeys have one-hot features, in turn: no two interfere for up to D pairs;
	// after that each feature repeats.
	OrthogonalKeys RecallKeys = "orthogonal"
)

// RecallPairs returns the numbers of pairs that a head of width D is tested with: 4·D,
// halved down to 1, in ascending order.
func RecallPairs(headSize int) []int {
	var pairs []int
	for n := 4 * headSize; n > 0; n /= 2 {
		pairs = append(pairs, n)
	}
	slices.Reverse(pairs)
	return pairs
}
