package models

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models/query"
)

// mostNamed is how many characters every name may have.
const mostNamed = 63

// Namesake is the nth name like another: its own, without the number that it ends in,
// and n.
func Namesake(name string, n int) string {
	number := "-" + strconv.Itoa(n)
	if i := strings.LastIndexByte(name, '-'); i > 0 && i < len(name)-1 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	letters := []rune(name)
	return string(letters[:min(len(letters), mostNamed-len(number))]) + number
}

// A speller is a LineInput of which the same thing can be written in several
// ways.
type speller interface {
	// spelled is the input as it is compared: written in one of those ways.
	spelled() LineInput
}

// repeated is the order that a token was first used for, or nil. It is an
// Invalid, with its number, when that order asked for something else. Once what
// the order made has been deleted, or is being deleted, the token is as if it had
// not been used: nobody who asks for a thing is answered with one that goes away.
// While it still has its name, the same order is refused because of that.
func (db *DB) repeated(ctx context.Context, by Actor, in OrderInput) (*Order, error) {
	first, err := db.orderOf(ctx, by, in.Token)
	if first == nil && err == nil {
		err = db.repeatedElsewhere(ctx, by, in.Token)
	}
	if first == nil || err != nil {
		return nil, err
	}
	if gone, err := db.gone(ctx, first); err != nil || gone {
		if gone && db.inTx {
			err = db.dropToken(ctx, by, first)
		}
		return nil, err
	}
	in.CostCentre = cmp.Or(in.CostCentre, first.CostCentre) // the team may have another for those that name none by now
	same, err := db.asksFor(first, in)
	if err == nil && !same {
		err = invalid("", "repeated", fmt.Sprint(first.Number))
	}
	if err != nil {
		return nil, err
	}
	return first, nil
}

// repeatedElsewhere is an Invalid when a key of the site has used a token for
// another team: for whom it orders is a parameter of its calls.
func (db *DB) repeatedElsewhere(ctx context.Context, by Actor, token string) error {
	if !by.siteKey || token == "" {
		return nil
	}
	orders, err := query.Of[Order](db.gorm).Preload("Lines", inOrder).
		Where("team_id IN (SELECT id FROM teams WHERE id <> ?) AND token = ? AND key_id = ?", by.TeamID, token, by.KeyID).Find(ctx)
	for _, o := range orders {
		gone, fault := db.gone(ctx, &o)
		if fault != nil {
			return fault
		}
		if !gone {
			return invalid("", "repeated")
		}
	}
	return translate(err)
}

// spelling is a line as it is compared with that of a repeat; none of the bucket
// that another line needs.
func spelling(l LineInput) []string {
	if b, ok := l.(*BucketInput); ok && b.Storage {
		return nil
	}
	if s, ok := l.(speller); ok {
		l = s.spelled()
	}
	text, err := json.Marshal(l)
	if err != nil {
		return []string{err.Error()}
	}
	return []string{fmt.Sprintf("%T %s", l, text)}
}

// orderOf is the order that a token stands for, or nil.
func (db *DB) orderOf(ctx context.Context, by Actor, token string) (*Order, error) {
	if token == "" {
		return nil, nil
	}
	// Nearly every token is new, which one look at the index tells.
	if free, err := db.none(ctx, "SELECT 1 FROM orders WHERE team_id = ? AND token = ?", by.TeamID, token); err != nil || free {
		return nil, err
	}
	orders, err := query.Of[Order](db.gorm).Preload("Lines", inOrder).
		Where("team_id = ? AND token = ?", by.TeamID, token).Limit(1).Find(ctx)
	if err != nil || len(orders) == 0 {
		return nil, translate(err)
	}
	return &orders[0], nil
}

// FindOrderOf is the order that was placed with a form's token, or nil when there
// is none that the token still stands for.
func (db *DB) FindOrderOf(ctx context.Context, by Actor, token string) (*Order, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	order, err := db.orderOf(ctx, by, token)
	if order == nil || err != nil {
		return nil, err
	}
	if gone, err := db.gone(ctx, order); gone || err != nil {
		return nil, err
	}
	return order, nil
}

// gone tells whether an order was let through, and the deletion of what it made has
// begun since.
func (db *DB) gone(ctx context.Context, o *Order) (bool, error) {
	made := o.Lines[len(o.Lines)-1]
	kind := db.kind(made.Kind)
	never := slices.Contains([]OrderState{OrderPending, OrderRejected, OrderCancelled, OrderLapsed}, o.State)
	if never || made.ResourceID == "" || kind.Table == "" {
		return false, nil
	}
	q := db.gorm.WithContext(ctx).Table(kind.Table).Where("team_id = ? AND id = ?", o.TeamID, made.ResourceID)
	if len(kind.Leaving) > 0 {
		q = q.Where("state NOT IN ?", kind.Leaving)
	}
	var n int64
	err := q.Count(&n).Error
	return n == 0, translate(err)
}

// dropToken lets an order's token stand for nothing.
func (db *DB) dropToken(ctx context.Context, by Actor, o *Order) error {
	err := db.gorm.WithContext(ctx).Model(o).Where("team_id = ?", by.TeamID).UpdateColumn("token", nil).Error
	if err != nil {
		return fmt.Errorf("free token: %w", err)
	}
	return nil
}

func (in PlanInput) spelled() LineInput {
	in.Specification, in.Duration, in.PricingCycle = spelledNumber(in.Specification), spelledNumber(in.Duration), in.cycle()
	return &in
}

func (in RenewInput) spelled() LineInput {
	in.Duration = spelledNumber(in.Duration)
	return &in
}

func (in UpgradeInput) spelled() LineInput {
	in.Specification = spelledNumber(in.Specification)
	return &in
}

func (in StoreInput) spelled() LineInput {
	in.Zones = slices.Sorted(slices.Values(in.Zones))
	return &in
}

func (in BucketInput) spelled() LineInput {
	in.Tags = strings.Join(slices.Sorted(slices.Values(SplitTags(in.Tags))), " ")
	return &in
}

// spelled tells files apart by name and content, not by where they wait.
func (in PkgVersionInput) spelled() LineInput {
	if in.Upload != nil {
		file := Upload{Name: in.Upload.Name}
		file.Staged.SHA256 = in.Upload.Staged.SHA256
		in.Upload = &file
	}
	return &in
}

// spelledNumber is a positive whole number without zeros before it.
func spelledNumber(s string) string { return strings.TrimLeft(s, "0") }
