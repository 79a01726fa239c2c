package views

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
)

// PrintProps describes the paper of an order.
type PrintProps struct {
	Sheet *models.OrderSheet
	// URL is the absolute address of the live order; Path leads back to it.
	URL, Path string
}

// paperFact is one of the facts in the head of a sheet.
type paperFact struct {
	Label, Value string
}

func (p PrintProps) facts(ctx context.Context) []paperFact {
	o := p.Sheet.Order
	decided := ""
	if o.DecidedAt != nil {
		decided = i18n.DateTime(ctx, *o.DecidedAt)
	}
	completed := ""
	if o.CompletedAt != nil {
		completed = i18n.DateTime(ctx, *o.CompletedAt)
	}
	facts := []paperFact{
		{Label: i18n.T(ctx, "order.placed-at"), Value: i18n.DateTime(ctx, o.CreatedAt)},
		{Label: i18n.T(ctx, "order.requester"), Value: o.RequesterName},
	}
	if len(p.Sheet.Way) == 0 { // else each step says so
		facts = append(facts,
			paperFact{Label: i18n.T(ctx, "order.approver"), Value: orderApprover(ctx, o)},
			paperFact{Label: i18n.T(ctx, "order.decided-at"), Value: firstOf(decided, i18n.T(ctx, "order.not-needed"))})
	}
	facts = append(facts, []paperFact{
		{Label: i18n.T(ctx, "order.cost-centre"), Value: o.CostCentre},
		{Label: i18n.T(ctx, "order.state"), Value: i18n.T(ctx, "order.state."+string(o.State))},
		{Label: i18n.T(ctx, "order.completed-at"), Value: completed},
		{Label: i18n.T(ctx, "order.account"), Value: o.TeamID},
	}...)
	if o.PONumber != "" {
		facts = append(facts, paperFact{Label: i18n.T(ctx, "order.po-number"), Value: o.PONumber})
	}
	return facts
}

// paperFiles are the files attached to an order: number, name, and the beginning of the
// checksum, which tells them from others of the name.
func paperFiles(files []models.Attachment) string {
	names := make([]string, len(files))
	for i, a := range files {
		names[i] = fmt.Sprintf("%d. %s (SHA-256 %.12s)", i+1, ui.Visible(a.Name), a.SHA256)
	}
	return strings.Join(names, " · ")
}

// letterLines are the lines under the name of the team: address, tax number
// and contact, as far as they are known.
func letterLines(ctx context.Context, t *models.Team) []string {
	lines := []string{t.Address}
	if t.TaxNumber != "" {
		lines = append(lines, i18n.T(ctx, "order.tax-number", "Number", t.TaxNumber))
	}
	lines = append(lines, t.Contact)
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

// priceNotes say where the prices of the lines come from, once for each source.
func priceNotes(ctx context.Context, o *models.Order) []string {
	var notes []string
	for _, l := range o.Lines {
		if l.PriceSource == "" || l.PriceValidFrom == nil {
			continue
		}
		note := i18n.T(ctx, "order.price-source", "Source", i18n.PriceSource(ctx, l.PriceSource), "Since", i18n.Date(ctx, *l.PriceValidFrom))
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	if note := rateNote(ctx, o); note != "" {
		notes = append(notes, note)
	}
	if len(notes) > 0 {
		notes = append(notes, i18n.T(ctx, "order.price-fixed", "Date", i18n.Date(ctx, o.CreatedAt)))
	}
	return notes
}

// withoutScheme is an address as people read it.
func withoutScheme(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	return rest
}
