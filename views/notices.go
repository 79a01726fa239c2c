package views

import (
	"context"

	"quartermaster/models"
	"quartermaster/views/i18n"
	"quartermaster/views/layout"
	"quartermaster/views/ui"
)

// Notices is the list of what the reader was told.
var Notices = &ListView[models.Notice]{
	ID: "notice-list", Path: "/notices", List: models.Notices, Label: "notices.table", ByServer: true,
	Columns: []ListColumn[models.Notice]{
		{Words: "notices.what", Sort: "what", Class: "wide", Name: true, Text: func(c *ui.Cells, n *models.Notice) string { return noticeText(c.Ctx, n) },
			Draw: func(c *ui.Cells, n *models.Notice) {
				if path := noticePath(c.Ctx, n); path != "" {
					c.Open("a", "href", path, "class", noticeClass(n))
					c.Text(noticeText(c.Ctx, n))
					c.Close("a")
				} else {
					c.In("span", noticeClass(n), noticeText(c.Ctx, n))
				}
				if n.Args.Reason != "" {
					c.Note(n.Args.Reason)
				}
			}},
		sorted("order", plain("orders.what", "", func(c *ui.Cells, n *models.Notice) string { return noticeOrder(c.Ctx, n) })),
		{Words: "notices.when", Sort: "at", Class: "nowrap", Text: func(c *ui.Cells, n *models.Notice) string { return i18n.DateTime(c.Ctx, n.At) },
			Draw: func(c *ui.Cells, n *models.Notice) { c.Moment(n.At, c.Relative(n.At)) }},
		{Words: "notices.unread", Class: "actions", Bare: true, Text: func(c *ui.Cells, n *models.Notice) string { return i18n.T(c.Ctx, noticeState(n)) },
			Draw: func(c *ui.Cells, n *models.Notice) {
				if n.Unread {
					c.Draw(readNotice(n.ID))
				}
			}},
	},
	Filters: []ListFilter{{Name: "unread", Values: "notices.view.", Off: "notices.view.all", As: Tabs}},
	Head: func(ctx context.Context, _ ListAt) layout.PageProps {
		return layout.PageProps{Title: i18n.T(ctx, "notices.title"), Subtitle: i18n.T(ctx, "notices.subtitle"), Actions: readNotices()}
	},
	Watched: true,
	Styled:  true,
	Whole:   func(ListAt) bool { return true },
	Empty: func(ctx context.Context, at ListAt) ui.EmptyProps {
		return ui.EmptyProps{Icon: "bell", Title: i18n.T(ctx, "notices.none"), Text: i18n.T(ctx, "notices.none-text"),
			Action: ui.LinkButton(ui.ButtonProps{Text: i18n.T(ctx, "orders.title"), Href: "/orders"})}
	},
}

// noticeText says what a notice is about, in a sentence.
func noticeText(ctx context.Context, n *models.Notice) string {
	if n.Kind != "" {
		return endingText(ctx, n)
	}
	return i18n.T(ctx, "notice."+n.Action, "Name", firstOf(n.Args.By, i18n.T(ctx, "activity.by-server")), "Number", number(n.OrderNumber))
}

// noticeOrder is what the order of a notice asks for, or what has become of the thing
// that a reminder is about.
func noticeOrder(ctx context.Context, n *models.Notice) string {
	if n.Kind != "" {
		return endingState(ctx, n)
	}
	if n.Order == nil {
		return ""
	}
	return orderWhat(ctx, n.Order)
}

func noticeState(n *models.Notice) string {
	if n.Unread {
		return "notices.unread"
	}
	return "notices.read"
}

func noticeClass(n *models.Notice) string {
	if n.Unread {
		return "unread"
	}
	return ""
}
