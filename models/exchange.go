package models

import (
	"context"
	"errors"
	"time"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// bookCurrency is the currency of the price book.
const bookCurrency = "CNY"

// ExchangeRate is what a currency is worth in another from a day on, until a newer one
// is. It never changes.
type ExchangeRate struct {
	ID          string
	Base, Quote string // one Base is so many millionths of Quote
	RateMicro   int64
	ValidFrom   time.Time // a day in UTC+8
	Source      string
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time
}

// ExchangeRateInput is a new rate as a form has it.
type ExchangeRateInput struct {
	Quote  string `form:"rate_quote" validate:"oneof=HKD USD EUR GBP SGD AUD CAD CHF MYR THB"`
	Rate   string `form:"rate" validate:"required,max=20"`
	From   string `form:"rate_from" validate:"required,max=10"` // 2026-11-29
	Source string `form:"rate_source" validate:"required,line,max=100"`
}

// AddExchangeRate records what the currency of the price book is worth in another, for
// site admins. It has to be newer than the last one of that currency ("not_newer").
func (db *DB) AddExchangeRate(ctx context.Context, by Actor, in ExchangeRateInput) error {
	if err := by.maySite(); err != nil {
		return err
	}
	broken := Invalid(nil).With(Check(&in))
	r := &ExchangeRate{ID: db.newID(), Base: bookCurrency, Quote: in.Quote, Source: in.Source, CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: db.Now()}
	var err error
	if r.RateMicro, err = pricing.ParseRate(in.Rate); err != nil && in.Rate != "" {
		broken = Invalid(nil).With(broken, invalid("rate", "rate"))
	}
	if r.ValidFrom, err = time.ParseInLocation(time.DateOnly, in.From, pricing.Zone); err != nil && in.From != "" {
		broken = Invalid(nil).With(broken, invalid("rate_from", "date"))
	}
	if broken != nil {
		return broken
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		newer, err := query.Of[ExchangeRate](tx.gorm).Where("base = ? AND quote = ? AND valid_from >= ?", r.Base, r.Quote, r.ValidFrom).Count(ctx, "*")
		if err != nil {
			return translate(err)
		}
		if newer > 0 {
			return invalid("rate_from", "not_newer")
		}
		if err := taken(query.Of[ExchangeRate](tx.gorm).Create(ctx, r), "rate_from"); err != nil {
			return err
		}
		return tx.Record(ctx, by.ForSite(), Event{Action: "rate.added", SubjectID: r.ID, SubjectName: r.Base + " → " + r.Quote},
			map[string]any{"rate": pricing.RateDecimal(r.RateMicro), "from": in.From, "source": r.Source})
	})
}

// ListExchangeRates are the rates, the newest first, for site admins.
func (db *DB) ListExchangeRates(ctx context.Context, by Actor) ([]ExchangeRate, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	rates, err := query.Of[ExchangeRate](db.gorm).Order("valid_from DESC, quote").Limit(mostAtOnce).Find(ctx)
	return rates, translate(err)
}

// reckoned puts into an order whose lines are priced what it comes to: with the tax of
// its team, and in the currency of its team. Without a rate of exchange it is refused
// ("no_rate").
func (db *DB) reckoned(ctx context.Context, by Actor, o *Order) error {
	team, err := db.teamSettings(ctx, by)
	if err != nil {
		return err
	}
	o.PayCurrency = team.Currency
	if o.Free {
		return nil
	}
	if o.TaxRate = team.TaxRate; o.TaxRate > 0 {
		o.TaxName = team.TaxName
	}
	if o.TaxMinor, err = pricing.Tax(o.TotalMinor, o.TaxRate); err == nil {
		o.TotalMinor, err = pricing.Add(o.TotalMinor, o.TaxMinor)
	}
	if err != nil {
		return invalid("", "amount_too_large")
	}
	if o.PayMinor = o.TotalMinor; o.PayCurrency == o.Currency {
		return nil
	}
	rate, err := query.Of[ExchangeRate](db.gorm).Where("base = ? AND quote = ? AND valid_from <= ?", o.Currency, o.PayCurrency, db.TeamNow(by)).Order("valid_from DESC").First(ctx)
	if err = translate(err); errors.Is(err, ErrNotFound) {
		pair := o.Currency + " → " + o.PayCurrency
		o.PayCurrency = o.Currency // so far
		return invalid("", "no_rate", pair)
	} else if err != nil {
		return err
	}
	o.RateMicro, o.RateSource, o.RateFrom = rate.RateMicro, rate.Source, &rate.ValidFrom
	if o.PayMinor, err = pricing.Exchange(o.TotalMinor, o.RateMicro); err != nil {
		return invalid("", "amount_too_large")
	}
	return nil
}

// reckon is an amount before tax in the currency of the price book with the order's tax
// and in the currency of its team. Amounts of any unit can be reckoned.
func (o *Order) reckon(amount int64) (int64, error) { return reckon(amount, o.TaxRate, o.RateMicro) }

// Pays is what the order comes to for its team, in the team's currency: in that of the
// price book where there is no rate of exchange.
func (o *Order) Pays() (minor int64, currency string) {
	if o.PayCurrency == "" {
		return o.TotalMinor, o.Currency
	}
	return o.PayMinor, o.PayCurrency
}

// Reckon is what an amount of its lines comes to for its team, as Pays is.
func (o *Order) Reckon(amount int64) (minor int64, currency string) {
	_, currency = o.Pays()
	minor, err := o.reckon(amount)
	if err != nil {
		return amount, o.Currency
	}
	return minor, currency
}

// reckon is an amount with tax and in another currency; a rate of exchange of 0 is none.
func reckon(amount, tax, rate int64) (int64, error) {
	amount, err := pricing.Taxed(amount, tax)
	if err == nil && rate > 0 {
		amount, err = pricing.Exchange(amount, rate)
	}
	if err != nil {
		return 0, invalid("", "amount_too_large")
	}
	return amount, nil
}
