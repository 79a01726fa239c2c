package views

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// PlanNewProps is what the form for a new plan shows.
type PlanNewProps struct {
	OrderFormProps
	Offers models.PlanOffers
	Now    time.Time
}

// PlanShowProps is what the page of one plan shows.
type PlanShowProps struct {
	models.PlanPage
	Deductions ListPage
	By         models.Actor
	// Remind is when the reader is reminded of it, nil where it does not end any more.
	Remind *RemindProps
}

var planTones = map[models.PlanState]ui.Tone{
	models.PlanScheduled: ui.Info, models.PlanActive: ui.OK, models.PlanExhausted: ui.Warn, models.PlanExpired: ui.Neutral,
}

// Plans is the list of a team's plans.
var Plans = &ListView[models.Plan]{
	ID: "plan-list", Kind: models.KindPlan, Pick: func(p *models.Plan) string { return p.ID },
	Path: "/plans", List: models.Plans, Label: "plans.list", Search: "plans.search",
	Columns: []ListColumn[models.Plan]{
		{Words: "plans.plan", Sort: "type", Name: true, Text: func(c *ui.Cells, x *models.Plan) string { return planName(c.Ctx, x) }, Draw: func(c *ui.Cells, p *models.Plan) {
			c.Link("/plans/"+p.ID, planTitle(c.Ctx, p))
			c.Open("p")
			c.Code(p.ID)
			c.Note(brief(p.Note))
		}},
		filed("plans.id", func(_ *ui.Cells, p *models.Plan) string { return p.ID }),
		filed("field.specification", func(c *ui.Cells, p *models.Plan) string { return planSize(c.Ctx, *p) }),
		inBytes("plans.size-bytes", func(p *models.Plan) (int64, bool) { return p.Total(), true }),
		{Words: "plans.state", Sort: "state", Bare: true,
			Text: func(c *ui.Cells, p *models.Plan) string { return planState(c.Ctx, p.State(c.Now())) },
			Draw: func(c *ui.Cells, p *models.Plan) {
				state := p.State(c.Now(p.EffectiveAt, p.EndsAt))
				c.Badge(planTones[state], planState(c.Ctx, state))
			}},
		{Words: "plans.use", Sort: "used", Class: "wide narrow", Draw: drawPlanUsed},
		inBytes("plans.used-bytes", func(p *models.Plan) (int64, bool) { return p.Used, p.Storage && p.MeasuredAt != nil }),
		{Words: "plans.term", Sort: "ends", Class: "nowrap", Draw: func(c *ui.Cells, p *models.Plan) {
			now := c.Now(p.EffectiveAt, p.EndsAt)
			c.Text(planEnds(c.Ctx, *p, c.Now(i18n.Turn(p.EffectiveAt, now), i18n.NextDay(now))))
			c.Note(i18n.Date(c.Ctx, p.EffectiveAt) + " – " + i18n.LastDate(c.Ctx, p.EndsAt))
		}},
		filed("plans.starts", func(c *ui.Cells, p *models.Plan) string { return i18n.Date(c.Ctx, p.EffectiveAt) }),
		filed("plans.last-day", func(c *ui.Cells, p *models.Plan) string { return i18n.LastDate(c.Ctx, p.EndsAt) }),
		{Words: "plans.paid", Sort: "paid", Class: "num", Draw: func(c *ui.Cells, p *models.Plan) { c.Text(i18n.Money(c.Ctx, p.PaidMinor, p.Currency)) },
			Text: func(_ *ui.Cells, p *models.Plan) string { return pricing.Decimal(p.PaidMinor) }},
		filed("list.currency", func(_ *ui.Cells, p *models.Plan) string { return p.Currency }),
		filed("order.number", func(_ *ui.Cells, p *models.Plan) string { return number(p.OrderNumber) }),
		filed("plans.ordered-by", func(_ *ui.Cells, p *models.Plan) string { return p.CreatorName }),
		emailed(func(p *models.Plan) string { return p.CreatedBy }),
		filed("order.reason", func(_ *ui.Cells, p *models.Plan) string { return p.Note }),
		tagsColumn("/plans", func(p *models.Plan) models.Tags { return p.Tags }),
	},
	Filters: []ListFilter{
		{Name: "state", Values: "plan.state.", As: Tabs},
		{Name: "type", Words: "field.package_type"},
		{Name: "ending", Words: "list.ending", Values: "list.ending.", As: Menu},
		tagFilter,
	},
	Head:  endingHead(models.KindPlan, "plans.subtitle"),
	Empty: kindEmpty(models.KindPlan, "plans.empty.title", "plans.empty.text"),
}

