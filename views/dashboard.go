package views

import (
	"context"
	"math"
	"slices"
	"strings"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// DashboardProps is what the dashboard shows. All tells that all that needs attention
// is, and not only the first.
type DashboardProps struct {
	By      models.Actor
	Regions []models.Region
	All     bool
	models.Dashboard
}

// attentionShown is how many rows of what needs attention are drawn at first.
const attentionShown = 5

// attentionRow is something that needs attention: what and why, and the one thing To do
// about it, by a form where it is Post.
type attentionRow struct {
	Icon, What, Why, Href string
	Tone                  ui.Tone
	Do, To                string
	Post                  bool
}

// upTo is a number that is counted up to the bound of lists.
func upTo(ctx context.Context, n int64) string {
	if n >= list.CountTo {
		return i18n.Number(ctx, list.CountTo-1) + "+"
	}
	return i18n.Number(ctx, n)
}

// attention are the rows of what needs attention that are drawn, and how many are not.
func (p DashboardProps) attention(ctx context.Context) (rows []attentionRow, more int) {
	for _, a := range p.Attention {
		r := p.attentionRow(ctx, a)
		if r.Do == "" { // there is nothing that the reader can do but look
			r.Do, r.To, r.Post = i18n.T(ctx, "attention.view"), r.Href, false
		}
		rows = append(rows, r)
	}
	if !p.All && len(rows) > attentionShown {
		rows, more = rows[:attentionShown], len(rows)-attentionShown
	}
	return rows, more
}

func (p DashboardProps) attentionRow(ctx context.Context, a models.Attention) attentionRow {
	switch a.What {
	case models.NeedsDecision:
		r := attentionRow{Icon: "inbox", Tone: ui.Info, What: i18n.T(ctx, "attention.decision", "Count", a.N), Href: "/approvals", Do: i18n.T(ctx, "attention.decide")}
		r.Why = i18n.T(ctx, "attention.oldest", "When", i18n.Relative(ctx, a.At, p.Now))
		if a.N == 1 && a.Order != nil {
			r.Href, r.Why = orderPath(a.Order.Number), orderWhat(ctx, a.Order)+" · "+orderTotal(ctx, *a.Order)
		}
		r.To = r.Href
		return r
	case models.StoreNeeds:
		return p.storeNeeds(ctx, a)
	case models.VersionNeeds:
		r := attentionRow{Icon: "circle-alert", Tone: ui.Danger, What: i18n.T(ctx, "attention.versions", "Count", upTo(ctx, a.N)), Href: "/pkg-versions?state=" + string(models.VersionFailed)}
		if v := a.Version; v != nil {
			r.What, r.Why, r.Href = i18n.T(ctx, "attention.version", "Name", v.AppName+" "+v.Label), failText(ctx, v.FailCode), "/pkg-versions/"+v.ID
			if p.By.MayOrder(models.KindPkgVersion, "", v.Region) {
				r.Do, r.To, r.Post = i18n.T(ctx, "attention.retry"), r.Href+"/retry", true
			}
		}
		return r
	case models.OrderEnded:
		o := a.Order
		return attentionRow{Icon: "circle-alert", Tone: ui.Danger, Href: orderPath(o.Number), Why: orderWhat(ctx, o),
			What: i18n.T(ctx, "attention.order", "Number", number(o.Number), "State", i18n.T(ctx, "order.state."+string(o.State)))}
	case models.PlanUsedUp:
		return p.planUsedUp(ctx, a)
	}
	return p.ending(ctx, a)
}

func (p DashboardProps) storeNeeds(ctx context.Context, a models.Attention) attentionRow {
	state := StoreStateText(ctx, a.State)
	r := attentionRow{Icon: "circle-alert", Tone: ui.Danger, Href: "/stores?state=" + string(a.State), What: i18n.T(ctx, "attention.stores", "Count", upTo(ctx, a.N), "State", state)}
	s := a.Store
	if s == nil {
		return r
	}
	r.What, r.Href, r.Why = i18n.T(ctx, "attention.store", "Name", s.Name, "State", state), "/stores/"+s.ID, p.region(ctx, s.Region)+" · "+storeFlavor(s.CU, s.Num)
	if s.FailCode != "" {
		r.Why = failText(ctx, s.FailCode)
	}
	if s.Retryable() && p.By.MayOrder(models.KindStore, "", s.Region) {
		r.Do, r.To, r.Post = i18n.T(ctx, "attention.retry"), r.Href+"/retry", true
	}
	return r
}

func (p DashboardProps) planUsedUp(ctx context.Context, a models.Attention) attentionRow {
	r := attentionRow{Icon: "triangle-alert", Tone: ui.Warn, Href: "/plans?state=" + string(models.PlanExhausted), What: i18n.T(ctx, "attention.plans-used", "Count", upTo(ctx, a.N))}
	x := a.Plan
	if x == nil {
		return r
	}
	name := expiringName(ctx, models.Expiring{Kind: models.KindPlan, ZH: x.Type.ZH, EN: x.Type.EN, Size: x.Specification})
	r.What, r.Href, r.Why = i18n.T(ctx, "attention.used", "Name", name), "/plans/"+x.ID, planEnds(ctx, *x, p.Now)
	if p.By.MayOrder(models.KindPlan, x.ProductCode, x.Region) && x.Type.Upgradable {
		r.Do, r.To = i18n.T(ctx, "attention.upgrade"), r.Href+"/upgrade"
	}
	return r
}

func (p DashboardProps) ending(ctx context.Context, a models.Attention) attentionRow {
	r := attentionRow{Icon: "clock", Tone: ui.Warn, Href: "/expiring?within=7", What: i18n.T(ctx, "attention.endings", "Count", upTo(ctx, a.N))}
	e := a.Ends
	if e == nil {
		return r
	}
	r.What = i18n.T(ctx, "attention.ending", "Name", expiringName(ctx, *e), "Left", i18n.DaysLeft(ctx, e.EndsAt, p.Now))
	r.Why, r.Href = i18n.T(ctx, "attention.last", "Date", i18n.LastLong(ctx, e.EndsAt)), ui.Look(ctx, e.Kind).Thing(e.ID)
	if to := renewPath(ctx, p.By, *e); to != "" {
		r.Do, r.To = i18n.T(ctx, "plans.renew"), to
	}
	return r
}

// renewPath is the form that renews a thing, "" where the reader may not or nobody can.
func renewPath(ctx context.Context, by models.Actor, e models.Expiring) string {
	if e.Kind != models.KindPlan || !e.Renewable || !by.MayOrder(e.Kind, e.ProductCode, e.Region) {
		return ""
	}
	return ui.Look(ctx, e.Kind).Thing(e.ID) + "/renewal"
}

// firstStep is something that a team that begins does.
type firstStep struct {
	Look       ui.KindLook
	Name, Text string
	Href       string // "" where the reader may not
	Done       bool
}

// youngOrders is how many orders a team has had when it does not begin any more.
const youngOrders = 10

// firstKinds are the kinds of what a team that begins makes, in that order.
var firstKinds = []models.Kind{models.KindBucket, models.KindApp, models.KindPkgVersion, models.KindPlan, models.KindStore}

// young tells whether a team begins and has not taken all of its first steps.
func (p DashboardProps) young() bool {
	return p.Counts["order"] < youngOrders && slices.ContainsFunc(firstKinds, func(k models.Kind) bool { return p.made(k) == 0 })
}

// made is how many of a kind there are.
func (p DashboardProps) made(k models.Kind) (n int64) {
	if k != models.KindApp {
		return p.Counts[string(k)]
	}
	for name, count := range p.Counts { // applications are counted by region
		if strings.HasPrefix(name, "app.") {
			n += count
		}
	}
	return n
}

func (p DashboardProps) firstSteps(ctx context.Context) []firstStep {
	return mapped(firstKinds, func(k models.Kind) firstStep {
		look := ui.Look(ctx, k)
		s := firstStep{Look: look, Name: look.New(ctx), Text: i18n.T(ctx, "first."+string(k)), Done: p.made(k) > 0}
		if p.By.MayOrder(k, "", "") {
			s.Href = look.Path + "/new"
		}
		return s
	})
}

// monthMoney is what the team's month comes to, in hundredths of its currency.
type monthMoney struct {
	Month          int64
	SoFar, Rest    int64 // up to now, and what is expected more
	Ordered        []models.Spend
	ByHour, AMonth int64
	Budget         int64
	Yearly         bool
}

func (p DashboardProps) money() monthMoney {
	m := monthMoney{Month: p.Spends.Month, Ordered: p.Spends.Whole, Rest: p.ByHour.Rest}
	if len(m.Ordered) == 0 {
		m.Ordered = []models.Spend{{Currency: p.Currency}}
	}
	for _, s := range m.Ordered {
		if s.Currency == p.Currency {
			m.SoFar += s.SpendMinor
		}
	}
	if n := len(p.ByHour.Months); n > 0 {
		m.ByHour = p.ByHour.Months[n-1]
	}
	m.SoFar += m.ByHour
	if a, err := pricing.MulDiv(p.ByHour.HourlyMicro, pricing.HoursPerMonth, pricing.MicroPerMinor); err == nil {
		m.AMonth = a
	}
	m.Budget, m.Yearly = p.budget()
	return m
}

// budget is the whole team's budget for a month, or a twelfth of that for a year, 0 for
// none.
func (p DashboardProps) budget() (minor int64, yearly bool) {
	for _, b := range p.Budgets {
		if b.CostCentre == "" && firstOf(b.Currency, "CNY") == p.Currency && (minor == 0 || !b.Yearly) {
			minor, yearly = b.AMonth(), b.Yearly
		}
	}
	return minor, yearly
}

// budgetNote says how the month stands to the budget, and what is expected of it.
func (p DashboardProps) budgetNote(ctx context.Context, m monthMoney) string {
	expected := i18n.T(ctx, "money.expected", "Amount", i18n.Money(ctx, m.SoFar+m.Rest, p.Currency))
	if m.Budget == 0 {
		return expected
	}
	words := "money.of-budget"
	if m.Yearly {
		words = "money.of-yearly"
	}
	return i18n.T(ctx, words, "Share", i18n.Percent(ctx, m.SoFar, m.Budget), "Amount", i18n.Money(ctx, m.Budget, p.Currency)) + " · " + expected
}

// terms says how much is paid for up to an end that is to come.
func (p DashboardProps) terms(ctx context.Context) string {
	var parts []string
	for _, look := range ui.Ordered(ctx) {
		if n := p.Ends.Within(len(models.EndsWithin), look.Kind); n > 0 {
			parts = append(parts, i18n.T(ctx, "money.terms."+string(look.Kind), "Count", int(n), "Number", upTo(ctx, n)))
		}
	}
	return listed(ctx, parts)
}

// tally is the count of a kind with its trend: how many there were at the end of
// each month, reckoned back from how many there are.
func (p DashboardProps) tally(ctx context.Context, look ui.KindLook) ui.TallyProps {
	months := p.Months[look.Kind]
	total := p.Counts[string(look.Kind)]
	points := make([]float64, len(months))
	at := total
	for i := len(months) - 1; i >= 0; i-- {
		points[i] = float64(max(at, 0))
		at -= months[i].Created - months[i].Deleted
	}
	t := ui.TallyProps{Kind: look, Label: look.Many(ctx), Value: i18n.Number(ctx, total), Points: points, Note: i18n.T(ctx, "dashboard.unchanged")}
	if len(points) == 0 || slices.Max(points) == 0 {
		t.Points = nil // a line along the bottom tells nothing
	}
	if n := len(months); n > 0 {
		if d := months[n-1].Created - months[n-1].Deleted; d > 0 {
			t.Note = i18n.T(ctx, "dashboard.this-month", "Change", "+"+i18n.Number(ctx, d))
		} else if d < 0 {
			t.Note = i18n.T(ctx, "dashboard.this-month", "Change", i18n.Number(ctx, d))
		}
	}
	return t
}

// spendNote says what the chart of what was spent counts.
func (p DashboardProps) spendNote(ctx context.Context) string {
	return i18n.T(ctx, "dashboard.spend.sub", "Currency", p.Currency)
}

// spend is the chart of what stores by the hour cost and what orders committed to, or
// nil when nothing was spent.
func (p DashboardProps) spend(ctx context.Context) *ui.ChartProps {
	chart := &ui.ChartProps{ID: "spend", Corner: i18n.T(ctx, "dashboard.month"), Label: i18n.T(ctx, "dashboard.spend.label"),
		Total: i18n.T(ctx, "dashboard.spend.total"), Linked: i18n.T(ctx, "dashboard.spend.ordered"), Rest: float64(p.ByHour.Rest) / 100}
	stores := ui.Look(ctx, models.KindStore)
	hours := ui.Series{Kind: stores, Label: i18n.T(ctx, "dashboard.spend.by-hour"), Hatched: true}
	for _, minor := range p.ByHour.Months {
		hours.Values = append(hours.Values, float64(minor)/100)
	}
	chart.Series = append(chart.Series, hours)
	for i, look := range ui.Ordered(ctx) {
		s := ui.Series{Kind: look, Label: look.Many(ctx)}
		if key := "dashboard.spend." + string(look.Kind); i18n.Has(ctx, key) {
			s.Label = i18n.T(ctx, key)
		}
		for _, m := range p.Spent[look.Kind] {
			s.Values = append(s.Values, float64(m.SpendMinor)/100)
			if i == 0 {
				chart.Hrefs = append(chart.Hrefs, spendPath(m.Month, "", ""))
				chart.Labels = append(chart.Labels, monthLabel(ctx, m.Month, len(chart.Labels) == 0))
			}
		}
		chart.Series = append(chart.Series, s)
	}
	if !slices.ContainsFunc(chart.Series, func(s ui.Series) bool { return slices.ContainsFunc(s.Values, func(v float64) bool { return v > 0 }) }) {
		return nil
	}
	chart.Exact = func(v float64) string { return i18n.Money(ctx, int64(math.Round(v*100)), p.Currency) }
	chart.Format = func(v float64) string { return strings.TrimSuffix(chart.Exact(math.Round(v)), ".00") }
	if minor, yearly := p.budget(); minor > 0 {
		chart.Line, chart.LineName = float64(minor)/100, i18n.T(ctx, "dashboard.budget.month")
		if yearly {
			chart.LineName = i18n.T(ctx, "dashboard.budget.year")
		}
	}
	return chart
}

// monthLabel is a month as a chart has it, with its year below the first and where one
// begins.
func monthLabel(ctx context.Context, month int64, first bool) ui.ChartLabel {
	l := ui.ChartLabel{Short: i18n.MonthName(ctx, month), Long: i18n.MonthYear(ctx, month)}
	if first || month%100 == 1 {
		l.Over = number(month / 100)
	}
	return l
}
