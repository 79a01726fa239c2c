package views

import (
	"context"
	"math"
	"strings"
	"unicode"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// A sheet is divided into pages here, because not every browser numbers pages,
// repeats a head or keeps a signature with what it signs. Heights are guessed
// from the texts, in millimetres and rather too large than too small. A page
// that holds more than was guessed goes on to the next, and nothing is lost.

// onOnePage is the most lines that are set closer to stand on one page.
const onOnePage = 12

// withSums is the fewest lines that stand with the sums and signatures, so that
// these are not alone on the last page.
const withSums = 3

// The width of a page between its margins, and how much of its height of 268 mm
// is used.
const (
	pageWidth  = 178.0
	pageHeight = 262.0
	point      = 25.4 / 72
)

// density is how close a sheet is set: the class of its style, the size of its
// type in points, the lines' distance in sizes, and the room around rows and
// between parts in millimetres.
type density struct {
	class                    string
	size, leading, row, part float64
}

// densities are those of order.css, the widest first.
func densities() []density {
	return []density{{"", 8.5, 1.42, 1.9, 5.5}, {"close", 8, 1.36, 1.35, 4}, {"tight", 7.5, 1.22, 0.7, 2.6}, {"dense", 7, 1.16, 0.4, 2}}
}

// paperText is one of the long texts of an order, or as much of it as stands on
// a page.
type paperText struct{ Label, Text string }

// paperPage is what stands on a page of a sheet.
type paperPage struct {
	Texts []paperText
	Lines []models.OrderLine
	// Close says that the sums and the signatures stand there.
	Close bool
}

// pages are the pages of a sheet and the class of its density. A short order
// stands on one page when it can; a longer one takes as many as it needs.
func (p PrintProps) pages(ctx context.Context) (string, []paperPage) {
	all := densities()
	if len(p.Sheet.Order.Lines) <= onOnePage {
		for _, d := range all {
			if pages := p.divide(ctx, d); len(pages) == 1 {
				return d.class, pages
			}
		}
	}
	return all[1].class, p.divide(ctx, all[1])
}

// divide fills one page after the other.
func (p PrintProps) divide(ctx context.Context, d density) []paperPage {
	pages := []paperPage{{}}
	left := pageHeight - p.headHeight(ctx, d)
	// room is the page to put something on: the last one, or a new one.
	room := func(height float64) *paperPage {
		if height > left {
			pages, left = append(pages, paperPage{}), pageHeight-d.line(7)-d.part
		}
		left -= height
		return &pages[len(pages)-1]
	}
	for _, t := range p.texts(ctx) {
		for part := range strings.SplitSeq(t.Text, "\n") {
			page := room(d.text(part, pageWidth, d.size) + d.line(7) + d.part/2)
			if n := len(page.Texts); n > 0 && page.Texts[n-1].Label == t.Label {
				page.Texts[n-1].Text += "\n" + part
				left += d.line(7) + d.part/2 // it has its label already
			} else {
				page.Texts = append(page.Texts, paperText{t.Label, part})
			}
		}
	}
	head := d.line(7) + 3
	for _, l := range p.Sheet.Order.Lines {
		page := room(p.rowHeight(ctx, d, l) + head)
		if len(page.Lines) > 0 {
			left += head // there is one above it
		}
		page.Lines = append(page.Lines, l)
	}
	room(p.closeHeight(ctx, d)).Close = true
	return withCompany(pages)
}

// withCompany moves lines to the last page, until its sums have enough of them.
func withCompany(pages []paperPage) []paperPage {
	if len(pages) < 2 {
		return pages
	}
	last, before := &pages[len(pages)-1], &pages[len(pages)-2]
	if n := min(withSums-len(last.Lines), len(before.Lines)); n > 0 {
		cut := len(before.Lines) - n
		last.Lines = append(before.Lines[cut:len(before.Lines):len(before.Lines)], last.Lines...)
		before.Lines = before.Lines[:cut]
	}
	return pages
}

// texts are the texts of an order that can be long.
func (p PrintProps) texts(ctx context.Context) []paperText {
	var texts []paperText
	s := p.Sheet
	decision := paperText{i18n.T(ctx, "order.decision-reason"), s.Order.DecisionReason}
	if len(s.Way) > 0 {
		decision = paperText{i18n.T(ctx, "approvals.way"), paperSteps(ctx, s)}
	}
	for _, t := range []paperText{
		{i18n.T(ctx, "order.reason"), s.Order.Note},
		decision,
		{i18n.T(ctx, "order.attachments"), paperFiles(s.Attachments)},
	} {
		if t.Text != "" {
			texts = append(texts, t)
		}
	}
	return texts
}

// headHeight is that of the letterhead and the facts.
func (p PrintProps) headHeight(ctx context.Context, d density) float64 {
	letter := d.text(p.Sheet.Team.PaperName(), 70, 11) // beside the widest logo
	for _, l := range letterLines(ctx, p.Sheet.Team) {
		letter += d.text(l, 70, 7.5)
	}
	height := max(letter, 15) + d.part*2.5
	facts := p.facts(ctx)
	for ; len(facts) > 0; facts = facts[min(4, len(facts)):] {
		row := 0.0
		for _, f := range facts[:min(4, len(facts))] {
			row = max(row, d.text(f.Value, 40, d.size))
		}
		height += row + d.line(7) + d.part/2
	}
	return height
}

// rowHeight is that of a line of the table, the highest of its cells.
func (p PrintProps) rowHeight(ctx context.Context, d density, l models.OrderLine) float64 {
	note, em := d.size*0.86, d.size*point
	cell := func(column float64, text, below string) float64 {
		return d.text(text, column, d.size) + d.text(below, column, note)
	}
	what, until := ui.Look(ctx, l.Kind).One(ctx)+" "+strings.Repeat("a", len(lineCode(ctx, p.Sheet, l))), "" // a code's letters are equally wide
	if l.EndsAt != nil {
		until = i18n.T(ctx, "order.until", "Date", i18n.LastDate(ctx, *l.EndsAt))
	}
	return 2*d.row + max(
		cell(pageWidth-9-38.7*em, lineTitle(ctx, p.Sheet, l), what),
		cell(7.3*em-3, regionWord(ctx, p.Sheet, l.Region), l.Region),
		cell(6.6*em-3, l.Detail, ""),
		cell(7.2*em-3, lineTerm(ctx, l), until),
		cell(8.3*em-3, lineRate(ctx, l), lineTimes(ctx, l)),
	)
}

// closeHeight is that of the sums and the signatures.
func (p PrintProps) closeHeight(ctx context.Context, d density) float64 {
	o := p.Sheet.Order
	notes := d.line(7) + d.text(i18n.AmountInWords(ctx, o.PayMinor, o.PayCurrency), 100, 8.5)
	for _, n := range priceNotes(ctx, o) {
		notes += d.text(n, 100, 7)
	}
	sums := 4*(d.line(d.size)+1.4) + d.line(11.5) + 4
	if o.RateMicro > 0 {
		sums += d.line(d.size) + 1.4
	}
	signs := max(21, 16.2+d.line(7.5)+d.text(i18n.T(ctx, "order.check")+withoutScheme(p.URL), 140, 7))
	return max(notes, sums) + d.part*1.6 + signs + 3 + d.line(7)
}

// line is the height of a line of type of a size.
func (d density) line(size float64) float64 { return size * point * d.leading }

// text is the height of a text of a size in a column, nought where there is none.
func (d density) text(s string, column, size float64) float64 {
	if s == "" {
		return 0
	}
	lines, em := 0.0, size*point
	for paragraph := range strings.SplitSeq(s, "\n") {
		if w := width(paragraph) * em; w > column {
			lines += math.Ceil(w / (column - em)) // lines end up to a letter early
		} else {
			lines++
		}
	}
	return lines * d.line(size)
}

// width is about how long a text is, in sizes of its type.
func width(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case r >= 0x1100:
			w++
		case r == 'W' || r == 'M' || r == 'm' || r == 'w' || r == '@' || r == '%':
			w += 0.92
		case unicode.IsUpper(r) || unicode.IsDigit(r):
			w += 0.65
		case r == ' ' || r == '.' || r == ',' || r == 'i' || r == 'l':
			w += 0.3
		default:
			w += 0.57
		}
	}
	return w
}