// Deductions is the list of what drew from a plan, day by day and bucket by
// bucket.
var Deductions = &ListView[models.Deduction]{
	ID: "deduction-list", Path: "/plans/:id", Files: "/plans/:id/deductions", List: models.Deductions, Label: "plans.deductions.table",
	Columns: []ListColumn[models.Deduction]{
		{Words: "plans.bucket", Sort: "bucket", Name: true, Text: func(_ *ui.Cells, d *models.Deduction) string { return d.BucketName }, Draw: func(c *ui.Cells, d *models.Deduction) {
			if d.Gone {
				c.In("code", "", d.BucketName)
				c.Text(" ")
				c.In("span", "muted", i18n.T(c.Ctx, "plans.bucket-gone"))
				return
			}
			c.Open("a", "href", "/buckets/"+d.BucketID)
			c.In("code", "", d.BucketName)
			c.Close("a")
		}},
		sorted("day", plain("plans.day", "nowrap", func(_ *ui.Cells, d *models.Deduction) string { return d.Date().Format(time.DateOnly) })),
		regionColumn(func(d *models.Deduction) string { return d.Region }),
		{Words: "plans.quantity", Sort: "quantity", Class: "num nowrap", Draw: func(c *ui.Cells, d *models.Deduction) { c.Text(i18n.Bytes(c.Ctx, d.Quantity)) }},
		inBytes("plans.quantity-bytes", func(d *models.Deduction) (int64, bool) { return d.Quantity, true }),
	},
}

func planName(ctx context.Context, p *models.Plan) string { return word(ctx, p.Type.ZH, p.Type.EN) }

// planTitle is what a plan is called where several stand below each other: what, and
// how much.
func planTitle(ctx context.Context, p *models.Plan) string {
	return planName(ctx, p) + " · " + planSize(ctx, *p)
}

func planState(ctx context.Context, s models.PlanState) string {
	return i18n.T(ctx, "plan.state."+string(s))
}

// drawPlanUsed draws how much of a plan is used, where the desk measures that.
func drawPlanUsed(c *ui.Cells, p *models.Plan) {
	switch {
	case !p.Storage:
		c.Text("—") // nothing of it is measured
	case p.MeasuredAt == nil:
		c.T("plans.unmeasured")
	default:
		c.Meter(ui.MeterProps{Label: planUsedOf(c.Ctx, *p), Text: i18n.Percent(c.Ctx, p.Used, p.Total()), Used: p.Used, Limit: p.Total()})
	}
}

// planSize is a plan's size: 1 TB.
func planSize(ctx context.Context, p models.Plan) string { return i18n.Bytes(ctx, p.Total()) }

// brief is the beginning of a text, for a list.
func brief(s string) string {
	const most = 40
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most])) + "…"
	}
	return s
}

// planUsedOf is how much of a plan is used, in words.
func planUsedOf(ctx context.Context, p models.Plan) string {
	return i18n.T(ctx, "plans.used-of", "Used", i18n.Bytes(ctx, p.Used), "Total", planSize(ctx, p))
}

// planEnds says how long a plan still runs, or when it begins.
func planEnds(ctx context.Context, p models.Plan, now time.Time) string {
	if p.Held {
		return i18n.T(ctx, "order.waits")
	}
	if p.State(now) == models.PlanScheduled {
		return i18n.T(ctx, "plans.begins", "Date", i18n.Relative(ctx, p.EffectiveAt, now))
	}
	return i18n.DaysLeft(ctx, p.EndsAt, now)
}

// planAgain is the form filled in for another plan of the same kind.
func planAgain(p models.Plan) string {
	return "/plans/new?" + url.Values{
		"product_code": {p.ProductCode}, "package_type": {p.PackageType}, "specification": {strconv.FormatInt(p.Specification, 10)},
		"duration": {strconv.Itoa(p.Duration)}, "pricing_cycle": {string(p.PricingCycle)}, "note": {p.Note},
	}.Encode()
}

func (p PlanNewProps) products(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, x := range p.Offers.Products {
		out = append(out, ui.Option{Value: x.Code, Label: word(ctx, x.ZH, x.EN), Note: x.Code})
	}
	return out
}

func (p PlanNewProps) types(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, x := range p.Offers.Types {
		o := ui.Option{Value: x.Code, Label: word(ctx, x.ZH, x.EN), Group: i18n.T(ctx, "plans.item."+x.Item), Disabled: !x.OnSale}
		if o.Disabled {
			o.Label = i18n.T(ctx, "plans.off-sale", "Name", o.Label)
		}
		out = append(out, o)
	}
	return out
}

func (p PlanNewProps) specs(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, x := range p.Offers.Specs {
		out = append(out, planSpec(ctx, x))
	}
	return out
}

