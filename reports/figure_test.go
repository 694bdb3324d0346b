package reports

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every chart must draw, whatever its labels say: the SVG is well formed and has the
// legend's words, and the PNG is as large as the constants say, 6 by 3.6 inches.
func TestFigures(t *testing.T) {
	for name, run := range map[string]*Run{"plain": fixture(), "hostile": hostileRun(), "passkey": withPasskey(), "booksum": withBooksum(), "adapt": withAdapt(), "recall": withRecall()} {
		d, err := New(run)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.charts() {
			svg, err := f.SVG()
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
			raw, err := f.PNG()
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

var (
	figureLink = regexp.MustCompile(`href="(figures/[^"]+)"`)
	tableLink  = regexp.MustCompile(`href="(tables/[^"]+)"`)
)

// The page's directory contains exactly the figures that the page links, and its tables.
func TestFiguresLieBesideThePage(t *testing.T) {
	out := t.TempDir()
	if _, err := writeReport(withRecall(), out); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	tables := tableLink.FindAllStringSubmatch(string(html), -1)
	for _, m := range tables {
		if _, err := os.Stat(filepath.Join(out, m[1])); err != nil {
			t.Errorf("the page links a table: %v", err)
		}
	}
	if len(tables) < 3*15 { // CSV, Markdown and LaTeX of each
		t.Errorf("only %d links to tables", len(tables))
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
