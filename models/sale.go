package models

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models/fold"
	"quartermaster/models/list"
)

// Sort is a sort of things that the catalogue is made of.
type Sort string

// The sorts of things of the catalogue. Flavors are those that the documents name:
// there are no others.
const (
	SortRegion  Sort = "region"
	SortZone    Sort = "zone"
	SortProduct Sort = "product"
	SortType    Sort = "type"
	SortSpec    Sort = "spec"
	SortFlavor  Sort = "flavor"
)

// Sorts are all sorts, in the order in which things refer to each other.
var Sorts = []Sort{SortRegion, SortZone, SortProduct, SortType, SortSpec, SortFlavor}

// Thing is a thing that the catalogue is made of, as site admins see it.
type Thing struct {
	Sort Sort
	// Code names it, and Of what it is part of: a zone's region, a type's product, a
	// specification's type.
	Code, Of string
	ZH, EN   string
	Off      bool // not on sale

	region  Region
	product Product
	kind    PackageType
	spec    Specification
	flavor  Flavor
	now     bool // is in the database

	// position is its place among all things, and off 1 where it is Off.
	position, off int
}

// ID names the thing among those of its sort.
func (t Thing) ID() string {
	if t.Sort == SortZone || t.Sort == SortSpec {
		return t.Of + ":" + t.Code
	}
	return t.Code
}

// things are all things of the catalogue, sort by sort.
func (c *catalogue) things() (all []Thing) {
	for _, sort := range Sorts {
		all = append(all, c.thingsOf(sort)...)
	}
	for i := range all {
		all[i].position = i
		if all[i].Off {
			all[i].off = 1
		}
	}
	return all
}

func (c *catalogue) thingsOf(sort Sort) (all []Thing) {
	add := func(t Thing) {
		t.Sort, t.now = sort, true
		all = append(all, t)
	}
	switch sort {
	case SortRegion:
		for _, r := range c.regions {
			add(Thing{Code: r.ID, ZH: r.ZH, EN: r.EN, Off: r.Off, region: r})
		}
	case SortZone:
		for _, r := range c.regions {
			for _, z := range r.Zones {
				add(Thing{Code: z.ID, Of: r.ID, ZH: z.ZH, EN: z.EN, Off: z.Off, region: r})
			}
		}
	case SortProduct:
		for _, p := range c.products {
			add(Thing{Code: p.Code, ZH: p.ZH, EN: p.EN, Off: p.Off, product: p})
		}
	case SortType:
		for _, t := range c.types {
			add(Thing{Code: t.Code, Of: t.ProductCode, ZH: t.ZH, EN: t.EN, Off: !t.OnSale, kind: t})
		}
	case SortSpec:
		for _, s := range c.specs {
			add(Thing{Code: s.Value, Of: s.PackageType, ZH: s.Name, EN: s.Name, Off: s.Off, spec: s})
		}
	case SortFlavor:
		for _, f := range c.flavors {
			add(Thing{Code: f.CU, ZH: f.ZH, EN: f.EN, Off: f.Off, flavor: f})
		}
	}
	return all
}

func (c *catalogue) thing(sort Sort, id string) (Thing, bool) {
	all := c.thingsOf(sort)
	at := slices.IndexFunc(all, func(t Thing) bool { return t.ID() == id })
	if at < 0 {
		return Thing{}, false
	}
	return all[at], true
}

var (
	// Things is the list of all things that the catalogue is made of, for site admins.
	Things = &List[Thing]{
		Right: Administer, Site: true,
		Desc: list.Desc[Thing]{
			Columns: []string{"position", "sort", "code", "of", "off"},
			Into: func(t *Thing, to []any) []any {
				return append(to, &t.position, (*string)(&t.Sort), &t.Code, &t.Of, &t.off)
			},
			Sorts: []list.Sort{{Name: "item", Columns: []string{"position"}, Up: true}, {Name: "code", Columns: []string{"code", "position"}, Up: true},
				{Name: "type", Columns: []string{"sort", "position"}, Up: true}, {Name: "of", Columns: []string{"of", "position"}, Up: true}, {Name: "state", Columns: []string{"off", "position"}}},
			Filters: []list.Filter{{Name: "type", Values: texts(Sorts)}, {Name: "state", Values: texts([]OfferState{OnSale, OffSale})}},
		},
		Held: func(ctx context.Context, db *DB, _ Actor, q list.Query) ([]Thing, error) {
			c, err := db.catalogue(ctx)
			if err != nil {
				return nil, err
			}
			text := fold.Text(q.Text)
			return slices.DeleteFunc(c.things(), func(t Thing) bool {
				has := func(s string) bool { return strings.Contains(fold.Text(s), text) }
				return !says(q.Filters["type"], string(t.Sort)) || !says(q.Filters["state"], string(t.State())) || !slices.ContainsFunc([]string{t.Code, t.Of, t.ZH, t.EN}, has)
			}), nil
		},
	}
)

