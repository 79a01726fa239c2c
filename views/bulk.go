package views

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views/i18n"
	"quartermaster/views/kept"
	"quartermaster/views/ui"
)

// possible is how many things would not be refused.
func (p BulkProps) possible() (n int) {
	for _, item := range p.Items {
		if item.State != models.BulkRefused {
			n++
		}
	}
	return n
}

// shown are the things that have a row.
func (p BulkProps) shown() []models.BulkItem { return p.Items[:min(len(p.Items), models.MaxPicked)] }

// things is the kind of so many things, within a sentence.
func (p BulkProps) things(ctx context.Context, n int) string {
	look := ui.Look(ctx, p.Kind)
	if n == 1 {
		return strings.ToLower(look.One(ctx))
	}
	return strings.ToLower(look.Many(ctx))
}

// note says how many things would be refused.
func (p BulkProps) note(ctx context.Context) string {
	if refused := len(p.Items) - p.possible(); refused > 0 {
		return i18n.T(ctx, "bulk.refused-note", "Count", refused)
	}
	return i18n.T(ctx, "bulk."+string(p.Action)+".note")
}

func (p BulkProps) crumbs(ctx context.Context) []ui.Crumb {
	return []ui.Crumb{{Label: ui.Look(ctx, p.Kind).Many(ctx), Href: p.Back}}
}

// bulkStyle is how the button of an action looks that does it, and bulkBarStyle how that
// of the bar does, which only asks.
func bulkStyle(action models.BulkAction) ui.Style {
	switch action {
	case models.BulkDelete, models.BulkReject:
		return ui.Destroy
	}
	return ui.Primary
}

func bulkBarStyle(action models.BulkAction) ui.Style {
	if style := bulkStyle(action); style == ui.Destroy || action == models.BulkApprove {
		return style
	}
	return ui.Secondary
}

// asks tells whether the action asks for more than the things.
func (p BulkProps) asks() bool { return p.In != nil }

// columns are those of the table of things.
func (p BulkProps) columns(ctx context.Context) []ui.Column {
	columns := []ui.Column{{Label: ui.Look(ctx, p.Kind).One(ctx)}}
	if p.Kind == models.KindOrder {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, "order.requester")}, ui.Column{Label: i18n.T(ctx, "order.amount"), Num: true})
	}
	if p.changes() {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, "bulk."+string(p.Action)+".change")})
	}
	return append(columns, ui.Column{Label: i18n.T(ctx, "bulk.result")})
}

// changes tells whether the action changes a value, which its rows show.
func (p BulkProps) changes() bool {
	return p.Action != models.BulkDelete && p.Action != models.BulkApprove && p.Action != models.BulkReject
}

// words say what would or did come of a thing, and why it was refused.
func (p BulkProps) words(ctx context.Context, item models.BulkItem) (tone ui.Tone, word, why string) {
	tone = map[string]ui.Tone{models.BulkWaiting: ui.Neutral, models.BulkDone: ui.OK, models.BulkRefused: ui.Warn}[item.State]
	if len(item.Why) > 0 {
		why = ui.RuleText(ctx, item.Why[0])
	}
	state := item.State
	if state == models.BulkWaiting && p.Done != nil && !p.Done.Running() {
		state = "left"
	}
	if item.State == models.BulkDone && (p.Action == models.BulkApprove || p.Action == models.BulkReject) {
		return p.decided(ctx, item)
	}
	if key := "bulk." + string(p.Action) + ".is." + state; i18n.Has(ctx, key) {
		return tone, i18n.T(ctx, key), why
	}
	return tone, i18n.T(ctx, "bulk.is."+state), why
}

// decided says what came of a decision about an order.
func (p BulkProps) decided(ctx context.Context, item models.BulkItem) (tone ui.Tone, word, why string) {
	state := models.OrderState(item.Will)
	if state == models.OrderPending {
		return ui.OK, i18n.T(ctx, "approvals.result.step"), ""
	}
	if o := p.order(item); o != nil && state == models.OrderFailed {
		_, said := refusals(ctx, o.Refused)
		why = strings.Join(said, " ")
	}
	return orderTones[state], i18n.T(ctx, "order.state."+string(state)), why
}

