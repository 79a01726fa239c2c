package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"quartermaster/models/pricing"
	"quartermaster/models/query"
)

// Person is somebody by id, and by the name that they had.
type Person struct{ ID, Name string }

// Ask is a decision that a rule asks for: of anybody who has a role, or of one
// person.
type Ask struct {
	Role   Role   `json:",omitempty"` // Approver or Admin, "" for a person
	Person Person `json:",omitzero"`
}

// Rule is a sentence about orders: those that meet its conditions take its steps,
// one after the other, and go through at once where it has none. A condition that
// is empty holds for every order.
type Rule struct {
	Kinds    []Kind   `json:",omitempty"`
	Products []string `json:",omitempty"` // product codes, of plans
	Regions  []string `json:",omitempty"`
	// OverMinor is what the order has to cost more than, in hundredths of the
	// team's currency and with a month's estimate of what is charged by the hour;
	// 0 is no condition. ByMonth adds what the team has spent in the month.
	OverMinor int64 `json:",omitempty"`
	// Currency is that of OverMinor, "" for that of the price book.
	Currency    string   `json:",omitempty"`
	ByMonth     bool     `json:",omitempty"`
	Roles       []Role   `json:",omitempty"` // of who asks
	People      []Person `json:",omitempty"` // who ask
	Faces       []Face   `json:",omitempty"`
	CostCentres []string `json:",omitempty"`
	Steps       []Ask    `json:",omitempty"`
}

// RuleBook is a team's rules: of those that an order meets, the first decides.
type RuleBook struct {
	// Version counts the changes.
	Version int64
	// Rules end with one without conditions. None at all let every order through.
	Rules []Rule `json:",omitempty"`
}

// Sentences are the rules with the last one, which says what happens otherwise.
func (b RuleBook) Sentences() []Rule {
	if len(b.Rules) == 0 {
		return []Rule{{}}
	}
	return b.Rules
}

// byMonth tells whether a rule counts what a month has spent.
func (b RuleBook) byMonth() bool {
	return slices.ContainsFunc(b.Rules, func(r Rule) bool { return r.ByMonth })
}

// mostRules is how many rules a team has at most.
const mostRules = 50

// RuleInput is a rule as a form has it.
type RuleInput struct {
	Kinds       []string `form:"kinds"`
	Products    []string `form:"products"`
	Regions     []string `form:"regions"`
	Over        string   `form:"over" validate:"max=20"`
	ByMonth     bool     `form:"by_month"`
	Roles       []string `form:"roles"`
	People      []string `form:"people"`
	Faces       []string `form:"faces"`
	CostCentres string   `form:"cost_centres" validate:"line,max=500"` // with commas between
	// The steps are "approver", "admin" or the id of a person; "" is none.
	Step1 string `form:"step_1" validate:"max=64"`
	Step2 string `form:"step_2" validate:"max=64"`
	Step3 string `form:"step_3" validate:"max=64"`
	// Version is that of the rules that the form was made of.
	Version int64 `form:"version"`
}

// RuleInput is the input that would leave the rule of a book as it is.
func (b RuleBook) RuleInput(i int) RuleInput {
	in := RuleInput{Version: b.Version}
	if i < 0 || i >= len(b.Sentences()) {
		return in
	}
	r := b.Sentences()[i]
	in.Kinds, in.Products, in.Regions, in.ByMonth = texts(r.Kinds), r.Products, r.Regions, r.ByMonth
	in.Roles, in.Faces, in.CostCentres = texts(r.Roles), texts(r.Faces), strings.Join(r.CostCentres, ", ")
	if r.OverMinor > 0 {
		in.Over = strings.TrimSuffix(pricing.Decimal(r.OverMinor), ".00")
	}
	for _, p := range r.People {
		in.People = append(in.People, p.ID)
	}
	for i, s := range r.Steps {
		*in.steps()[i] = s.Person.ID + string(s.Role)
	}
	return in
}

// steps are the fields of the steps, of which step_1 is the first.
func (in *RuleInput) steps() []*string { return []*string{&in.Step1, &in.Step2, &in.Step3} }

