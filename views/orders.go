package views

import (
	"context"
	"slices"
	"strings"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// orderTones say how a reader should take each state of an order.
var orderTones = map[models.OrderState]ui.Tone{
	models.OrderPending: ui.Warn, models.OrderApproved: ui.Info, models.OrderFulfilling: ui.Busy,
	models.OrderCompleted: ui.OK, models.OrderFailed: ui.Danger, models.OrderRejected: ui.Danger,
	models.OrderCancelled: ui.Neutral, models.OrderLapsed: ui.Neutral,
}

// orderKinds are the kinds of an order's lines, each once.
func orderKinds(o models.Order) []ui.Kind {
	var kinds []ui.Kind
	for k := range strings.SplitSeq(o.Kinds, ",") {
		if k := ui.Kind(k); k != "" && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// kindWord is one thing of a kind in words: "resource plan".
func kindWord(ctx context.Context, k models.Kind) string {
	return i18n.T(ctx, "order.kind."+string(k))
}

// lineTitle is what a line of an order is called: a plan by what the catalogue
// says it is, anything else by its own name.
func lineTitle(ctx context.Context, s *models.OrderSheet, l models.OrderLine) string {
	if t, ok := s.Type(l); ok {
		return word(ctx, t.ZH, t.EN)
	}
	return firstOf(l.Name, l.ResourceName, l.ResourceID, kindWord(ctx, l.Kind))
}

// lineCode is the id or name that tells the line's resource from all others,
// unless the title says it already.
func lineCode(ctx context.Context, s *models.OrderSheet, l models.OrderLine) string {
	if l.Kind == models.KindBucket || l.ResourceID == lineTitle(ctx, s, l) {
		return "" // a bucket's name is unique, and its only id outside
	}
	return l.ResourceID
}

// regionWord is a region by its name in the reader's language, or by its id.
func regionWord(ctx context.Context, s *models.OrderSheet, id string) string {
	if r, ok := s.Regions[id]; ok {
		return word(ctx, r.ZH, r.EN)
	}
	return id
}

// lineTerm is how long a line runs: 1 year, by the hour, or nothing.
func lineTerm(ctx context.Context, l models.OrderLine) string {
	switch {
	case l.Metered():
		return i18n.T(ctx, "order.by-hour")
	case l.TermN > 0:
		return i18n.Term(ctx, l.TermN, string(l.TermUnit))
	}
	return ""
}

// lineDates are the first and the last day of a line.
func lineDates(ctx context.Context, l models.OrderLine) string {
	if l.StartsAt == nil || l.EndsAt == nil {
		return ""
	}
	return i18n.Date(ctx, *l.StartsAt) + " – " + i18n.LastDate(ctx, *l.EndsAt)
}

// lineRate is the price of one unit of one piece, "" for what is free.
func lineRate(ctx context.Context, l models.OrderLine) string {
	if l.UnitMicro == 0 {
		return ""
	}
	return i18n.T(ctx, "order.rate", "Price", i18n.MoneyRate(ctx, l.UnitMicro, l.Currency),
		"Unit", i18n.T(ctx, "price.unit."+string(l.Unit)))
}

// lineTimes says what the rate is multiplied by: × 2 × 12 months.
func lineTimes(ctx context.Context, l models.OrderLine) string {
	var parts []string
	if l.Quantity > 1 {
		parts = append(parts, "× "+i18n.Number(ctx, l.Quantity))
	}
	if l.Units > 1 && l.Unit != pricing.Term {
		parts = append(parts, "× "+i18n.Term(ctx, int(l.Units), string(l.Unit)))
	}
	return strings.Join(parts, " ")
}

// lineHourly says what a line charged by the hour costs an hour, and about how
// much a month.
func lineHourly(ctx context.Context, l models.OrderLine) string {
	return i18n.T(ctx, "order.hourly",
		"Hour", i18n.MoneyRate(ctx, l.HourlyMicro, l.Currency),
		"Month", i18n.Money(ctx, l.MonthlyEstimateMinor, l.Currency))
}

// monthlyEstimate is what all lines charged by the hour come to in a month,
// nought where there is none.
func monthlyEstimate(o *models.Order) int64 {
	var sum int64
	for _, l := range o.Lines {
		sum += l.MonthlyEstimateMinor
	}
	return sum
}

// orderRule says which rule let an order through or holds it.
func orderRule(ctx context.Context, rule string) string {
	if key := "order.rule." + rule; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return rule
}

// orderApprover says who decided on an order, or why nobody had to.
func orderApprover(ctx context.Context, o *models.Order) string {
	switch {
	case o.DeciderName != "":
		return o.DeciderName
	case o.State == models.OrderPending:
		return i18n.T(ctx, "order.undecided")
	}
	return i18n.T(ctx, "order.no-approver")
}

// word is the one of two words that the reader reads.
func word(ctx context.Context, zh, en string) string {
	if i18n.Lang(ctx) == "zh" {
		return zh
	}
	return en
}

func firstOf(some ...string) string {
	for _, s := range some {
		if s != "" {
			return s
		}
	}
	return ""
}
