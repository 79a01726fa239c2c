package views

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// storeTones say how a reader should take a store's state.
var storeTones = map[models.StoreState]ui.Tone{
	models.StoreCreating: ui.Busy, models.StoreNormal: ui.OK, models.StoreCreateFailed: ui.Danger,
	models.StoreAbnormal: ui.Danger, models.StoreFrozen: ui.Neutral, models.StoreDiskFull: ui.Warn,
	models.StoreScaling: ui.Busy, models.StoreScalingIn: ui.Busy, models.StoreDropping: ui.Busy, models.StoreDeleteFailed: ui.Danger,
}

// Stores is the list of a team's stores.
var Stores = &ListView[models.Store]{
	ID: "store-list", Kind: models.KindStore, Pick: func(s *models.Store) string { return s.ID },
	Path: "/stores", List: models.Stores, Label: "stores.list", Search: "stores.search",
	Columns: []ListColumn[models.Store]{
		{Words: "field.store_name", Sort: "name", Name: true, Text: func(_ *ui.Cells, s *models.Store) string { return s.Name }, Draw: func(c *ui.Cells, s *models.Store) {
			c.Link("/stores/"+s.ID, s.Name)
			c.Note(storeDescription(s))
		}},
		{Words: "stores.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, s *models.Store) string { return StoreStateText(c.Ctx, s.State) },
			Draw: func(c *ui.Cells, s *models.Store) { c.Badge(storeTones[s.State], StoreStateText(c.Ctx, s.State)) }},
		{Words: "field.region", Sort: "region", Text: func(c *ui.Cells, s *models.Store) string { return c.Word("region", s.Region) }, Draw: func(c *ui.Cells, s *models.Store) {
			c.Text(c.Word("region", s.Region))
			c.Note(storeZoneWords(c, s))
		}},
		filed("field.availability_zones", storeZoneWords),
		sorted("size", plain("stores.flavor", "nowrap", func(_ *ui.Cells, s *models.Store) string { return storeFlavor(s.CU, s.Num) })),
		{Words: "field.charge_mode", Sort: "billing", Text: storeChargeWords, Draw: func(c *ui.Cells, s *models.Store) {
			c.Text(storeChargeWords(c, s))
			if s.EndsAt != nil {
				now := c.Now(*s.EndsAt)
				c.Note(i18n.LastDate(c.Ctx, *s.EndsAt) + " · " + i18n.DaysLeft(c.Ctx, *s.EndsAt, c.Now(i18n.NextDay(now))))
			}
		}},
		filed("plans.last-day", func(c *ui.Cells, s *models.Store) string {
			if s.EndsAt == nil {
				return ""
			}
			return i18n.LastDate(c.Ctx, *s.EndsAt)
		}),
		createdColumn("stores.created-at", func(s *models.Store) (time.Time, string) { return s.CreatedAt, s.CreatorName }),
		filed("stores.created-by", func(_ *ui.Cells, s *models.Store) string { return s.CreatorName }),
		emailed(func(s *models.Store) string { return s.CreatedBy }),
		filed("field.description", func(_ *ui.Cells, s *models.Store) string { return storeDescription(s) }),
		tagsColumn("/stores", func(s *models.Store) models.Tags { return s.Tags }),
		filed("stores.id", func(_ *ui.Cells, s *models.Store) string { return s.ID }),
	},
	Filters: []ListFilter{
		{Name: "state", Words: "stores.state", Values: "store.state.", As: Menu},
		{Name: "region", Words: "field.region", As: Menu},
		tagFilter,
	},
	Head:    endingHead(models.KindStore, "stores.subtitle"),
	Passing: func(s *models.Store) bool { return s.Passing() },
	Empty:   kindEmpty(models.KindStore, "stores.empty.title", "stores.empty.text"),
}

func storeDescription(s *models.Store) string {
	if s.Description == nil {
		return ""
	}
	return *s.Description
}

func storeZoneWords(c *ui.Cells, s *models.Store) string {
	names := make([]string, len(s.Zones))
	for i, id := range s.Zones {
		names[i] = c.Word("zone", id)
	}
	return strings.Join(names, i18n.T(c.Ctx, "stores.and"))
}

func storeChargeWords(c *ui.Cells, s *models.Store) string {
	return storeCharge(c.Ctx, s.ChargeMode, s.PeriodType, s.PeriodNum)
}

