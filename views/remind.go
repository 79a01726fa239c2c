package views

import (
	"context"
	"regexp"
	"strings"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// RemindProps is the form about when the reader is reminded of a thing.
type RemindProps struct {
	Form ui.Form
	Path string
	models.Reminded
	// Subject is the id of the thing.
	Subject string
}

// note says on what days that is, as long as nobody has chosen others.
func (p RemindProps) note(ctx context.Context) string {
	switch {
	case p.Chosen:
		return i18n.T(ctx, "remind.chosen")
	case p.Ordered:
		return i18n.T(ctx, "remind.usual")
	}
	return i18n.T(ctx, "remind.others")
}

var (
	// china is how the names of plans write a place, redundancy how they write of what
	// kind a storage is.
	china      = regexp.MustCompile(`China \(([^)]+)\)`)
	redundancy = regexp.MustCompile(` ?[(（][A-Z]{3}[)）]`)
)

// expiringName is what a thing that ends is called, so that two differ: a plan by what
// it is for, where and how much, "Standard storage · Shanghai · 100 GB".
func expiringName(ctx context.Context, e models.Expiring) string {
	name := word(ctx, e.ZH, e.EN)
	if e.Kind != models.KindPlan {
		return name
	}
	name = redundancy.ReplaceAllString(china.ReplaceAllString(name, "$1"), "")
	name = strings.NewReplacer(" plan - ", " · ", "包 · ", " · ", "Chinese mainland", "Mainland", "中国内地通用", "内地").Replace(name)
	return name + " · " + i18n.Bytes(ctx, e.Size<<30)
}

// noticePath is where a notice leads, "" where what it is about is gone.
func noticePath(ctx context.Context, n *models.Notice) string {
	switch {
	case n.Kind == "":
		return orderPath(n.OrderNumber)
	case n.Args.Count > 0:
		return ui.Look(ctx, n.Kind).Path + "?sort=ends"
	case n.Thing == nil:
		return ""
	}
	return ui.Look(ctx, n.Kind).Thing(n.SubjectID)
}

// endingText says what a reminder is about.
func endingText(ctx context.Context, n *models.Notice) string {
	if n.Args.Ends == nil {
		return i18n.T(ctx, "notice.ending.many", "Count", n.Args.Count, "What", ui.Look(ctx, n.Kind).Many(ctx), "Days", n.Args.Days)
	}
	e := *n.Args.Ends
	if n.Thing != nil {
		e.ZH, e.EN, e.Size = n.Thing.ZH, n.Thing.EN, n.Thing.Size
	}
	return i18n.T(ctx, "notice.ending", "Name", expiringName(ctx, e), "Date", i18n.LastDate(ctx, e.EndsAt))
}

// endingState says what has become of the thing of a reminder since.
func endingState(ctx context.Context, n *models.Notice) string {
	switch {
	case n.Args.Ends == nil:
		return ""
	case n.Thing == nil:
		return i18n.T(ctx, "remind.gone")
	case n.Thing.EndsAt.After(n.Args.Ends.EndsAt):
		return i18n.T(ctx, "remind.renewed", "Date", i18n.LastDate(ctx, n.Thing.EndsAt))
	}
	return ui.Look(ctx, n.Kind).One(ctx)
}
