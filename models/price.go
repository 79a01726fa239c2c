package models

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"quartermaster/models/fold"
	"quartermaster/models/list"
	"quartermaster/models/migrations"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Price is a line of the price book: what one unit of something costs from a day on,
// until a newer line of the same SKU, region, unit and term does. It never changes,
// and orders keep what they were placed at. A team may have lines of its own, which
// hold for it in the place of everybody's and which no other team sees; one without a
// price ends them: everybody's holds again from its day on.
type Price struct {
	ID         string
	TeamID     string // whose it is, "" for everybody's
	SKU        string `gorm:"column:sku"`
	Region     string // "" is every region
	Unit       pricing.Unit
	TermMonths int // of the unit Term
	Currency   string
	Micro      int64
	ValidFrom  time.Time // the beginning of a day in UTC+8
	Source     string
	Ours       bool
	// CreatedBy entered it, at CreatedAt; nobody did for those that the program came
	// with.
	CreatedBy   string
	CreatorName string
	CreatedAt   *time.Time
}

// OwnSource begins the source of a team's own price, where it is told without its team.
const OwnSource = "team:"

func (p Price) priced() pricing.Price {
	return pricing.Price{SKU: p.SKU, Region: p.Region, Unit: p.Unit, TermMonths: p.TermMonths, Currency: p.Currency, Micro: p.Micro,
		ValidFrom: p.ValidFrom, Source: p.From(), Ours: p.Ours, Own: p.TeamID != ""}
}

// From is the source of the price, which says so where it is a team's own.
func (p Price) From() string {
	if p.TeamID == "" {
		return p.Source
	}
	return OwnSource + p.Source
}

// Ends tells that it ends a team's own price.
func (p Price) Ends() bool { return p.TeamID != "" && p.Micro == 0 }

// seen tells whether an actor may see the price.
func (p Price) seen(by Actor) bool {
	return p.TeamID == "" || p.TeamID == by.TeamID || by.maySite() == nil
}

// priceOf is what lines of the price book that follow each other have in common.
type priceOf struct {
	team, sku, region string
	unit              pricing.Unit
	term              int
}

func (p Price) of() priceOf { return priceOf{p.TeamID, p.SKU, p.Region, p.Unit, p.TermMonths} }

