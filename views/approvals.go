package views

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// Approvals is the list of what waits for a decision.
var Approvals = &ListView[models.Approval]{
	ID: "approval-list", Path: "/approvals", List: models.Approvals, Label: "approvals.table",
	Kind: models.KindOrder, Pick: func(a *models.Approval) string { return number(a.OrderNumber) },
	Amount: func(ctx context.Context, a *models.Approval) string { return orderAmount(ctx, a.Order) },
	Picks: func(at ListAt) bool {
		return at.Query.Filters["whose"] == models.WaitsForMe && at.By.May(models.Decide)
	},
	Columns: []ListColumn[models.Approval]{
		{Words: "orders.what", Sort: "items", Class: "wide", Name: true, Text: func(c *ui.Cells, a *models.Approval) string { return orderWhat(c.Ctx, a.Order) },
			Draw: func(c *ui.Cells, a *models.Approval) {
				c.Open("a", "href", "/orders/"+number(a.OrderNumber))
				c.Open("span", "class", "order-what")
				for _, k := range orderKinds(*a.Order) {
					c.Mark(k)
				}
				c.Text(orderWhat(c.Ctx, a.Order))
				c.Close("span")
				c.Close("a")
			}},
		sorted("requester", plain("order.requester", "", func(_ *ui.Cells, a *models.Approval) string { return a.Order.RequesterName })),
		emailed(func(a *models.Approval) string { return a.RequestedBy }),
		{Words: "order.amount", Sort: "amount", Class: "num", Draw: func(c *ui.Cells, a *models.Approval) { drawTotal(c, a.Order) },
			Text: func(_ *ui.Cells, a *models.Approval) string { return pricing.Decimal(a.Order.TotalMinor) }},
		sorted("asked", plain("approvals.asked", "", func(c *ui.Cells, a *models.Approval) string { return upperFirst(askedNow(c.Ctx, *a)) })),
		{Words: "order.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, a *models.Approval) string { return approvalWord(c.Ctx, *a) },
			Draw: func(c *ui.Cells, a *models.Approval) { c.Badge(approvalTones[a.State], approvalWord(c.Ctx, *a)) }},
		{Words: "approvals.since", Sort: "at", Class: "nowrap", Text: func(c *ui.Cells, a *models.Approval) string { return i18n.OrderTime(c.Ctx, a.At) },
			Draw: func(c *ui.Cells, a *models.Approval) { c.Moment(a.At, c.Relative(a.At)) }},
		filed("orders.number", func(_ *ui.Cells, a *models.Approval) string { return number(a.OrderNumber) }),
		filed("order.reason", func(_ *ui.Cells, a *models.Approval) string { return a.Order.Note }),
		filed("order.decision-reason", func(_ *ui.Cells, a *models.Approval) string { return a.Reason }),
	},
	Filters: []ListFilter{{Name: "whose", Values: "approvals.view.", Off: "approvals.view.mine", As: Tabs}},
	Head: func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "approvals.title"), Subtitle: i18n.T(ctx, "approvals.subtitle")}
	},
	Styled: true,
	Whole:  func(ListAt) bool { return true },
	Empty: func(ctx context.Context, at ListAt) ui.EmptyProps {
		view := at.Query.Filters["whose"]
		if view == "" {
			view = "mine"
		}
		return ui.EmptyProps{Icon: "circle-check", Title: i18n.T(ctx, "approvals.none."+view), Text: i18n.T(ctx, "approvals.none-text."+view),
			Action: ui.LinkButton(ui.ButtonProps{Text: i18n.T(ctx, "orders.title"), Href: "/orders"})}
	},
}

// approvalTones are the tones of the states of an approval.
var approvalTones = map[models.ApprovalState]ui.Tone{
	models.ApprovalWaiting: ui.Neutral, models.ApprovalOpen: ui.Warn, models.ApprovalApproved: ui.OK,
	models.ApprovalRejected: ui.Danger, models.ApprovalEnded: ui.Neutral,
}

func approvalWord(ctx context.Context, a models.Approval) string {
	return i18n.T(ctx, "approvals.state."+string(a.State))
}

