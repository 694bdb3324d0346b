package chart

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Plot draws everything between the axes, as gonum/plot asks of a Plotter.
func (d *Drawing) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	shown := func(a Axis, v float64) bool { return !math.IsNaN(v) && (a.Kind != Log || v > 0) }
	for _, cell := range d.Cells {
		d.paintCell(&c, x, y, cell)
	}
	for _, l := range d.Levels {
		if shown(d.Y, l.Value) {
			c.StrokeLine2(stroke(Grey, l.Dash.SVG(), 2), c.Min.X, y(l.Value), c.Max.X, y(l.Value))
		}
	}
	for _, of := range d.Curves {
		var lines [][]vg.Point
		next := true // the next point begins a line
		for i, v := range of.X {
			if !shown(d.X, v) || !shown(d.Y, of.Y[i]) {
				next = true
				continue
			}
			if next {
				lines, next = append(lines, nil), false
			}
			lines[len(lines)-1] = append(lines[len(lines)-1], vg.Point{X: x(v), Y: y(of.Y[i])})
		}
		if of.Width > 0 {
			c.StrokeLines(stroke(of.Color, of.Dash.SVG(), float64(of.Width)), c.ClipLinesXY(lines...)...)
		}
		if of.Symbol == "" {
			continue
		}
		for _, line := range lines {
			for _, at := range line {
				if c.Contains(at) {
					paintSymbol(&c, of.Symbol, of.Color, at, vg.Length(of.Size)/2*figurePixel)
				}
			}
		}
	}
	for _, m := range d.Marks {
		if shown(d.Y, m.Mean) && shown(d.Y, m.Low) && shown(d.Y, m.High) {
			at := x(m.X) + 7*figurePixel*vg.Length(m.Side)
			style, half := stroke(m.Color, "", 2), vg.Length(5*figurePixel)
			c.StrokeLine2(style, at, y(m.Low), at, y(m.High))
			c.StrokeLine2(style, at-half, y(m.Low), at+half, y(m.Low))
			c.StrokeLine2(style, at-half, y(m.High), at+half, y(m.High))
			paintCircle(&c, m.Color, vg.Point{X: at, Y: y(m.Mean)}, m.Side > 0)
		}
	}
}

func (d *Drawing) paintCell(c *draw.Canvas, x, y func(float64) vg.Length, of Cell) {
	left, right := x(float64(of.X)-0.5), x(float64(of.X)+0.5)
	top, bottom := y(float64(of.Y)-0.5), y(float64(of.Y)+0.5)
	corners := []vg.Point{{X: left, Y: top}, {X: right, Y: top}, {X: right, Y: bottom}, {X: left, Y: bottom}}
	c.FillPolygon(d.Colors.at(of.Value), corners)
	c.StrokeLines(stroke(Grey, "", 1), append(corners, corners[0]))
	if d.labelled() {
		style := ink(7.5)
		style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
		c.FillText(style, vg.Point{X: (left + right) / 2, Y: (top + bottom) / 2}, number(of.Value))
	}
}

// paintSymbol draws one of shapes.
func paintSymbol(c *draw.Canvas, shape Shape, hex string, at vg.Point, radius vg.Length) {
	clr := hexColor(hex)
	corners := func(xy ...float64) {
		var points []vg.Point
		for i := 0; i < len(xy); i += 2 {
			points = append(points, vg.Point{X: at.X + radius*vg.Length(xy[i]), Y: at.Y + radius*vg.Length(xy[i+1])})
		}
		c.FillPolygon(clr, points)
	}
	switch shape {
	case Circle:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: clr, Radius: radius, Shape: draw.CircleGlyph{}}, at)
	case Rect:
		corners(-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9)
	case Triangle:
		corners(-1, -0.9, 1, -0.9, 0, 1.1)
	case Diamond:
		corners(0, -1.2, 1.2, 0, 0, 1.2, -1.2, 0)
	}
}

// paintCircle is a mean.
func paintCircle(c *draw.Canvas, hex string, at vg.Point, hollow bool) {
	const radius = 4.5 * figurePixel
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: hexColor(hex), Radius: radius + 1*figurePixel, Shape: draw.CircleGlyph{}}, at)
	if hollow {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: color.White, Radius: radius - 1*figurePixel, Shape: draw.CircleGlyph{}}, at)
	}
}
