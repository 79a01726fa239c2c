package views

import (
	"context"
	"strconv"
	"strings"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// Approvals is the list of what waits for a decision.
var Approvals = &ListView[models.Approval]{
	ID: "approval-list", Path: "/approvals", List: models.Approvals, Label: "approvals.table",
	Columns: []ListColumn[models.Approval]{
		{Words: "orders.what", Class: "wide", Name: true, Text: func(c *ui.Cells, a *models.Approval) string { return orderWhat(c.Ctx, a.Order) },
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
		plain("order.requester", "", func(_ *ui.Cells, a *models.Approval) string { return a.Order.RequesterName }),
		emailed(func(a *models.Approval) string { return a.RequestedBy }),
		{Words: "order.amount", Class: "num", Draw: func(c *ui.Cells, a *models.Approval) { c.Text(orderTotal(c.Ctx, *a.Order)) },
			Text: func(_ *ui.Cells, a *models.Approval) string { return pricing.Decimal(a.Order.TotalMinor) }},
		plain("approvals.asked", "", func(c *ui.Cells, a *models.Approval) string { return upperFirst(asked(c.Ctx, a.Ask())) }),
		{Words: "order.state", Class: "state", Bare: true, Text: func(c *ui.Cells, a *models.Approval) string { return approvalWord(c.Ctx, *a) },
			Draw: func(c *ui.Cells, a *models.Approval) { c.Badge(approvalTones[a.State], approvalWord(c.Ctx, *a)) }},
		{Words: "approvals.since", Class: "nowrap", Text: func(c *ui.Cells, a *models.Approval) string { return i18n.OrderTime(c.Ctx, a.At) },
			Draw: func(c *ui.Cells, a *models.Approval) { c.Moment(a.At, c.Relative(a.At)) }},
		filed("orders.number", func(_ *ui.Cells, a *models.Approval) string { return number(a.OrderNumber) }),
		filed("order.reason", func(_ *ui.Cells, a *models.Approval) string { return a.Order.Note }),
		filed("order.decision-reason", func(_ *ui.Cells, a *models.Approval) string { return a.Reason }),
	},
	Filters: []ListFilter{{Name: "view", Values: "approvals.view.", Off: "approvals.view.mine", As: Tabs}},
	Head: func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "approvals.title"), Subtitle: i18n.T(ctx, "approvals.subtitle")}
	},
	Whole: func(ListAt) bool { return true },
	Empty: func(ctx context.Context, at ListAt) ui.EmptyProps {
		view := at.Query.Filters["view"]
		if view == "" {
			view = "mine"
		}
		return ui.EmptyProps{Icon: "circle-check", Title: i18n.T(ctx, "approvals.none."+view), Text: i18n.T(ctx, "approvals.none-text."+view)}
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
		s := ui.Step{Label: upperFirst(asked(ctx, a.Ask())), State: "waiting", Note: approvalWord(ctx, a)}
		switch a.State {
		case models.ApprovalOpen:
			s.State, s.Note = "due", i18n.T(ctx, "approvals.since-note", "Time", i18n.OrderTime(ctx, a.At))
			if p.Able {
				s.Label = i18n.T(ctx, "approvals.you", "Asked", asked(ctx, a.Ask()))
			}
		case models.ApprovalApproved, models.ApprovalRejected:
			s.State = "done"
			if a.State == models.ApprovalRejected {
				s.State = "failed"
			}
			s.Label, s.Took = a.DeciderName, i18n.OrderTime(ctx, a.At)
			if a.Reason != "" {
				s.Note = i18n.T(ctx, "ui.error-line", "Field", s.Note, "Text", a.Reason)
			}
		}
		if a.Instead && a.DecidedBy == "" {
			s.Note += " · " + i18n.T(ctx, "rules.instead")
		}
		steps = append(steps, s)
	}
	return steps
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

// decisionFacts are what a decider reads first.
func decisionFacts(ctx context.Context, s *models.OrderSheet) []ui.Row {
	o := s.Order
	rows := []ui.Row{{Label: i18n.T(ctx, "order.total"), Value: orderTotal(ctx, *o), Tone: ui.Info}}
	if m := monthlyEstimate(o); m > 0 {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.monthly-estimate"), Value: i18n.Money(ctx, m, o.Currency)})
	}
	return append(rows, ui.Row{Label: i18n.T(ctx, "order.reason"), Value: firstOf(o.Note, "—")})
}