// ReadRule is the rule that an input means, in the actor's team. People are
// members, and those of steps may decide.
func (db *DB) ReadRule(ctx context.Context, by Actor, in RuleInput) (r Rule, err error) {
	if err := by.may(Administer); err != nil {
		return r, err
	}
	members, err := db.ListMembers(ctx, by)
	if err != nil {
		return r, err
	}
	c, err := db.catalogue(ctx)
	if err != nil {
		return r, err
	}
	team, err := db.teamSettings(ctx, by)
	if err != nil {
		return r, err
	}
	if in.Over != "" && team.Currency != bookCurrency {
		r.Currency = team.Currency
	}
	var broken Invalid
	r.Kinds = meant(&broken, "kinds", in.Kinds, func(k string) (Kind, bool) { return Kind(k), db.kind(Kind(k)).Inputs != nil })
	r.Products = meant(&broken, "products", in.Products, func(p string) (string, bool) {
		return p, slices.ContainsFunc(c.products, func(have Product) bool { return have.Code == p })
	})
	r.Regions = meant(&broken, "regions", in.Regions, func(id string) (string, bool) {
		return id, slices.ContainsFunc(c.regions, func(have Region) bool { return have.ID == id })
	})
	r.Roles = meant(&broken, "roles", in.Roles, func(t string) (Role, bool) { return Role(t), Role(t).AtLeast(Requester) })
	r.Faces = meant(&broken, "faces", in.Faces, func(f string) (Face, bool) { return Face(f), Face(f) == ByForm || Face(f) == ByAPI })
	find := func(id string) (Member, bool) {
		i := slices.IndexFunc(members, func(m Member) bool { return m.UserID == id })
		if i < 0 {
			return Member{}, false
		}
		return members[i], true
	}
	r.People = meant(&broken, "people", in.People, func(id string) (Person, bool) {
		m, ok := find(id)
		return Person{m.UserID, m.Name}, ok
	})
	for i, text := range in.steps() {
		r.Steps = append(r.Steps, meant(&broken, "step_"+strconv.Itoa(i+1), []string{*text}, func(s string) (Ask, bool) {
			if Role(s) == Approver || Role(s) == Admin {
				return Ask{Role: Role(s)}, true
			}
			m, ok := find(s)
			return Ask{Person: Person{m.UserID, m.Name}}, ok && m.Role.AtLeast(Approver)
		})...)
	}
	for part := range strings.FieldsFuncSeq(in.CostCentres, func(c rune) bool { return c == ',' || c == '，' || c == '、' }) {
		if part = strings.TrimSpace(part); part != "" {
			r.CostCentres = append(r.CostCentres, part)
		}
	}
	if in.Over != "" {
		if r.OverMinor, err = pricing.ParseDecimal(in.Over); err != nil || r.OverMinor < 0 {
			broken.refuse("over", "amount")
		}
		r.ByMonth = in.ByMonth && r.OverMinor > 0
	}
	return r, broken.With(Check(&in))
}

// meant are the values that texts mean, without empty ones; one that means none
// breaks the rule "unknown" of the field.
func meant[T any](broken *Invalid, field string, texts []string, of func(string) (T, bool)) (out []T) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		v, ok := of(text)
		if !ok {
			broken.refuse(field, "unknown")
			continue
		}
		out = append(out, v)
	}
	return out
}

// PutRule puts a rule into the team's book at a place, counted from 0, in place of
// the one there or, at the place of the last one, before it. The last one keeps
// having no conditions.
func (db *DB) PutRule(ctx context.Context, by Actor, at int, replace bool, in RuleInput) error {
	r, err := db.ReadRule(ctx, by, in)
	if err != nil {
		return err
	}
	return db.changeRules(ctx, by, in.Version, func(rules []Rule) ([]Rule, error) { return r.into(rules, at, replace) })
}

// into are rules with this one at a place, as PutRule has it.
func (r Rule) into(rules []Rule, at int, replace bool) ([]Rule, error) {
	last := len(rules) - 1
	switch {
	case at < 0 || at > last:
		return nil, ErrNotFound
	case !replace:
		if len(rules) >= mostRules {
			return nil, invalid("", "too_many_rules", strconv.Itoa(mostRules))
		}
		return slices.Insert(rules, at, r), nil
	case at == last:
		r = Rule{Steps: r.Steps}
	}
	rules[at] = r
	return rules, nil
}

