package ui

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Series is one row of figures of a chart, one for each of its labels. Its kind
// gives the colour; Hatched tells it from another of the kind.
type Series struct {
	Kind    KindLook
	Label   string
	Hatched bool
	Values  []float64
}

// Slope is a straight line between two places, of which X counts columns from the
// left edge of the first.
type Slope struct {
	Class          string
	Label          string
	X1, Y1, X2, Y2 float64
}

// ChartLabel is what a column is called: Short below it, with Over under that where it
// begins something ("2026"), and Long wherever it stands alone.
type ChartLabel struct{ Short, Over, Long string }

// ChartProps describes StackedBars.
type ChartProps struct {
	// ID tells the chart from others of its page.
	ID string
	// Label says what the chart shows, for those who cannot see it.
	Label string
	// Corner heads the first column of the table behind the chart ("Month").
	Corner string
	Labels []ChartLabel
	// Until is how many of the labels have figures; 0 for all.
	Until int
	// Series are drawn from the base up; those without a figure are left out.
	Series []Series
	// Rest is what the last column is expected to become more, drawn as an empty box.
	Rest float64
	// Line is a figure that is drawn across all bars, with its name; 0 for none.
	Line     float64
	LineName string
	// Slopes are drawn across the bars.
	Slopes []Slope
	// Top is the figure that the axis goes up to by quarters; 0 for one that fits.
	Top float64
	// Format writes a figure, for axis and table alike; Exact, where there is one, those
	// of the table and the readout.
	Format, Exact func(float64) string
	// Bytes tells that the figures are such, so that the axis goes by their units.
	Bytes bool
	// Beside is a text of each label that is not drawn, and BesideName heads its column.
	Beside     []string
	BesideName string
	// Total heads a column of sums in the table, "" for none; Linked one of the sums
	// of the series that are not hatched, each of which leads to one of Hrefs.
	Total  string
	Linked string
	Hrefs  []string
}

// rect is a bar in percent of the drawing.
type rect struct {
	Class      string
	Hatch      string // the id of its pattern
	X, Y, W, H float64
}

type tick struct {
	Y    float64
	Text string
}

// plot is a chart computed, in percent of its drawing: what is left is printing it.
type plot struct {
	Bars  []rect
	Ticks []tick
	Line  float64 // where it is drawn
	Rest  *rect
	// Slopes are in percent too.
	Slopes []Slope
}

func (p ChartProps) format(v float64) string {
	if p.Format == nil {
		return fmt.Sprintf("%g", v)
	}
	return p.Format(v)
}

// known are the labels that have figures.
func (p ChartProps) known() []ChartLabel {
	if p.Until == 0 {
		return p.Labels
	}
	return p.Labels[:p.Until]
}

// exact writes a figure of the table.
func (p ChartProps) exact(v float64) string {
	if p.Exact == nil {
		return p.format(v)
	}
	return p.Exact(v)
}

// present is the chart without the series that have no figure.
func (p ChartProps) present() ChartProps {
	p.Series = slices.DeleteFunc(slices.Clone(p.Series), func(s Series) bool {
		return !slices.ContainsFunc(s.Values, func(v float64) bool { return v > 0 })
	})
	return p
}

// hatch is the id of the pattern of a series, "" when it is drawn full.
func (p ChartProps) hatch(s Series) string {
	if !s.Hatched {
		return ""
	}
	return p.ID + "-hatch"
}

// total is the sum of the figures at a label.
func (p ChartProps) total(i int) (sum float64) {
	for _, s := range p.Series {
		sum += s.at(i)
	}
	return sum
}

// linked is the sum of the figures at a label that a list has.
func (p ChartProps) linked(i int) (sum float64) {
	for _, s := range p.Series {
		if !s.Hatched {
			sum += s.at(i)
		}
	}
	return sum
}

// said is a column in one sentence.
func (p ChartProps) said(i int) string {
	parts := make([]string, len(p.Series))
	for n, s := range p.Series {
		parts[n] = s.Label + " " + p.exact(s.at(i))
	}
	text := p.Labels[i].Long + ": " + p.exact(p.total(i))
	if p.Beside != nil {
		text += ", " + p.BesideName + " " + p.Beside[i]
	}
	if len(parts) > 1 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	return text
}

