package models

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models/fold"
	"quartermaster/models/pricing"
)

// Currencies are what a team may reckon in: those that have hundredths.
var Currencies = []string{"CNY", "HKD", "USD", "EUR", "GBP", "SGD", "AUD", "CAD", "CHF", "MYR", "THB"}

// SettingsInput is what a team says about itself and about what it orders.
type SettingsInput struct {
	Name     string `form:"team_name" validate:"required,line,max=64"`
	Currency string `form:"currency" validate:"oneof=CNY HKD USD EUR GBP SGD AUD CAD CHF MYR THB"`
	TaxRate  string `form:"tax_rate" validate:"line,max=10"` // in percent, "" for none
	TaxName  string `form:"tax_name" validate:"line,max=32"`
	// Centres are the cost centres to choose from, one a line; OnlyCentres refuses
	// others, and CostCentre is that of orders that name none.
	Centres     string `form:"centres" validate:"prose,max=8000"`
	OnlyCentres bool   `form:"only_centres"`
	CostCentre  string `form:"default_cost_centre" validate:"line,max=64"`
	CUQuota     int64  `form:"cu_quota" validate:"min=0"`
	// LapseDays is how long an order waits for a decision.
	LapseDays int `form:"lapse_days" validate:"min=1,max=365"`
	// APIOrders is what becomes of an order by API that has to be approved.
	APIOrders string `form:"api_orders" validate:"oneof=refuse hold"`
	// PlanAPI lets scripts order plans, StorePrepaid lets anybody order stores for
	// a term that is paid in advance, and VerifiedOnly refuses package versions from
	// elsewhere.
	PlanAPI      bool `form:"plan_api"`
	StorePrepaid bool `form:"store_prepaid"`
	VerifiedOnly bool `form:"verified_only"`
	// Shown is what the form showed, so that nobody undoes unseen what another
	// has changed meanwhile.
	Shown string `form:"shown"`
}

// Settings is the input that would leave the team's settings as they are.
func (t *Team) Settings() SettingsInput {
	in := SettingsInput{Name: t.Name, Currency: t.Currency, TaxName: t.TaxName, Centres: strings.Join(t.CostCentres, "\n"),
		OnlyCentres: t.OnlyCostCentres, CostCentre: t.CostCentre, CUQuota: t.CUQuota, LapseDays: t.LapseDays,
		APIOrders: t.APIOrders, PlanAPI: t.PlanAPI, StorePrepaid: t.StorePrepaid, VerifiedOnly: t.VerifiedOnly}
	if t.TaxRate > 0 {
		in.TaxRate = strings.TrimSuffix(pricing.Decimal(t.TaxRate), ".00")
	}
	in.Shown = shownAs(in)
	return in
}

// mostCentres is how many cost centres a team lists at most.
const mostCentres = 200

// Check brings the input to its normal form and says which of its rules it breaks.
func (in *SettingsInput) Check() error {
	_, err := in.read()
	return err
}

