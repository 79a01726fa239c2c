package views

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// orderTones are the tones of the states of an order.
var orderTones = map[models.OrderState]ui.Tone{
	models.OrderPending: ui.Warn, models.OrderApproved: ui.Info, models.OrderFulfilling: ui.Busy,
	models.OrderCompleted: ui.OK, models.OrderFailed: ui.Danger, models.OrderRejected: ui.Danger,
	models.OrderCancelled: ui.Neutral, models.OrderLapsed: ui.Neutral,
}

// OrderChoices are the values of the filters of orders whose words are data.
func OrderChoices(ctx context.Context, regions []models.Region, month string) map[string][]ListChoice {
	choices := RegionChoices(ctx, regions)
	choices["region"] = append(choices["region"], ListChoice{models.NoneGiven, i18n.T(ctx, "orders.several-regions")})
	choices["centre"] = []ListChoice{{models.NoneGiven, i18n.T(ctx, "orders.no-centre")}}
	if t, err := time.Parse("2006-01", month); err == nil {
		choices["month"] = []ListChoice{{month, i18n.MonthYear(ctx, models.MonthOf(t))}}
	}
	return choices
}

// spendPath is the list of the orders of a month that are counted, of one value of
// a filter where that is named.
func spendPath(month int64, filter, value string) string {
	q := url.Values{"month": {fmt.Sprintf("%d-%02d", month/100, month%100)}, "free": {models.Spent}}
	if filter != "" {
		q.Set(filter, firstOf(value, models.NoneGiven))
	}
	return "/orders?" + q.Encode()
}

// spendSum is what counted orders come to, in each currency.
func spendSum(ctx context.Context, some []models.Spend) string {
	return strings.Join(mapped(some, func(s models.Spend) string { return i18n.Money(ctx, s.SpendMinor, s.Currency) }), " + ")
}

// SumOf says what the rows of a list come to.
func SumOf(ctx context.Context, some []models.Spend) string {
	return i18n.T(ctx, "list.sum", "Amount", spendSum(ctx, some))
}

