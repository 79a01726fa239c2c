package models

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/list"
	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// ExpiringFacts say what of a kind's things ends: their Table, which has team_id,
// ends_at and id, and an index of these three; what is read of each as Columns, from
// what is joined; and which of them count as long as they have not ended.
type ExpiringFacts struct {
	Table, Columns, Join, Where string
}

// expire are the rows of the kinds whose things end.
func (db *DB) expire() []KindFacts {
	return slices.DeleteFunc(slices.Clone(db.kinds), func(k KindFacts) bool { return k.Expiring.Table == "" })
}

// Expiring is a thing that ends, such as a plan or a store.
type Expiring struct {
	Kind        Kind
	ID          string
	ZH, EN      string // what it is called in either language
	Region      string
	Size        int64 // in gigabytes, of plans, which have PackageType and Months too
	PackageType string
	ProductCode string
	Months      int64
	StartsAt    time.Time
	EndsAt      time.Time
	OrderNumber int64
	CreatedBy   string
	Renewable   bool // by an order
	AutoRenew   bool

	// RenewMinor is what renewing it for as long costs, 0 where nobody reckoned.
	RenewMinor int64 `gorm:"-" json:"-"`
}

// storeEnds is the condition that a store is there and is not about to go.
const storeEnds = "state NOT IN ('DROPPING', 'DELETE_FAILED', 'CREATED_FAILED')"

// EndsWithin are the days within which the filter ending of a list asks what ends, by
// its values.
var EndsWithin = []string{"7", "30", "90"}

// endsWithin is the filter of a list by what ends within so many days, of what also
// meets a condition, in a sort of the list.
func endsWithin(sort, also string) list.Filter {
	return list.Filter{Name: "ending", Values: EndsWithin, Sort: sort, Arms: func(value string, at time.Time) []list.Cond {
		days, _ := strconv.Atoi(value)
		return []list.Cond{{SQL: "ends_at > ? AND ends_at <= ? AND " + also, Args: []any{at, daysAfter(at, days)}}}
	}}
}

// daysAfter is the last moment of the so many days after one.
func daysAfter(at time.Time, days int) time.Time { return at.Add(time.Duration(days) * 24 * time.Hour) }

// lastID is after all ids, so that what ends with a moment is not after it.
const lastID = "~"

// expiring are the things of a kind that end after a moment, and after the thing of an
// id that ends with it, up to another, the soonest first, at most n.
func (db *DB) expiring(ctx context.Context, by Actor, k KindFacts, after time.Time, id string, until time.Time, n int) (some []Expiring, err error) {
	x := k.Expiring
	of := x.Table + "."
	err = db.Scan(ctx, &some, "SELECT "+x.Columns+" FROM "+x.Table+" "+x.Join+" WHERE "+of+"team_id = ? AND ("+of+"ends_at, "+of+"id) > (?, ?) AND "+
		of+"ends_at <= ? AND "+x.Where+" ORDER BY "+of+"ends_at, "+of+"id LIMIT ?", by.TeamID, after.UTC(), id, until.UTC(), n)
	for i := range some {
		some[i].Kind = k.Kind
	}
	return some, err
}

// expiringBy are things of a kind of the actor's team that end, or have ended, by
// their ids.
func (db *DB) expiringBy(ctx context.Context, by Actor, kind Kind, ids []string) (map[string]Expiring, error) {
	k := db.kind(kind)
	x := k.Expiring
	if x.Table == "" || len(ids) == 0 {
		return nil, nil
	}
	var some []Expiring
	err := db.Scan(ctx, &some, "SELECT "+x.Columns+" FROM "+x.Table+" "+x.Join+" WHERE "+x.Table+"."+alsoOfTeam+" AND "+x.Table+".id IN ? AND "+x.Table+".ends_at IS NOT NULL", by.TeamID, ids)
	of := make(map[string]Expiring, len(some))
	for _, e := range some {
		e.Kind = kind
		of[e.ID] = e
	}
	return of, err
}

