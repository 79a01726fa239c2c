package views

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// RuleSentence is a rule as one line: "plan over ¥10,000 → any approver, then any
// admin". Regions are the names of regions by their ids.
func RuleSentence(ctx context.Context, r models.Rule, regions map[string]models.Region) string {
	return upperFirst(ruleWhen(ctx, r, regions)) + " → " + ruleSteps(ctx, r.Steps)
}

// upperFirst is a text as a sentence begins.
func upperFirst(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:size]) + s[size:]
}

// ruleWhen are the conditions of a rule, or that it is about all others.
func ruleWhen(ctx context.Context, r models.Rule, regions map[string]models.Region) string {
	or := i18n.T(ctx, "rules.or")
	var parts []string
	add := func(key string, values []string) {
		if len(values) > 0 {
			parts = append(parts, i18n.T(ctx, key, "Values", strings.Join(values, or)))
		}
	}
	add("rules.when.kinds", mapped(r.Kinds, func(k models.Kind) string { return strings.ToLower(ui.Look(ctx, k).One(ctx)) }))
	add("rules.when.products", r.Products)
	add("rules.when.regions", mapped(r.Regions, func(id string) string { return regionIn(ctx, regions, id) }))
	if r.OverMinor > 0 {
		key := "rules.when.over"
		if r.ByMonth {
			key = "rules.when.month-over"
		}
		parts = append(parts, i18n.T(ctx, key, "Amount", strings.TrimSuffix(i18n.Money(ctx, r.OverMinor, firstOf(r.Currency, "CNY")), ".00")))
	}
	add("rules.when.roles", mapped(r.Roles, func(role models.Role) string { return strings.ToLower(i18n.T(ctx, "role."+string(role))) }))
	add("rules.when.people", mapped(r.People, func(p models.Person) string { return p.Name }))
	add("rules.when.faces", mapped(r.Faces, func(f models.Face) string { return i18n.T(ctx, "order.face."+string(f)) }))
	add("rules.when.cost-centres", r.CostCentres)
	if parts == nil {
		return i18n.T(ctx, "rules.otherwise")
	}
	return strings.Join(parts, i18n.T(ctx, "rules.and"))
}

func regionIn(ctx context.Context, regions map[string]models.Region, id string) string {
	if r, ok := regions[id]; ok {
		return word(ctx, r.ZH, r.EN)
	}
	return id
}

// ruleSteps says who is asked, one after the other, or that nobody is.
func ruleSteps(ctx context.Context, steps []models.Ask) string {
	if len(steps) == 0 {
		return i18n.T(ctx, "rules.through")
	}
	return strings.Join(mapped(steps, func(s models.Ask) string { return asked(ctx, s) }), i18n.T(ctx, "rules.then"))
}

// asked is whom a step asks.
func asked(ctx context.Context, s models.Ask) string {
	if s.Person.ID != "" {
		return s.Person.Name
	}
	return i18n.T(ctx, "rules.any."+string(s.Role))
}

// wayWords says who is asked on a way.
func wayWords(ctx context.Context, way []models.Approval) string {
	return ruleSteps(ctx, mapped(way, models.Approval.Ask))
}

func mapped[T, U any](values []T, of func(T) U) []U {
	out := make([]U, len(values))
	for i, v := range values {
		out[i] = of(v)
	}
	return out
}

// RulesProps is what the page of rules shows.
type RulesProps struct {
	models.RulesPage
	By       models.Actor
	Regions  []models.Region
	Products []models.Product
	Members  []models.Member
	// Trial is the form of the tester, Verdict what it found, nil before it was asked.
	Trial   ui.Form
	Verdict *models.Verdict
}

func (p RulesProps) regions() map[string]models.Region { return regionsByID(p.Regions) }

func regionsByID(all []models.Region) map[string]models.Region {
	by := make(map[string]models.Region, len(all))
	for _, r := range all {
		by[r.ID] = r
	}
	return by
}