// follow are the lines of the price book that follow each other, the oldest first.
func (c *catalogue) follow(of priceOf) (all []Price) {
	for _, p := range c.bySKU[skuOf{of.team, of.sku}] {
		if p.of() == of {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Price) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return all
}

// around is the one of lines that follow each other that holds at a time, and the one
// after it; zero where there is none.
func around(lines []Price, at time.Time) (now, next Price) {
	for _, p := range lines {
		if p.ValidFrom.After(at) {
			return now, p
		}
		now = p
	}
	return now, next
}

// PriceState tells where a line of the price book is among those that it follows.
type PriceState string

// The states of a line of the price book.
const (
	PriceNow    PriceState = "now"
	PriceComing PriceState = "coming"
	PricePast   PriceState = "past"
)

// PriceLine is a line of the price book with what it is of, and its state.
type PriceLine struct {
	Price
	Item     Item
	State    PriceState
	TeamName string // of a team's own

	where string // the region, of the price or of what it is of
}

// book is all lines of the price book at a time that an actor may see.
func (c *catalogue) book(by Actor, at time.Time) (all []PriceLine) {
	current := map[priceOf]time.Time{}
	for _, p := range c.lines {
		if !p.seen(by) {
			continue
		}
		item := c.items[p.SKU]
		all = append(all, PriceLine{Price: p, Item: item, State: PriceComing, where: cmp.Or(p.Region, item.Region)})
		if !p.ValidFrom.After(at) && !p.ValidFrom.Before(current[p.of()]) {
			current[p.of()] = p.ValidFrom
		}
	}
	for i := range all {
		p := &all[i]
		if since := current[p.of()]; since.Equal(p.ValidFrom) {
			p.State = PriceNow
		} else if p.ValidFrom.Before(since) {
			p.State = PricePast
		}
	}
	return all
}

var (
	// Prices is the list of all lines of the price book, the newest first.
	Prices = &List[PriceLine]{
		Right: See,
		Desc: list.Desc[PriceLine]{
			Columns: []string{"valid_from", "position", "region", "term_months", "unit", "micro", "id", "team_id", "where", "state", "by"},
			Into: func(p *PriceLine, to []any) []any {
				return append(to, &p.ValidFrom, &p.Item.Position, &p.Region, &p.TermMonths, &p.Unit, &p.Micro, &p.ID, &p.TeamID, &p.where, &p.State, &p.CreatorName)
			},
			Sorts: []list.Sort{{Name: "from", Columns: []string{"valid_from", "id"}}, {Name: "price", Columns: []string{"micro", "id"}}, {Name: "team", Columns: []string{"team_id", "id"}},
				{Name: "region", Columns: []string{"where", "position", "id"}, Up: true}, {Name: "state", Columns: []string{"state", "position", "id"}, Up: true}, {Name: "by", Columns: []string{"by", "id"}, Up: true},
				{Name: "item", Columns: []string{"position", "region", "term_months", "unit", "valid_from", "id"}, Up: true}},
			Filters: []list.Filter{{Name: "state", Values: texts([]PriceState{PriceNow, PriceComing, PricePast})}, {Name: "kind", Values: pricedKinds}, {Name: "region"}, {Name: "team"}},
		},
		Fill: func(ctx context.Context, db *DB, _ Actor, lines []PriceLine) error { return db.nameTeams(ctx, lines) },
		Held: func(ctx context.Context, db *DB, by Actor, q list.Query) ([]PriceLine, error) {
			c, err := db.catalogue(ctx)
			if err != nil {
				return nil, err
			}
			return slices.DeleteFunc(c.book(by, q.At), func(p PriceLine) bool {
				return !says(q.Filters["state"], string(p.State)) || !says(q.Filters["team"], p.TeamID) || !p.Item.meets(q, cmp.Or(p.Region, p.Item.Region), p.Source)
			}), nil
		},
	}

	// Offers is the list of all that can be ordered, with its price: the catalogue.
	Offers = &List[Offer]{
		Right: See,
		Desc: list.Desc[Offer]{
			Columns: []string{"position", "region", "term_months", "unit", "micro", "since", "next", "state"},
			Into: func(o *Offer, to []any) []any {
				return append(to, &o.Item.Position, &o.Region, &o.TermMonths, &o.Unit, &o.Price.Micro, &o.Price.ValidFrom, &o.Next.ValidFrom, &o.state)
			},
			Sorts: []list.Sort{{Name: "item", Columns: []string{"position", "region", "term_months", "unit"}, Up: true},
				{Name: "price", Columns: []string{"micro", "position", "region", "term_months", "unit"}},
				{Name: "region", Columns: []string{"region", "position", "term_months", "unit"}, Up: true}, {Name: "state", Columns: []string{"state", "position", "region", "term_months", "unit"}, Up: true},
				{Name: "since", Columns: []string{"since", "position", "region", "term_months", "unit"}},
				{Name: "next", Columns: []string{"next", "position", "region", "term_months", "unit"}}},
			Filters: []list.Filter{{Name: "state", Values: texts([]OfferState{OnSale, OfferComing, OffSale})}, {Name: "kind", Values: pricedKinds}, {Name: "region"},
				{Name: "change", Values: []string{"true"}, Sort: "next"}},
		},
		Held: func(ctx context.Context, db *DB, by Actor, q list.Query) ([]Offer, error) {
			c, err := db.catalogue(ctx)
			if err != nil {
				return nil, err
			}
			return slices.DeleteFunc(c.offers(by.TeamID, q.At), func(o Offer) bool {
				return !says(q.Filters["state"], string(o.State())) || q.Filters["change"] != "" && o.Next.ID == "" ||
					!o.Item.meets(q, o.Region, o.Price.Source)
			}), nil
		},
	}
)

// pricedKinds are the kinds that cost something.
var pricedKinds = texts([]Kind{KindPlan, KindStore})

// says tells whether a filter lets a value through.
func says(filter, value string) bool { return filter == "" || filter == value }

// meets tells whether the filters of a query by kind and region let an item through,
// and whether it or one of more texts has what the query searches for.
func (i Item) meets(q list.Query, region string, more ...string) bool {
	if !says(q.Filters["kind"], string(i.Kind)) || !says(q.Filters["region"], region) {
		return false
	}
	text := fold.Text(q.Text)
	has := func(s string) bool { return strings.Contains(fold.Text(s), text) }
	return text == "" || slices.ContainsFunc(append(more, i.SKU, region, i.Type.ZH, i.Type.EN, i.Size, i.Flavor.ZH, i.Flavor.EN), has)
}

// PricePage is what the page of a price shows: what it is of, and the lines of the
// price book that follow each other.
type PricePage struct {
	Item  Item
	Lines []PriceLine // the newest first
	// Shown is what a form on the page brings back.
	Shown string
}

// Of is the line by which the page was asked for.
func (p PricePage) Of() PriceLine { return p.Lines[0] }

// FindPricePage is the page of the price that a line of the price book is of, or
// ErrNotFound.
func (db *DB) FindPricePage(ctx context.Context, by Actor, id string) (*PricePage, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(c.lines, func(p Price) bool { return p.ID == id && p.seen(by) })
	if at < 0 {
		return nil, ErrNotFound
	}
	of := c.lines[at].of()
	p := &PricePage{Item: c.items[of.sku]}
	for _, line := range c.book(by, db.TeamNow(by)) {
		if line.of() == of {
			p.Lines = append(p.Lines, line)
		}
	}
	slices.SortFunc(p.Lines, func(a, b PriceLine) int { return b.ValidFrom.Compare(a.ValidFrom) })
	p.Shown = shownLine(p.Lines[0].Price)
	return p, db.nameTeams(ctx, p.Lines)
}

// nameTeams writes into lines of the price book what the teams are called whose own
// they are.
func (db *DB) nameTeams(ctx context.Context, lines []PriceLine) error {
	var ids []string
	for _, p := range lines {
		if p.TeamID != "" && !slices.Contains(ids, p.TeamID) {
			ids = append(ids, p.TeamID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	teams, err := query.Of[Team](db.gorm).Select("id", "name").Where("id IN ?", ids).Find(ctx)
	for i := range lines {
		for _, t := range teams {
			if t.ID == lines[i].TeamID {
				lines[i].TeamName = t.Name
			}
		}
	}
	return translate(err)
}

// shownLine is what a form brings back that showed a line of the price book as the
// last.
func shownLine(last Price) string { return url.Values{"price_line": {last.ID}}.Encode() }

// PriceInput is a new line of the price book as a form has it. One of a team without an
// amount ends the team's own price.
type PriceInput struct {
	Team   string       `form:"price_team" validate:"max=64"`
	SKU    string       `form:"price_item" validate:"required,max=200"`
	Region string       `form:"price_region" validate:"max=64"`
	Unit   pricing.Unit `form:"price_unit" validate:"oneof=hour month year term"`
	Term   string       `form:"price_term" validate:"max=4"` // months, of the unit term
	Amount string       `form:"price_amount" validate:"max=20"`
	From   string       `form:"price_from" validate:"required,max=10"` // 2026-12-31
	Source string       `form:"price_source" validate:"required,line,max=100"`
	// Shown is what the form showed, so that nobody adds to what another has added
	// meanwhile without seeing it.
	Shown string `form:"shown"`
}

// line is the line of the price book that the input describes, or the rules that it
// breaks. today is the first day that may be chosen.
func (in *PriceInput) line(c *catalogue, today time.Time) (Price, error) {
	broken := Invalid(nil).With(Check(in))
	refuse := func(field, rule string) { broken = Invalid(nil).With(broken, invalid(field, rule)) }
	p := Price{TeamID: in.Team, SKU: in.SKU, Region: in.Region, Unit: in.Unit, Currency: bookCurrency, Source: in.Source, Ours: true}
	var err error
	if in.Amount == "" && in.Team == "" {
		refuse("price_amount", "required")
	} else if p.Micro, err = pricing.ParsePrice(in.Amount); err != nil && in.Amount != "" {
		refuse("price_amount", "price")
	}
	switch p.ValidFrom, err = time.ParseInLocation(time.DateOnly, in.From, pricing.Zone); {
	case err != nil && in.From != "":
		refuse("price_from", "date")
	case err == nil && p.ValidFrom.Before(today):
		refuse("price_from", "day_past")
	}
	p.ValidFrom = p.ValidFrom.UTC()
	if in.Unit == pricing.Term {
		if p.TermMonths, err = strconv.Atoi(in.Term); err != nil {
			refuse("price_term", "not_offered")
		}
	}
	if field, rule := c.sells(p); rule != "" && in.SKU != "" {
		refuse(field, rule)
	}
	return p, broken
}

// sells tells which rule a price breaks because nothing is sold that way, "" for none.
func (c *catalogue) sells(p Price) (field, rule string) {
	item, known := c.items[p.SKU]
	switch {
	case !known:
		return "price_item", "unknown"
	case item.Kind == KindPlan && p.Region != "":
		return "price_region", "price_region"
	case item.Kind == KindPlan && p.Unit != pricing.Month && p.Unit != pricing.Term, item.Kind == KindStore && p.Unit == pricing.Term:
		return "price_unit", "not_offered"
	case p.Unit == pricing.Term && !slices.Contains(item.Months, p.TermMonths):
		return "price_term", "not_offered"
	case p.Region != "" && !slices.ContainsFunc(c.regions, func(r Region) bool { return r.ID == p.Region && slices.Contains(r.Serves, item.Kind) }):
		return "price_region", "unknown"
	}
	return "", ""
}

// today is the beginning of the day by the clock of the server.
func (db *DB) today() time.Time {
	y, m, d := db.Now().In(pricing.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, pricing.Zone).UTC()
}

// onCatalogue changes the catalogue or the price book for a site admin, one change
// at a time. c is what it is now, for change alone.
func (db *DB) onCatalogue(ctx context.Context, by Actor, change func(ctx context.Context, tx *DB, by Actor, c *catalogue) error) error {
	if err := by.maySite(); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		version, err := query.Of[Setting](tx.gorm, clause.Locking{Strength: "UPDATE"}).Where("name = ?", migrations.CatalogueVersion).First(ctx)
		if err != nil {
			return translate(err)
		}
		c, err := tx.catalogueOf(ctx, version.Value)
		if err != nil {
			return err
		}
		return change(ctx, tx, by.ForSite(), c.copy())
	})
}

// AddPrice adds a line to the price book, for site admins, and returns its id: from
// today on or from a later day, of which there is no line yet ("price_day"). With the
// id of a line, after, it is of what that one is of, and Changed unless the form showed
// the last of those; ErrNotFound where there is none.
func (db *DB) AddPrice(ctx context.Context, by Actor, after string, in PriceInput) (id string, err error) {
	err = db.onCatalogue(ctx, by, func(ctx context.Context, tx *DB, by Actor, c *catalogue) error {
		if after != "" {
			at := slices.IndexFunc(c.lines, func(p Price) bool { return p.ID == after })
			if at < 0 {
				return ErrNotFound
			}
			of := c.lines[at].of()
			in.Team, in.SKU, in.Region, in.Unit, in.Term = of.team, of.sku, of.region, of.unit, strconv.Itoa(of.term)
		}
		p, err := in.line(c, db.today())
		known, failed := tx.knownTeams(ctx, in.Team)
		if failed != nil {
			return failed
		}
		if !known[in.Team] {
			err = Invalid(nil).With(err, invalid("price_team", "unknown"))
		}
		if err != nil {
			return err
		}
		lines := c.follow(p.of())
		if after != "" {
			if err := changedPrice(lines, in.Shown); err != nil {
				return err
			}
		}
		id = tx.newID()
		p.ID = id
		return tx.addPrice(ctx, by, lines, p)
	})
	return id, err
}

// knownTeams tells of ids whether they are of a team, or "".
func (db *DB) knownTeams(ctx context.Context, ids ...string) (map[string]bool, error) {
	known := map[string]bool{"": true}
	teams, err := query.Of[Team](db.gorm).Select("id").Where("id IN ?", ids).Find(ctx)
	for _, t := range teams {
		known[t.ID] = true
	}
	return known, translate(err)
}

// changedPrice is Changed where the last of some lines is not the one that a form
// showed.
func changedPrice(lines []Price, shown string) error {
	was, err := url.ParseQuery(shown)
	if err != nil {
		was = nil // which shows nothing
	}
	last := lines[len(lines)-1]
	if last.ID == was.Get("price_line") {
		return nil
	}
	change := Change{Field: "price_amount", To: cmp.Or(last.Amount(), "—") + " (" + last.Day() + ")", By: last.CreatorName}
	for _, p := range lines {
		if p.ID == was.Get("price_line") {
			change.From = cmp.Or(p.Amount(), "—") + " (" + p.Day() + ")"
		}
	}
	if last.CreatedAt != nil {
		change.At = *last.CreatedAt
	}
	return Changed{change}
}

// Amount is the price of one unit as spreadsheets read it: 2.385; "" where it has none.
func (p Price) Amount() string {
	if p.Ends() {
		return ""
	}
	return pricing.PriceDecimal(p.Micro)
}

// Day is the first day of a line of the price book: 2026-12-31.
func (p Price) Day() string { return p.ValidFrom.In(pricing.Zone).Format(time.DateOnly) }

// addPrice writes a line of the price book that follows others.
func (db *DB) addPrice(ctx context.Context, by Actor, lines []Price, p Price) error {
	now := db.Now()
	p.CreatedBy, p.CreatorName, p.CreatedAt = by.UserID, by.UserName, &now
	before := ""
	for _, l := range lines {
		if l.ValidFrom.Equal(p.ValidFrom) {
			return Invalid{{Field: "price_from", Rule: "price_day", Param: cmp.Or(l.Amount(), "—") + " " + l.Currency}}
		}
		if l.ValidFrom.Before(p.ValidFrom) {
			before = l.Amount()
		}
	}
	if err := taken(query.Of[Price](db.gorm).Create(ctx, &p), "price_from"); err != nil {
		return err
	}
	return db.recordPrice(ctx, by, "price.added", p, before, p.Amount())
}

// recordPrice records what became of a line of the price book: for the site, and for the
// team whose own it is.
func (db *DB) recordPrice(ctx context.Context, by Actor, action string, p Price, from, to string) error {
	e := Event{Action: action, SubjectID: p.ID, SubjectName: p.SKU, Region: p.Region}
	detail := map[string]any{"team": p.TeamID, "from": from, "to": to, "unit": p.Unit, "term_months": p.TermMonths, "day": p.Day(), "source": p.Source}
	if err := db.Record(ctx, by, e, detail); err != nil || p.TeamID == "" {
		return err
	}
	by.TeamID = p.TeamID
	return db.Record(ctx, by, e, detail)
}

// WithdrawPrice takes a line of the price book away whose day has not come, for site
// admins. One whose day has come is ErrConflict: it stays for ever.
func (db *DB) WithdrawPrice(ctx context.Context, by Actor, id string) error {
	return db.onCatalogue(ctx, by, func(ctx context.Context, tx *DB, by Actor, c *catalogue) error {
		at := slices.IndexFunc(c.lines, func(p Price) bool { return p.ID == id })
		if at < 0 {
			return ErrNotFound
		}
		p := c.lines[at]
		if !p.ValidFrom.After(db.Now()) {
			return ErrConflict
		}
		return tx.withdrawPrice(ctx, by, c, p)
	})
}
