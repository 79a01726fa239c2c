package models

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// OrderSheet is an order with everything that its page and its paper say
// besides: the team's letterhead and the catalogue's words.
type OrderSheet struct {
	Order *Order
	Team  *Team
	// Regions are by id, Types by code.
	Regions map[string]Region
	Types   map[string]PackageType
	// Gone holds the ids of resources that the order made and that no longer
	// exist.
	Gone map[string]bool
}

// Type is the package type that a line of an order is a plan of.
func (s *OrderSheet) Type(l OrderLine) (PackageType, bool) {
	code, _, _ := strings.Cut(l.SKU, ":")
	t, ok := s.Types[code]
	return t, ok && l.Kind == KindPlan
}

// FindOrderSheet is one order of the actor's team as its paper needs it.
func (db *DB) FindOrderSheet(ctx context.Context, by Actor, number int64) (*OrderSheet, error) {
	order, err := db.FindOrder(ctx, by, number)
	if err != nil {
		return nil, err
	}
	s := &OrderSheet{Order: order, Regions: map[string]Region{}, Types: map[string]PackageType{}, Gone: map[string]bool{}}
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
	if err := db.addTypes(ctx, s); err != nil {
		return nil, err
	}
	return s, db.addGone(ctx, by, s)
}

func (db *DB) addTypes(ctx context.Context, s *OrderSheet) error {
	var codes []string
	for _, l := range s.Order.Lines {
		if code, _, _ := strings.Cut(l.SKU, ":"); l.Kind == KindPlan && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		return nil
	}
	types, err := gorm.G[PackageType](db.gorm).Where("code IN ?", codes).Find(ctx)
	for _, t := range types {
		s.Types[t.Code] = t
	}
	return translate(err)
}

func (db *DB) addGone(ctx context.Context, by Actor, s *OrderSheet) error {
	subjects := map[Kind][]string{}
	for _, l := range s.Order.Lines {
		if l.ResourceID != "" {
			subjects[l.Kind] = append(subjects[l.Kind], l.ResourceID)
		}
	}
	exists, err := db.existing(ctx, by, subjects)
	for _, ids := range subjects {
		for _, id := range ids {
			s.Gone[id] = !exists[id]
		}
	}
	return err
}

// Query is the line's input as the fields of its kind's form, to fill in a new
// form with: "order again". Fields that were left empty are absent.
func (l OrderLine) Query() (url.Values, error) {
	in, err := decodeLine(l.Kind, l.Input)
	if err != nil {
		return nil, fmt.Errorf("read order line: %w", err)
	}
	q := url.Values{}
	formValues(reflect.ValueOf(in).Elem(), q)
	return q, nil
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
