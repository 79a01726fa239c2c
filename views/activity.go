package views

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// kindIcons are the icons of the kinds that have no hue of their own.
var kindIcons = map[models.Kind]string{
	models.KindApp: "app-window", models.KindObject: "file", models.KindOrder: "receipt-text",
	models.KindTeam: "building-2", models.KindUser: "user",
}

// kindPaths are where the things of a kind have their pages, by id.
var kindPaths = map[models.Kind]string{
	models.KindBucket: "/buckets/", models.KindPkgVersion: "/pkg-versions/", models.KindPlan: "/plans/",
	models.KindStore: "/stores/", models.KindApp: "/apps/", models.KindOrder: "/orders/",
}

// thingPath is the page of a thing, "" when it has none.
func thingPath(kind models.Kind, id string) string {
	if path := kindPaths[kind]; path != "" && id != "" {
		return path + id
	}
	return ""
}

// timelineEvents are events as a timeline draws them: a phrase in the reader's
// language that the name of the thing follows, who did it and how long ago.
func timelineEvents(ctx context.Context, events []models.Event, now time.Time) []ui.Event {
	out := make([]ui.Event, len(events))
	for i, e := range events {
		out[i] = ui.Event{
			At: e.At, AtText: i18n.Relative(ctx, e.At, now),
			Who: eventWho(ctx, e), What: EventText(ctx, e), Note: eventNote(ctx, e),
			Thing: eventThing(e), Href: thingPath(e.Kind, e.SubjectID), Gone: e.Gone,
			Kind: ui.Kind(e.Kind), Icon: eventIcon(e), Tone: eventTone(e),
		}
	}
	return out
}

// EventText is what was done, as a phrase that the name of the thing follows:
// "Created bucket". An action without words is shown as its code.
func EventText(ctx context.Context, e models.Event) string {
	if key := "event." + e.Action; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return e.Action
}

// eventThing is what the thing is called; an order by its number, which is
// what people look for.
func eventThing(e models.Event) string {
	if e.Kind == models.KindOrder {
		return e.SubjectID
	}
	return e.SubjectName
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
		args = append(args, name, value)
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

// eventIcon says what happened where that is not the thing's kind itself.
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
	if icon := kindIcons[e.Kind]; icon != "" {
		return icon
	}
	return ui.Kind(e.Kind).Icon()
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

// number is a whole number as an address and a column of codes write it.
func number(n int64) string { return strconv.FormatInt(n, 10) }
