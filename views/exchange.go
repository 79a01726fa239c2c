package views

import (
	"context"
	"strings"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// taxWord is what the tax on an order is called, with its rate.
func taxWord(ctx context.Context, o *models.Order) string {
	if o.TaxRate == 0 {
		return i18n.T(ctx, "order.tax")
	}
	return i18n.T(ctx, "order.tax-of", "Name", o.TaxName, "Rate", strings.TrimSuffix(pricing.Decimal(o.TaxRate), ".00"))
}

// pays is what an order comes to, in the currency of its team.
func pays(ctx context.Context, o *models.Order) string {
	minor, currency := o.Pays()
	return i18n.Money(ctx, minor, currency)
}

// paysOf is what an amount of an order's lines comes to, as pays is.
func paysOf(ctx context.Context, o *models.Order, amount int64) string {
	minor, currency := o.Reckon(amount)
	return i18n.Money(ctx, minor, currency)
}

// bookRow is the total of an order in the currency of the price book, where its team has
// another.
func bookRow(ctx context.Context, o *models.Order) (ui.Row, bool) {
	return ui.Row{Label: i18n.T(ctx, "order.total-in", "Currency", o.Currency), Value: i18n.Money(ctx, o.TotalMinor, o.Currency)}, o.RateMicro > 0 && o.TotalMinor > 0
}

// rateNote says at which rate an order is exchanged, from where and since when; "" where
// it is not.
func rateNote(ctx context.Context, o *models.Order) string {
	if o.RateMicro == 0 || o.RateFrom == nil {
		return ""
	}
	return i18n.T(ctx, "order.rate", "Base", o.Currency, "Quote", o.PayCurrency, "Rate", pricing.RateDecimal(o.RateMicro), "Source", o.RateSource, "Date", i18n.Date(ctx, *o.RateFrom))
}