// StoreStateText is a store's state in the reader's words.
func StoreStateText(ctx context.Context, s models.StoreState) string {
	if key := "store.state." + string(s); i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return string(s)
}

// storeZones are the names of zones of a region, in one line.
func storeZones(ctx context.Context, regions []models.Region, region string, zones []string) string {
	names := make([]string, len(zones))
	for i, id := range zones {
		names[i] = id
		for _, r := range regions {
			for _, z := range r.Zones {
				if r.ID == region && z.ID == id {
					names[i] = word(ctx, z.ZH, z.EN)
				}
			}
		}
	}
	return strings.Join(names, i18n.T(ctx, "stores.and"))
}

// storeCharge is how a store is paid, in words.
func storeCharge(ctx context.Context, mode pricing.ChargeMode, unit pricing.Unit, n int) string {
	if mode == pricing.PrePaid && n > 0 {
		return i18n.T(ctx, "stores.prepaid-for", "Term", i18n.Term(ctx, n, string(unit)))
	}
	return i18n.T(ctx, "stores.charge."+string(mode))
}

func storeFlavor(cu string, num int64) string { return cu + " × " + strconv.FormatInt(num, 10) }

// StoreNewProps is what the form for a new store shows.
type StoreNewProps struct {
	OrderFormProps
	Input   models.StoreInput
	Regions []models.Region
	Prices  []models.StorePrice // in the chosen region
	Team    *models.Team
}

func (p StoreNewProps) zoneOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, r := range p.Regions {
		if r.ID != p.Input.Region {
			continue
		}
		for _, z := range r.Zones {
			out = append(out, ui.Option{Value: z.ID, Label: word(ctx, z.ZH, z.EN)})
		}
	}
	return out
}

// flavors are the sizes with what one unit costs a month, or a year that is paid in
// advance.
func (p StoreNewProps) flavors(ctx context.Context) []ui.Option {
	out := make([]ui.Option, len(p.Prices))
	for i, f := range p.Prices {
		out[i] = ui.Option{Value: f.CU, Label: f.CU, Note: i18n.T(ctx, "stores.flavor-note", "VCPU", f.VCPU, "Memory", f.MemoryGB)}
		micro, unit := f.Monthly, pricing.Month
		switch {
		case p.prepaid() && p.Input.PeriodType == pricing.Year:
			micro, unit = f.Year, pricing.Year
		case !p.prepaid():
			if month, err := pricing.MulDiv(f.Hourly, pricing.HoursPerMonth, pricing.MicroPerMinor); err == nil && f.Hourly > 0 {
				out[i].Price = "≈ " + i18n.Money(ctx, month, f.Currency)
			}
			continue
		}
		if micro > 0 {
			out[i].Price = i18n.Rate(ctx, micro, f.Currency, string(unit))
		}
	}
	return out
}

// flavorsNote says what the prices of the sizes are for.
func (p StoreNewProps) flavorsNote(ctx context.Context) string {
	if p.prepaid() {
		return ""
	}
	return i18n.T(ctx, "stores.flavor-month")
}

func (p StoreNewProps) prepaid() bool { return p.Input.ChargeMode == pricing.PrePaid }

// modes are the ways to pay that are on sale, and the one that was chosen.
func (p StoreNewProps) modes(ctx context.Context) []ui.Option {
	modes := []ui.Option{{Value: string(pricing.PostPaid), Label: i18n.T(ctx, "stores.charge.postPaid")}}
	if p.Team.StorePrepaid || p.prepaid() {
		modes = append(modes, ui.Option{Value: string(pricing.PrePaid), Label: i18n.T(ctx, "stores.charge.prePaid")})
	}
	return modes
}

func storePeriodTypes(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: string(pricing.Month), Label: i18n.T(ctx, "stores.by-month")},
		{Value: string(pricing.Year), Label: i18n.T(ctx, "stores.by-year")},
	}
}

// periods are the lengths that are sold by the chosen unit; by the month when
// none is chosen.
func (p StoreNewProps) periods(ctx context.Context) []ui.Option {
	unit := p.Input.PeriodType
	if models.StorePeriods(unit) == nil {
		unit = pricing.Month
	}
	var out []ui.Option
	for _, n := range models.StorePeriods(unit) {
		out = append(out, ui.Option{Value: strconv.Itoa(n), Label: i18n.Term(ctx, n, string(unit))})
	}
	return out
}

func (p StoreNewProps) descriptionHelp(ctx context.Context) string {
	return i18n.T(ctx, "stores.description-help", "Used", len(p.Form.Value("description")))
}

