package views

import (
	"context"
	"slices"
	"strconv"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// ExpiringProps is what the page of what ends shows. Within is one of
// models.EndsWithin, or "all".
type ExpiringProps struct {
	By     models.Actor
	Kind   models.Kind
	Within string
	models.ExpiringPage
}

// place is where Within stands in models.EndsWithin; at its length for all.
func (p ExpiringProps) place() int {
	if at := slices.Index(models.EndsWithin, p.Within); at >= 0 {
		return at
	}
	return len(models.EndsWithin)
}

// href is the page for a kind and so many days.
func (p ExpiringProps) href(kind models.Kind, within string) string {
	href := "/expiring?within=" + within
	if kind != "" {
		href += "&kind=" + string(kind)
	}
	return href
}

// mostAhead is how many days an axis has at most, so that the next ones can be told
// apart.
const mostAhead = 400

// ahead is how many days of the axis are to come: what is asked for, or all up to the
// last that is drawn.
func (p ExpiringProps) ahead() int {
	if days, err := strconv.Atoi(p.Within); err == nil {
		return days
	}
	ahead := 90
	if n := len(p.Rows); n > 0 {
		ahead = max(ahead, int(p.Rows[n-1].EndsAt.Sub(p.Now)/(24*time.Hour))+1)
	}
	return min(ahead, mostAhead)
}

// spans are the ranges of days that are offered.
func (p ExpiringProps) spans(ctx context.Context) []ui.Tab {
	var tabs []ui.Tab
	for i, within := range append(slices.Clone(models.EndsWithin), "all") {
		tabs = append(tabs, ui.Tab{Label: i18n.T(ctx, "expiring.within."+within) + " " + upTo(ctx, p.Ends.Within(i, p.Kind)), Href: p.href(p.Kind, within), Current: within == p.Within})
	}
	return tabs
}

// axis is where days are: from back days before now to ahead after it.
type axis struct {
	now         time.Time
	back, ahead int
}

// at is where a moment is, in percent, with a little room at either end.
func (a axis) at(t time.Time) float64 {
	day := 24 * time.Hour
	from := a.now.Add(-time.Duration(a.back) * day)
	whole := time.Duration(a.back+a.ahead) * day
	return 1 + 97*float64(t.Sub(from))/float64(whole)
}

// marks are the days that an axis names, today first.
func (a axis) marks(ctx context.Context) []ui.TermMark {
	marks := []ui.TermMark{{At: a.at(a.now), Text: i18n.T(ctx, "expiring.today")}}
	if a.ahead <= 45 {
		for _, days := range []int{a.ahead / 2, a.ahead - 2} {
			t := a.now.AddDate(0, 0, days)
			marks = append(marks, ui.TermMark{At: a.at(t), Text: i18n.DayMonth(ctx, t)})
		}
		return marks
	}
	step := 1 + (a.back+a.ahead)/30/6
	local := a.now.In(pricing.Zone)
	for n := step; ; n += step {
		t := time.Date(local.Year(), local.Month()+time.Month(n), 1, 0, 0, 0, 0, pricing.Zone)
		at := a.at(t)
		if at > 98 {
			return marks
		}
		text := i18n.Month(ctx, models.MonthOf(t))
		if step >= 12 {
			text = i18n.MonthYear(ctx, models.MonthOf(t))
		}
		if at < marks[0].At+9 {
			text = "" // today stands there
		}
		marks = append(marks, ui.TermMark{At: at, Text: text})
	}
}

// term is a thing that ends as it is drawn on an axis.
func (a axis) term(ctx context.Context, e models.Expiring) ui.Term {
	look := ui.Look(ctx, e.Kind)
	return ui.Term{Kind: look, Href: look.Thing(e.ID), Name: expiringName(ctx, e), From: a.at(e.StartsAt), To: min(a.at(e.EndsAt), 100), Beyond: a.at(e.EndsAt) > 99, Renews: e.AutoRenew,
		Soon: !e.EndsAt.After(a.now.AddDate(0, 0, 7)), Left: i18n.DaysLeft(ctx, e.EndsAt, a.now)}
}

// drawn are the words of a drawing of terms.
func (a axis) drawn(ctx context.Context, some []models.Expiring) ui.TermsProps {
	p := ui.TermsProps{Label: i18n.T(ctx, "expiring.drawn"), Today: a.at(a.now), Marks: a.marks(ctx), Ends: i18n.T(ctx, "expiring.ends")}
	if slices.ContainsFunc(some, func(e models.Expiring) bool { return e.AutoRenew }) {
		p.Renews = i18n.T(ctx, "expiring.renews")
	}
	return p
}

// expiringTerms are things that end within so many days as the dashboard draws them.
func expiringTerms(ctx context.Context, some []models.Expiring, now time.Time, ahead int) ui.TermsProps {
	a := axis{now: now, ahead: ahead}
	p := a.drawn(ctx, some)
	p.Groups = []ui.TermGroup{{Terms: mapped(some, func(e models.Expiring) ui.Term { return a.term(ctx, e) })}}
	return p
}

// terms are the things of the page by the months in which they end, with what renewing
// them costs.
func (p ExpiringProps) terms(ctx context.Context) ui.TermsProps {
	a := axis{now: p.Now, ahead: p.ahead()}
	a.back = a.ahead / 4
	drawn := a.drawn(ctx, p.Rows)
	for from := 0; from < len(p.Rows); {
		month := lastMonth(p.Rows[from])
		to := from
		sum := int64(0)
		g := ui.TermGroup{Title: i18n.MonthYear(ctx, month)}
		for ; to < len(p.Rows) && lastMonth(p.Rows[to]) == month; to++ {
			e := p.Rows[to]
			sum += e.RenewMinor
			t := a.term(ctx, e)
			t.Last = i18n.LastDate(ctx, e.EndsAt)
			if href := renewPath(ctx, p.By, e); href != "" {
				t.Action = ui.LinkButton(ui.ButtonProps{Text: i18n.T(ctx, "plans.renew"), Small: true, Href: href})
			}
			g.Terms = append(g.Terms, t)
		}
		g.Count = i18n.T(ctx, "expiring.count", "Count", to-from)
		if sum > 0 {
			g.Note = i18n.T(ctx, "expiring.renewal", "Amount", i18n.Money(ctx, sum, p.Currency))
		}
		drawn.Groups = append(drawn.Groups, g)
		from = to
	}
	return drawn
}

// lastMonth is the month of the last day of a thing.
func lastMonth(e models.Expiring) int64 { return models.MonthOf(e.EndsAt.Add(-time.Nanosecond)) }