// order is the order that an item is, nil when it is none.
func (p BulkProps) order(item models.BulkItem) *models.Order {
	return p.Orders[item.Number()]
}

// itemHref is the page of a thing, "" where there is none any more.
func (p BulkProps) itemHref(ctx context.Context, item models.BulkItem) string {
	if item.Name == "" || p.Action == models.BulkDelete && item.State == models.BulkDone && p.Kind != models.KindStore {
		return ""
	}
	return ui.Look(ctx, p.Kind).Thing(item.ID)
}

// summary says how far it is.
func (p BulkProps) summary(ctx context.Context) string {
	b := p.Done
	words := []string{i18n.T(ctx, "bulk.progress", "Done", i18n.Number(ctx, b.Done), "All", i18n.Number(ctx, b.Total))}
	if b.Refused > 0 {
		words = append(words, i18n.T(ctx, "bulk.progress.refused", "Count", b.Refused))
	}
	if left := b.Count(models.BulkWaiting); left > 0 && !b.Running() {
		words = append(words, i18n.T(ctx, "bulk.progress.left", "Count", left))
	}
	return strings.Join(words, " · ")
}

// address is the page of what came of it, from a place on, in a state.
func (p BulkProps) address(state string, after int64) string {
	at := ""
	if after > 0 {
		at = strconv.FormatInt(after, 10)
	}
	return withQuery(withQuery("/bulks/"+p.Done.ID, "state", state), "after", at)
}

// tabs narrow the things to those in a state.
func (p BulkProps) tabs(ctx context.Context) []ui.Tab {
	all := []ui.Tab{{Label: i18n.T(ctx, "list.all"), Href: p.address("", 0), Current: p.State == "", Count: i18n.Number(ctx, p.Done.Total)}}
	for _, state := range []string{models.BulkDone, models.BulkRefused, models.BulkWaiting} {
		if n := p.Done.Count(state); n > 0 || p.State == state {
			all = append(all, ui.Tab{Label: i18n.T(ctx, "bulk.is."+state), Href: p.address(state, 0), Current: p.State == state, Count: i18n.Number(ctx, int64(n))})
		}
	}
	return all
}

// last is the place of the last thing that is shown.
func (p BulkProps) last() int64 {
	if len(p.Items) == 0 {
		return 0
	}
	return p.Items[len(p.Items)-1].Place
}

// bulkOrders are the forms that order what an action does, by their last part below
// the list of the kind.
var bulkOrders = map[models.BulkAction]string{models.BulkRenew: "renewals"}

// BulkOrder is the form that orders what an action does to things.
func BulkOrder(ctx context.Context, p BulkProps) string {
	return ui.Look(ctx, p.Kind).Path + "/" + bulkOrders[p.Action] + "?" + url.Values{"pick": p.Picks}.Encode()
}

// allWords are what picks all rows that the list shows, and allPicked says that they are
// picked, with their number where it is known.
func (p ListPage) allWords(ctx context.Context) string { return p.ofAll(ctx, "bulk.all") }

func (p ListPage) allPicked(ctx context.Context) string { return p.ofAll(ctx, "bulk.all-picked") }

// bulkKey is all that the bar of picked rows depends on.
func (p ListPage) bulkKey(ctx context.Context) kept.Key {
	b := []byte(p.Files.Path + "\x00" + p.URL.With() + "\x00")
	b = strconv.AppendInt(b, p.Total, 10)
	for _, action := range p.Bulks {
		b = append(append(b, 0), action...)
	}
	return kept.Key{Reader: i18n.Lang(ctx) + p.ID, Text: string(b)}
}

func (p ListPage) ofAll(ctx context.Context, key string) string {
	if p.Total > 0 && p.Total < list.CountTo {
		return i18n.T(ctx, key+"-of", "N", i18n.Number(ctx, p.Total))
	}
	return i18n.T(ctx, key)
}
