package ui

import (
	"context"

	"quartermaster/models"
	"quartermaster/views/i18n"
)

// Label is the label of a form field in the reader's language, its name when
// the catalogue has none.
func Label(ctx context.Context, field string) string {
	if key := "field." + field; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return field
}

// RuleText says in the reader's language what a broken rule asks for: the
// sentence of this rule on this field, else of this rule on any field, else a
// general one. It is a whole sentence that does not repeat the label.
func RuleText(ctx context.Context, e models.FieldError) string {
	args := []any{"Param", e.Param, "Field", Label(ctx, e.Field)}
	for _, key := range []string{"rule." + e.Field + "." + e.Rule, "rule." + e.Rule} {
		if i18n.Has(ctx, key) {
			return i18n.T(ctx, key, args...)
		}
	}
	return i18n.T(ctx, "rule.other", args...)
}

// help is the sentence below a field: the given one, else the catalogue's.
func help(ctx context.Context, name, given string) string {
	if given != "" {
		return given
	}
	if key := "help." + name; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return ""
}

func or(given, fallback string) string {
	if given != "" {
		return given
	}
	return fallback
}
