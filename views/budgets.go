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

// budgetName is what a budget is called: by its cost centre, or the team's.
func budgetName(ctx context.Context, b models.Budget) string {
	return firstOf(b.CostCentre, i18n.T(ctx, "budgets.whole-team"))
}

// budgetRule says how much there is for how long, and what happens beyond.
func budgetRule(ctx context.Context, b models.Budget) string {
	period, over := "month", "refuse"
	if b.Yearly {
		period = "year"
	}
	if b.Hold {
		over = "hold"
	}
	return i18n.T(ctx, "budgets.rule."+period, "Amount", i18n.Money(ctx, b.AmountMinor, firstOf(b.Currency, "CNY")), "Over", i18n.T(ctx, "budgets.over."+over))
}

// periodName is a period of a budget, "2026-11" or "2026", as people say it.
func periodName(ctx context.Context, period string) string {
	year, month, monthly := strings.Cut(period, "-")
	if !monthly {
		return i18n.T(ctx, "budgets.in-year", "Year", year)
	}
	n, _ := strconv.ParseInt(year+month, 10, 64)
	return i18n.Month(ctx, n)
}

// budgetUsed is how much of a budget is taken, in percent too where that is more than
// there is.
func budgetUsed(ctx context.Context, b models.BudgetUse, currency string) string {
	used, amount := b.SpentMinor+b.ReservedMinor, i18n.Money(ctx, b.AmountMinor, currency)
	if b.Free() >= 0 {
		return i18n.T(ctx, "budgets.of", "Used", i18n.Money(ctx, used, currency), "Amount", amount)
	}
	percent, err := pricing.MulDiv(used, 100, b.AmountMinor)
	if err != nil {
		percent = 100
	}
	return i18n.T(ctx, "budgets.of-over", "Used", i18n.Money(ctx, used, currency), "Amount", amount, "Percent", i18n.Number(ctx, percent))
}

// budgetFree is what is left of a budget, or what it is passed by.
func budgetFree(ctx context.Context, b models.BudgetUse, currency string) ui.Row {
	if b.Free() < 0 {
		return ui.Row{Label: i18n.T(ctx, "budgets.over-by"), Value: i18n.Money(ctx, -b.Free(), currency), Tone: ui.Danger}
	}
	return ui.Row{Label: i18n.T(ctx, "budgets.free"), Value: i18n.Money(ctx, b.Free(), currency), Tone: ui.OK}
}

// overrunWords say which budget an order was let over, when and by whom.
func overrunWords(ctx context.Context, o models.Overrun) string {
	period := o.Period
	if o.Budget.ID != "" {
		period = budgetName(ctx, o.Budget) + " · " + period
	}
	return i18n.T(ctx, "budgets.overrun", "Budget", period, "Name", o.OverBy)
}

func budgetFormTitle(ctx context.Context, p BudgetsProps) string {
	if p.Of != "" {
		return i18n.T(ctx, "budgets.edit")
	}
	return i18n.T(ctx, "budgets.add")
}

// wordOptions are choices whose words are in the catalogues behind a key.
func wordOptions(ctx context.Context, key string, values ...string) []ui.Option {
	return mapped(values, func(v string) ui.Option { return ui.Option{Value: v, Label: i18n.T(ctx, key+v)} })
}

// BudgetEntries is the list of the orders behind a budget.
var BudgetEntries = &ListView[models.BudgetEntry]{
	ID: "budget-orders", Path: "/team/budgets/:id/orders", List: models.BudgetEntries, Label: "budgets.orders",
	Columns: []ListColumn[models.BudgetEntry]{
		{Words: "orders.number", Sort: "number", Name: true, Class: "nowrap", Text: func(_ *ui.Cells, e *models.BudgetEntry) string { return number(e.OrderNumber) },
			Draw: func(c *ui.Cells, e *models.BudgetEntry) { c.Link(orderPath(e.OrderNumber), number(e.OrderNumber)) }},
		sorted("period", plain("budgets.period", "nowrap", func(c *ui.Cells, e *models.BudgetEntry) string { return periodName(c.Ctx, e.Period) })),
		sorted("at", plain("budgets.counted-at", "nowrap", func(c *ui.Cells, e *models.BudgetEntry) string { return i18n.OrderTime(c.Ctx, e.At) })),
		{Words: "order.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, e *models.BudgetEntry) string { return entryWord(c.Ctx, e) },
			Draw: func(c *ui.Cells, e *models.BudgetEntry) { c.Badge(entryTones[e.State], entryWord(c.Ctx, e)) }},
		{Words: "order.amount", Sort: "amount", Class: "num", Text: func(_ *ui.Cells, e *models.BudgetEntry) string { return pricing.Decimal(e.AmountMinor) },
			Draw: func(c *ui.Cells, e *models.BudgetEntry) { c.Text(i18n.Money(c.Ctx, e.AmountMinor, e.Currency)) }},
	},
	Head: func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "budgets.orders"), Subtitle: i18n.T(ctx, "budgets.orders-note"), Crumbs: []ui.Crumb{{Label: i18n.T(ctx, "budgets.title"), Href: "/team/budgets"}}}
	},
	Empty: func(ctx context.Context, _ ListAt) ui.EmptyProps {
		return ui.EmptyProps{Icon: "receipt-text", Title: i18n.T(ctx, "budgets.no-orders"), Text: i18n.T(ctx, "budgets.no-orders-text")}
	},
}

var entryTones = map[models.BudgetState]ui.Tone{models.BudgetReserved: ui.Warn, models.BudgetSpent: ui.OK, models.BudgetReleased: ui.Neutral}

// entryWord is what an order does to a budget.
func entryWord(ctx context.Context, e *models.BudgetEntry) string {
	word := i18n.T(ctx, "budgets.state."+string(e.State))
	if e.OverBy != "" {
		word += " · " + i18n.T(ctx, "budgets.let-over", "Name", e.OverBy)
	}
	return word
}
