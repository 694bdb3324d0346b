package chart

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"image/png"
	"math"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A figure is as wide as a paper's page. It has no title, since the caption has one.
const (
	figureWidth  = 6 * vg.Inch
	figureHeight = 3.6 * vg.Inch
	figureDPI    = 200 // of the PNG
	figurePixel  = 0.7 // of the page, in points
)

// SVG draws a chart for papers and keeps text as text. Each text element carries its laid-out
// length, so that it also fits in the fallback font of a viewer.
func (f *Chart) SVG() ([]byte, error) {
	c := typeset{Canvas: vgsvg.New(figureWidth, figureHeight)}
	f.paint(draw.New(&c))
	var out bytes.Buffer
	if _, err := c.WriteTo(&out); err != nil {
		return nil, err
	}
	text, next := out.String(), 0
	text = textStart.ReplaceAllStringFunc(text, func(start string) string {
		length := c.lengths[next]
		next++
		return fmt.Sprintf(`%stextLength="%.4g" lengthAdjust="spacingAndGlyphs" `, start, length.Points())
	})
	return []byte(strings.ReplaceAll(text, "font-family:Liberation Sans;", "font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;")), nil
}

// Inline is the SVG for a page: without a header, and with the font named once.
func (f *Chart) Inline() (template.HTML, error) {
	raw, err := f.SVG()
	if err != nil {
		return "", err
	}
	text := string(raw)
	text = inlineText.Replace(text[strings.Index(text, "<svg"):])
	return template.HTML(strings.Replace(text, "<svg ", `<svg font-family="'Liberation Sans',Arimo,Arial,Helvetica,sans-serif" `, 1)), nil
}

// inlineText drops from the SVG of gonum/plot what is the default or is said once.
var inlineText = strings.NewReplacer(
	"font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;font-variant:normal;font-weight:normal;font-style:normal;", "",
	"\n\t", " ", "\n", "", ` xmlns="http://www.w3.org/2000/svg"`, "", ` xmlns:xlink="http://www.w3.org/1999/xlink"`, "",
	"\txmlns=\"http://www.w3.org/2000/svg\"", "", "\txmlns:xlink=\"http://www.w3.org/1999/xlink\"", "")

// textStart begins a text element; the labels themselves are escaped.
var textStart = regexp.MustCompile("<text ")

// typeset is a canvas that records the length of each text.
type typeset struct {
	*vgsvg.Canvas
	lengths []vg.Length
}

// FillString draws a text and records its length.
func (m *typeset) FillString(face font.Face, at vg.Point, text string) {
	m.lengths = append(m.lengths, face.Width(text))
	m.Canvas.FillString(face, at, text)
}

// PNG draws the chart as a bitmap.
func (f *Chart) PNG() ([]byte, error) {
	c := vgimg.NewWith(vgimg.UseWH(figureWidth, figureHeight), vgimg.UseDPI(figureDPI))
	f.paint(draw.New(c))
	var out bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, c.Image())
	return out.Bytes(), err
}

// paint draws a chart: what the page has around it on top, and the plot below.
func (f *Chart) paint(c draw.Canvas) {
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, 6, -10, 5, -5)
	if len(f.Drawing.Cells) > 0 {
		c = f.Drawing.Colors.paint(c)
	} else {
		c = paintLegend(c, f.Legend)
	}
	d := &f.Drawing
	p := plot.New()
	for _, a := range []struct {
		to   *plot.Axis
		from Axis
		ends Range
	}{{&p.X, d.X, d.rangeX()}, {&p.Y, d.Y, d.rangeY()}} {
		a.to.Label.Text, a.to.Label.TextStyle, a.to.Label.Padding = a.from.Name, ink(9), 3
		a.to.Label.TextStyle.XAlign, a.to.Label.TextStyle.YAlign = draw.XCenter, draw.YBottom
		x, y := a.to.Tick.Label.XAlign, a.to.Tick.Label.YAlign
		a.to.Tick.Label = ink(8)
		a.to.Tick.Label.XAlign, a.to.Tick.Label.YAlign = x, y
		a.to.Tick.Length, a.to.Padding = 4, 0
		a.to.Min, a.to.Max = a.ends.Low, a.ends.High
		if a.from.Kind == Log {
			a.to.Scale = plot.LogScale{}
		}
	}
	p.Y.Tick.Marker = plot.ConstantTicks(d.Y.ticks(d.rangeY(), 0))
	width := c.Size().X - 50
	p.X.Tick.Marker = plot.ConstantTicks(d.X.ticks(d.rangeX(), width))
	if d.X.crowded(width) {
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/4, draw.XRight, draw.YCenter
	}
	if len(d.Cells) > 0 {
		p.Y.Scale = plot.InvertedScale{Normalizer: p.Y.Scale} // the first on top
	} else {
		grid := plotter.NewGrid()
		grid.Vertical.Color = nil
		grid.Horizontal.Color, grid.Horizontal.Width = hexColor("#e6e9ed"), 0.5 // as on the page
		p.Add(grid)
	}
	p.Add(d)
	p.Draw(c)
}