// fault is what is wrong with the rule at a place, "" when nothing is.
func (p RulesProps) fault(ctx context.Context, at int) string {
	for _, f := range p.Faults {
		if f.At == at {
			return ruleFault(ctx, f)
		}
	}
	return ""
}

// refused is why an order that was tried could not be placed: of another than the reader
// it names them.
func (p RulesProps) refused(ctx context.Context, v models.Verdict) string {
	f := v.Refused[0]
	if v.Asker.ID != p.By.UserID && models.Unallowed(v.Refused) && f.Rule != "over_budget" {
		return i18n.T(ctx, "rules.try."+f.Rule, "Name", v.Asker.Name)
	}
	return ui.RuleText(ctx, f)
}

func ruleFault(ctx context.Context, f models.RuleFault) string {
	return i18n.T(ctx, "rules.fault."+f.Fault, "Param", firstOf(f.Param, i18n.T(ctx, "rules.any.approver")))
}

// RuleFormProps is what the form of a rule shows.
type RuleFormProps struct {
	Currency string // the team's
	Form     ui.Form
	// Path is where it is sent.
	Path string
	// Last tells that it is the last rule, which has no conditions.
	Last     bool
	Regions  []models.Region
	Products []models.Product
	Members  []models.Member
	// Rule is what the form means so far, nil where it means nothing, and Fault what would
	// be wrong with it.
	Rule  *models.Rule
	Fault models.RuleFault
}

func kindOptions(ctx context.Context) []ui.Option {
	var all []ui.Option
	for _, l := range ui.Ordered(ctx) {
		if l.Ordered || l.Kind == models.KindPkgVersion {
			all = append(all, ui.Option{Value: string(l.Kind), Label: l.One(ctx)})
		}
	}
	return all
}

func productOptions(ctx context.Context, products []models.Product) []ui.Option {
	return mapped(products, func(p models.Product) ui.Option { return ui.Option{Value: p.Code, Label: word(ctx, p.ZH, p.EN)} })
}

func faceOptions(ctx context.Context) []ui.Option {
	return mapped([]models.Face{models.ByForm, models.ByAPI}, func(f models.Face) ui.Option {
		return ui.Option{Value: string(f), Label: i18n.T(ctx, "order.face."+string(f))}
	})
}

func askerOptions(ctx context.Context) []ui.Option {
	return roleOptions(ctx)[1:] // viewers ask for nothing
}

// memberOptions are the members of a team of whom a condition holds.
func memberOptions(members []models.Member, want func(models.Member) bool) []ui.Option {
	var all []ui.Option
	for _, m := range members {
		if want(m) {
			all = append(all, ui.Option{Value: m.UserID, Label: m.Name + " · " + m.Email})
		}
	}
	return all
}

func mayAsk(m models.Member) bool    { return m.Role.AtLeast(models.Requester) }
func mayDecide(m models.Member) bool { return m.Role.AtLeast(models.Approver) && !m.Disabled }

// stepOptions are whom a step may ask.
func stepOptions(ctx context.Context, members []models.Member) []ui.Option {
	all := []ui.Option{
		{Value: string(models.Approver), Label: upperFirst(i18n.T(ctx, "rules.any.approver"))},
		{Value: string(models.Admin), Label: upperFirst(i18n.T(ctx, "rules.any.admin"))},
	}
	for _, o := range memberOptions(members, mayDecide) {
		o.Group = i18n.T(ctx, "rules.person")
		all = append(all, o)
	}
	return all
}

// rulePath is where something is done with the rule at a place, counted from 1.
func rulePath(at int, do string) string { return "/team/rules/" + strconv.Itoa(at+1) + do }

func ruleFormTitle(ctx context.Context, p RuleFormProps) string {
	switch {
	case p.Last:
		return i18n.T(ctx, "rules.edit-last")
	case p.Path == "/team/rules":
		return i18n.T(ctx, "rules.add")
	}
	return i18n.T(ctx, "rules.edit-title")
}

// listed are words one after the other.
func listed(ctx context.Context, words []string) string {
	return strings.Join(words, i18n.T(ctx, "summary.and"))
}