// barShare is how much of its slot a bar takes.
const barShare = 0.6

func (p ChartProps) plot() plot {
	top := p.Line
	last := len(p.Labels) - 1
	for i := range p.Labels {
		top = max(top, p.total(i))
	}
	if last >= 0 && p.Rest > 0 {
		top = max(top, p.total(last)+p.Rest)
	}
	unit := 1.0
	for p.Bytes && top/3 > 500*unit { // 512 KB is followed by 1 MB
		unit *= 1024
	}
	step := unit * niceStep(top/3/unit)
	top = math.Max(step*math.Ceil(top/step), step)
	if p.Top > 0 {
		top, step = p.Top, p.Top/4
	}

	var out plot
	y := func(v float64) float64 { return 100 * (1 - v/top) }
	for v := 0.0; v <= top+step/2; v += step {
		out.Ticks = append(out.Ticks, tick{y(v), p.format(v)})
	}
	out.Line = y(p.Line)
	if last < 0 {
		return out
	}
	slot := 100 / float64(len(p.Labels))
	for _, s := range p.Slopes {
		out.Slopes = append(out.Slopes, Slope{s.Class, s.Label, slot * s.X1, y(s.Y1), slot * s.X2, y(s.Y2)})
	}
	for i := range p.Labels {
		x := slot*float64(i) + slot*(1-barShare)/2
		base := 0.0
		for _, s := range p.Series {
			v := s.at(i)
			if v <= 0 {
				continue
			}
			h := math.Max(y(base)-y(base+v), 0.6)
			out.Bars = append(out.Bars, rect{Class: s.Kind.Class(), Hatch: p.hatch(s), X: x, Y: y(base) - h, W: slot * barShare, H: h})
			base += v
		}
		if i == last && p.Rest > 0 {
			out.Rest = &rect{X: x, Y: y(base + p.Rest), W: slot * barShare, H: y(base) - y(base+p.Rest)}
		}
	}
	return out
}

func (s Series) at(i int) float64 {
	if i < len(s.Values) && s.Values[i] > 0 && !math.IsInf(s.Values[i], 0) {
		return s.Values[i]
	}
	return 0
}

// niceStep is the smallest of 1, 2, 2.5 and 5 times a power of ten that is not
// below raw, and at least 1: the values are counts or whole amounts of money.
func niceStep(raw float64) float64 {
	if raw <= 1 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if step := m * power; step >= raw && step == math.Trunc(step) {
			return step
		}
	}
	return 10 * power
}

const (
	sparkWidth  = 96
	sparkHeight = 32
)

// sparkPaths are the line through the points and the area below it, from nothing up.
func sparkPaths(points []float64) (line, area string) {
	high := 0.0
	for _, v := range points {
		high = math.Max(high, v)
	}
	var b strings.Builder
	for i, v := range points {
		share := 0.0
		if high > 0 {
			share = math.Max(v, 0) / high
		}
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		x := 1 + float64(i)*(sparkWidth-2)/float64(len(points)-1)
		fmt.Fprintf(&b, "%s%.1f %.1f", verb, x, 2+(sparkHeight-4)*(1-share))
	}
	line = b.String()
	return line, fmt.Sprintf("%sL%d %dL1 %dZ", line, sparkWidth-1, sparkHeight, sparkHeight)
}

type part struct {
	Class string
	Value int64
}

// barRects lay the parts side by side on a bar of length 1000; what passes the
// limit is cut.
func barRects(parts []part, limit int64) []rect {
	var out []rect
	x := 0.0
	for _, p := range parts {
		if p.Value <= 0 || limit <= 0 {
			continue
		}
		w := math.Min(1000*float64(p.Value)/float64(limit), 1000-x)
		out = append(out, rect{Class: "bar-" + p.Class, X: x, W: w, H: 8})
		x += w
	}
	return out
}

func total(parts []part) (sum int64) {
	for _, p := range parts {
		sum += p.Value
	}
	return sum
}

// num writes a coordinate for an SVG attribute.
func num(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}