// FaultOf is what would be wrong with a rule of the actor's team that PutRule puts at a
// place, without a fault where nothing would.
func (db *DB) FaultOf(ctx context.Context, by Actor, at int, replace bool, r Rule) (f RuleFault, err error) {
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return f, err
	}
	if team.Rules.Rules, err = r.into(slices.Clone(team.Rules.Sentences()), at, replace); isInvalid(err) {
		return f, nil
	} else if err != nil {
		return f, err
	}
	faults, err := db.ruleFaults(ctx, by, team)
	if i := slices.IndexFunc(faults, func(f RuleFault) bool { return f.At == at }); i >= 0 {
		f = faults[i]
	}
	return f, err
}

// MoveRule moves a rule of the team's book to another place. The last one stays
// where it is.
func (db *DB) MoveRule(ctx context.Context, by Actor, version int64, from, to int) error {
	return db.changeRules(ctx, by, version, func(rules []Rule) ([]Rule, error) {
		last := len(rules) - 1
		if from < 0 || to < 0 || from >= last || to >= last {
			return nil, ErrNotFound
		}
		r := rules[from]
		return slices.Insert(slices.Delete(rules, from, from+1), to, r), nil
	})
}

// DeleteRule takes a rule out of the team's book; not the last one.
func (db *DB) DeleteRule(ctx context.Context, by Actor, version int64, at int) error {
	return db.changeRules(ctx, by, version, func(rules []Rule) ([]Rule, error) {
		if at < 0 || at >= len(rules)-1 {
			return nil, ErrNotFound
		}
		return slices.Delete(rules, at, at+1), nil
	})
}

// changeRules changes the team's book of a version: ErrConflict says that it has
// another by now. Orders that wait keep what they met.
func (db *DB) changeRules(ctx context.Context, by Actor, version int64, change func([]Rule) ([]Rule, error)) error {
	return db.changeTeam(ctx, by, "Rules", "team.rules_changed", func(team *Team) (from, to any, err error) {
		old := team.Rules
		if old.Version != version {
			return nil, nil, ErrConflict
		}
		rules, err := change(slices.Clone(old.Sentences()))
		team.Rules = RuleBook{Version: version + 1, Rules: rules}
		return old.Sentences(), rules, err
	})
}

// changeTeam changes a field of the actor's team, for its admins, and records what
// it was and what it is.
func (db *DB) changeTeam(ctx context.Context, by Actor, field, action string, change func(*Team) (from, to any, err error)) error {
	if err := by.may(Administer); err != nil {
		return err
	}
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		if err := tx.holdTeam(ctx, by); err != nil {
			return err
		}
		team, err := tx.FindTeam(ctx, by)
		if err != nil {
			return err
		}
		from, to, err := change(team)
		if err != nil {
			return err
		}
		if err := tx.gorm.WithContext(ctx).Model(team).Select(field).Updates(team).Error; err != nil {
			return fmt.Errorf("change %s: %w", field, err)
		}
		return tx.Record(ctx, by, Event{Action: action, Kind: KindTeam, SubjectID: team.ID, SubjectName: team.Name}, map[string]any{"from": from, "to": to})
	})
}

// meets tells whether an order meets all conditions of the rule. One that asks for
// a decision is met as soon as one line is what it is about, and one that lets
// through only when all lines are. month is what the team has spent in the month,
// asked for when a rule needs it.
func (r Rule) meets(by Actor, o *Order, month func() (int64, error)) (bool, error) {
	lines := func(about func(OrderLine) bool) bool {
		if len(r.Steps) > 0 {
			return slices.ContainsFunc(o.Lines, about)
		}
		return !slices.ContainsFunc(o.Lines, func(l OrderLine) bool { return !about(l) })
	}
	if !(fits(r.Roles, by.Role) && fits(r.Faces, by.Face) && fits(r.CostCentres, o.CostCentre) &&
		(len(r.People) == 0 || slices.ContainsFunc(r.People, func(p Person) bool { return p.ID == by.UserID })) &&
		lines(func(l OrderLine) bool {
			return fits(r.Kinds, l.Kind) && fits(r.Products, l.product(o)) && fits(r.Regions, l.Region)
		})) {
		return false, nil
	}
	if r.OverMinor == 0 {
		return true, nil
	}
	amount, err := o.monthly()
	if err == nil && r.ByMonth {
		var spent int64
		spent, err = month()
		amount += spent
	}
	return amount > r.OverMinor, err
}

