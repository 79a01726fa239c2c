package models

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"quartermaster/models/query"
)

// OrderSheet is an order with all that its page and its print show besides: the
// team's letterhead and the words of the catalogue.
type OrderSheet struct {
	Order *Order
	Team  *Team
	// Regions are by id, Types by code.
	Regions map[string]Region
	Types   map[string]PackageType
	// Forms are the inputs of the lines as the fields of their forms, to fill
	// in a new one: "order again". It is nil for a line without a form.
	Forms []url.Values
	// Things are the ids of what the lines change, "" for those that make something.
	Things []string
	// Gone holds the ids of resources that the order made and that no longer
	// exist, Failures why the jobs of others failed (as Job.FailCode).
	Gone     map[string]bool
	Failures map[string]string
	// Way are the steps that it took or waits for.
	Way []Approval
	// Attachments are the files attached to it, the oldest first.
	Attachments []Attachment
	// Overruns are what it takes of budgets that an admin let it pass.
	Overruns []Overrun
	// KeyKept tells that the access key that the order came with is one of the
	// team's that still exists.
	KeyKept bool
}

// Overrun is what an order takes of a budget that an admin let it pass. The budget is
// the zero value where there is none any more.
type Overrun struct {
	BudgetEntry
	Budget Budget
}

// Type is the package type that a line of an order is a plan of.
func (s *OrderSheet) Type(l OrderLine) (PackageType, bool) {
	code, _, _ := strings.Cut(l.SKU, ":")
	t, ok := s.Types[code]
	return t, ok && l.Kind == KindPlan
}