// waySteps are the steps of an order's way with what was said on each, after that
// of asking.
func waySteps(ctx context.Context, p OrderShowProps) []ui.Step {
	o := p.Sheet.Order
	steps := []ui.Step{{Label: o.RequesterName, State: "done", Note: i18n.T(ctx, "approvals.asked-for"), Took: i18n.OrderTime(ctx, o.CreatedAt)}}
	for _, a := range p.Sheet.Way {
		steps = append(steps, wayStep(ctx, a, p.Able))
	}
	if o.State == models.OrderRejected {
		return steps // by one of them
	}
	return append(steps, endStep(ctx, o, p.Sheet.Way))
}

// endStep is what becomes of an order after its way, or ended it there.
func endStep(ctx context.Context, o *models.Order, way []models.Approval) ui.Step {
	s := ui.Step{Label: orderStateWord(ctx, o), State: "failed"}
	switch o.State {
	case models.OrderPending:
		return ui.Step{Label: i18n.T(ctx, "approvals.run"), State: "waiting"}
	case models.OrderApproved, models.OrderFulfilling:
		s.State = "running"
	case models.OrderCompleted:
		s.State = "done"
		if o.CompletedAt != nil {
			s.Took = i18n.OrderTime(ctx, *o.CompletedAt)
		}
	case models.OrderCancelled, models.OrderLapsed:
		for _, a := range way {
			if a.State == models.ApprovalEnded { // when the order did
				s.Took = i18n.OrderTime(ctx, a.At)
			}
		}
		if s.Note = i18n.T(ctx, "approvals.nobody"); o.State == models.OrderCancelled { // which its requester alone may
			s.Note = o.RequesterName
		}
	case models.OrderFailed:
		if o.Refused != nil && o.DecidedAt != nil {
			s.Took = i18n.OrderTime(ctx, *o.DecidedAt)
		}
	}
	return s
}

// paperSteps are the steps of an order's way as its paper has them: who was asked or
// decided, what, when and why, a line each; and the budgets that it was let over.
func paperSteps(ctx context.Context, s *models.OrderSheet) string {
	lines := mapped(s.Way, func(a models.Approval) string {
		parts := []string{strconv.Itoa(a.Place) + ". " + firstOf(a.DeciderName, upperFirst(asked(ctx, a.Ask()))), approvalWord(ctx, a)}
		if a.DecidedBy != "" {
			parts = append(parts, i18n.DateTime(ctx, a.At))
		}
		if a.Reason != "" {
			parts = append(parts, strings.Join(strings.Fields(a.Reason), " "))
		}
		return strings.Join(parts, " · ")
	})
	for _, over := range s.Overruns {
		lines = append(lines, i18n.T(ctx, "ui.error-line", "Field", i18n.T(ctx, "order.over-budget"), "Text", overrunWords(ctx, over)))
	}
	return strings.Join(lines, "\n")
}

// askedNow is whom a step asks, with who stands in for them.
func askedNow(ctx context.Context, a models.Approval) string {
	switch {
	case a.Deputy.ID == "":
		return asked(ctx, a.Ask())
	case a.ForYou:
		return i18n.T(ctx, "approvals.for", "Name", a.PersonName)
	}
	return i18n.T(ctx, "approvals.deputy", "Name", a.PersonName, "Deputy", a.Deputy.Name)
}

// decider is who decided a step, and for whom.
func decider(ctx context.Context, a models.Approval) string {
	if a.PersonID == "" || a.DecidedBy == a.PersonID {
		return a.DeciderName
	}
	return i18n.T(ctx, "approvals.decided-for", "Name", a.DeciderName, "Person", a.PersonName)
}

// wayStep is a step of an order's way, which the reader may be able to decide.
func wayStep(ctx context.Context, a models.Approval, able bool) ui.Step {
	s := ui.Step{Label: upperFirst(askedNow(ctx, a)), State: "waiting", Note: approvalWord(ctx, a)}
	switch a.State {
	case models.ApprovalOpen:
		s.State, s.Note = "due", i18n.T(ctx, "approvals.since-note", "Time", i18n.OrderTime(ctx, a.At))
		if able {
			s.Label = i18n.T(ctx, "approvals.you", "Asked", askedNow(ctx, a))
		}
	case models.ApprovalApproved, models.ApprovalRejected:
		s.State = "done"
		if a.State == models.ApprovalRejected {
			s.State = "failed"
		}
		s.Label, s.Took = decider(ctx, a), i18n.OrderTime(ctx, a.At)
		if a.Reason != "" {
			s.Note = i18n.T(ctx, "ui.error-line", "Field", s.Note, "Text", a.Reason)
		}
	}
	if a.Instead && a.DecidedBy == "" {
		s.Note += " · " + i18n.T(ctx, "rules.instead")
	}
	return s
}