// ink is the style of text.
func ink(size vg.Length) draw.TextStyle {
	return draw.TextStyle{Color: color.Black, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Handler: plot.DefaultTextHandler}
}

// hexColor reads "#0072B2".
func hexColor(s string) color.NRGBA {
	c := color.NRGBA{A: 255}
	if _, err := fmt.Sscanf(s, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		panic("chart: no colour: " + s)
	}
	return c
}

// stroke is a line's style; dash is an SVG stroke-dasharray.
func stroke(hex, dash string, width float64) draw.LineStyle {
	s := draw.LineStyle{Color: hexColor(hex), Width: vg.Length(width * figurePixel)}
	for _, word := range strings.Fields(dash) {
		var pixels float64
		fmt.Sscan(word, &pixels)
		s.Dashes = append(s.Dashes, vg.Length(pixels*figurePixel))
	}
	return s
}

// paintLegend writes the legend in rows on top and returns what is left below.
func paintLegend(c draw.Canvas, items []LegendItem) draw.Canvas {
	const sample, gap, row = 20, 12, 12
	style := ink(8)
	style.YAlign = draw.YCenter
	left, top := c.Min.X, c.Max.Y-row/2
	x := left
	for _, item := range items {
		width := sample + 4 + style.Width(item.Name)
		if x > left && x+width > c.Max.X {
			x, top = left, top-row
		}
		at := vg.Point{X: x + sample/2, Y: top}
		if item.Mark == "" {
			c.StrokeLine2(stroke(item.Color, item.Dash.SVG(), 3), x, top, x+sample, top)
			if item.Shape != Circle { // as on the page
				paintSymbol(&c, item.Shape, item.Color, at, 3)
			}
		} else {
			paintCircle(&c, item.Color, at, item.Mark == "hollow")
		}
		c.FillText(style, vg.Point{X: x + sample + 4, Y: top + 1}, item.Name)
		x += width + gap
	}
	if len(items) == 0 {
		return c
	}
	return draw.Crop(c, 0, 0, 0, top-row/2-c.Max.Y-4)
}

// paint draws the scale of colours on top and returns what is left below.
func (s ColorScale) paint(c draw.Canvas) draw.Canvas {
	const width, height, steps = 140, 8, 70
	style := ink(8)
	style.YAlign = draw.YCenter
	left := c.Center().X - width/2
	top := c.Max.Y - 2
	for i := range steps {
		x := left + width*vg.Length(i)/steps
		c.FillPolygon(s.at(s.From+(s.To-s.From)*(float64(i)+0.5)/steps), []vg.Point{
			{X: x, Y: top}, {X: x + width/steps + 0.2, Y: top}, {X: x + width/steps + 0.2, Y: top - height}, {X: x, Y: top - height}})
	}
	c.FillText(style, vg.Point{X: left + width + 5, Y: top - height/2}, s.Ends[0])
	style.XAlign = draw.XRight
	c.FillText(style, vg.Point{X: left - 5, Y: top - height/2}, s.Ends[1])
	return draw.Crop(c, 0, 0, 0, -height-8)
}

// at is the colour of a value.
func (s ColorScale) at(value float64) color.NRGBA {
	t := (value - s.From) / (s.To - s.From) * float64(len(s.Stops)-1)
	t = min(max(t, 0), float64(len(s.Stops)-1))
	i := min(int(t), len(s.Stops)-2)
	a, b, rest := hexColor(s.Stops[i]), hexColor(s.Stops[i+1]), t-float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + rest*(float64(b)-float64(a)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