// FindOrderSheet is one order of the actor's team with all that its page and
// its print need.
func (db *DB) FindOrderSheet(ctx context.Context, by Actor, number int64) (*OrderSheet, error) {
	order, err := db.FindOrder(ctx, by, number)
	if err != nil {
		return nil, err
	}
	s := &OrderSheet{Order: order, Regions: map[string]Region{}, Gone: map[string]bool{}, Failures: map[string]string{}}
	if s.Team, err = db.FindTeam(ctx, by); err != nil {
		return nil, err
	}
	regions, err := db.ListRegions(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, r := range regions {
		s.Regions[r.ID] = r
	}
	if s.Types, err = db.PackageTypes(ctx); err != nil {
		return nil, err
	}
	s.Forms = db.forms(order)
	for _, l := range order.Lines {
		in, _ := db.decode(order.Type, l)
		c, changes := in.(changing)
		id := ""
		if changes {
			id = c.thing()
		}
		s.Things = append(s.Things, id)
	}
	if err := db.addGone(ctx, by, s); err != nil {
		return nil, err
	}
	if s.Way, err = db.Way(ctx, by, number); err != nil {
		return nil, err
	}
	if s.Attachments, err = db.attachments(ctx, by, number); err != nil {
		return nil, err
	}
	if err := db.addOverruns(ctx, by, s); err != nil {
		return nil, err
	}
	return s, db.addFailures(ctx, by, s)
}

func (db *DB) addGone(ctx context.Context, by Actor, s *OrderSheet) error {
	made := map[Kind][]string{}
	for _, l := range s.Order.Lines {
		if l.ResourceID != "" {
			made[l.Kind] = append(made[l.Kind], l.ResourceID)
		}
	}
	if s.Order.KeyID != "" {
		made[KindKey] = []string{s.Order.KeyID}
	}
	exists, err := db.existing(ctx, by, made)
	for _, ids := range made {
		for _, id := range ids {
			s.Gone[id] = !exists[id]
		}
	}
	s.KeyKept = exists[s.Order.KeyID]
	return err
}

func (db *DB) addOverruns(ctx context.Context, by Actor, s *OrderSheet) error {
	over, err := query.Of[BudgetEntry](db.gorm).Where("order_number = ? AND team_id = ? AND over_by <> ''", s.Order.Number, by.TeamID).Order("period, budget_id").Find(ctx)
	for _, e := range over {
		o := Overrun{BudgetEntry: e}
		for _, b := range s.Team.Budgets.All {
			if b.ID == e.BudgetID {
				o.Budget = b
			}
		}
		s.Overruns = append(s.Overruns, o)
	}
	return translate(err)
}

func (db *DB) addFailures(ctx context.Context, by Actor, s *OrderSheet) error {
	var failed []string
	for _, l := range s.Order.Lines {
		if l.State == OrderFailed {
			failed = append(failed, l.ResourceID)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	jobs, err := query.Of[Job](db.gorm).Where("team_id = ? AND subject_id IN ? AND state = ?", by.TeamID, failed, JobFailed).
		Order("created_at").Find(ctx)
	for _, j := range jobs {
		s.Failures[j.SubjectID] = j.FailCode
	}
	return translate(err)
}

// RetryOrder lets the failed lines of a failed order go on from where they
// failed. An order in which nothing can go on is ErrConflict.
func (db *DB) RetryOrder(ctx context.Context, by Actor, number int64) error {
	if err := by.may(Request); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		order, err := tx.FindOrder(ctx, by, number)
		if err == nil && by.mayOrder(order) != nil {
			err = ErrForbidden
		}
		if err != nil {
			return err
		}
		retried := 0
		for _, l := range order.Lines {
			if l.State != OrderFailed {
				continue
			}
			err := tx.retryLine(ctx, by, order.Type, l)
			switch {
			case errors.Is(err, ErrNotFound): // deleted since: nothing to go on with
			case err != nil:
				return err
			default:
				retried++
			}
		}
		if retried == 0 {
			return ErrConflict
		}
		return tx.Record(ctx, by, Event{Action: "order.retried", Kind: KindOrder, SubjectID: fmt.Sprint(number),
			SubjectName: order.Title, OrderNumber: number})
	})
}

// retryLine retries what failed of a line.
func (db *DB) retryLine(ctx context.Context, by Actor, orderType string, l OrderLine) error {
	k := db.kind(l.Kind)
	switch {
	case k.Retry != nil:
		return k.Retry(ctx, db, by, l)
	case k.ByJob[orderType] == "":
		return ErrConflict
	}
	failed, err := db.jobOf(ctx, &l, JobFailed)
	if err == nil {
		err = db.retry(ctx, failed)
	}
	if err == nil {
		err = db.FinishLine(ctx, by, l.OrderNumber, l.ResourceID, OrderFulfilling)
	}
	return err
}

// FormOf is the input of one of the order's lines as the fields of its form,
// with what the order says beside its lines, and with the address of the object
// that a file uploaded with the order became. Fields that were left empty are
// absent.
func (db *DB) FormOf(ctx context.Context, by Actor, o *Order, l OrderLine) (url.Values, error) {
	in, err := db.decode(o.Type, l)
	if err != nil {
		return nil, err
	}
	values := FormValues(in)
	if l.Kind == KindPkgVersion && !values.Has("source") && l.ResourceID != "" {
		v, err := db.FindPkgVersion(ctx, by, l.ResourceID)
		if err == nil {
			values.Set("source", v.Source)
		} else if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	values.Set("cost_centre", o.CostCentre)
	values.Set("po_number", o.PONumber)
	values.Set("note", o.Note)
	return values, nil
}

// FormValues are an input's values by the fields of its form. Fields that are
// empty are absent.
func FormValues(in LineInput) url.Values {
	q := url.Values{}
	formValues(reflect.ValueOf(in).Elem(), q)
	return q
}

func formValues(v reflect.Value, q url.Values) {
	for i := range v.NumField() {
		f, field := v.Field(i), v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("form"), ",")
		switch {
		case field.Anonymous && f.Kind() == reflect.Struct:
			formValues(f, q)
		case name == "" || name == "-" || f.IsZero():
		case f.Kind() == reflect.Slice:
			for j := range f.Len() {
				q.Add(name, fmt.Sprint(f.Index(j)))
			}
		default:
			q.Set(name, fmt.Sprint(reflect.Indirect(f)))
		}
	}
}
