package views

import (
	"context"

	"quartermaster/models"
	"quartermaster/views/i18n"
)

// HitHref is the page of a thing that a search found.
func HitHref(h models.Hit) string {
	switch h.Kind {
	case models.KindApp:
		return "/apps/" + h.ID
	case models.KindOrder:
		return "/orders/" + h.ID
	}
	return lists[h.Kind] + "/" + h.ID
}

func searchSubtitle(ctx context.Context, text string, hits []models.Hit) string {
	if text == "" {
		return ""
	}
	return i18n.T(ctx, "search.subtitle", "Text", text, "Count", len(hits))
}