// State tells whether the thing is on sale.
func (t Thing) State() OfferState {
	if t.Off {
		return OffSale
	}
	return OnSale
}

// ListThings are all things that the catalogue is made of, for site admins.
func (db *DB) ListThings(ctx context.Context, by Actor) ([]Thing, error) {
	if err := by.maySite(); err != nil {
		return nil, err
	}
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	return c.things(), nil
}

// FindThing is a thing of the catalogue, for site admins, or ErrNotFound.
func (db *DB) FindThing(ctx context.Context, by Actor, sort Sort, id string) (Thing, error) {
	if err := by.maySite(); err != nil {
		return Thing{}, err
	}
	c, err := db.catalogue(ctx)
	if err != nil {
		return Thing{}, err
	}
	if t, known := c.thing(sort, id); known {
		return t, nil
	}
	return Thing{}, ErrNotFound
}

// ThingInput is what site admins say about a thing of the catalogue. Each sort has some
// of the fields; Code and Of never change.
type ThingInput struct {
	Of   string `form:"thing_of" validate:"max=200"`
	Code string `form:"thing_code" validate:"required,max=100"`
	ZH   string `form:"thing_zh" validate:"line,max=64"`
	EN   string `form:"thing_en" validate:"line,max=64"`
	// Serves are the kinds that a region has.
	Serves []string `form:"thing_serves"`
	// Region and Counts are those of a package type, as are the rest of its terms.
	Region     string `form:"thing_region" validate:"max=64"`
	Counts     string `form:"thing_counts" validate:"max=64"`
	Renewable  bool   `form:"thing_renewable"`
	Upgradable bool   `form:"thing_upgradable"`
	Stackable  bool   `form:"thing_stackable"`
	// Months are the terms that a specification is sold for: "1, 6, 12".
	Months string `form:"thing_months" validate:"max=100"`
	VCPU   int    `form:"thing_vcpu" validate:"min=0,max=1024"`
	Memory int    `form:"thing_memory" validate:"min=0,max=65536"`
	// Shown is what the form showed.
	Shown string `form:"shown"`
}

// PlanCounts are what a plan can count.
var PlanCounts = []string{itemStorage, "archive", "outbound", "origin"}

// deducts is how the vendor says that a plan is drawn down which counts traffic.
var deducts = map[string]string{"outbound": "PeriodMonthlyAcc", "origin": "DeadlineAcc"}

// Input is the input that would leave the thing as it is.
func (t Thing) Input() ThingInput {
	in := ThingInput{Of: t.Of, Code: t.Code, ZH: t.ZH, EN: t.EN, Serves: texts(t.region.Serves), Region: t.kind.Region, Counts: t.kind.Item,
		Renewable: t.kind.Renewable, Upgradable: t.kind.Upgradable, Stackable: t.kind.Stackable, Months: spelled(t.spec.Months), VCPU: t.flavor.VCPU, Memory: t.flavor.MemoryGB}
	if t.Sort == SortZone {
		in.Serves = nil
	}
	in.Shown = shownAs(in)
	return in
}

// spelled are numbers, such as terms, as people type them.
func spelled(numbers []int) string {
	all := make([]string, len(numbers))
	for i, n := range numbers {
		all[i] = strconv.Itoa(n)
	}
	return strings.Join(all, ", ")
}

