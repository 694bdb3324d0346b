package experiments

import (
	"math/bits"

	"infinibench/internal/results"
)

// oldest is the row of facts stated 128 or more segments ago.
const oldest = 8

// ageRow is the row of a fact that was stated some segments ago: row 0 for one in sight,
// row 1 for the segment before, and one row for each doubling from there on.
func ageRow(segments int) int { return min(bits.Len(uint(segments)), oldest) }

func emptyAges() []results.AgeScore {
	ages := make([]results.AgeScore, oldest+1)
	for row := 1; row <= oldest; row++ {
		ages[row].From, ages[row].To = 1<<(row-1), 1<<row-1
	}
	ages[oldest].To = -1
	return ages
}

// sumAges adds up the rows of all documents. It is nil if one lacks them: its text has no
// facts, or it was scored by a version that did not count ages.
func sumAges(scores []SampleScore) []results.AgeScore {
	sum := emptyAges()
	for _, s := range scores {
		if len(s.Ages) != len(sum) {
			return nil
		}
		for row, a := range s.Ages {
			q := &sum[row]
			q.NLL, q.Tokens = q.NLL+a.NLL, q.Tokens+a.Tokens
			q.IdealFull, q.IdealSegment = q.IdealFull+a.IdealFull, q.IdealSegment+a.IdealSegment
		}
	}
	return sum
}
