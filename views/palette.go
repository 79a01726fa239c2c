package views

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/models/fold"
	"quartermaster/models/pricing"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// Verb is what can be done to things of a kind from where one searches.
type Verb struct {
	Key  string // its words, which end before the name of the thing
	Kind models.Kind
	Icon string
	path func(id string) string
}

var verbs = []Verb{
	{Key: "palette.renew", Kind: models.KindPlan, Icon: "clock", path: func(id string) string { return "/plans/" + id + "/renewal" }},
	{Key: "palette.upgrade", Kind: models.KindPlan, Icon: "arrow-up", path: func(id string) string { return "/plans/" + id + "/upgrade" }},
	{Key: "palette.scale", Kind: models.KindStore, Icon: "chevrons-up-down", path: func(id string) string { return "/stores/" + id + "/scale" }},
}

// VerbOf is the verb that a text begins with, in any language or by the initials of
// its pinyin, and what it is to be done to: "renew hz", "续费杭州", "xf".
func VerbOf(text string) (v Verb, rest string, ok bool) {
	text = fold.Text(text)
	first, rest, _ := strings.Cut(text, " ")
	for _, v := range verbs {
		for _, lang := range i18n.Languages {
			word := fold.Text(i18n.T(i18n.WithLang(context.Background(), lang.String()), v.Key))
			if len(first) > 2 && strings.HasPrefix(word, first) || first == i18n.Initials(word) {
				return v, strings.TrimSpace(rest), true
			}
			if rest, ok := strings.CutPrefix(text, word); ok {
				return v, strings.TrimSpace(rest), true
			}
		}
	}
	return Verb{}, "", false
}