// planSpec is a size as an option of a form.
func planSpec(ctx context.Context, x models.SpecOffer) ui.Option {
	o := ui.Option{Value: x.Value, Label: x.Name}
	if x.Monthly.Micro > 0 {
		o.Note = i18n.Rate(ctx, x.Monthly.Micro, x.Monthly.Currency, string(pricing.Month))
	}
	return o
}

// planTerms are the terms of a size as options of a form.
func planTerms(ctx context.Context, offers []models.TermOffer) []ui.Option {
	var out []ui.Option
	for _, x := range offers {
		o := ui.Option{Value: strconv.Itoa(x.N), Label: i18n.Term(ctx, x.N, string(x.Cycle)),
			Price: i18n.Money(ctx, x.Quote.TradeMinor, x.Quote.Currency)}
		if x.Quote.DiscountMinor > 0 {
			o.Note = i18n.T(ctx, "plans.saves", "Amount", i18n.Money(ctx, x.Quote.DiscountMinor, x.Quote.Currency))
		}
		out = append(out, o)
	}
	return out
}

func planCycles(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: string(pricing.Monthly), Label: i18n.T(ctx, "plans.cycle.Month")},
		{Value: string(pricing.Yearly), Label: i18n.T(ctx, "plans.cycle.Year")},
	}
}

// rows say what will exist.
func (p PlanNewProps) rows(ctx context.Context) []ui.Row {
	if p.Quote.Order == nil || len(p.Quote.Order.Lines) == 0 {
		return nil
	}
	l := p.Quote.Order.Lines[0]
	var out []ui.Row
	for _, t := range p.Offers.Types {
		if t.Code == l.Name {
			out = append(out, ui.Row{Label: ui.Label(ctx, "package_type"), Value: word(ctx, t.ZH, t.EN)})
		}
	}
	if l.Detail != "" {
		out = append(out, ui.Row{Label: ui.Label(ctx, "specification"), Value: l.Detail})
	}
	if l.TermN > 0 {
		out = append(out, ui.Row{Label: ui.Label(ctx, "duration"), Value: i18n.Term(ctx, l.TermN, string(l.TermUnit))})
	}
	return out
}

// measuring tells whether the first measurement is about to come.
func (p PlanShowProps) measuring() bool {
	return p.Plan.Storage && p.Plan.MeasuredAt == nil && p.Plan.State(p.Now) == models.PlanActive
}

// dated is the form with its date as people write it: in the reader's zone, when it
// came as the documents have it.
func (p PlanNewProps) dated(ctx context.Context) ui.Form {
	f := p.Form
	if t, err := time.Parse("2006-01-02T15:04:05Z", f.Value("effective_date")); err == nil {
		local := t.In(i18n.Zone(ctx)).Format("2006-01-02 15:04:05")
		f.Values.Set("effective_date", strings.TrimSuffix(local, ":00"))
	}
	return f
}

// measured is the sentence that says when the plan was measured.
func (p PlanShowProps) measured() string {
	if p.Plan.State(p.Now) == models.PlanExpired {
		return "plans.measured-last"
	}
	return "plans.measured"
}

// noDeductions is the sentence that says why there are no deductions.
func (p PlanShowProps) noDeductions() string {
	if p.Plan.MeasuredAt == nil {
		return "plans.deductions.not-yet"
	}
	return "plans.deductions.none"
}

// may tells whether the actor may change the plan in a way that its type allows.
func (p PlanShowProps) may(allowed bool) bool {
	return allowed && !p.Plan.Held && p.mayOrder() && p.Plan.State(p.Now) != models.PlanExpired
}

// mayOrder tells whether the actor may order such plans.
func (p PlanShowProps) mayOrder() bool {
	return p.By.MayOrder(models.KindPlan, p.Plan.ProductCode, p.Plan.Region)
}

// lost says what deleting a plan takes away.
func (p PlanShowProps) lost(ctx context.Context) []string {
	x := p.Plan
	var out []string
	if x.State(p.Now) != models.PlanExpired {
		out = append(out, i18n.T(ctx, "plans.delete.term", "Left", planEnds(ctx, x, p.Now), "Date", i18n.LastDate(ctx, x.EndsAt)))
		if x.Storage {
			out = append(out, i18n.T(ctx, "plans.delete.room", "Size", i18n.Bytes(ctx, x.Remaining())))
		}
	}
	out = append(out, i18n.T(ctx, "plans.delete.paid", "Amount", i18n.Money(ctx, x.PaidMinor, x.Currency)))
	if p.Deductions.Rows != nil {
		out = append(out, i18n.T(ctx, "plans.delete.deductions"))
	}
	return out
}

// ran is how much of the term has passed, in hours.
func (p PlanShowProps) ran() (passed, whole int64) {
	whole = int64(p.Plan.EndsAt.Sub(p.Plan.EffectiveAt).Hours())
	passed = int64(p.Now.Sub(p.Plan.EffectiveAt).Hours())
	if p.Plan.Held {
		passed = 0
	}
	return min(max(passed, 0), whole), whole
}