var (
	thingCode  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{1,63}$`)
	regionCode = regexp.MustCompile(`^[a-z][a-z0-9-]{1,23}$`)
)

// takes puts an input into the thing, which is a new one or one that there is, or
// returns the rules that it breaks.
func (t *Thing) takes(c *catalogue, in *ThingInput) error {
	broken := Invalid(nil).With(Check(in))
	refuse := func(field, rule string) { broken = Invalid(nil).With(broken, invalid(field, rule)) }
	if !t.now {
		t.Code, t.Of = in.Code, in.Of
		if _, taken := c.thing(t.Sort, t.ID()); taken {
			refuse("thing_code", "taken")
		}
		code := thingCode
		if t.Sort == SortRegion {
			code = regionCode
		}
		if in.Code != "" && t.Sort != SortSpec && !code.MatchString(in.Code) || t.Sort == SortFlavor {
			refuse("thing_code", "thing_code")
		}
	}
	if t.Sort != SortSpec && in.ZH == "" {
		refuse("thing_zh", "required")
	}
	if t.Sort != SortSpec && in.EN == "" {
		refuse("thing_en", "required")
	}
	t.ZH, t.EN = in.ZH, in.EN
	switch t.Sort {
	case SortRegion:
		t.takesRegion(in, refuse)
	case SortZone:
		if region, known := c.thing(SortRegion, t.Of); !known {
			refuse("thing_of", "unknown")
		} else {
			t.region = region.region
		}
	case SortType:
		t.takesType(c, in, refuse)
	case SortSpec:
		t.takesSpec(c, in, refuse)
	case SortFlavor:
		t.flavor.VCPU, t.flavor.MemoryGB = in.VCPU, in.Memory
	}
	return broken
}

func (t *Thing) takesRegion(in *ThingInput, refuse func(field, rule string)) {
	t.region.Serves = nil
	for _, k := range []Kind{KindBucket, KindApp, KindPlan, KindStore} {
		if slices.Contains(in.Serves, string(k)) {
			t.region.Serves = append(t.region.Serves, k)
		}
	}
	if len(t.region.Serves) == 0 || len(t.region.Serves) != len(in.Serves) {
		refuse("thing_serves", "required")
	}
}

func (t *Thing) takesType(c *catalogue, in *ThingInput, refuse func(field, rule string)) {
	if _, known := c.thing(SortProduct, t.Of); !known {
		refuse("thing_of", "unknown")
	}
	k := &t.kind
	if !t.now {
		k.Region, k.Item, k.Unit, k.DeductType, k.AppliesTo = in.Region, in.Counts, "GB", cmp.Or(deducts[in.Counts], "Absolute"), []string{strings.TrimSuffix(t.Of, "bag")}
		if region, known := c.thing(SortRegion, in.Region); !known || !slices.Contains(region.region.Serves, KindPlan) {
			refuse("thing_region", "unknown")
		}
		if !slices.Contains(PlanCounts, in.Counts) {
			refuse("thing_counts", "oneof")
		}
	}
	k.Renewable, k.Upgradable, k.Stackable = in.Renewable, in.Upgradable, in.Stackable
}

// mostMonths is the longest term that can be sold.
const mostMonths = 120

func (t *Thing) takesSpec(c *catalogue, in *ThingInput, refuse func(field, rule string)) {
	of, known := c.thing(SortType, t.Of)
	if !known {
		refuse("thing_of", "unknown")
	}
	if n, err := strconv.ParseInt(in.Code, 10, 32); in.Code != "" && (err != nil || n < 1 || strconv.FormatInt(n, 10) != in.Code) {
		refuse("thing_code", "positive_integer")
	}
	if !t.now {
		t.spec.Name = t.Code + " " + of.kind.Unit
	}
	t.ZH, t.EN = t.spec.Name, t.spec.Name
	t.spec.Months = nil
	for _, word := range strings.FieldsFunc(in.Months, func(r rune) bool { return strings.ContainsRune(" ,，、;；", r) }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > mostMonths {
			refuse("thing_months", "months")
			continue
		}
		t.spec.Months = append(t.spec.Months, n)
	}
	slices.Sort(t.spec.Months)
	if t.spec.Months = slices.Compact(t.spec.Months); len(t.spec.Months) == 0 {
		refuse("thing_months", "months")
	}
}

// PutThing adds a thing to the catalogue, with the id "", or changes one, for site
// admins. What was ordered stays as it is. A form that showed something else than
// there is now is Changed.
func (db *DB) PutThing(ctx context.Context, by Actor, sort Sort, id string, in ThingInput) error {
	if !slices.Contains(Sorts, sort) {
		return ErrNotFound
	}
	return db.onCatalogue(ctx, by, func(ctx context.Context, tx *DB, by Actor, c *catalogue) error {
		t, known := c.thing(sort, id)
		if id != "" && !known {
			return ErrNotFound
		}
		t.Sort = sort
		old := t.Input()
		if known {
			in.Of, in.Code = t.Of, t.Code
			if err := tx.changedSince(ctx, by, old, in.Shown); err != nil {
				return err
			}
		}
		if err := t.takes(c, &in); err != nil {
			return err
		}
		action := "catalogue.changed"
		if !known {
			action = "catalogue.added"
		}
		return tx.writeThing(ctx, by, c, t, action, map[string]any{"sort": sort, "old": old.Shown, "new": t.Input().Shown})
	})
}

// SetThingOff takes a thing off sale, or puts it on sale again, for site admins. What
// exists keeps working: plans of it run to their end, and stores stay.
func (db *DB) SetThingOff(ctx context.Context, by Actor, sort Sort, id string, off bool) error {
	return db.onCatalogue(ctx, by, func(ctx context.Context, tx *DB, by Actor, c *catalogue) error {
		t, known := c.thing(sort, id)
		if !known {
			return ErrNotFound
		}
		if t.Off == off {
			return nil
		}
		t.Off = off
		return tx.writeThing(ctx, by, c, t, saleAction(off), map[string]any{"sort": sort})
	})
}

// writeThing writes a thing into its table, and into the catalogue, and records that.
func (db *DB) writeThing(ctx context.Context, by Actor, c *catalogue, t Thing, action string, detail map[string]any) error {
	if err := c.put(t)(ctx, db); err != nil {
		return err
	}
	return db.Record(ctx, by, Event{Action: action, SubjectID: t.ID(), SubjectName: t.Code}, detail)
}

// put puts a thing into the catalogue as it is to be, and returns what writes its row.
func (c *catalogue) put(t Thing) (write func(ctx context.Context, db *DB) error) {
	switch t.Sort {
	case SortRegion:
		r := t.region
		r.ID, r.ZH, r.EN, r.Off, r.Ours = t.Code, t.ZH, t.EN, t.Off, r.Ours || !t.now
		if at, known := c.thing(SortRegion, t.Code); known {
			r.Zones = at.region.Zones // also those that came since
		} else {
			r.Zones, r.Covers, r.Position = []Zone{}, []string{}, len(c.regions)
		}
		return putRow(&c.regions, r, func(o Region) bool { return o.ID == r.ID }, t.now, "ZH", "EN", "Serves", "Off")
	case SortZone:
		at := slices.IndexFunc(c.regions, func(r Region) bool { return r.ID == t.Of })
		r := c.regions[at]
		z := Zone{ID: t.Code, ZH: t.ZH, EN: t.EN, Off: t.Off}
		r.Zones = slices.Clone(r.Zones)
		if at := slices.IndexFunc(r.Zones, func(z Zone) bool { return z.ID == t.Code }); at >= 0 {
			r.Zones[at] = z
		} else {
			r.Zones = append(r.Zones, z)
		}
		return putRow(&c.regions, r, func(o Region) bool { return o.ID == r.ID }, true, "Zones")
	case SortProduct:
		p := t.product
		p.Code, p.ZH, p.EN, p.Off, p.Ours = t.Code, t.ZH, t.EN, t.Off, p.Ours || !t.now
		if !t.now {
			p.Type, p.Subscription, p.Position = t.Code, "Subscription", len(c.products)
		}
		return putRow(&c.products, p, func(o Product) bool { return o.Code == p.Code }, t.now, "ZH", "EN", "Off")
	case SortType:
		k := t.kind
		k.Code, k.ProductCode, k.ZH, k.EN, k.OnSale, k.Ours = t.Code, t.Of, t.ZH, t.EN, !t.Off, k.Ours || !t.now
		if !t.now {
			k.Position = len(c.types)
		}
		return putRow(&c.types, k, func(o PackageType) bool { return o.Code == k.Code }, t.now, "ZH", "EN", "Renewable", "Upgradable", "Stackable", "OnSale")
	case SortSpec:
		s := t.spec
		s.PackageType, s.Value, s.Off = t.Of, t.Code, t.Off
		if !t.now {
			s.Position = len(c.specs)
		}
		return putRow(&c.specs, s, func(o Specification) bool { return o.PackageType == s.PackageType && o.Value == s.Value }, t.now, "Months", "Off")
	default:
		f := t.flavor
		f.ZH, f.EN, f.Off = t.ZH, t.EN, t.Off
		return putRow(&c.flavors, f, func(o Flavor) bool { return o.CU == f.CU }, true, "ZH", "EN", "VCPU", "MemoryGB", "Off")
	}
}

// putRow puts a row among others of the catalogue, in the place of the one that it is
// or, where there is none, last. What it returns writes columns of it, or all.
func putRow[T any](rows *[]T, row T, is func(T) bool, there bool, columns ...string) (write func(ctx context.Context, db *DB) error) {
	if at := slices.IndexFunc(*rows, is); at >= 0 {
		(*rows)[at] = row
	} else {
		*rows = append(*rows, row)
	}
	return func(ctx context.Context, db *DB) error {
		if !there {
			return taken(db.gorm.WithContext(ctx).Create(&row).Error, "thing_code")
		}
		return translate(db.gorm.WithContext(ctx).Model(&row).Select(columns).Updates(&row).Error)
	}
}
