package results

import (
	"testing"
)

// The sizes and ratios of the paper's Table 2 and the exact numbers behind them, which
// follow from its Table 1 by hand.
func TestPaperRounding(t *testing.T) {
	for _, c := range []struct {
		exact        int64
		size, ratio  string
		memorizingIs string
	}{
		{256 * 8 * 2048 * 12, "50M", "3.7x", "183M"},           // Transformer-XL
		{256*8*65_000 + 256*8*2048*12, "183M", "1x", "183M"},   // Memorizing Transformers
		{1024 * 100 * 12 * 2, "2.5M", "73x", "183M"},           // RMT
		{128 * 129 * 8 * 12, "1.6M", "114x", "183M"},           // Infini-Transformer
		{256*8*65_536 + 256*8*2048*12, "185M", "0.9x", "171M"}, // what 65,536 tokens would print
		{9_960_000, "10M", "", "M"},                            // no ratio to nothing
	} {
		size := Millions(c.exact)
		if size != c.size {
			t.Errorf("%d is printed as %s, want %s", c.exact, size, c.size)
		}
		if got := Quotient(c.memorizingIs, size); got != c.ratio {
			t.Errorf("%s over %s is %s, want %s", c.memorizingIs, size, got, c.ratio)
		}
	}
}
