package views

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"quartermaster/models"
	"quartermaster/models/fold"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// thingPath is the page of a thing, "" when it has none. That of an access key is
// for those who may see it.
func thingPath(ctx context.Context, kind models.Kind, id string) string {
	if kind == models.KindKey && !models.ActorFrom(ctx).May(models.Administer) {
		return ""
	}
	return ui.Look(ctx, kind).Thing(id)
}

// eventPath is the page of what an event is about, "" where that is nothing that is
// known: of one of the site's, its page there.
func eventPath(ctx context.Context, e models.Event) string {
	if e.SubjectID == "" {
		return ""
	}
	if e.TeamID != "" || !models.ActorFrom(ctx).SiteAdmin {
		return thingPath(ctx, e.Kind, e.SubjectID)
	}
	below := map[models.Kind]string{models.KindTeam: "/site/teams/", models.KindUser: "/site/users/", models.KindKey: string(SiteKeys) + "/"}[e.Kind]
	if below == "" {
		return ""
	}
	return below + e.SubjectID
}

// timelineEvents are events as a timeline draws them: a phrase in the reader's
// language that the name of the thing follows, who did it and how long ago.
func timelineEvents(ctx context.Context, events []models.Event, now time.Time) []ui.Event {
	out := make([]ui.Event, len(events))
	for i, e := range events {
		out[i] = ui.Event{
			At: e.At, AtText: i18n.Relative(ctx, e.At, now),
			Who: eventWho(ctx, e), What: EventText(ctx, e), Note: eventNote(ctx, e),
			From:  eventFrom(ctx, e),
			Thing: eventThing(e), Href: eventPath(ctx, e), Gone: e.Gone,
			Kind: e.Kind, Icon: eventIcon(e), Tone: eventTone(e),
		}
		if e.KeyID != "" {
			out[i].Via = keyLink(e.KeyID, e.KeyKept)
		}
		if out[i].Tone != "" {
			out[i].Kind = "" // the icon of a failure replaces that of the kind
		}
	}
	return out
}

// EventText is what was done, as a phrase that the name of the thing follows:
// "Created bucket". Failures have words of their own where they differ. An
// action without words is shown as its code.
func EventText(ctx context.Context, e models.Event) string {
	if key := "activity." + e.Result + "." + e.Action; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	if key := "event." + e.Action; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	if setting, ok := settingOf(ctx, e); ok {
		return i18n.T(ctx, "event.team.setting", "Setting", setting)
	}
	return e.Action
}

// settingOf is what the setting of the team is called that an event is about.
func settingOf(ctx context.Context, e models.Event) (label string, ok bool) {
	field, of := strings.CutPrefix(e.Action, "team.")
	field, changed := strings.CutSuffix(field, "_changed")
	if !of || !changed || !i18n.Has(ctx, "field."+field) {
		return "", false
	}
	return ui.Label(ctx, field), true
}

// eventThing is what the thing is called; an order by its number, which is
// what people look for.
func eventThing(e models.Event) string {
	switch {
	case e.Kind == models.KindOrder:
		return e.SubjectID
	case e.Kind == models.KindUser && e.SubjectID == e.UserID:
		return "" // the person is shown anyway
	}
	return ui.Visible(e.SubjectName)
}

// eventNote is what else there is to say, from the event's detail: a sentence
// "event.<action>.note" made of the detail's values, a reason as it was typed,
// or the words of a failure.
func eventNote(ctx context.Context, e models.Event) string {
	switch e.Action {
	case "team.rules_changed":
		return changeNote(ctx, e.Detail, func(r models.Rule) string { return RuleSentence(ctx, r, nil) })
	case "bucket.tagged", "app.tagged", "version.tagged", "plan.tagged", "store.tagged":
		return changeNote(ctx, e.Detail, ui.Visible)
	case "team.budgets_changed":
		return changeNote(ctx, e.Detail, func(b models.Budget) string {
			return i18n.T(ctx, "ui.error-line", "Field", budgetName(ctx, b), "Text", budgetRule(ctx, b))
		})
	}
	if e.Action == "catalogue.changed" {
		return fieldsNote(ctx, e.Detail)
	}
	var detail map[string]any
	d := json.NewDecoder(strings.NewReader(e.Detail))
	d.UseNumber() // an order's number has more digits than a float keeps
	if e.Detail == "" || d.Decode(&detail) != nil {
		return ""
	}
	args := make([]any, 0, 2*len(detail))
	_, setting := settingOf(ctx, e)
	for name, value := range detail {
		if setting || value != "" || name == "from" || name == "to" {
			value = ui.Setting(ctx, fmt.Sprint(value))
		}
		args = append(args, name, value)
	}
	if n, ok := detail["bytes"].(json.Number); ok {
		bytes, _ := n.Int64()
		args = append(args, "Size", i18n.Bytes(ctx, bytes))
	}
	if key := "event." + e.Action + ".note"; i18n.Has(ctx, key) {
		if s := i18n.T(ctx, key, args...); !strings.Contains(s, "<no value>") {
			return s
		}
	}
	if setting {
		return i18n.T(ctx, "event.team.setting.note", args...)
	}
	if e.Action == "member.limited" {
		var only struct{ From, To models.Only }
		if err := json.Unmarshal([]byte(e.Detail), &only); err == nil {
			return i18n.T(ctx, "event.team.setting.note", "from", onlyText(ctx, only.From, asWritten), "to", onlyText(ctx, only.To, asWritten))
		}
	}
	if reason, ok := detail["reason"].(string); ok {
		return reason
	}
	if code, ok := detail["fail_code"].(string); ok && i18n.Has(ctx, "fail."+code) {
		return i18n.T(ctx, "fail."+code)
	}
	return ""
}

