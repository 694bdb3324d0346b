package reports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Every chart must draw, whatever its labels say: the SVG is well formed and has the
// legend's words, and the PNG is as large as the constants say, 6 by 3.6 inches.
func TestFigures(t *testing.T) {
	for name, run := range map[string]*Run{"plain": fixture(), "hostile": hostileRun(), "passkey": withPasskey(), "booksum": withBooksum(), "recall": withRecall()} {
		d, err := New(run)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.charts() {
			svg, err := f.svg()
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for tokens := xml.NewDecoder(bytes.NewReader(svg)); ; {
				token, err := tokens.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s: %s: %v", name, f.ID, err)
				}
				switch token := token.(type) {
				case xml.CharData:
					text.Write(token)
				case xml.StartElement:
					if token.Name.Local == "script" || token.Name.Local == "b" {
						t.Errorf("%s: %s: a label became <%s>", name, f.ID, token.Name.Local)
					}
				}
			}
			for _, item := range f.Legend {
				if !strings.Contains(text.String(), item.Name) {
					t.Errorf("%s: %s lacks %q", name, f.ID, item.Name)
				}
			}
			if name != "plain" { // pixels take the time
				continue
			}
			raw, err := f.png()
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatalf("%s: %v", f.ID, err)
			}
			if size := img.Bounds().Size(); size.X != 1200 || size.Y != 720 {
				t.Errorf("%s: %v pixels", f.ID, size)
			}
		}
	}
}

// What the page draws and what the file draws come from one drawing: a mark of the page
// is where the SVG has it. By hand: 3 of an axis from 0 to 4 with marks at three places.
func TestFigureShowsWhatThePageShows(t *testing.T) {
	f := &chart{ID: "chart-x", Title: "x"}
	points := []point{{0, "a", "intact", blue, false, Interval{Mean: 1, Low: 0.5, High: 3, N: 3}}, {1, "b", "intact", green, true, Interval{Mean: 2, N: 1}}}
	if err := f.drawPoints([]string{"a", "b"}, "value", points, []level{{"bound", 2.5, 1}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(f.Option), `"value":[0,1,0.5,3,-1]`) || !strings.Contains(string(f.Option), `"value":[1,2,2,2,1]`) {
		t.Errorf("the page has %s", f.Option)
	}
	svg, err := f.svg()
	if err != nil {
		t.Fatal(err)
	}
	// A full circle and its hollow twin: three fills in the models' colours and white.
	for color, times := range map[string]int{"fill:" + strings.ToUpper(blue): 1, "fill:" + strings.ToUpper(green): 1, "stroke:" + strings.ToUpper(blue): 3, "stroke-dasharray": 1} {
		if got := strings.Count(string(svg), color); got != times {
			t.Errorf("%s stands there %d times, want %d", color, got, times)
		}
	}
}

// By hand.
func TestTicks(t *testing.T) {
	label := func(ticks []plot.Tick) string {
		var words []string
		for _, tick := range ticks {
			words = append(words, tick.Label)
		}
		return strings.Join(words, " ")
	}
	for _, tc := range []struct {
		name  string
		axis  axis
		seen  seen
		width float64
		want  string
	}{
		{"steps", axis{kind: "value", from: 0, to: 0.6, step: 0.2}, seen{0, 0.6}, 0, "0 0.2 0.4 0.6"},
		{"doubling", axis{kind: "log"}, seen{1024, 16384}, 300, "1024 2048 4096 8192 16384"},
		{"doubling to a million", axis{kind: "log"}, seen{1024, 1 << 20}, 300, "1024 4096 16384 65536 262144 1048576"},
		{"two decades", axis{kind: "log"}, seen{0.9, 60}, 0, "1 2 5 10 20 50"},
		{"many decades", axis{kind: "log"}, seen{0.5, 100_000}, 0, "1 10 100 1000 10000 100000"},
		{"categories", axis{kind: "category", labels: []string{"0", "64", "128", "192"}}, seen{}, 300, "0 64 128 192"},
		{"too many categories", axis{kind: "category", labels: []string{"0", "64", "128", "192"}}, seen{}, 60, "0 128"},
		{"names", axis{kind: "category", labels: []string{"Linear + Delta"}}, seen{}, 45, "Linear +\nDelta"},
	} {
		if got := label(tc.axis.ticks(tc.seen, vg.Length(tc.width))); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// Half way between near-white and blue, by hand: (243+59)/2, (240+130)/2, (234+189)/2.
func TestColorScale(t *testing.T) {
	s := colorScale{"", 0, 100, []string{"#F3F0EA", "#3B82BD"}, [2]string{}}
	for value, want := range map[float64][3]uint8{0: {243, 240, 234}, 50: {151, 185, 212}, 100: {59, 130, 189}, 120: {59, 130, 189}} {
		if c := s.at(value); [3]uint8{c.R, c.G, c.B} != want {
			t.Errorf("%v is %v, want %v", value, c, want)
		}
	}
}

var figureLink = regexp.MustCompile(`href="(figures/[^"]+)"`)

// Every figure that the page links lies beside it, and no other.
func TestFiguresLieBesideThePage(t *testing.T) {
	out := t.TempDir()
	if _, err := writeReport(withRecall(), out); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	var linked []string
	for _, m := range figureLink.FindAllStringSubmatch(string(html), -1) {
		linked = append(linked, m[1])
	}
	files, err := os.ReadDir(filepath.Join(out, "figures"))
	if err != nil {
		t.Fatal(err)
	}
	var lying []string
	for _, f := range files {
		lying = append(lying, "figures/"+f.Name())
	}
	slices.Sort(linked)
	if !slices.Equal(linked, lying) || len(linked) < 30 {
		t.Errorf("linked %q\nlying %q", linked, lying)
	}
}

// A viewer without the figure's font draws it in another: the texts say how long they
// are, and the fonts to try next are as wide. By hand, from Liberation Sans's table hmtx
// in units of 1/2048 em: m is 1706, o 1139, d 1139, e 1139, l 455, at 9 points.
func TestFigureFitsAnyFont(t *testing.T) {
	f := &chart{ID: "chart-x", Title: "x"}
	points := []point{{0, "a", "intact", blue, false, Interval{Mean: 1, Low: 0.5, High: 3, N: 3}}}
	if err := f.drawPoints([]string{"<text & more>"}, "value", points, nil); err != nil {
		t.Fatal(err)
	}
	svg, err := f.svg()
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