func fits[T comparable](some []T, one T) bool { return len(some) == 0 || slices.Contains(some, one) }

// monthly is what the order costs its team, with a month of what is charged by the hour.
func (o *Order) monthly() (int64, error) {
	var sum int64
	for _, l := range o.Lines {
		sum += l.MonthlyEstimateMinor
	}
	sum, err := o.reckon(sum)
	return o.PayMinor + sum, err
}

// decides is the rule of the book that an order of the actor meets first, and its
// place.
func (b RuleBook) decides(by Actor, o *Order, month func() (int64, error)) (Rule, int, error) {
	all := b.Sentences()
	for i, r := range all {
		if met, err := r.meets(by, o, month); met || err != nil {
			return r, i, err
		}
	}
	return all[len(all)-1], len(all) - 1, nil
}

// covers tells whether every order that meets another rule meets this one: of several
// things, all have to be what one that lets through is about.
func (r Rule) covers(other Rule) bool {
	if len(r.Steps) == 0 && len(other.Steps) > 0 && len(r.Kinds)+len(r.Products)+len(r.Regions) > 0 {
		return false
	}
	return within(r.Kinds, other.Kinds) && within(r.Products, other.Products) && within(r.Regions, other.Regions) &&
		within(r.Roles, other.Roles) && within(r.People, other.People) && within(r.Faces, other.Faces) && within(r.CostCentres, other.CostCentres) &&
		(r.OverMinor == 0 || r.OverMinor <= other.OverMinor && (r.ByMonth || !other.ByMonth))
}

// within tells whether a condition on some values holds wherever one on others
// does.
func within[T comparable](some, others []T) bool {
	return len(some) == 0 || len(others) > 0 && !slices.ContainsFunc(others, func(v T) bool { return !slices.Contains(some, v) })
}

// never is why no order of a team of these members can meet the rule, as a RuleFault
// has it; "" where one can.
func (r Rule) never(c *catalogue, team *Team, members []Member) string {
	switch {
	case !r.ofSomething(c):
		return "nowhere"
	case r.OverMinor > 0 && !r.ByMonth && len(r.Kinds) > 0 && !slices.ContainsFunc(r.Kinds, c.costs):
		return "free"
	case len(r.CostCentres) > 0 && !slices.ContainsFunc(r.CostCentres, func(centre string) bool { return team.takesCentre("", centre) == nil }):
		return "centre"
	case len(r.People) > 0 && len(r.askers(members)) == 0:
		return "never"
	}
	return ""
}

// ofSomething tells whether the catalogue has something that the rule is about, on sale
// or not: only plans are of a product.
func (r Rule) ofSomething(c *catalogue) bool {
	if len(r.Products) == 0 && (len(r.Regions) == 0 || slices.ContainsFunc(c.regions, func(have Region) bool {
		return slices.Contains(r.Regions, have.ID) && (len(r.Kinds) == 0 || slices.ContainsFunc(r.Kinds, have.has))
	})) {
		return true
	}
	return fits(r.Kinds, KindPlan) && slices.ContainsFunc(c.types, func(t PackageType) bool {
		return fits(r.Products, t.ProductCode) && fits(r.Regions, t.Region)
	})
}

// orderableBy tells whether something that the rule is about may be ordered by one who may
// order only some things.
func (r Rule) orderableBy(only Only) bool {
	kinds := r.Kinds
	switch {
	case len(r.Products) > 0:
		kinds = []Kind{KindPlan} // nothing else is of a product
	case len(kinds) == 0:
		kinds = only.Kinds
	}
	for _, k := range orOne(kinds, KindPlan) {
		for _, product := range orOne(r.Products, "") {
			if slices.ContainsFunc(orOne(r.Regions, ""), func(region string) bool { return only.allows(k, product, region) }) {
				return true
			}
		}
	}
	return false
}

// orOne are some things, or one where there are none.
func orOne[T any](some []T, one T) []T {
	if len(some) == 0 {
		return []T{one}
	}
	return some
}

