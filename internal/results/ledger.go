package results

import (
	"math"
	"strconv"
)

// Ledger is the memory that models carry from segment to segment, at the sizes of one
// profile: the paper's Table 1 and the memory column of its Table 2.
type Ledger struct {
	Profile string        `json:"profile"`
	Model   ModelSettings `json:"model"`
	Batch   int           `json:"batch"` // sequences trained on side by side, each with a memory of its own
	Rows    []LedgerRow   `json:"rows"`
	// Local is the keys and values of the running segment over all layers, which local
	// attention needs in every model and no formula of the paper counts.
	Local int64 `json:"local_entries"`
	// Peaks says where and how the peaks of the rows were measured, if not just now.
	Peaks string `json:"peaks,omitempty"`

	KeyValueHeads int      `json:"key_value_heads,omitempty"` // if it may differ from the model's heads
	LeftOut       []string `json:"left_out,omitempty"`        // memories that the trunk cannot have, with the reason
}

// LedgerRow is the memory of one model. Counts are of numbers, for one document; bytes
// count them as float32.
type LedgerRow struct {
	Model   string  `json:"model"`
	Formula string  `json:"formula"` // as the paper counts
	Entries int64   `json:"entries"`
	Ratio   float64 `json:"ratio,omitempty"` // the Memorizing Transformer's entries over these; 0 where either is none

	// What the model here carries, where there is one.
	Carried  string `json:"carried,omitempty"` // models.Memory.Footprint
	Bytes    int64  `json:"bytes"`
	OfBatch  int64  `json:"batch_bytes"`
	Measured *int64 `json:"measured_bytes"`           // of the live state; null where there is no model
	PeakRSS  int64  `json:"peak_rss_bytes,omitempty"` // of a process that evaluates the model alone, where that was measured

	// Of the paper's own sizes alone: Entries as it rounds them, and the ratio of what
	// was rounded; and what it prints, "" for a row that its Table 2 does not have.
	Rounded      string `json:"rounded,omitempty"`
	RoundedRatio string `json:"rounded_ratio,omitempty"`
	Paper        string `json:"paper,omitempty"`
	PaperRatio   string `json:"paper_ratio,omitempty"`
}

// Millions writes a number of entries as the paper's Table 2 does: two digits, or
// whole millions.
func Millions(n int64) string { return twoDigits(float64(n)/1e6) + "M" }

// Quotient is the ratio of two sizes written in millions, as the paper writes ratios.
func Quotient(a, b string) string {
	x, errA := strconv.ParseFloat(a[:max(len(a)-1, 0)], 64)
	y, errB := strconv.ParseFloat(b[:max(len(b)-1, 0)], 64)
	if errA != nil || errB != nil || y == 0 {
		return ""
	}
	return twoDigits(x/y) + "x"
}

func twoDigits(x float64) string {
	if x >= 10 {
		return strconv.FormatFloat(math.Round(x), 'f', -1, 64)
	}
	return strconv.FormatFloat(math.Round(10*x)/10, 'f', -1, 64)
}