// decidedSteps are the steps of a way that somebody decided.
func decidedSteps(ctx context.Context, way []models.Approval) (steps []ui.Step) {
	for _, a := range way {
		if a.DecidedBy != "" {
			steps = append(steps, wayStep(ctx, a, false))
		}
	}
	return steps
}

// decisionFigure is what an order comes to, as a decider asks for it: what it adds
// to a month, or what is due.
func decisionFigure(ctx context.Context, o *models.Order) (label, figure, note string) {
	var hourly, more int64
	changes := false
	for _, l := range o.Lines {
		hourly += l.HourlyMicro
		for _, c := range l.Changes {
			if c.Fact == models.FactMonthly {
				changes, more = true, more+c.To.Minor-c.From.Minor
			}
		}
	}
	switch m := monthlyEstimate(o); {
	case changes && more < 0:
		return i18n.T(ctx, "approvals.figure.less"), "−" + paysOf(ctx, o, -more), ""
	case changes:
		return i18n.T(ctx, "approvals.figure.more"), "+" + paysOf(ctx, o, more), ""
	case m > 0:
		return i18n.T(ctx, "order.monthly-estimate"), "≈ " + paysOf(ctx, o, m), i18n.Rate(ctx, hourly, o.Currency, string(pricing.Hour))
	}
	if l := o.Lines[len(o.Lines)-1]; l.Changes == nil && !o.Free {
		note = lineTerm(ctx, l)
	}
	minor, currency := o.Pays()
	return i18n.T(ctx, "order.total"), freeOr(ctx, minor, currency, o.Free), note
}

// waitsSince is since when an order waits for the step that is open.
func waitsSince(p OrderShowProps) time.Time {
	for _, a := range p.Sheet.Way {
		if a.State == models.ApprovalOpen {
			return a.At
		}
	}
	return p.Sheet.Order.CreatedAt
}

// hotkey are the attributes of a button that a key goes to.
func hotkey(key string) templ.Attributes {
	return templ.Attributes{"accesskey": key, "data-hotkey": key, "aria-keyshortcuts": key}
}

// changeRows are what the lines of an order change, as it was when they were
// ordered. Of several lines each says what it changes first.
func changeRows(ctx context.Context, s *models.OrderSheet) []changeRow {
	var rows []changeRow
	for _, l := range s.Order.Lines {
		for _, c := range l.Changes {
			if len(s.Order.Lines) > 1 {
				rows = append(rows, changeRow{lineChanged(s, l), changeValue(ctx, s.Order, l, c, c.From), changeValue(ctx, s.Order, l, c, c.To)})
				break
			}
			rows = append(rows, changeRow{i18n.T(ctx, "order.change."+string(c.Fact)), changeValue(ctx, s.Order, l, c, c.From), changeValue(ctx, s.Order, l, c, c.To)})
		}
	}
	return rows
}

// changeValue is one side of a change, in words.
func changeValue(ctx context.Context, o *models.Order, l models.OrderLine, c models.LineChange, v models.FactValue) string {
	switch c.Fact {
	case models.FactEnds:
		if v.At == nil {
			return ""
		}
		return i18n.LastDate(ctx, *v.At)
	case models.FactHourly:
		return i18n.Rate(ctx, v.Micro, l.Currency, string(pricing.Hour))
	case models.FactMonthly:
		return paysOf(ctx, o, v.Minor)
	case models.FactPerMonth:
		return i18n.Money(ctx, v.Minor, l.Currency)
	}
	return v.Text
}

// saidByLine are fields of forms that a line of an order says in its own words.
var saidByLine = []string{"product_code", "package_type", "specification", "duration", "pricing_cycle", "effective_date", "region", "cu", "num",
	"charge_mode", "period_type", "period_num", "instance_id", "action"}