// burnNote says what the drawing counts, and when the plan is used up.
func (p PlanShowProps) burnNote(ctx context.Context) string {
	note := i18n.T(ctx, "plans.burn.note", "Size", planSize(ctx, p.Plan))
	if p.Burn.Out == nil {
		return note
	}
	return note + i18n.Pick(ctx, " ", "") + i18n.T(ctx, "plans.burn.out-note", "Date", i18n.Date(ctx, *p.Burn.Out), "Last", i18n.LastDate(ctx, p.Plan.EndsAt))
}

// burnChart draws what a plan had left by day, in quarters of its size, with the line
// of even use from the first deduction to the end of its term.
func burnChart(ctx context.Context, b *models.Burn, p models.Plan, id string) ui.ChartProps {
	left := ui.Series{Kind: ui.Look(ctx, models.KindPlan), Label: i18n.T(ctx, "plans.burn.left")}
	chart := ui.ChartProps{ID: id, Label: i18n.T(ctx, "plans.burn"), Corner: i18n.T(ctx, "plans.day"), Until: len(b.Points), Top: float64(p.Total()),
		Format: func(v float64) string { return i18n.Bytes(ctx, int64(v)) }}
	end := b.Days[len(b.Days)-1]
	for i, day := range b.Days {
		label := dayLabel(ctx, day, len(b.Days)-1-i, b.Begin().Year() != end.Year())
		if i < len(b.Points) {
			label.Long = i18n.Date(ctx, b.Points[i].Day)
			left.Values = append(left.Values, float64(b.Points[i].Left))
		}
		chart.Labels = append(chart.Labels, label)
	}
	chart.Series = []ui.Series{left}
	at := func(day time.Time) float64 {
		return day.Sub(b.Begin()).Hours()/24/float64(b.Width) + 0.5/float64(b.Width)
	}
	first, last := b.Points[b.From], b.Points[len(b.Points)-1]
	chart.Slopes = []ui.Slope{{Class: "even", Label: i18n.T(ctx, "plans.burn.even"), X1: at(first.Day), Y1: float64(first.Left), X2: at(end.Add(12 * time.Hour))}}
	if b.Out != nil {
		chart.Slopes = append(chart.Slopes, ui.Slope{Class: "out", Label: i18n.T(ctx, "plans.burn.out"), X1: at(last.Day), Y1: float64(last.Left), X2: at(*b.Out)})
	}
	return chart
}

// dayLabel is what a column of a chart by days is called that so many come after. A
// name for seven fits.
func dayLabel(ctx context.Context, day time.Time, left int, years bool) ui.ChartLabel {
	label := ui.ChartLabel{Long: i18n.Date(ctx, day)}
	if left%7 == 0 {
		label.Short = i18n.DayMonth(ctx, day)
		if years {
			label.Over = strconv.Itoa(day.Year())
		}
	}
	return label
}

func (p PlanShowProps) facts(ctx context.Context) []ui.Row {
	x := p.Plan
	rows := []ui.Row{
		{Label: i18n.T(ctx, "plans.id"), Value: x.ID, Copy: true},
		{Label: ui.Label(ctx, "product_code"), Value: x.ProductCode, Mono: true},
		{Label: ui.Label(ctx, "package_type"), Body: planTypeFact(x)},
		{Label: ui.Label(ctx, "specification"), Value: planSize(ctx, x)},
		{Label: ui.Label(ctx, "region"), Value: regionName(ctx, p.Regions, x.Region)},
		{Label: ui.Label(ctx, "duration"), Value: i18n.Term(ctx, x.Duration, string(x.PricingCycle))},
		{Label: i18n.T(ctx, "plans.starts"), Body: ui.DateTime(x.EffectiveAt, i18n.OrderTime(ctx, x.EffectiveAt))},
		{Label: i18n.T(ctx, "plans.last-day"), Body: ui.DateTime(x.EndsAt, i18n.LastDate(ctx, x.EndsAt))},
		{Label: i18n.T(ctx, "plans.paid"), Value: i18n.Money(ctx, x.PaidMinor, x.Currency)},
		{Label: i18n.T(ctx, "order.of", "Count", len(p.Orders)), Body: orderLinks(models.KindPlan, p.Orders)},
		{Label: i18n.T(ctx, "plans.ordered-by"), Value: x.CreatorName},
	}
	if x.Note != "" {
		rows = append(rows, ui.Row{Label: ui.Label(ctx, "note"), Value: x.Note})
	}
	return append(rows, tagsRow(ctx, x.Tagged(), p.By, false))
}
