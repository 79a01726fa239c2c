package views

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/models/fold"
	"quartermaster/views/i18n"
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

// timelineEvents are events as a timeline draws them: a phrase in the reader's
// language that the name of the thing follows, who did it and how long ago.
func timelineEvents(ctx context.Context, events []models.Event, now time.Time) []ui.Event {
	out := make([]ui.Event, len(events))
	for i, e := range events {
		out[i] = ui.Event{
			At: e.At, AtText: i18n.Relative(ctx, e.At, now),
			Who: eventWho(ctx, e), What: EventText(ctx, e), Note: eventNote(ctx, e),
			From:  eventFrom(e),
			Thing: eventThing(e), Href: thingPath(ctx, e.Kind, e.SubjectID), Gone: e.Gone,
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
	return e.Action
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
	var detail map[string]any
	d := json.NewDecoder(strings.NewReader(e.Detail))
	d.UseNumber() // an order's number has more digits than a float keeps
	if e.Detail == "" || d.Decode(&detail) != nil {
		return ""
	}
	args := make([]any, 0, 2*len(detail))
	for name, value := range detail {
		args = append(args, name, settingWord(ctx, value))
	}
	if key := "event." + e.Action + ".note"; i18n.Has(ctx, key) {
		if s := i18n.T(ctx, key, args...); !strings.Contains(s, "<no value>") {
			return s
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

// settingWord is a value of a setting in the reader's language; any other value
// is left as it is.
func settingWord(ctx context.Context, value any) any {
	if key := fmt.Sprint("activity.value.", value); i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return value
}

// eventWho is who did it, and by which way when that was not a form.
func eventWho(ctx context.Context, e models.Event) string {
	who := e.UserName
	if who == "" {
		return i18n.T(ctx, "activity.by-server")
	}
	switch e.Face {
	case models.ByAPI:
		return i18n.T(ctx, "activity.by-api", "Name", who)
	case models.ByServer:
		return i18n.T(ctx, "activity.for", "Name", who)
	}
	return who
}

// eventFrom is where an event by a program came from, and what the program
// calls itself.
func eventFrom(e models.Event) string {
	if e.Face != models.ByAPI {
		return ""
	}
	return joined(e.Address, e.Agent)
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

// EventHead are the titles of the columns that EventCells fills.
func EventHead(ctx context.Context) []string {
	var head []string
	for _, key := range []string{"utc", "local", "person", "action", "kind", "thing", "id", "region", "order", "result", "face", "note", "code", "request", "key", "address", "agent", "email"} {
		head = append(head, i18n.T(ctx, "activity.column."+key))
	}
	return head
}

// EventCells are an event as a row of an exported table.
func EventCells(ctx context.Context, e models.Event) []string {
	order := ""
	if e.OrderNumber != 0 {
		order = number(e.OrderNumber)
	}
	return []string{
		e.At.UTC().Format("2006-01-02 15:04:05"), e.At.In(i18n.Zone(ctx)).Format("2006-01-02 15:04:05 -07:00"),
		firstOf(e.UserName, i18n.T(ctx, "activity.by-server")), EventText(ctx, e), ui.Look(ctx, e.Kind).One(ctx),
		e.SubjectName, e.SubjectID, e.Region, order, i18n.T(ctx, "activity.result."+e.Result), i18n.T(ctx, "order.face."+string(e.Face)),
		eventNote(ctx, e), e.Action, e.RequestID, e.KeyID, e.Address, e.Agent, e.UserEmail,
	}
}

func (p ActivityListProps) kinds(ctx context.Context) []FilterOption {
	return options(ctx, p.URL, "kind", string(p.Filter.Kind), ui.Kinds(ctx), func(l ui.KindLook) (string, string) { return string(l.Kind), l.One(ctx) })
}

func (p ActivityListProps) people(ctx context.Context) []FilterOption {
	return options(ctx, p.URL, "person", p.Filter.User, p.People, func(m models.Member) (string, string) { return m.UserID, m.Name })
}

func (p ActivityListProps) faces(ctx context.Context) []FilterOption {
	return options(ctx, p.URL, "face", string(p.Filter.Face), models.Faces, func(f models.Face) (string, string) {
		return string(f), i18n.T(ctx, "order.face."+string(f))
	})
}

func (p ActivityListProps) chips(ctx context.Context) []ui.Filter {
	var chips []ui.Filter
	for _, f := range []struct {
		name    string
		options []FilterOption
	}{{"kind", p.kinds(ctx)}, {"person", p.people(ctx)}, {"face", p.faces(ctx)}} {
		for _, o := range f.options[1:] {
			if o.Current {
				chips = append(chips, ui.Filter{Label: i18n.T(ctx, "activity.column."+f.name), Value: o.Label, RemoveHref: p.URL.With(f.name, "")})
			}
		}
	}
	if key := p.Filter.Key; key != "" {
		chips = append(chips, ui.Filter{Label: i18n.T(ctx, "activity.column.key"), Value: key, RemoveHref: p.URL.With("key", "")})
	}
	return chips
}

// export is the address of the file with everything that matches.
func (p ActivityListProps) export() string {
	return ListURL{Path: "/activity.csv", Query: p.URL.Query}.With()
}

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