// ending are the things whose term ends after a time, the soonest first, at most n.
func (db *DB) ending(ctx context.Context, by Actor, after time.Time, n int) ([]Expiring, error) {
	var found []Expiring
	for _, k := range db.expire() {
		some, err := db.expiring(ctx, by, k, after, lastID, forever, n)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return soonest(found, n), nil
}

// soonest are the n of some things that end first.
func soonest(some []Expiring, n int) []Expiring {
	slices.SortFunc(some, func(a, b Expiring) int {
		return cmp.Or(a.EndsAt.Compare(b.EndsAt), strings.Compare(a.ID, b.ID))
	})
	return some[:min(n, len(some))]
}

// Ends is how much of a team ends when, as endsTo counts it.
type Ends struct {
	// Of are how many of each kind end within each of EndsWithin days, and at last how
	// many have an end that is to come.
	Of map[Kind][4]int64
	// Last is the end of the last, zero where none is to come.
	Last time.Time

	until time.Time // up to when the time changes none of these
}

// Within is how many end within the days at a place of EndsWithin, or, at its length,
// ever; of a kind, or of all where it is "".
func (e Ends) Within(place int, kind Kind) (n int64) {
	for k, of := range e.Of {
		if kind == "" || k == kind {
			n += of[place]
		}
	}
	return n
}

// endsTo is how many ends are counted of a kind.
const endsTo = list.CountTo

// ends counts what ends after a moment.
func (db *DB) ends(ctx context.Context, by Actor, now time.Time) (e Ends, err error) {
	e.until, e.Of = forever, map[Kind][4]int64{}
	for _, k := range db.expire() {
		if err := db.endsOf(ctx, by, k, now, &e); err != nil {
			return e, err
		}
	}
	return e, nil
}

// endsOf counts the ends of a kind.
func (db *DB) endsOf(ctx context.Context, by Actor, k KindFacts, now time.Time, e *Ends) error {
	const counted = `SELECT COUNT(CASE WHEN at <= ? THEN 1 END), COUNT(CASE WHEN at <= ? THEN 1 END), COUNT(CASE WHEN at <= ? THEN 1 END), COUNT(*),
		CAST(MIN(CASE WHEN at > ? THEN at END) AS text), CAST(MIN(CASE WHEN at > ? THEN at END) AS text), CAST(MIN(CASE WHEN at > ? THEN at END) AS text), CAST(MIN(at) AS text), CAST(MAX(at) AS text) FROM `
	var n [4]int64
	var next [5]*string
	days := make([]int, len(EndsWithin)+1) // 0 at last
	for i, within := range EndsWithin {
		days[i], _ = strconv.Atoi(within)
	}
	var args []any
	for _, d := range slices.Repeat(days[:len(EndsWithin)], 2) {
		args = append(args, daysAfter(now, d).UTC())
	}
	some := k.Expiring.Table + " WHERE team_id = ? AND ends_at > ? AND " + k.Expiring.Where + " ORDER BY ends_at"
	err := query.Row(ctx, db.gorm, counted+"(SELECT ends_at AS at FROM "+some+" LIMIT ?) AS soonest", append(args, by.TeamID, now.UTC(), endsTo),
		&n[0], &n[1], &n[2], &n[3], &next[0], &next[1], &next[2], &next[3], &next[4])
	if e.Of[k.Kind] = n; err != nil || n[3] == 0 {
		return translate(err)
	}
	for i, d := range days {
		if at, ok := textTime(next[i]); ok && daysAfter(at, -d).Before(e.until) {
			e.until = daysAfter(at, -d)
		}
	}
	last, known := textTime(next[4])
	if !known || n[3] >= endsTo {
		var lasts []time.Time
		if err := db.Scan(ctx, &lasts, "SELECT ends_at FROM "+some+" DESC LIMIT 1", by.TeamID, now.UTC()); err != nil {
			return err
		}
		last = append(lasts, last)[0]
	}
	if last.After(e.Last) {
		e.Last = last
	}
	return nil
}

// textTime is a time that a database gave as a text.
func textTime(text *string) (time.Time, bool) {
	if text == nil {
		return time.Time{}, false
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999-07"} {
		if t, err := time.Parse(layout, *text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// ExpiringPage is what of a team ends, the soonest first.
type ExpiringPage struct {
	Rows []Expiring // at most mostExpiring
	Ends Ends
	// Currency is that of what renewing costs, "" where that is not reckoned.
	Currency string
	Now      time.Time
}

// mostExpiring is how many things that end are shown at once.
const mostExpiring = 200

// FindExpiring is what of the actor's team ends within so many days, whenever where it
// is 0; of a kind, or of all where it is "".
func (db *DB) FindExpiring(ctx context.Context, by Actor, kind Kind, days int) (p ExpiringPage, err error) {
	if err := by.may(See); err != nil {
		return p, err
	}
	p.Now = db.TeamNow(by)
	if p.Ends, err = db.ends(ctx, by, p.Now); err != nil {
		return p, err
	}
	until := forever
	if days > 0 {
		until = daysAfter(p.Now, days)
	}
	for _, k := range db.expire() {
		if kind != "" && kind != k.Kind {
			continue
		}
		some, err := db.expiring(ctx, by, k, p.Now, lastID, until, mostExpiring)
		if err != nil {
			return p, err
		}
		p.Rows = append(p.Rows, some...)
	}
	p.Rows = soonest(p.Rows, mostExpiring)
	return p, db.priceRenewals(ctx, by, &p)
}

// priceRenewals says what it costs to renew plans for as long as they have been bought,
// with tax, where the team reckons in the currency of the price book.
func (db *DB) priceRenewals(ctx context.Context, by Actor, p *ExpiringPage) error {
	team, err := db.teamSettings(ctx, by)
	if err != nil || team.Currency != bookCurrency {
		return err
	}
	p.Currency = team.Currency
	var skus []string
	for _, e := range p.Rows {
		if e.Renewable {
			skus = append(skus, pricing.PlanSKU(e.PackageType, strconv.FormatInt(e.Size, 10)))
		}
	}
	if len(skus) == 0 {
		return nil
	}
	slices.Sort(skus)
	book, err := db.Book(ctx, by.TeamID, slices.Compact(skus)...)
	if err != nil {
		return err
	}
	for i, e := range p.Rows {
		if !e.Renewable {
			continue
		}
		// A length that is not sold any more has no price, and that is all.
		quote, err := pricing.Plan(book, p.Now, e.PackageType, strconv.FormatInt(e.Size, 10), int(e.Months))
		if err == nil {
			p.Rows[i].RenewMinor, err = pricing.Taxed(quote.TradeMinor, team.TaxRate)
		}
		if err != nil {
			p.Rows[i].RenewMinor = 0
		}
	}
	return nil
}
