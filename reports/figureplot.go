package reports

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Plot draws everything between the axes, as gonum/plot asks of a Plotter.
func (d *drawing) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	shown := func(a axis, v float64) bool { return !math.IsNaN(v) && (a.kind != "log" || v > 0) }
	for _, cell := range d.cells {
		d.paintCell(&c, x, y, cell)
	}
	for _, l := range d.levels {
		if shown(d.y, l.value) {
			c.StrokeLine2(stroke(grey, dashes[l.dash].svg, 2), c.Min.X, y(l.value), c.Max.X, y(l.value))
		}
	}
	for _, of := range d.curves {
		var lines [][]vg.Point
		next := true // the next point begins a line
		for i, v := range of.x {
			if !shown(d.x, v) || !shown(d.y, of.y[i]) {
				next = true
				continue
			}
			if next {
				lines, next = append(lines, nil), false
			}
			lines[len(lines)-1] = append(lines[len(lines)-1], vg.Point{X: x(v), Y: y(of.y[i])})
		}
		if of.width > 0 {
			c.StrokeLines(stroke(of.color, dashes[of.dash].svg, float64(of.width)), c.ClipLinesXY(lines...)...)
		}
		if of.symbol == "" {
			continue
		}
		for _, line := range lines {
			for _, at := range line {
				if c.Contains(at) {
					paintSymbol(&c, of.symbol, of.color, at, vg.Length(of.size)/2*figurePixel)
				}
			}
		}
	}
	for _, m := range d.marks {
		if shown(d.y, m.mean) && shown(d.y, m.low) && shown(d.y, m.high) {
			at := x(m.x) + 7*figurePixel*vg.Length(m.side)
			style, half := stroke(m.color, "", 2), vg.Length(5*figurePixel)
			c.StrokeLine2(style, at, y(m.low), at, y(m.high))
			c.StrokeLine2(style, at-half, y(m.low), at+half, y(m.low))
			c.StrokeLine2(style, at-half, y(m.high), at+half, y(m.high))
			paintCircle(&c, m.color, vg.Point{X: at, Y: y(m.mean)}, m.side > 0)
		}
	}
}

func (d *drawing) paintCell(c *draw.Canvas, x, y func(float64) vg.Length, of cell) {
	left, right := x(float64(of.x)-0.5), x(float64(of.x)+0.5)
	top, bottom := y(float64(of.y)-0.5), y(float64(of.y)+0.5)
	corners := []vg.Point{{X: left, Y: top}, {X: right, Y: top}, {X: right, Y: bottom}, {X: left, Y: bottom}}
	c.FillPolygon(d.colors.at(of.value), corners)
	c.StrokeLines(stroke(grey, "", 1), append(corners, corners[0]))
	if d.labelled() {
		style := ink(7.5)
		style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
		c.FillText(style, vg.Point{X: (left + right) / 2, Y: (top + bottom) / 2}, number(of.value))
	}
}

// paintSymbol draws one of shapes.
func paintSymbol(c *draw.Canvas, shape, hex string, at vg.Point, radius vg.Length) {
	clr := hexColor(hex)
	corners := func(xy ...float64) {
		var points []vg.Point
		for i := 0; i < len(xy); i += 2 {
			points = append(points, vg.Point{X: at.X + radius*vg.Length(xy[i]), Y: at.Y + radius*vg.Length(xy[i+1])})
		}
		c.FillPolygon(clr, points)
	}
	switch shape {
	case "circle":
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: clr, Radius: radius, Shape: draw.CircleGlyph{}}, at)
	case "rect":
		corners(-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9)
	case "triangle":
		corners(-1, -0.9, 1, -0.9, 0, 1.1)
	case "diamond":
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

// seenX and seenY are the ends of the axes.
func (d *drawing) seenX() seen {
	return d.x.ends(func(see func(...float64)) {
		see(0) // where nothing else is asked for, as on the page
		for _, c := range d.curves {
			see(c.x...)
		}
	})
}

func (d *drawing) seenY() seen {
	return d.y.ends(func(see func(...float64)) {
		for _, c := range d.curves {
			see(c.y...)
		}
		for _, m := range d.marks {
			see(m.low, m.high)
		}
	})
}

// ends are where an axis begins and ends: as it says, or around what is seen.
func (a axis) ends(look func(see func(...float64))) seen {
	switch {
	case a.kind == "category":
		return seen{-0.5, float64(len(a.labels)) - 0.5}
	case a.from < a.to:
		return seen{a.from, a.to}
	}
	s := nothing()
	look(func(values ...float64) {
		for _, v := range values {
			if a.kind != "log" || v > 0 {
				s.see(v)
			}
		}
	})
	if a.kind == "log" {
		s = seen{s.low / 1.2, s.high * 1.2}
	}
	if !(s.low < s.high) || !drawable(s.high-s.low) { // no value, or none that has a place, and yet an axis
		return seen{1, 10}
	}
	return s
}

// ticks are those of an axis; a width is that of an axis along it.
func (a axis) ticks(s seen, width vg.Length) []plot.Tick {
	var ticks []plot.Tick
	add := func(v float64) { ticks = append(ticks, plot.Tick{Value: v, Label: number(v)}) }
	switch {
	case a.kind == "category":
		room, every := width/vg.Length(len(a.labels)), 1
		if width > 0 && numeric(a.labels) {
			every = int(math.Ceil(float64((ink(8).Width(a.labels[len(a.labels)-1]) + 6) / room)))
		}
		for i, label := range a.labels {
			if width > 0 && !numeric(a.labels) {
				label = wrapTo(label, room-3)
			}
			if i%every == 0 {
				ticks = append(ticks, plot.Tick{Value: float64(i), Label: label})
			}
		}
	case a.kind == "log":
		for _, v := range logTicks(s, width > 0) {
			add(v)
		}
	case a.step > 0:
		for i := 0.0; a.from+i*a.step <= a.to+a.step/1e6; i++ {
			add(round(a.from + i*a.step))
		}
	default:
		for _, t := range (plot.DefaultTicks{}).Ticks(s.low, s.high) {
			if !t.IsMinor() {
				add(round(t.Value))
			}
		}
	}
	return ticks
}

// logTicks are powers of two, as lengths are, or 1, 2 and 5 times powers of ten; fewer
// where there would be too many.
func logTicks(s seen, doubling bool) []float64 {
	const most = 9
	base, steps := 10., []float64{1, 2, 5}
	if doubling {
		base, steps = 2, []float64{1}
	}
	from, to := math.Floor(math.Log(s.low)/math.Log(base)), math.Ceil(math.Log(s.high)/math.Log(base))
	if !doubling && to-from > 3 {
		steps = []float64{1}
	}
	every := max(1, math.Ceil((to-from)/most))
	var ticks []float64
	for power := from; power <= to; power += every {
		for _, step := range steps {
			v := step * math.Pow(base, power)
			if v >= s.low*0.999 && v <= s.high*1.001 {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

// numeric says whether labels are numbers, of which some may be left out.
func numeric(labels []string) bool {
	for _, l := range labels {
		for _, r := range l {
			if r < '0' || r > '9' {
				return false
			}
		}
	}
	return true
}

// number writes a tick or the value of a cell in full.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// wrapTo breaks a label between words.
func wrapTo(label string, width vg.Length) string {
	style := ink(8)
	var lines []string
	for _, word := range strings.Fields(label) {
		if n := len(lines); n > 0 && style.Width(lines[n-1]+" "+word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return strings.Join(lines, "\n")
}