// PackageTypesLike are the codes of the types that a text is fuzzily called by.
func PackageTypesLike(types map[string]models.PackageType, text string) (codes []string) {
	for code, t := range types {
		if _, _, ok := match(text, t.ZH, t.EN); ok {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// mostRegions is how many regions a text may mean.
const mostRegions = 3

// RegionsLike are the regions that a word of a text fuzzily names, those that it names
// best, and the rest of the text.
func RegionsLike(regions []models.Region, text string) (ids []string, rest string) {
	words := strings.Fields(text)
	for i, word := range words[:min(mostWords, len(words))] {
		best := 5
		for _, r := range regions {
			score, _, ok := match(word, r.ID, r.ZH, r.EN)
			if !ok || score > best || len(word) < 2 {
				continue
			}
			if score < best {
				best, ids = score, nil
			}
			ids = append(ids, r.ID)
		}
		if ids != nil {
			return ids[:min(mostRegions, len(ids))], strings.Join(slices.Delete(words, i, i+1), " ")
		}
	}
	return nil, text
}

// FoundItem is one line of what was found: a link, or what is done at once.
type FoundItem struct {
	Href, Post, Name, Value string
	Icon                    string
	Kind                    models.Kind
	Title, Detail           string
	Price                   string
	also                    []string // the title in other languages
	score                   int
	marks                   [][2]int // the bytes of Title that were searched for
}

// FoundGroup is what was found of a sort, under its heading.
type FoundGroup struct {
	Key   string
	Items []FoundItem
}

// FoundProps are what a search found.
type FoundProps struct {
	Text    string
	By      models.Actor
	Now     time.Time
	Hits    []models.Hit
	Members []models.Member
	// Call is the call that has the text as the id of its request, or nil.
	Call *models.Call
	// Verb is to be done to one of Plans or Stores.
	Verb   Verb
	Plans  []models.Plan
	Stores []models.Store
	// Costs are the orders that the verb would make in its usual way, by the ids of the
	// things, where they have a price.
	Costs map[string]*models.Order
}

// cost is what the order of the verb for a thing comes to, and what for: by the hour
// where that is how it is charged.
func (p FoundProps) cost(ctx context.Context, id string) (price, what string) {
	o := p.Costs[id]
	if o == nil {
		return "", ""
	}
	l := o.Lines[0]
	if what = l.Detail; o.Type == models.TypeRenew {
		what = lineTerm(ctx, l)
	}
	if l.Metered() {
		return i18n.Rate(ctx, l.HourlyMicro, l.Currency, string(pricing.Hour)), what
	}
	return pays(ctx, o), what
}

// Groups are what was found, actions before orders before all else.
func (p FoundProps) Groups(ctx context.Context) []FoundGroup {
	groups := []FoundGroup{
		{"palette.do", append(p.verbs(ctx), closest(p.Text, p.actions(ctx), 6)...)},
		{"palette.orders", p.hits(ctx, func(k models.Kind) bool { return k == models.KindOrder })},
		{"palette.open", p.hits(ctx, func(k models.Kind) bool { return k != models.KindOrder })},
		{"palette.people", closest(p.Text, p.people(), 5)},
		{"palette.pages", closest(p.Text, p.pages(ctx), 30)},
	}
	if p.Call != nil {
		groups[2].Items = append(groups[2].Items, FoundItem{Href: string(TeamKeys) + "/" + p.Call.KeyID, Icon: "key-round",
			Title: p.Call.Operation, Detail: i18n.T(ctx, "palette.call") + " · " + i18n.DateTime(ctx, p.Call.At)})
	}
	return slices.DeleteFunc(groups, func(g FoundGroup) bool { return len(g.Items) == 0 })
}

// verbs are the things that the verb can be done to.
func (p FoundProps) verbs(ctx context.Context) (items []FoundItem) {
	add := func(id, name, region, product, detail string, can bool) {
		if can && p.By.MayOrder(p.Verb.Kind, product, region) {
			title := i18n.T(ctx, p.Verb.Key) + " " + name
			_, marks, _ := match(p.Text, title)
			price, what := p.cost(ctx, id)
			items = append(items, FoundItem{Href: p.Verb.path(id), Icon: p.Verb.Icon, Title: title, Detail: joined(detail, what), Price: price, marks: marks})
		}
	}
	for i := range p.Plans {
		x := &p.Plans[i]
		over := x.State(p.Now) == models.PlanExpired
		can := x.Type.Renewable
		if p.Verb.Key == "palette.upgrade" {
			can = x.Type.Upgradable
		}
		add(x.ID, planName(ctx, x)+" · "+planSize(ctx, *x), x.Region, x.ProductCode, i18n.DaysLeft(ctx, x.EndsAt, p.Now), can && !over)
	}
	for _, s := range p.Stores {
		add(s.ID, s.Name, s.Region, "", s.Region, s.State == models.StoreNormal)
	}
	return items
}

// actions are what can be done anywhere.
func (p FoundProps) actions(ctx context.Context) (items []FoundItem) {
	add := func(item FoundItem, may bool, keys ...string) {
		if may {
			items = append(items, item.called(ctx, keys...))
		}
	}
	for _, l := range ui.Kinds(ctx) {
		add(FoundItem{Href: l.Path + "/new", Kind: l.Kind, Icon: l.Icon}, (l.Ordered || l.Kind == models.KindApp) && p.By.MayOrder(l.Kind, "", ""), "kind."+string(l.Kind)+".new")
	}
	add(FoundItem{Href: "/plans?sort=ends", Icon: "clock"}, p.By.MayOrder(models.KindPlan, "", ""), "palette.renew-what")
	admin := p.By.May(models.Administer)
	add(FoundItem{Href: "/team/invitations", Icon: "users"}, admin, "palette.invite")
	add(FoundItem{Href: string(TeamKeys) + "/new", Icon: "key-round"}, admin, "palette.new-key")
	add(FoundItem{Href: "/team/rules/new", Icon: "layers"}, admin, "palette.new-rule")
	for _, o := range languageOptions(ctx)[1:] {
		language := FoundItem{Post: "/account/language", Name: "lang", Value: o.Value, Icon: "languages"}.called(ctx, "field.language")
		language.Title += i18n.T(ctx, "palette.colon") + o.Label
		if o.Value != i18n.Lang(ctx) {
			items = append(items, language)
		}
	}
	for theme, icon := range map[string]string{"light": "sun", "dark": "moon", "system": "monitor"} {
		add(FoundItem{Post: "/account/theme", Name: "theme", Value: theme, Icon: icon}, true, "ui.theme", "ui.theme."+theme)
	}
	slices.SortStableFunc(items[len(items)-3:], func(a, b FoundItem) int { return cmp.Compare(a.Value, b.Value) })
	add(FoundItem{Post: "/sign-out", Icon: "log-out"}, true, "ui.sign-out")
	return items
}

// called is the item with words of the catalogue as its title, to be found by them
// in each language.
func (item FoundItem) called(ctx context.Context, keys ...string) FoundItem {
	in := func(ctx context.Context) string {
		parts := make([]string, len(keys))
		for i, key := range keys {
			parts[i] = i18n.T(ctx, key)
		}
		return strings.Join(parts, i18n.T(ctx, "palette.colon"))
	}
	item.Title = in(ctx)
	for _, lang := range i18n.Languages {
		item.also = append(item.also, in(i18n.WithLang(ctx, lang.String())))
	}
	return item
}

// pages are the console's pages that the reader may open.
func (p FoundProps) pages(ctx context.Context) (items []FoundItem) {
	for _, page := range layout.Pages(ctx, p.By) {
		items = append(items, FoundItem{Href: page.Href, Kind: page.Kind, Icon: page.Icon}.called(ctx, page.Key))
	}
	return items
}

func (p FoundProps) people() (items []FoundItem) {
	for _, m := range p.Members {
		items = append(items, FoundItem{Href: "/team/members/" + m.UserID, Icon: "user", Title: m.Name, Detail: m.Email})
	}
	return items
}

// hits are the things that were found of some kinds.
func (p FoundProps) hits(ctx context.Context, of func(models.Kind) bool) (items []FoundItem) {
	for _, h := range p.Hits {
		if !of(h.Kind) {
			continue
		}
		look := ui.Look(ctx, h.Kind)
		item := FoundItem{Href: thingPath(ctx, h.Kind, h.ID), Kind: h.Kind, Icon: look.Icon, Title: h.Name, Detail: look.One(ctx)}
		switch {
		case h.Detail == "":
		case h.Kind == models.KindOrder: // what was ordered says more than its number
			item.Title, item.Detail = h.Detail, h.Name
		default:
			item.Detail = h.Detail + " · " + item.Detail
		}
		_, item.marks, _ = match(p.Text, item.Title)
		items = append(items, item)
	}
	return items
}

// closest are at most n of the items whose titles match a text, in any language,
// the best first; all of them when there is none.
func closest(text string, items []FoundItem, n int) []FoundItem {
	found := items[:0]
	for _, item := range items {
		score, marks, ok := match(text, append([]string{item.Title, item.Detail}, item.also...)...)
		if ok {
			item.score, item.marks = score, marks
			found = append(found, item)
		}
	}
	slices.SortStableFunc(found, func(a, b FoundItem) int { return cmp.Compare(a.score, b.score) })
	return found[:min(n, len(found))]
}

// mostWords bounds the words of a text that are looked for.
const mostWords = 8

// match tells whether each word of a text is in one of the titles, and how well: 0
// where it begins it, 1 where it begins a word, 2 anywhere, 3 by the initials of
// its pinyin, 4 with other letters in between. marks are the bytes of the first
// title that were meant.
func match(text string, titles ...string) (score int, marks [][2]int, ok bool) {
	words := strings.Fields(fold.Text(text))
	for _, word := range words[:min(mostWords, len(words))] {
		best, at := 5, [][2]int(nil)
		for i, title := range titles {
			s, m := matchWord(word, title)
			if s < best {
				best, at = s, nil
				if i == 0 {
					at = m
				}
			}
		}
		if best == 5 {
			return 0, nil, false
		}
		score, marks = max(score, best), append(marks, at...)
	}
	slices.SortFunc(marks, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	return score, marks, true
}

// matchWord is how well a folded word is in a title, 5 for not at all.
func matchWord(word, title string) (score int, marks [][2]int) {
	plain := strings.ToLower(title)
	if len(plain) != len(title) {
		plain = title // so that places in the one are places in the other
	}
	if i := strings.Index(plain, word); i >= 0 {
		score = 2
		if i == 0 {
			score = 0
		} else if !unicode.IsLetter(rune(plain[i-1])) {
			score = 1
		}
		return score, [][2]int{{i, i + len(word)}}
	}
	if strings.Contains(fold.Text(title), word) {
		return 2, nil
	}
	if len(word) < 2 {
		return 5, nil
	}
	if strings.Contains(i18n.Initials(title), word) {
		return 3, nil
	}
	for i := range plain {
		if i > 0 && (unicode.IsLetter(rune(plain[i-1])) || unicode.IsDigit(rune(plain[i-1]))) {
			continue // not where a word begins
		}
		if marks := spread(word, plain, i); marks != nil {
			return 4, marks
		}
	}
	return 5, nil
}

// spread are the places of a word's letters in a title from a place on, with few
// others in between; nil where they are not there.
func spread(word, title string, at int) (marks [][2]int) {
	from := at
	for _, r := range word {
		i := strings.IndexRune(title[at:], r)
		if i < 0 || at == from && i > 0 {
			return nil
		}
		marks = append(marks, [2]int{at + i, at + i + utf8.RuneLen(r)})
		at += i + utf8.RuneLen(r)
	}
	if at-from > 4*len(word) {
		return nil // letters that have nothing to do with each other
	}
	return marks
}

// pieces are a title in pieces, every second of which was searched for.
func (item FoundItem) pieces() []string {
	pieces, at := []string{}, 0
	for _, m := range item.marks {
		if m[0] < at {
			continue // two words that lie over each other
		}
		pieces = append(pieces, item.Title[at:m[0]], item.Title[m[0]:m[1]])
		at = m[1]
	}
	return append(pieces, item.Title[at:])
}

// searchAttrs make a search box ask while one types.
func searchAttrs() templ.Attributes {
	return templ.Attributes{
		"hx-get": "/search", "hx-trigger": "input changed delay:120ms", "hx-include": "closest form",
		"hx-target": "#found", "hx-swap": "outerMorph", "hx-sync": "this:replace", "maxlength": "200", "autofocus": true,
	}
}