// changeNote says how a list of things changed, each in words: what is gone from it,
// what is new in it, or that it is in another order.
func changeNote[T any](ctx context.Context, detail string, words func(T) string) string {
	var d struct{ From, To []T }
	if json.Unmarshal([]byte(detail), &d) != nil {
		return ""
	}
	from, to := mapped(d.From, words), mapped(d.To, words)
	gone := slices.DeleteFunc(slices.Clone(from), func(s string) bool { return slices.Contains(to, s) })
	added := slices.DeleteFunc(slices.Clone(to), func(s string) bool { return slices.Contains(from, s) })
	between := i18n.T(ctx, "ui.semicolon")
	switch {
	case len(gone) > 0 && len(added) > 0:
		return i18n.T(ctx, "event.list.changed", "From", strings.Join(gone, between), "To", strings.Join(added, between))
	case len(gone) > 0:
		return i18n.T(ctx, "event.list.gone", "What", strings.Join(gone, between))
	case len(added) > 0:
		return i18n.T(ctx, "event.list.added", "What", strings.Join(added, between))
	}
	return i18n.T(ctx, "event.list.moved")
}

// fieldsNote says which fields of a form changed, and from what to what.
func fieldsNote(ctx context.Context, detail string) string {
	var d struct{ Old, New string }
	if json.Unmarshal([]byte(detail), &d) != nil {
		return ""
	}
	return strings.Join(fieldChanges(ctx, d.Old, d.New), i18n.T(ctx, "ui.semicolon"))
}

// fieldChanges are the fields of a form that changed, each from what to what.
func fieldChanges(ctx context.Context, from, to string) (changed []string) {
	was, err := url.ParseQuery(from)
	is, fault := url.ParseQuery(to)
	if err != nil || fault != nil {
		return nil
	}
	for _, field := range slices.Sorted(maps.Keys(is)) {
		if from, to := strings.Join(was[field], ", "), strings.Join(is[field], ", "); from != to {
			changed = append(changed, i18n.T(ctx, "ui.error-line", "Field", ui.Label(ctx, field), "Text", ui.Setting(ctx, from)+" → "+ui.Setting(ctx, to)))
		}
	}
	return changed
}

// eventWho is who did it, and by which way when that was not a form.
func eventWho(ctx context.Context, e models.Event) string {
	who := eventPerson(ctx, e)
	switch {
	case e.Face == models.ByAPI:
		return i18n.T(ctx, "activity.by-api", "Name", who)
	case e.Face == models.ByServer && e.UserID != "":
		return i18n.T(ctx, "activity.for", "Name", who)
	}
	return who
}

// eventPerson is the name of who did it. A visitor whom nobody knows has none, as at a
// sign-in that failed; nor has the program.
func eventPerson(ctx context.Context, e models.Event) string {
	switch {
	case e.Face == models.ByServer && e.UserID == "":
		return i18n.T(ctx, "activity.by-server")
	case e.UserName == "":
		return i18n.T(ctx, "activity.by-visitor")
	}
	return e.UserName
}

// eventFrom is where an event came from: the address of who asked, with what a program
// calls itself, or which part of the server did it.
func eventFrom(ctx context.Context, e models.Event) string {
	switch {
	case e.Face == models.ByAPI:
		return joined(e.Address, e.Agent)
	case e.Face != models.ByServer:
		return e.Address
	case e.Address != "": // a decision let it happen
		return i18n.T(ctx, "activity.from-decision", "Address", e.Address)
	case e.UserID == "" && e.UserName == models.Operator().UserName:
		return i18n.T(ctx, "activity.from-command")
	}
	return i18n.T(ctx, "activity.from-job")
}

// eventIcon says what happened, "" where the icon of the thing's kind says it.
func eventIcon(e models.Event) string {
	switch verb := e.Action[strings.LastIndexByte(e.Action, '.')+1:]; {
	case e.Result != "done":
		return "circle-alert"
	case strings.HasSuffix(verb, "deleted"), strings.HasSuffix(verb, "removed"):
		return "trash-2"
	case strings.HasSuffix(verb, "failed"):
		return "circle-alert"
	case strings.HasSuffix(verb, "uploaded"):
		return "upload"
	case strings.HasSuffix(verb, "retried"):
		return "rotate-ccw"
	case verb == "signed_in":
		return "key-round"
	}
	return ""
}