// quota is the team's quota with what the form would add.
func (p StoreNewProps) quota(ctx context.Context) ui.MeterProps {
	return storeQuota(ctx, p.Team, max(0, p.Input.Num))
}

func storeQuota(ctx context.Context, team *models.Team, add int64) ui.MeterProps {
	text := i18n.T(ctx, "stores.quota.used", "Used", team.CUUsed, "Limit", team.CUQuota)
	if add > 0 {
		text = i18n.T(ctx, "stores.quota.adding", "Used", team.CUUsed, "Add", add, "Limit", team.CUQuota)
	}
	return ui.MeterProps{Label: i18n.T(ctx, "stores.quota"), Text: text, Used: team.CUUsed, Add: add, Limit: team.CUQuota}
}

// rows say what will exist.
func (p StoreNewProps) rows(ctx context.Context) []ui.Row {
	in := p.Input
	rows := []ui.Row{
		{Label: ui.Label(ctx, "store_name"), Value: in.Name, Mono: in.Name != ""},
		{Label: ui.Label(ctx, "region"), Value: regionName(ctx, p.Regions, in.Region)},
		{Label: ui.Label(ctx, "availability_zones"), Value: storeZones(ctx, p.Regions, in.Region, in.Zones)},
		{Label: i18n.T(ctx, "stores.flavor"), Value: storeFlavor(in.CU, in.Num)},
		{Label: ui.Label(ctx, "charge_mode"), Value: storeCharge(ctx, in.ChargeMode, in.PeriodType, in.PeriodNum)},
	}
	if p.prepaid() && in.AutoRenew {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "auto_renew"), Value: i18n.T(ctx, "stores.yes")})
	}
	return rows
}

// StoreShowProps is what the page of a store shows.
type StoreShowProps struct {
	models.StorePage
	By models.Actor
	// Remind is when the reader is reminded of it, nil where it does not end.
	Remind *RemindProps
}

func (p StoreShowProps) facts(ctx context.Context) []ui.Row {
	s := p.Store
	rows := []ui.Row{
		{Label: i18n.T(ctx, "stores.id"), Value: s.ID, Copy: true},
		{Label: ui.Label(ctx, "region"), Value: regionName(ctx, p.Regions, s.Region) + " · " + s.Region},
		{Label: ui.Label(ctx, "availability_zones"), Value: storeZones(ctx, p.Regions, s.Region, s.Zones)},
		{Label: i18n.T(ctx, "stores.flavor"), Value: storeFlavor(s.CU, s.Num)},
		{Label: ui.Label(ctx, "charge_mode"), Value: storeCharge(ctx, s.ChargeMode, s.PeriodType, s.PeriodNum)},
	}
	rows = append(rows, storeCost(ctx, p.Lines)...)
	if s.EndsAt != nil {
		rows = append(rows,
			ui.Row{Label: i18n.T(ctx, "stores.ends"), Value: i18n.LastDate(ctx, *s.EndsAt) + " · " + i18n.DaysLeft(ctx, *s.EndsAt, p.Now)},
			ui.Row{Label: ui.Label(ctx, "auto_renew"), Value: yesNo(ctx, s.AutoRenew)})
	}
	if s.Description != nil && *s.Description != "" {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "description"), Value: *s.Description})
	}
	return append(rows,
		tagsRow(ctx, s.Tagged(), p.By, s.Passing()),
		ui.Row{Label: i18n.T(ctx, "order.of", "Count", len(p.Orders)), Body: orderLinks(models.KindStore, p.Orders)},
		ui.Row{Label: i18n.T(ctx, "stores.created-by"), Value: s.CreatorName + " · " + i18n.DateTime(ctx, s.CreatedAt)},
		ui.Row{Label: i18n.T(ctx, "stores.code"), Value: string(s.State), Mono: true},
	)
}

// storeCost is what a store costs, as its orders fixed it: the rate of the last
// that was completed, or all that was paid in advance.
func storeCost(ctx context.Context, lines []models.OrderLine) []ui.Row {
	if len(lines) == 0 {
		return nil
	}
	l := lines[len(lines)-1]
	if !l.Metered() {
		var paid int64
		for _, l := range lines {
			paid += l.AmountMinor
		}
		return []ui.Row{{Label: i18n.T(ctx, "stores.paid"), Value: i18n.Money(ctx, paid, l.Currency)}}
	}
	if i := slices.IndexFunc(lines, func(l models.OrderLine) bool { return l.State == models.OrderCompleted }); i >= 0 {
		l = lines[i]
	}
	return []ui.Row{
		{Label: i18n.T(ctx, "stores.hourly"), Value: i18n.Rate(ctx, l.HourlyMicro, l.Currency, string(pricing.Hour))},
		{Label: i18n.T(ctx, "summary.monthly"), Value: i18n.Money(ctx, l.MonthlyEstimateMinor, l.Currency)},
	}
}