// askers are the members who may place an order that the rule is about.
func (r Rule) askers(members []Member) (all []Person) {
	for _, m := range members {
		if !m.Disabled && m.Role.AtLeast(Requester) && fits(r.Roles, m.Role) && r.orderableBy(m.Only) &&
			(len(r.People) == 0 || slices.ContainsFunc(r.People, func(p Person) bool { return p.ID == m.UserID })) {
			all = append(all, Person{m.UserID, m.Name})
		}
	}
	return all
}

// RuleFault is what is wrong with the rule at a place of a book. Fault is a word
// of the catalogue, Param what it is about: "covered", the rule before it that
// every such order meets; that none meets it, "nowhere" as the catalogue has nothing of
// the kind there, "free" as it costs nothing, "centre" as the team takes none of its cost
// centres, "never" as nobody asks; "nobody", a step of whom nobody
// is left; "own", the one who would have to decide about their own order, and "alone",
// the one where no admin can instead; "few", that
// its steps are more than the people who can take them.
type RuleFault struct {
	At           int
	Fault, Param string
}

// RulesPage is the team's book with what is wrong with it.
type RulesPage struct {
	Team   *Team
	Faults []RuleFault
}

// FindRules is the book of the actor's team, with what is wrong with its rules
// now.
func (db *DB) FindRules(ctx context.Context, by Actor) (p RulesPage, err error) {
	if p.Team, err = db.FindTeam(ctx, by); err != nil {
		return p, err
	}
	p.Faults, err = db.ruleFaults(ctx, by, p.Team)
	return p, err
}

// ruleFaults are what is wrong with the rules of the actor's team: of each, the first.
func (db *DB) ruleFaults(ctx context.Context, by Actor, team *Team) (faults []RuleFault, err error) {
	rules := team.Rules.Sentences()
	people, err := db.deciders(ctx, by)
	if err != nil {
		return nil, err
	}
	members, err := db.ListMembers(ctx, by)
	if err != nil {
		return nil, err
	}
	c, err := db.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range rules {
		if fault := r.never(c, team, members); fault != "" {
			faults = append(faults, RuleFault{i, fault, ""})
			continue
		}
		if j := slices.IndexFunc(rules[:i], func(before Rule) bool { return before.covers(r) }); j >= 0 {
			faults = append(faults, RuleFault{i, "covered", strconv.Itoa(j + 1)})
			continue
		}
		if fault, param := r.unable(people, r.askers(members)); fault != "" {
			faults = append(faults, RuleFault{i, fault, param})
		}
	}
	return faults, nil
}

// unable is why people cannot take the steps of the rule, whoever of the askers asks; ""
// where they can.
func (r Rule) unable(people []decider, askers []Person) (fault, param string) {
	if len(r.Steps) == 0 {
		return "", ""
	}
	left := [][]decider{people} // without each of the askers: all, where one decides nothing
	if len(askers) > 0 && !slices.ContainsFunc(askers, func(p Person) bool {
		return !slices.ContainsFunc(people, func(d decider) bool { return d.ID == p.ID })
	}) {
		left = nil
		for _, p := range askers {
			left = append(left, strangers(people, p.ID))
		}
	}
	if len(askers) == 1 {
		if _, _, ok := staff(r.Steps, left[0]); !ok {
			return "alone", askers[0].Name
		}
	}
	for _, s := range r.Steps {
		switch {
		case len(s.of(people)) == 0:
			return "nobody", s.Person.Name
		case len(askers) == 1 && len(s.of(left[0])) == 0:
			return "own", askers[0].Name
		}
	}
	if !slices.ContainsFunc(left, func(people []decider) bool { return staffed(r.Steps, people) }) {
		return "few", ""
	}
	return "", ""
}

// Trial is an order as somebody describes it to the tester of rules.
type Trial struct {
	// Number is that of an order to try; the other fields count where it is empty.
	Number     string `form:"number" validate:"max=20"`
	Kind       Kind   `form:"kind" validate:"max=32"`
	Product    string `form:"product_code" validate:"max=64"` // of a plan
	Region     string `form:"region" validate:"max=64"`
	Amount     string `form:"amount" validate:"max=20"`
	Person     string `form:"person" validate:"max=64"` // the id of who asks
	Face       Face   `form:"face" validate:"omitempty,oneof=form api"`
	CostCentre string `form:"cost_centre" validate:"line,max=64"`
}

