package reports

import (
	"math"
	"strings"
	"testing"
)

// By hand: on an axis from 0 to 10 that is 208 pixels long and begins at pixel 6, the value
// 5 is at 110, the ends of its interval 2.5 and 7.5 at 58 and 162, and the paper's 10 at 214.
func TestDial(t *testing.T) {
	d := &dial{name: "points", line: 0, format: func(v float64) string { return strings.TrimSpace(points(v / 100)) }}
	found := []evidence{
		{ours: "x: 5 <b>", number: dialPoint{Interval{5, 2.5, 7.5, 3}, 10}},
		{ours: "no number"},
	}
	svg, words := d.draw(found)
	for _, want := range []string{`cx="110.0"`, `M58.0 5.0H162.0`, `M214.0 1.4l`, "x: 5 &lt;b&gt;"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("no %s in %s", want, svg)
		}
	}
	if strings.Count(string(svg), "<circle") != 1 {
		t.Errorf("evidence without a number is drawn: %s", svg)
	}
	if want := "points: x: 5 <b>, paper 10.0"; words != want {
		t.Errorf("in words %q, want %q", words, want)
	}
	// On a logarithmic axis from 1 to 100, 10 is in the middle.
	d = &dial{name: "ratio", line: 1, format: d.format, log: true}
	if svg, _ := d.draw([]evidence{{number: dialPoint{Interval{10, 10, 10, 1}, 100}}}); !strings.Contains(string(svg), `cx="110.0"`) {
		t.Errorf("10 is not in the middle of 1 to 100: %s", svg)
	}
	if svg, words := d.draw([]evidence{{number: dialPoint{Interval{math.NaN(), 1, 2, 1}, 1}}}); svg != "" || words != "" {
		t.Errorf("drawn without a number: %s %s", svg, words)
	}
}

// The parts that hold are counted: 2 of 3, whatever the third is.
func TestCards(t *testing.T) {
	c := claim{brief: "b", tally: "ratios below 1", section: "s", evidence: []evidence{{verdict: Reproduced}, {verdict: DirectionHolds}, {verdict: NotReproduced}}}
	got := cards([]claim{c, {brief: "none"}})
	if got[0].Why != "2 of 3 ratios below 1" || got[0].Verdict != NotReproduced || got[0].Class != "bad" || got[0].Sign == "" {
		t.Errorf("%+v", got[0])
	}
	if got[1].Why != "no result in this run" || got[1].Axis != "" {
		t.Errorf("%+v", got[1])
	}
}
