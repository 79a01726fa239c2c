package views

import (
	"context"
	"strings"

	"quartermaster/models"
	"quartermaster/views/i18n"
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

// things is the kind of the things that would not be refused, within a sentence.
func (p BulkProps) things(ctx context.Context) string {
	look := ui.Look(ctx, p.Kind)
	if p.possible() == 1 {
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

// bulkWords say what would or did come of a thing, and why it was refused.
func bulkWords(ctx context.Context, action models.BulkAction, item models.BulkItem) (tone ui.Tone, word, why string) {
	tone = map[string]ui.Tone{models.BulkWaiting: ui.Neutral, models.BulkDone: ui.OK, models.BulkRefused: ui.Warn}[item.State]
	if len(item.Why) > 0 {
		why = ui.RuleText(ctx, item.Why[0])
	}
	return tone, i18n.T(ctx, "bulk."+string(action)+".is."+item.State), why
}
