package views

import (
	"context"

	"quartermaster/models"
	"quartermaster/views/i18n"
)

func searchSubtitle(ctx context.Context, text string, hits []models.Hit) string {
	if text == "" {
		return ""
	}
	return i18n.T(ctx, "search.subtitle", "Text", text, "Count", len(hits))
}
