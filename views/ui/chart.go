package ui

import (
	"fmt"
	"math"
	"strings"
)

// Series is one row of figures of a chart, one for each of its labels. Its kind
// gives the colour.
type Series struct {
	Kind   KindLook
	Label  string
	Values []float64
}

// ChartProps describes StackedBars.
type ChartProps struct {
	// Label says what the chart shows, for those who cannot see it.
	Label string
	// Corner heads the first column of the table behind the chart ("Month").
	Corner string
	Labels []string
	Series []Series
	// Line is a figure that is drawn across all bars, with its name; 0 for none.
	Line     float64
	LineName string
	// Format writes a figure, for axis and table alike; Exact, where there is one, those
	// of the table.
	Format, Exact func(float64) string
	// Total heads a column of sums in the table, "" for none; Hrefs are where each of
	// them leads.
	Total string
	Hrefs []string
}

// chartSize is the room of a drawing in its own units, which the page scales.
// Labels stand every so many bars, counted from the last.
type chartSize struct {
	Class               string
	Width, Height, Left float64
	Every               int
}

var (
	fullSize    = chartSize{"full", 720, 224, 52, 1}
	compactSize = chartSize{"compact", 340, 190, 40, 2}
)

const (
	chartBottom = 26
	chartTop    = 10
	segmentGap  = 1.5
)

type rect struct {
	Class      string
	X, Y, W, H float64
	Title      string
}

type tick struct {
	Y    float64
	Text string
}

type mark struct {
	X    float64
	Text string
}

// plot is a chart computed: what is left is printing it.
type plot struct {
	Bars   []rect
	Ticks  []tick
	Months []mark
	Line   float64 // where it is drawn
}

func (p ChartProps) format(v float64) string {
	if p.Format == nil {
		return fmt.Sprintf("%g", v)
	}
	return p.Format(v)
}

// exact writes a figure of the table.
func (p ChartProps) exact(v float64) string {
	if p.Exact == nil {
		return p.format(v)
	}
	return p.Exact(v)
}

// total is the sum of the figures at a label.
func (p ChartProps) total(i int) (sum float64) {
	for _, s := range p.Series {
		sum += s.at(i)
	}
	return sum
}

func (p ChartProps) plot(size chartSize) plot {
	totals := make([]float64, len(p.Labels))
	top := 0.0
	for i := range p.Labels {
		totals[i] = p.total(i)
		top = max(top, totals[i])
	}
	top = max(top, p.Line)
	step := niceStep(top / 4)
	top = math.Max(step*math.Ceil(top/step), step)

	var out plot
	height := size.Height - chartTop - chartBottom
	y := func(v float64) float64 { return chartTop + height*(1-v/top) }
	for v := 0.0; v <= top+step/2; v += step {
		out.Ticks = append(out.Ticks, tick{y(v), p.format(v)})
	}
	out.Line = y(p.Line)
	if len(p.Labels) == 0 {
		return out
	}
	slot := (size.Width - size.Left) / float64(len(p.Labels))
	wide := math.Min(slot*0.62, 44)
	for i, label := range p.Labels {
		x := size.Left + slot*float64(i) + (slot-wide)/2
		base := 0.0
		for _, s := range p.Series {
			v := s.at(i)
			if v <= 0 {
				continue
			}
			h := math.Max(y(base)-y(base+v)-segmentGap, 0.75)
			out.Bars = append(out.Bars, rect{
				Class: "fill " + s.Kind.Class(), X: x, Y: y(base + v), W: wide, H: h,
				Title: label + " · " + s.Label + " · " + p.format(v),
			})
			base += v
		}
		if (len(p.Labels)-1-i)%size.Every == 0 {
			out.Months = append(out.Months, mark{x + wide/2, label})
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

// sparkPaths are the line through the points and the area below it.
func sparkPaths(points []float64) (line, area string) {
	low, high := points[0], points[0]
	for _, v := range points {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	var b strings.Builder
	for i, v := range points {
		share := 0.5
		if high > low {
			share = (v - low) / (high - low)
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
