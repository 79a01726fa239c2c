package models

import (
	"context"
	"fmt"
	"slices"

	"quartermaster/models/query"
)

// Only is all that a member of a team may order, beside what their role lets them:
// of these kinds, products and regions. What is empty narrows nothing.
type Only struct {
	Kinds    []Kind   `json:",omitempty"`
	Products []string `json:",omitempty"` // product codes, of plans
	Regions  []string `json:",omitempty"`
}

// All tells whether nothing is narrowed.
func (o Only) All() bool { return len(o.Kinds) == 0 && len(o.Products) == 0 && len(o.Regions) == 0 }

// orNil is nil where nothing is narrowed.
func (o Only) orNil() *Only {
	if o.All() {
		return nil
	}
	return &o
}

// allows tells whether something may be ordered; a product or a region that is "" is
// not known yet. Where products are named and no kinds, these are all.
func (o *Only) allows(kind Kind, product, region string) bool {
	if kind == KindApp {
		kind = KindPkgVersion // which it is for
	}
	switch {
	case o == nil:
		return true
	case len(o.Kinds) == 0 && len(o.Products) > 0 && kind != KindPlan, !fits(o.Kinds, kind):
		return false
	case kind == KindPlan && product != "" && !fits(o.Products, product):
		return false
	}
	return region == "" || fits(o.Regions, region)
}

// MayOrder tells whether the actor may order things of a kind: of a product and in a
// region, where these are not "". Pages use it to offer nothing else; orders are
// decided by mayOrder.
func (by Actor) MayOrder(kind Kind, product, region string) bool {
	return by.May(Request) && by.Only.allows(kind, product, region)
}

// mayOrder refuses an order with a line that the actor may not order ("may_not_order").
func (by Actor) mayOrder(o *Order) error {
	for _, l := range o.Lines {
		if !by.Only.allows(l.Kind, l.product(o), l.Region) {
			return invalid("", "may_not_order")
		}
	}
	return nil
}

// RegionsToOrder are the regions that serve a kind in which the actor may order it now,
// with the zones where it can be.
func (db *DB) RegionsToOrder(ctx context.Context, by Actor, kind Kind) ([]Region, error) {
	all, err := db.ListRegions(ctx, kind)
	all = slices.DeleteFunc(slices.Clone(all), func(r Region) bool { return r.Off || !by.Only.allows(kind, "", r.ID) })
	for i := range all {
		all[i].Zones = slices.DeleteFunc(slices.Clone(all[i].Zones), func(z Zone) bool { return z.Off })
	}
	return all, err
}

// usualOf is how many of the newest things say what is usual.
const usualOf = 20

// UsualRegion is the region that most of the team's newest things of a kind are in, where
// it is one of some, and "" where it is not or the team has none.
func (db *DB) UsualRegion(ctx context.Context, by Actor, kind Kind, among []Region) (string, error) {
	if err := by.may(See); err != nil {
		return "", err
	}
	var region string
	err := db.gorm.WithContext(ctx).Raw(`SELECT region FROM (SELECT region, created_at FROM `+db.kind(kind).Table+` WHERE team_id = ? ORDER BY created_at DESC, id DESC LIMIT ?) AS newest
		GROUP BY region ORDER BY COUNT(*) DESC, MAX(created_at) DESC LIMIT 1`, by.TeamID, usualOf).Scan(&region).Error
	if !slices.ContainsFunc(among, func(r Region) bool { return r.ID == region }) {
		region = ""
	}
	return region, translate(err)
}

// OnlyInput is what a member may order, as a form has it.
type OnlyInput struct {
	Kinds    []string `form:"kinds"`
	Products []string `form:"products"`
	Regions  []string `form:"regions"`
	// Shown is what the form showed, so that a newer change is not undone unseen.
	Shown string `form:"shown"`
}

// OnlyInput is the input that would leave what the member may order as it is.
func (m Member) OnlyInput() OnlyInput {
	in := OnlyInput{Kinds: texts(m.Only.Kinds), Products: m.Only.Products, Regions: m.Only.Regions}
	in.Shown = shownAs(in)
	return in
}

// readOnly is what an input means.
func (db *DB) readOnly(ctx context.Context, in OnlyInput) (o Only, err error) {
	c, err := db.catalogue(ctx)
	if err != nil {
		return o, err
	}
	var broken Invalid
	o.Kinds = meant(&broken, "kinds", in.Kinds, func(k string) (Kind, bool) { return Kind(k), db.kind(Kind(k)).Inputs != nil })
	o.Products = meant(&broken, "products", in.Products, func(p string) (string, bool) {
		return p, slices.ContainsFunc(c.products, func(have Product) bool { return have.Code == p })
	})
	o.Regions = meant(&broken, "regions", in.Regions, func(id string) (string, bool) {
		return id, slices.ContainsFunc(c.regions, func(have Region) bool { return have.ID == id })
	})
	return o, broken.With()
}

// LimitMember changes what a member of the actor's team may order. The member's
// sessions in the team end, as with a change of role.
func (db *DB) LimitMember(ctx context.Context, by Actor, userID string, in OnlyInput) (*User, error) {
	to, err := db.readOnly(ctx, in)
	if err != nil {
		return nil, err
	}
	return db.onMember(ctx, by, userID, func(ctx context.Context, tx *DB, user *User) error {
		q := query.Of[Membership](tx.gorm).Where("team_id = ? AND user_id = ?", by.TeamID, userID)
		old, err := q.First(ctx)
		if err != nil {
			return err
		}
		m := Member{Only: old.Only}
		if err := edited(&in, m.OnlyInput(), in.Shown); err != nil {
			return err
		}
		if to, err = tx.readOnly(ctx, in); err != nil {
			return err
		}
		if _, err := q.Select("Only").Updates(ctx, Membership{Only: to}); err != nil {
			return fmt.Errorf("limit member: %w", err)
		}
		return tx.Record(ctx, by, Event{Action: "member.limited", Kind: KindUser, SubjectID: user.ID, SubjectName: user.Name},
			map[string]any{"from": old.Only, "to": to})
	})
}
