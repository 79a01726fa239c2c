package models

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/pricing"
)

// ShownPrice is what the form of an order showed as its price, as Quote.Shown spells it,
// so that nobody orders at another price than they saw. It is "" for callers who were
// shown nothing: they order at the price of now.
type ShownPrice struct {
	Shown string `form:"shown_total" json:"-"`
}

// Shown is what a form that shows the price of the quote brings back, "" while there is
// no price.
func (q Quote) Shown() string {
	if q.Order == nil || q.Order.Free {
		return ""
	}
	return shownPrice(q.Order).Encode()
}

// shownPrice is what an order costs its team, and what for, and since when that is the
// price.
func shownPrice(o *Order) url.Values {
	var of, since []string
	var hourly int64
	for _, l := range o.Lines {
		hourly += l.HourlyMicro
		of = append(of, strings.Join([]string{l.SKU, l.Region, strconv.Itoa(l.TermN), string(l.TermUnit), strconv.FormatInt(l.Quantity, 10)}, " "))
		if l.PriceValidFrom != nil {
			since = append(since, l.PriceValidFrom.UTC().Format(time.RFC3339))
		}
	}
	total, currency := o.Pays()
	if o.RateMicro > 0 {
		hourly, _ = o.Reckon(hourly)
	}
	return url.Values{"of": of, "since": since, "currency": {currency}, "total": {strconv.FormatInt(total, 10)}, "hourly": {strconv.FormatInt(hourly, 10)}}
}

// repriced is the broken rule of an order that asks for what its form showed a price of,
// and costs something else now: "price_changed", or "rate_changed" where it is charged
// by the hour.
func (p ShownPrice) repriced(o *Order) error {
	was, err := url.ParseQuery(p.Shown)
	if p.Shown == "" || err != nil || o == nil {
		return nil
	}
	is := shownPrice(o)
	same := func(name string) bool { return strings.Join(was[name], ",") == strings.Join(is[name], ",") }
	if !same("of") || same("currency") && same("total") && same("hourly") {
		return nil
	}
	total, hourly := whole(was.Get("total")), whole(was.Get("hourly"))
	if o.Type == TypeUpgrade && same("since") && same("currency") && same("hourly") && whole(is.Get("total")) < total {
		return nil // time has passed
	}
	change := func(from, to string) string {
		return from + " " + was.Get("currency") + " → " + to + " " + is.Get("currency")
	}
	if !same("hourly") {
		return invalid("shown_total", "rate_changed", change(pricing.PriceDecimal(hourly), pricing.PriceDecimal(whole(is.Get("hourly")))))
	}
	return invalid("shown_total", "price_changed", change(pricing.Decimal(total), pricing.Decimal(whole(is.Get("total")))))
}

// whole is a number that a form brings back, 0 for none.
func whole(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