func eventTone(e models.Event) ui.Tone {
	switch {
	case e.Result == "failed", strings.HasSuffix(e.Action, "failed"):
		return ui.Danger
	case e.Result == "refused":
		return ui.Warn
	}
	return ""
}

// ActionsLike are the actions whose words in the reader's language hold text.
func ActionsLike(ctx context.Context, text string) []string {
	if text == "" {
		return nil
	}
	var actions []string
	text = fold.Text(text)
	for _, key := range slices.Concat(i18n.Keys("event."), i18n.Keys("activity.refused.")) {
		action := strings.TrimPrefix(strings.TrimPrefix(key, "event."), "activity.refused.")
		if !strings.HasSuffix(action, ".note") && strings.Contains(fold.Text(i18n.T(ctx, key)), text) {
			actions = append(actions, action)
		}
	}
	return actions
}

// Events is the list of what happened in a team, told day by day.
var Events = &ListView[models.Event]{
	ID: "event-list", Path: "/activity", List: models.Events, Label: "activity.title", Search: "activity.search",
	Tags: ActionsLike, ByServer: true,
	Body: func(at ListAt, events []models.Event) templ.Component { return eventDays(events, at.Now) },
	Columns: []ListColumn[models.Event]{
		filed("activity.column.utc", func(_ *ui.Cells, e *models.Event) string { return e.At.UTC().Format(time.DateTime) }),
		filed("activity.column.local", func(c *ui.Cells, e *models.Event) string {
			return e.At.In(i18n.Zone(c.Ctx)).Format(time.DateTime + " -07:00")
		}),
		filed("activity.column.person", func(c *ui.Cells, e *models.Event) string { return eventPerson(c.Ctx, *e) }),
		emailed(func(e *models.Event) string { return e.UserID }),
		filed("activity.column.action", func(c *ui.Cells, e *models.Event) string { return EventText(c.Ctx, *e) }),
		filed("activity.column.kind", func(c *ui.Cells, e *models.Event) string { return ui.Look(c.Ctx, e.Kind).One(c.Ctx) }),
		filed("activity.column.thing", func(_ *ui.Cells, e *models.Event) string { return e.SubjectName }),
		filed("activity.column.id", func(_ *ui.Cells, e *models.Event) string { return e.SubjectID }),
		filed("activity.column.region", func(_ *ui.Cells, e *models.Event) string { return e.Region }),
		filed("activity.column.order", func(_ *ui.Cells, e *models.Event) string {
			if e.OrderNumber == 0 {
				return ""
			}
			return number(e.OrderNumber)
		}),
		filed("activity.column.result", func(c *ui.Cells, e *models.Event) string { return i18n.T(c.Ctx, "activity.result."+e.Result) }),
		filed("activity.column.face", func(c *ui.Cells, e *models.Event) string { return i18n.T(c.Ctx, "order.face."+string(e.Face)) }),
		filed("activity.column.note", func(c *ui.Cells, e *models.Event) string { return eventNote(c.Ctx, *e) }),
		filed("activity.column.code", func(_ *ui.Cells, e *models.Event) string { return e.Action }),
		filed("activity.column.request", func(_ *ui.Cells, e *models.Event) string { return e.RequestID }),
		filed("activity.column.key", func(_ *ui.Cells, e *models.Event) string { return e.KeyID }),
		filed("activity.column.address", func(c *ui.Cells, e *models.Event) string { return firstOf(e.Address, eventFrom(c.Ctx, *e)) }),
		filed("activity.column.agent", func(_ *ui.Cells, e *models.Event) string { return e.Agent }),
	},
	Filters: []ListFilter{
		{Name: "kind", Words: "activity.column.kind", As: Menu},
		{Name: "person", Words: "activity.column.person", As: Menu},
		{Name: "face", Words: "activity.column.face", Values: "order.face.", As: Menu},
		{Name: "key", Words: "activity.column.key"},
	},
	Head: func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "activity.title"), Subtitle: i18n.T(ctx, "activity.subtitle")}
	},
	Empty: func(ctx context.Context, _ ListAt) ui.EmptyProps {
		return ui.EmptyProps{Icon: "activity", Title: i18n.T(ctx, "activity.none"), Text: i18n.T(ctx, "activity.none-text")}
	},
}

// SiteEvents is the list of what became of the site, in the words of Events.
var SiteEvents = func() *ListView[models.Event] {
	v := *Events
	v.ID, v.Path, v.Label = "site-event-list", "/site/activity", "site.activity"
	v.Head = func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "site.activity"), Subtitle: i18n.T(ctx, "site.activity.subtitle")}
	}
	return &v
}()

// day is the calendar day of an event where the reader is.
func day(ctx context.Context, e models.Event) string { return i18n.LongDate(ctx, e.At) }

// days are events by the day on which they happened, in their order.
func days(ctx context.Context, events []models.Event) [][]models.Event {
	var out [][]models.Event
	for i, e := range events {
		if i == 0 || day(ctx, e) != day(ctx, events[i-1]) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], e)
	}
	return out
}

// number is a whole number as an address and a column of codes write it.
func number(n int64) string { return strconv.FormatInt(n, 10) }