// versionRows are what changed between a version of an order and the next one, or
// what it is now.
func versionRows(ctx context.Context, p OrderShowProps, i int) []changeRow {
	was, wasForms := p.Versions[i].Was, p.Versions[i].Forms
	is, isForms := p.Sheet.Order, p.Sheet.Forms
	if i+1 < len(p.Versions) {
		is, isForms = p.Versions[i+1].Was, p.Versions[i+1].Forms
	}
	from, to := was.Lines[len(was.Lines)-1], is.Lines[len(is.Lines)-1]
	var rows []changeRow
	add := func(label, from, to string) {
		if from != to {
			rows = append(rows, changeRow{label, from, to})
		}
	}
	add(i18n.T(ctx, "orders.what"), lineTitle(ctx, p.Sheet, from), lineTitle(ctx, p.Sheet, to))
	if len(was.Lines) > 1 || len(is.Lines) > 1 {
		things := func(forms []url.Values) string {
			return strings.Join(mapped(forms, func(f url.Values) string { return f.Get("instance_id") }), ", ")
		}
		add(ui.Look(ctx, to.Kind).Many(ctx), things(wasForms), things(isForms))
	}
	if len(to.Changes) == 0 || len(to.Changes) != len(from.Changes) {
		add(i18n.T(ctx, "order.spec"), from.Detail, to.Detail)
	} else {
		for i, c := range to.Changes {
			add(i18n.T(ctx, "order.change."+string(c.Fact)), changeValue(ctx, was, from, c, from.Changes[i].To), changeValue(ctx, is, to, c, c.To))
		}
	}
	add(i18n.T(ctx, "order.region"), regionWord(ctx, p.Sheet, from.Region), regionWord(ctx, p.Sheet, to.Region))
	add(i18n.T(ctx, "order.term"), lineTerm(ctx, from), lineTerm(ctx, to))
	add(i18n.T(ctx, "order.versions.dates"), lineDates(ctx, from), lineDates(ctx, to))
	a, b := wasForms[len(wasForms)-1], isForms[len(isForms)-1]
	for _, name := range slices.Sorted(maps.Keys(merged(a, b))) {
		if !slices.Contains(saidByLine, name) {
			add(ui.Label(ctx, name), strings.Join(a[name], ", "), strings.Join(b[name], ", "))
		}
	}
	due := func(o *models.Order) string { minor, currency := o.Pays(); return freeOr(ctx, minor, currency, o.Free) }
	add(i18n.T(ctx, "order.total"), due(was), due(is))
	add(i18n.T(ctx, "order.monthly-estimate"), paysOf(ctx, was, monthlyEstimate(was)), paysOf(ctx, is, monthlyEstimate(is)))
	add(i18n.T(ctx, "order.cost-centre"), was.CostCentre, is.CostCentre)
	add(ui.Label(ctx, "po_number"), was.PONumber, is.PONumber)
	add(i18n.T(ctx, "order.reason"), was.Note, is.Note)
	return rows
}

// lastRows are what changed since the version before, without the reason, which
// stands below.
func lastRows(ctx context.Context, p OrderShowProps) []changeRow {
	reason := i18n.T(ctx, "order.reason")
	return slices.DeleteFunc(versionRows(ctx, p, len(p.Versions)-1), func(r changeRow) bool { return r.Label == reason })
}

// merged has what either form has.
func merged(a, b url.Values) url.Values {
	all := maps.Clone(a)
	if all == nil {
		all = url.Values{}
	}
	maps.Copy(all, b)
	return all
}

// said is what somebody said or decided about an order.
type said struct {
	At                     time.Time
	Who, What, Text, Names string
}

// saidOf is what was said and decided about an order, the first first.
func saidOf(ctx context.Context, p OrderShowProps) []said {
	o := p.Sheet.Order
	note := o.Note
	if len(p.Versions) > 0 {
		note = p.Versions[0].Was.Note
	}
	all := []said{{o.CreatedAt, o.RequesterName, i18n.T(ctx, "approvals.asked-for"), note, ""}}
	way := p.Sheet.Way
	for i, v := range p.Versions {
		next := o.Note
		if i+1 < len(p.Versions) {
			next = p.Versions[i+1].Was.Note
		}
		all = append(all, said{v.At, o.RequesterName, i18n.T(ctx, "order.thread.edited", "N", v.N+1), next, ""})
		way = append(slices.Clone(v.Way), way...)
	}
	for _, a := range way {
		if a.DecidedBy != "" {
			all = append(all, said{a.At, a.DeciderName, approvalWord(ctx, a), a.Reason, ""})
		}
	}
	for _, c := range p.Comments {
		names := strings.Join(mapped(c.Mentions, func(m models.Person) string { return "@" + m.Name }), " ")
		all = append(all, said{c.At, c.UserName, i18n.T(ctx, "order.thread.said"), c.Body, names})
	}
	slices.SortStableFunc(all, func(a, b said) int { return a.At.Compare(b.At) })
	return all
}