// read is the team that the input makes, of what it says alone.
func (in *SettingsInput) read() (t Team, err error) {
	broken := Invalid(nil).With(Check(in))
	t = Team{Name: in.Name, Currency: in.Currency, TaxName: in.TaxName, CostCentres: []string{}, OnlyCostCentres: in.OnlyCentres, CostCentre: in.CostCentre,
		CUQuota: in.CUQuota, LapseDays: in.LapseDays, APIOrders: in.APIOrders, PlanAPI: in.PlanAPI, StorePrepaid: in.StorePrepaid, VerifiedOnly: in.VerifiedOnly}
	for line := range strings.Lines(in.Centres) {
		line = fold.Tidy(line)
		if line == "" || slices.Contains(t.CostCentres, line) {
			continue
		}
		t.CostCentres = append(t.CostCentres, line)
		if len([]rune(line)) > 64 {
			broken = Invalid(nil).With(broken, invalid("centres", "centre_long", "64"))
		}
	}
	in.Centres = strings.Join(t.CostCentres, "\n")
	rate := strings.TrimSpace(strings.TrimSuffix(in.TaxRate, "%"))
	if rate != "" {
		if t.TaxRate, err = pricing.ParseDecimal(rate); err != nil || t.TaxRate < 0 || t.TaxRate > 100_00 {
			broken = Invalid(nil).With(broken, invalid("tax_rate", "tax_rate"))
		}
	}
	switch {
	case len(t.CostCentres) > mostCentres:
		broken = Invalid(nil).With(broken, invalid("centres", "many", strconv.Itoa(mostCentres)))
	case t.OnlyCostCentres && len(t.CostCentres) == 0:
		broken = Invalid(nil).With(broken, invalid("centres", "required"))
	}
	if t.TaxRate > 0 && t.TaxName == "" {
		broken = Invalid(nil).With(broken, invalid("tax_name", "required"))
	}
	return t, Invalid(nil).With(broken, t.takesCentre("default_cost_centre", t.CostCentre))
}

// takesCentre refuses a cost centre that the team has not listed, where it takes
// only those.
func (t *Team) takesCentre(field, centre string) error {
	if centre == "" || !t.OnlyCostCentres || slices.Contains(t.CostCentres, centre) {
		return nil
	}
	return invalid(field, "not_listed")
}

// UpdateSettings changes the settings of the actor's team. Each that changes is
// recorded with what it was and what it is. Where others have changed some since
// the form was shown, it is refused with Changed.
func (db *DB) UpdateSettings(ctx context.Context, by Actor, in SettingsInput) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	to, err := in.read()
	if err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		team, err := tx.FindTeam(ctx, by)
		if err != nil {
			return err
		}
		old := team.Settings()
		if err := tx.changedSince(ctx, by, old, in.Shown); err != nil {
			return err
		}
		if to.CUQuota > team.CULimit && to.CUQuota != team.CUQuota {
			return invalid("cu_quota", "cu_limit", strconv.FormatInt(team.CULimit, 10))
		}
		if to.Currency != team.Currency && (len(team.Budgets.All) > 0 || slices.ContainsFunc(team.Rules.Rules, func(r Rule) bool { return r.OverMinor > 0 })) {
			return invalid("currency", "currency_used") // their amounts are in the old one
		}
		if to.Currency != team.Currency {
			free, err := tx.none(ctx, `SELECT 1 FROM approvals WHERE team_id = ? AND state = 'open' UNION ALL
				SELECT 1 FROM stores s JOIN order_lines l ON l.order_number = s.sized_by AND l.resource_id = s.id WHERE s.team_id = ? AND l.hourly_micro > 0 LIMIT 1`, team.ID, team.ID)
			if err == nil && !free {
				err = invalid("currency", "currency_runs")
			}
			if err != nil {
				return err
			}
		}
		to.ID, to.UpdatedAt = team.ID, tx.Now()
		err = tx.gorm.WithContext(ctx).Model(&to).Select("Name", "Currency", "TaxRate", "TaxName", "CostCentres", "OnlyCostCentres", "CostCentre",
			"CUQuota", "LapseDays", "APIOrders", "PlanAPI", "StorePrepaid", "VerifiedOnly", "UpdatedAt").Updates(&to).Error
		if err != nil {
			return fmt.Errorf("update settings: %w", err)
		}
		was := map[string]any{}
		eachSetting(reflect.ValueOf(old), func(name string, v reflect.Value, _ bool) { was[name] = v.Interface() })
		var failed error
		eachSetting(reflect.ValueOf(to.Settings()), func(name string, v reflect.Value, _ bool) {
			if v.Interface() != was[name] && failed == nil {
				failed = tx.Record(ctx, by, Event{Action: "team." + name + "_changed", Kind: KindTeam, SubjectID: team.ID, SubjectName: to.Name},
					map[string]any{"from": was[name], "to": v.Interface()})
			}
		})
		return failed
	})
}
