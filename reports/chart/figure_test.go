package chart

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// The page and the file show one drawing: a mark of the page is where the SVG has it. By
// hand: 3 on an axis from 0 to 4, with marks at two places.
func TestFigureShowsWhatThePageShows(t *testing.T) {
	c := &Chart{ID: "chart-x", Title: "x", Drawing: Drawing{
		X: Axis{Name: "model", Kind: Category, Labels: []string{"a", "b"}}, Y: Axis{Name: "value", Kind: Value, From: 0, To: 4, Step: 1},
		Marks:  []Mark{{X: 0, Mean: 1, Low: 0.5, High: 3, Side: -1, Color: Blue}, {X: 1, Mean: 2, Low: 2, High: 2, Side: 1, Color: Green}},
		Levels: []Level{{Name: "bound", Value: 2.5, Dash: Dashed}},
	}}
	if err := c.Draw(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(c.Option), `"value":[0,1,0.5,3,-1]`) || !strings.Contains(string(c.Option), `"value":[1,2,2,2,1]`) {
		t.Errorf("the page has %s", c.Option)
	}
	svg, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	// A full circle and its hollow twin: three fills in the models' colours and white.
	for color, times := range map[string]int{"fill:" + strings.ToUpper(Blue): 1, "fill:" + strings.ToUpper(Green): 1, "stroke:" + strings.ToUpper(Blue): 3, "stroke-dasharray": 1} {
		if got := strings.Count(string(svg), color); got != times {
			t.Errorf("the SVG has %s %d times, want %d", color, got, times)
		}
	}
}

// Half way between near-white and blue, by hand: (243+59)/2, (240+130)/2, (234+189)/2.
func TestColorScale(t *testing.T) {
	s := ColorScale{To: 100, Stops: []string{"#F3F0EA", "#3B82BD"}}
	for value, want := range map[float64][3]uint8{0: {243, 240, 234}, 50: {151, 185, 212}, 100: {59, 130, 189}, 120: {59, 130, 189}} {
		if c := s.at(value); [3]uint8{c.R, c.G, c.B} != want {
			t.Errorf("%v is %v, want %v", value, c, want)
		}
	}
}

// A viewer without the figure's font draws it in another: the texts say how long they
// are, and the fonts to try next are as wide. By hand, from Liberation Sans's table hmtx
// in units of 1/2048 em: m is 1706, o 1139, d 1139, e 1139, l 455, at 9 points.
func TestFigureFitsAnyFont(t *testing.T) {
	c := &Chart{ID: "chart-x", Title: "x", Drawing: Drawing{
		X: Axis{Name: "model", Kind: Category, Labels: []string{"<text & more>"}}, Y: Axis{Name: "value", Kind: Value, To: 4, Step: 1},
		Marks: []Mark{{Mean: 1, Low: 0.5, High: 3, Side: -1, Color: Blue}},
	}}
	if err := c.Draw(); err != nil {
		t.Fatal(err)
	}
	svg, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	model := regexp.MustCompile(`textLength="([0-9.]+)"[^>]*>model<`).FindSubmatch(svg)
	if want := fmt.Sprintf("%.4g", 9*float64(1706+3*1139+455)/2048); model == nil || string(model[1]) != want {
		t.Errorf("“model” has length %s, want %s", model, want)
	}
	texts := strings.Count(string(svg), "<text ")
	for _, part := range []string{"textLength=", `lengthAdjust="spacingAndGlyphs"`, "'Liberation Sans',Arimo,Arial,Helvetica,sans-serif"} {
		if got := strings.Count(string(svg), part); got != texts {
			t.Errorf("%d of %d texts have %s", got, texts, part)
		}
	}
}