// orderKinds are the kinds of an order's lines, each once.
func orderKinds(o models.Order) []models.Kind {
	var kinds []models.Kind
	for k := range strings.SplitSeq(o.Kinds, ",") {
		if k := models.Kind(k); k != "" && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// lineTitle is what a line of an order is called: a plan by what the catalogue
// says it is, anything else by its own name.
func lineTitle(ctx context.Context, s *models.OrderSheet, l models.OrderLine) string {
	if t, ok := s.Type(l); ok {
		return changeOf(ctx, s.Order.Type, l.Kind, word(ctx, t.ZH, t.EN))
	}
	return changeOf(ctx, s.Order.Type, l.Kind, firstOf(l.Name, l.ResourceName, l.ResourceID, ui.Look(ctx, l.Kind).One(ctx)))
}

// changeOf says what an order of a type does to a thing of a kind that is called
// name.
func changeOf(ctx context.Context, orderType string, kind models.Kind, name string) string {
	for _, key := range []string{"order.type." + orderType + "." + string(kind), "order.type." + orderType} {
		if i18n.Has(ctx, key) {
			return i18n.T(ctx, key, "Name", name)
		}
	}
	return name
}

// lineCode is the id or name that tells the line's resource from all others,
// unless the title says it already.
func lineCode(ctx context.Context, s *models.OrderSheet, l models.OrderLine) string {
	if l.Kind == models.KindBucket || l.ResourceID == lineTitle(ctx, s, l) {
		return "" // a bucket's name is unique, and its only id outside
	}
	if l.ResourceID == "" && len(s.Order.Lines) > 1 {
		return lineChanged(s, l)
	}
	return l.ResourceID
}

// lineChanged is the id of what a line changes, "" for one that makes something.
func lineChanged(s *models.OrderSheet, l models.OrderLine) string {
	if l.Position > len(s.Things) {
		return ""
	}
	return s.Things[l.Position-1]
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

// lineRate is the price of one unit of one piece, or "" when it is free.
func lineRate(ctx context.Context, l models.OrderLine) string {
	if l.UnitMicro == 0 {
		return ""
	}
	return i18n.Rate(ctx, l.UnitMicro, l.Currency, string(l.Unit))
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

// monthlyEstimate is what all lines charged by the hour come to in a month, or
// 0.
func monthlyEstimate(o *models.Order) int64 {
	var sum int64
	for _, l := range o.Lines {
		sum += l.MonthlyEstimateMinor
	}
	return sum
}

// orderRule says which rule let an order through or holds it.
func orderRule(ctx context.Context, s *models.OrderSheet) string {
	if s.Order.Sentence != nil {
		return RuleSentence(ctx, *s.Order.Sentence, s.Regions)
	}
	if key := "order.rule." + s.Order.Rule; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return s.Order.Rule
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

// orderPath is the page of an order.
func orderPath(n int64) string { return "/orders/" + number(n) }

// orderTitle is what an order asks for first; a plan by the catalogue's words.
func orderTitle(ctx context.Context, o models.Order) string {
	if t := o.PlanType; t.Code != "" {
		return changeOf(ctx, o.Type, models.KindPlan, word(ctx, t.ZH, t.EN))
	}
	if o.Title == "" && o.Kinds != "" {
		return ui.Look(ctx, orderKinds(o)[0]).One(ctx)
	}
	return changeOf(ctx, o.Type, models.Kind(o.Kinds), o.Title)
}

// orderTotal is what an order has to pay, or that it is free, or, where what it makes is
// charged by the hour, about what that is a month.
func orderTotal(ctx context.Context, o models.Order) string {
	if month := orderMonth(ctx, o); month != "" {
		return i18n.T(ctx, "order.about-monthly", "Amount", month)
	}
	minor, currency := o.Pays()
	if minor == 0 && !o.Free {
		return i18n.T(ctx, "order.by-hour")
	}
	return freeOr(ctx, minor, currency, o.Free)
}

// orderMonth is about what an order makes costs a month, "" where it is not charged by
// the hour alone.
func orderMonth(ctx context.Context, o models.Order) string {
	if minor, _ := o.Pays(); minor != 0 || o.MonthMinor == 0 || o.Type == models.TypeUpgrade {
		return ""
	}
	minor, currency := o.Reckon(o.MonthMinor)
	return i18n.Money(ctx, minor, currency)
}

// drawTotal draws orderTotal in a cell, which is narrow.
func drawTotal(c *ui.Cells, o *models.Order) {
	if month := orderMonth(c.Ctx, *o); month != "" {
		c.Text("≈ " + month)
		c.Note(i18n.T(c.Ctx, "catalogue.unit.month"))
		return
	}
	c.Text(orderTotal(c.Ctx, *o))
}

func freeOr(ctx context.Context, minor int64, currency string, free bool) string {
	if free {
		return i18n.T(ctx, "order.free")
	}
	return i18n.Money(ctx, minor, currency)
}

// orderAmount is what an order comes to, as the bar of those that are picked adds it up.
func orderAmount(ctx context.Context, o *models.Order) string {
	if o.TotalMinor == 0 && !o.Free {
		return "+ " + i18n.T(ctx, "order.by-hour")
	}
	minor, currency := o.Pays()
	return number(minor) + " " + currency
}

// Orders is the list of a team's orders.
var Orders = &ListView[models.Order]{
	ID: "order-list", Path: "/orders", List: models.Orders, Label: "orders.table", Search: "orders.search",
	Kind: models.KindOrder, Pick: func(o *models.Order) string { return number(o.Number) },
	Amount: orderAmount,
	Columns: []ListColumn[models.Order]{
		{Words: "orders.number", Sort: "number", Name: true, Class: "nowrap", Text: func(_ *ui.Cells, o *models.Order) string { return number(o.Number) },
			Draw: func(c *ui.Cells, o *models.Order) {
				n := number(o.Number)
				c.Open("a", "href", "/orders/"+n)
				c.Code(n)
				c.Close("a")
			}},
		{Words: "orders.what", Sort: "items", Class: "wide", Text: func(c *ui.Cells, x *models.Order) string { return orderWhat(c.Ctx, x) }, Draw: func(c *ui.Cells, o *models.Order) {
			for _, k := range orderKinds(*o) {
				c.Mark(k)
			}
			c.Text(orderWhat(c.Ctx, o))
		}},
		sorted("requester", plain("order.requester", "", func(_ *ui.Cells, o *models.Order) string { return o.RequesterName })),
		emailed(func(o *models.Order) string { return o.RequestedBy }),
		{Words: "order.placed-at", Sort: "placed", Class: "nowrap", Text: func(c *ui.Cells, o *models.Order) string { return i18n.OrderTime(c.Ctx, o.CreatedAt) },
			Draw: func(c *ui.Cells, o *models.Order) { c.Text(i18n.Date(c.Ctx, o.CreatedAt)) }},
		{Words: "order.state", Sort: "state", Bare: true, Text: func(c *ui.Cells, x *models.Order) string { return orderStateWord(c.Ctx, x) },
			Draw: func(c *ui.Cells, o *models.Order) { c.Badge(orderTones[o.State], orderStateWord(c.Ctx, o)) }},
		{Words: "order.amount", Sort: "amount", Class: "num", Draw: drawTotal,
			Text: func(_ *ui.Cells, o *models.Order) string { return pricing.Decimal(o.TotalMinor) }},
		filed("list.currency", func(_ *ui.Cells, o *models.Order) string { return o.Currency }),
		filed("order.tax", func(_ *ui.Cells, o *models.Order) string { return pricing.Decimal(o.TaxMinor) }),
		filed("list.pay-amount", func(_ *ui.Cells, o *models.Order) string { return pricing.Decimal(o.PayMinor) }),
		filed("list.pay-currency", func(_ *ui.Cells, o *models.Order) string { return o.PayCurrency }),
		filed("order.cost-centre", func(_ *ui.Cells, o *models.Order) string { return o.CostCentre }),
		filed("order.po-number", func(_ *ui.Cells, o *models.Order) string { return o.PONumber }),
		filed("order.reason", func(_ *ui.Cells, o *models.Order) string { return o.Note }),
	},
	Filters: []ListFilter{
		{Name: "state", Words: "order.state", Values: "order.state.", As: Menu},
		{Name: "month", Words: "dashboard.month"},
		{Name: "centre", Words: "order.cost-centre"},
		{Name: "region", Words: "order.region"},
		{Name: "free", Values: "orders.free.", On: "orders.with-free", Off: "orders.hide-free", Icon: "eye", As: Switch},
	},
	Head: func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "orders.title"), Subtitle: i18n.T(ctx, "orders.subtitle")}
	},
	Whole: func(at ListAt) bool { return at.Counts["order"] == 0 },
	Empty: func(ctx context.Context, at ListAt) ui.EmptyProps {
		if all := at.Counts["order"]; all > 0 {
			return ui.EmptyProps{Icon: "receipt-text", Title: i18n.T(ctx, "orders.all-free"), Text: i18n.T(ctx, "orders.all-free-text", "Count", all),
				Action: ui.LinkButton(ui.ButtonProps{Text: i18n.T(ctx, "orders.free.true"), Href: at.URL.With("free", "true")})}
		}
		return ui.EmptyProps{Icon: "receipt-text", Title: i18n.T(ctx, "orders.none"), Text: i18n.T(ctx, "orders.none-text"),
			Action: ui.LinkButton(ui.ButtonProps{Text: i18n.T(ctx, "orders.go-create"), Href: "/"})}
	},
}

func orderStateWord(ctx context.Context, o *models.Order) string {
	return i18n.T(ctx, "order.state."+string(o.State))
}

// orderWhat is what an order asks for, in a line.
func orderWhat(ctx context.Context, o *models.Order) string {
	title := orderTitle(ctx, *o)
	if o.LineCount > 1 {
		title += " " + i18n.T(ctx, "orders.more", "Count", o.LineCount-1)
	}
	return title
}

// orderPassing tells whether the state of an order will change by itself.
func orderPassing(s models.OrderState) bool {
	return s == models.OrderApproved || s == models.OrderFulfilling
}

// orderSubtitle says what an order asks for.
func orderSubtitle(ctx context.Context, s *models.OrderSheet) string {
	o := s.Order
	title := lineTitle(ctx, s, o.Lines[0])
	if len(o.Lines) > 1 {
		title += " " + i18n.T(ctx, "orders.more", "Count", len(o.Lines)-1)
	}
	return title
}

// lineForm is the form of a line with its input filled in, nil for those who may
// not order, for lines without a form and for those of things that are gone.
func lineForm(ctx context.Context, p OrderShowProps, l models.OrderLine) (path string, q url.Values) {
	q = maps.Clone(p.Sheet.Forms[l.Position-1])
	look, o, id := ui.Look(ctx, l.Kind), p.Sheet.Order, p.Sheet.Things[l.Position-1]
	if q == nil || !p.By.MayOrder(l.Kind, p.Sheet.Order.ProductCode, l.Region) || !look.Ordered || p.Sheet.Gone[id] {
		return "", nil
	}
	path = look.Path + "/new"
	switch {
	case o.Type == models.TypeRenew:
		path = thingPath(ctx, l.Kind, id) + "/renewal"
	case o.Type == models.TypeUpgrade && l.Kind == models.KindStore:
		path = thingPath(ctx, l.Kind, id) + "/scale"
	case o.Type == models.TypeUpgrade:
		path = thingPath(ctx, l.Kind, id) + "/upgrade"
	}
	if o.CostCentre != "" {
		q.Set("cost_centre", o.CostCentre)
	}
	q.Del("instance_id") // the path names it
	return path, q
}

// orderAgain is the form for a new thing with a line's input filled in, "" where
// there is none, and for lines that changed the size of a thing.
func orderAgain(ctx context.Context, p OrderShowProps, l models.OrderLine) string {
	path, q := lineForm(ctx, p, l)
	if p.Sheet.Order.Type == models.TypeUpgrade {
		return ""
	}
	if len(q) == 0 {
		return path
	}
	if p.Sheet.Order.Type == models.TypeNew {
		return again(path, q)
	}
	return path + "?" + q.Encode()
}

// again is the form for a new thing with the fields of another filled in. A name that
// is taken gets a number there.
func again(path string, q url.Values) string {
	q.Set("again", "true")
	return path + "?" + q.Encode()
}

// orderEdit is the form of an order that waits, with what was asked filled in, for
// the one who asked by a form; "" for others.
func orderEdit(ctx context.Context, p OrderShowProps) string {
	o := p.Sheet.Order
	path, q := lineForm(ctx, p, o.Lines[len(o.Lines)-1])
	if q != nil && len(o.Lines) > 1 && o.Type == models.TypeRenew {
		path, q["pick"] = "/plans/renewals", p.Sheet.Things
	}
	if q == nil || o.State != models.OrderPending || o.RequestedBy != p.By.UserID || o.Face != models.ByForm {
		return ""
	}
	q.Set("note", o.Note)
	q.Set("po_number", o.PONumber)
	q.Set("replaces", number(o.Number))
	q.Set("replaces_version", number(o.Version))
	return path + "?" + q.Encode()
}

// lineFailure says why a line failed.
func lineFailure(ctx context.Context, s *models.OrderSheet, l models.OrderLine) string {
	if key := "fail." + s.Failures[l.ResourceID]; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return i18n.T(ctx, "order.failed")
}

// orderFacts are who ordered, when and by what rule.
func orderFacts(ctx context.Context, s *models.OrderSheet) []ui.Row {
	o := s.Order
	rows := []ui.Row{
		{Label: i18n.T(ctx, "orders.number"), Value: number(o.Number), Copy: true},
		{Label: i18n.T(ctx, "order.requester"), Value: o.RequesterName},
		{Label: i18n.T(ctx, "order.placed-at"), Body: ui.DateTime(o.CreatedAt, i18n.OrderTime(ctx, o.CreatedAt))},
		{Label: i18n.T(ctx, "order.by-way"), Value: i18n.T(ctx, "order.face."+string(o.Face))},
	}
	if o.RelatedNumber != 0 {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.related"), Body: orderLink(o.RelatedNumber, number(o.RelatedNumber))})
	}
	if o.KeyID != "" {
		rows = append(rows,
			ui.Row{Label: i18n.T(ctx, "order.key"), Body: keyLink(o.KeyID, s.KeyKept)},
			ui.Row{Label: i18n.T(ctx, "order.agent"), Value: joined(o.Agent, o.Address)},
			ui.Row{Label: i18n.T(ctx, "activity.column.request"), Value: o.RequestID, Copy: true})
	}
	rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.rule"), Value: orderRule(ctx, s)})
	if o.State == models.OrderPending {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.approver"), Value: i18n.T(ctx, "order.undecided")})
	}
	if o.DeciderName != "" {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.approver"), Value: o.DeciderName})
	}
	if o.DecidedAt != nil {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.decided-at"), Body: ui.DateTime(*o.DecidedAt, i18n.OrderTime(ctx, *o.DecidedAt))})
	}
	if o.DecisionReason != "" {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.decision-reason"), Value: o.DecisionReason})
	}
	for _, over := range s.Overruns {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.over-budget"), Value: overrunWords(ctx, over)})
	}
	if o.CompletedAt != nil {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.completed-at"), Body: ui.DateTime(*o.CompletedAt, i18n.OrderTime(ctx, *o.CompletedAt))})
	}
	rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.cost-centre"), Value: o.CostCentre})
	if o.PONumber != "" {
		rows = append(rows, ui.Row{Label: i18n.T(ctx, "order.po-number"), Value: o.PONumber})
	}
	return append(rows, ui.Row{Label: i18n.T(ctx, "order.reason"), Value: o.Note})
}

// orderSums are the amounts of an order and where its prices come from.
func orderSums(ctx context.Context, s *models.OrderSheet) ui.SummaryProps {
	o := s.Order
	minor, currency := o.Pays()
	p := ui.SummaryProps{ID: "sums", Title: i18n.T(ctx, "order.amount"), TotalLabel: i18n.T(ctx, "order.total"),
		Total: freeOr(ctx, minor, currency, o.Free), Notes: priceNotes(ctx, o)}
	if o.Free {
		return p
	}
	p.Breakdown = []ui.Row{{Label: i18n.T(ctx, "order.subtotal"), Value: i18n.Money(ctx, o.ListMinor, o.Currency)}}
	if o.DiscountMinor != 0 {
		p.Breakdown = append(p.Breakdown, ui.Row{Label: i18n.T(ctx, "order.discount"), Value: i18n.Money(ctx, -o.DiscountMinor, o.Currency), Tone: ui.OK})
	}
	p.Breakdown = append(p.Breakdown, ui.Row{Label: taxWord(ctx, o), Value: i18n.Money(ctx, o.TaxMinor, o.Currency)})
	if row, other := bookRow(ctx, o); other {
		p.Breakdown = append(p.Breakdown, row)
	}
	if m := monthlyEstimate(o); m > 0 {
		p.Breakdown = append(p.Breakdown, ui.Row{Label: i18n.T(ctx, "order.monthly-estimate"), Value: paysOf(ctx, o, m)})
	}
	return p
}
