package reports

import (
	"testing"

	"infinibench/datasets"
	"infinibench/internal/results"
)

// Texts that were left out are counted where a row says what it is about, over both
// splits.
func TestDataWordsLeftOut(t *testing.T) {
	r := results.Result{Data: results.DataNote{Certificate: datasets.Certificate{Name: "arxiv-math", StandIn: "LaTeX folder: 7 documents"}}}
	for _, c := range []struct {
		left []results.LeftOut
		want string
	}{
		{nil, "stand-in: LaTeX folder: 7 documents"},
		{[]results.LeftOut{{Split: datasets.Train, Texts: 1, Of: 8}}, "stand-in: LaTeX folder: 7 documents, 1 unreadable text left out"},
		{[]results.LeftOut{{Split: datasets.Train, Texts: 2, Of: 8}, {Split: datasets.Test, Texts: 1, Of: 3}}, "stand-in: LaTeX folder: 7 documents, 3 unreadable texts left out"},
	} {
		r.Data.LeftOut = c.left
		if got := dataWords(r); got != c.want {
			t.Errorf("%+v: %q, want %q", c.left, got, c.want)
		}
	}
}