func yesNo(ctx context.Context, yes bool) string {
	if yes {
		return i18n.T(ctx, "stores.yes")
	}
	return i18n.T(ctx, "stores.no")
}

// jobSteps are the steps of a job with the time each took, called by their words; at is
// the server's time.
func jobSteps(ctx context.Context, job *models.Job, words string, at time.Time) []ui.Step {
	steps := make([]ui.Step, len(job.Steps))
	for i, s := range job.Steps {
		steps[i] = ui.Step{Label: i18n.T(ctx, words+s.Name), State: jobStepState(job, i)}
		switch {
		case s.Started == nil:
		case s.Ended != nil && !s.Ended.Before(*s.Started):
			steps[i].Took = i18n.Duration(ctx, s.Ended.Sub(*s.Started))
		case steps[i].State == "failed" && job.EndedAt != nil:
			steps[i].Took = i18n.Duration(ctx, max(0, job.EndedAt.Sub(*s.Started)))
		case steps[i].State == "running":
			steps[i].Took = i18n.Duration(ctx, max(0, at.Sub(*s.Started)))
		}
		if steps[i].State == "running" && job.Tries > 0 {
			steps[i].Note = i18n.T(ctx, "stores.tried", "Count", job.Tries)
		}
	}
	return steps
}

func jobStepState(job *models.Job, i int) string {
	switch {
	case i < job.Step || job.State == models.JobCompleted:
		return "done"
	case i > job.Step:
		return "waiting"
	case job.State == models.JobFailed:
		return "failed"
	case job.State == models.JobRunning || job.Tries > 0:
		return "running"
	}
	return "waiting"
}

// jobNote says how long the job took in all, when it has ended well, or what it
// waits for.
func (p StoreShowProps) jobNote(ctx context.Context) string {
	if p.Job.State == models.JobHeld {
		return i18n.T(ctx, "order.waits")
	}
	if p.Job.State != models.JobCompleted || p.Job.EndedAt == nil {
		return ""
	}
	return i18n.T(ctx, "stores.took", "Time", i18n.Duration(ctx, max(0, p.Job.EndedAt.Sub(p.Job.CreatedAt))))
}

// failText is why a job failed, in words.
func failText(ctx context.Context, code string) string {
	if key := "fail." + code; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return i18n.T(ctx, "fail.internal")
}

// lost names what is deleted with the store.
func (p StoreShowProps) lost(ctx context.Context) []string {
	s := p.Store
	lost := []string{
		i18n.T(ctx, "stores.delete.index", "Name", s.Name),
		i18n.T(ctx, "stores.delete.units", "Flavor", storeFlavor(s.CU, s.Num), "Region", regionName(ctx, p.Regions, s.Region)),
	}
	if s.EndsAt != nil && s.EndsAt.After(p.Now) {
		lost = append(lost, i18n.T(ctx, "stores.delete.paid", "Date", i18n.LastDate(ctx, *s.EndsAt)))
	}
	return lost
}

// mayOrder tells whether the actor may order such stores.
func (p StoreShowProps) mayOrder() bool {
	return p.By.MayOrder(models.KindStore, "", p.Store.Region)
}

// again is the form for a store like this one.
func (p StoreShowProps) again() string {
	s := p.Store
	q := url.Values{"store_name": {s.Name}, "region": {s.Region}, "availability_zones": s.Zones, "cu": {s.CU}, "num": {strconv.FormatInt(s.Num, 10)},
		"charge_mode": {string(s.ChargeMode)}}
	if s.ChargeMode == pricing.PrePaid {
		q.Set("period_type", string(s.PeriodType))
		q.Set("period_num", strconv.Itoa(s.PeriodNum))
		if s.AutoRenew {
			q.Set("auto_renew", "true")
		}
		if s.AutoPay {
			q.Set("auto_pay", "true")
		}
	}
	if s.Description != nil {
		q.Set("description", *s.Description)
	}
	return again("/stores/new", q)
}