// Verdict is what the rules say about an order.
type Verdict struct {
	At      int // the place of the rule in the book
	Rule    Rule
	Faults  []RuleFault      // of the rules before it, and its own
	Effects []Effect         // what it would do to budgets
	Way     []Approval       // who is asked, one after the other; none: it goes through
	Able    map[int][]Person // who could decide each of them now
	Asker   Person
	Refused Invalid // why it could not be placed by them
}

// TryRules says what the team's rules and budgets would do with an order that is placed
// now.
func (db *DB) TryRules(ctx context.Context, by Actor, in Trial) (v Verdict, err error) {
	if err := by.may(Administer); err != nil {
		return v, err
	}
	if err := Check(&in); err != nil {
		return v, err
	}
	o := &Order{TeamID: by.TeamID, Currency: "CNY", CostCentre: in.CostCentre, Lines: []OrderLine{{Kind: in.Kind, Region: in.Region}}}
	if in.Kind == KindPlan {
		o.ProductCode = in.Product
	}
	as, asker := by, in.Person
	as.Face = in.Face
	if in.Number != "" {
		n, _ := strconv.ParseInt(in.Number, 10, 64)
		if o, err = db.FindOrder(ctx, by, n); errors.Is(err, ErrNotFound) {
			return v, invalid("number", "unknown")
		} else if err != nil {
			return v, err
		}
		as.Face, asker = o.Face, o.RequestedBy
		o.State = "" // what it takes of budgets is not taken twice
	} else if in.Amount != "" {
		if o.PayMinor, err = pricing.ParseDecimal(in.Amount); err != nil {
			return v, invalid("amount", "amount")
		}
	}
	members, err := db.ListMembers(ctx, by)
	if err != nil {
		return v, err
	}
	i := slices.IndexFunc(members, func(m Member) bool { return m.UserID == asker })
	if i < 0 {
		return v, invalid("person", "required")
	}
	as.UserID, as.UserName, as.Role, as.KeyID = members[i].UserID, members[i].Name, members[i].Role, o.KeyID
	as.Only, v.Asker = members[i].Only.orNil(), Person{as.UserID, as.UserName}
	o.RequestedBy = as.UserID
	team, err := db.FindTeam(ctx, by)
	if err != nil {
		return v, err
	}
	if in.Number == "" {
		o.CostCentre = cmp.Or(o.CostCentre, team.CostCentre)
	}
	if v.Rule, v.At, err = team.Rules.decides(as, o, func() (int64, error) { return db.spentInMonth(ctx, by) }); err != nil {
		return v, err
	}
	if v.Faults, err = db.ruleFaults(ctx, by, team); err != nil {
		return v, err
	}
	v.Faults = slices.DeleteFunc(v.Faults, func(f RuleFault) bool { return f.At > v.At })
	q := Quote{Order: o}
	if err = as.mayOrder(o); err == nil {
		if q.Way, err = db.way(ctx, as, o, v.Rule.Steps); err == nil {
			err = db.withinBudget(ctx, as, &q)
		}
	}
	v.Way, v.Effects = q.Way, q.Effects
	if errors.As(err, &v.Refused) {
		return v, nil
	}
	if err == nil && len(v.Way) > 0 {
		v.Able, err = db.able(ctx, by, v.Way)
	}
	return v, err
}

// spentInMonth is what the team has spent in its present month, with its tax and in its
// currency as they are now; nothing where there is no rate of exchange.
func (db *DB) spentInMonth(ctx context.Context, by Actor) (sum int64, err error) {
	if err := db.writeMonths(); err != nil {
		return 0, err
	}
	months, err := query.Of[Month](db.gorm).Where("team_id = ? AND month = ?", by.TeamID, MonthOf(db.TeamNow(by).In(pricing.Zone))).Find(ctx)
	for _, m := range months {
		sum += m.SpendMinor
	}
	if err != nil || sum == 0 {
		return 0, translate(err)
	}
	spent := &Order{Currency: bookCurrency, TotalMinor: sum}
	if err = db.reckoned(ctx, by, spent); isInvalid(err) {
		return 0, nil
	}
	return spent.PayMinor, err
}
