package handlers

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views"
)

// renewals is the form that goes on with several plans in one order.
func (h Plans) renewals() OrderForm {
	return OrderForm{
		DB: h.DB, Kind: models.KindPlan, New: "/plans/renewals", Path: "/plans/renewals", Draft: models.DraftRenewals, Said: "plans.renewed-several",
		Begin: func(*gin.Context) (OrderFields, error) { return &planRenewals{db: h.DB}, nil },
	}
}

// planRenewals is the form for the renewal of several plans.
type planRenewals struct {
	db    *models.DB
	in    models.RenewalsInput
	plans []models.Renewal
	terms []int
}

func (f *planRenewals) Into() []any { return []any{&f.in} }

// Line is the line of the first plan.
func (f *planRenewals) Line(context.Context) models.LineInput {
	first := &models.RenewInput{Duration: f.in.Duration, PricingCycle: f.in.PricingCycle}
	if len(f.in.Pick) > 0 {
		first.InstanceID = f.in.Pick[0]
	}
	return first
}

// Lines are those of the plans that can be renewed for the term, or that of the first
// where none can.
func (f *planRenewals) Lines(ctx context.Context) (lines []models.LineInput, err error) {
	if f.in.PricingCycle != pricing.Yearly {
		f.in.PricingCycle = pricing.Monthly
	}
	if f.in.Duration == "" {
		f.in.Duration = "1"
	}
	if f.plans, err = f.db.Renewals(ctx, models.ActorFrom(ctx), f.in); err != nil {
		return nil, err
	}
	for _, r := range f.plans {
		if len(r.Why) == 0 {
			lines = append(lines, r.Input)
		}
	}
	if len(lines) == 0 {
		lines = append(lines, f.Line(ctx))
	}
	return lines, nil
}

// Choose finds the terms that the plans are sold for.
func (f *planRenewals) Choose(ctx context.Context, a *Asked) (err error) {
	a.Form.Values.Set("duration", f.in.Duration)
	a.Form.Values.Set("pricing_cycle", string(f.in.PricingCycle))
	f.terms, err = a.DB.RenewalTerms(ctx, a.By, f.plans, f.in.PricingCycle)
	if n, _ := strconv.Atoi(f.in.Duration); len(f.terms) > 0 && a.Fresh && n < f.terms[0] {
		f.in.Duration = strconv.Itoa(f.terms[0])
		a.Form.Values.Set("duration", f.in.Duration)
		a.Order.Lines, err = f.Lines(ctx)
	}
	return err
}

func (f *planRenewals) Draw(p views.OrderFormProps) templ.Component {
	return views.PlanRenewals(views.PlanRenewalsProps{OrderFormProps: p, Plans: f.plans, Terms: f.terms, Cycle: f.in.PricingCycle})
}
