package views

import (
	"context"
	"net/url"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// Drafts is the list of the forms that the reader has not sent yet.
var Drafts = &ListView[models.Draft]{
	ID: "draft-list", Path: "/drafts", List: models.Drafts, Label: "draft.title",
	Columns: []ListColumn[models.Draft]{
		{Words: "draft.what", Sort: "what", Name: true, Text: func(c *ui.Cells, d *models.Draft) string { return draftForm(c.Ctx, d) },
			Draw: func(c *ui.Cells, d *models.Draft) { c.Link(DraftPath(d.Path, d.Token), draftForm(c.Ctx, d)) }},
		sorted("words", plain("draft.words", "wide", func(_ *ui.Cells, d *models.Draft) string { return ui.Visible(d.Words) })),
		{Words: "draft.when", Sort: "touched", Class: "nowrap", Text: func(c *ui.Cells, d *models.Draft) string { return i18n.DateTime(c.Ctx, d.TouchedAt) },
			Draw: func(c *ui.Cells, d *models.Draft) {
				c.Moment(d.TouchedAt, c.Relative(d.TouchedAt))
				c.Note(i18n.T(c.Ctx, "draft.until", "Date", i18n.Date(c.Ctx, d.EndsAt())))
			}},
		{Words: "order.actions", Class: "actions", Bare: true, Draw: func(c *ui.Cells, d *models.Draft) { c.Draw(discardDraft(d, "")) }},
	},
	Head: func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "draft.title"), Subtitle: i18n.T(ctx, "draft.subtitle")}
	},
	Styled: true,
	Whole:  func(ListAt) bool { return true },
	Empty: func(ctx context.Context, _ ListAt) ui.EmptyProps {
		return ui.EmptyProps{Icon: "file-text", Title: i18n.T(ctx, "draft.none"), Text: i18n.T(ctx, "draft.none-text"),
			Action: ui.LinkButton(ui.ButtonProps{Text: i18n.T(ctx, "orders.go-create"), Href: "/"})}
	},
}

// draftForm says which form a draft is of.
func draftForm(ctx context.Context, d *models.Draft) string {
	if d.Form == models.DraftNew {
		return ui.Look(ctx, d.Kind).New(ctx)
	}
	return i18n.T(ctx, "draft.form."+string(d.Form), "Subject", d.Subject)
}

// DraftPath is where a draft is gone on with: the page of its form, with its token.
func DraftPath(path, token string) string { return path + "?form=" + url.QueryEscape(token) }
