package ui

import (
	"context"
	"strconv"
	"strings"
	"unicode"

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

// Setting is a value of a setting in the reader's language; one that is a text is
// left as it is, its lines one after the other.
func Setting(ctx context.Context, value string) string {
	if value == "" {
		value = "none"
	}
	if key := "activity.value." + value; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return Visible(strings.ReplaceAll(value, "\n", ", "))
}

// RuleText says in the reader's language what a broken rule asks for: the
// sentence of this rule on this field, else of this rule on any field, else a
// general one.
func RuleText(ctx context.Context, e models.FieldError) string {
	args := []any{"Param", counted(ctx, e), "Field", inSentence(Label(ctx, e.Field))}
	if from, to, ok := strings.Cut(e.Param, " → "); ok {
		args = append(args, "From", from, "To", to)
	}
	keys := []string{"rule." + e.Field + "." + e.Rule, "rule." + e.Rule}
	switch {
	case e.Rule == "required" && i18n.Has(ctx, "field."+e.Field):
		keys[1] = "rule.required-of"
	case e.Rule == "changed_meanwhile" && e.Param == "":
		keys[1] = "rule.changed_meanwhile.choice"
	case e.Text && (e.Rule == "min" || e.Rule == "max"):
		keys[1] = "rule." + e.Rule + "-text"
	}
	for _, key := range keys {
		if i18n.Has(ctx, key) {
			return i18n.T(ctx, key, args...)
		}
	}
	return i18n.T(ctx, "rule.other", args...)
}

// counted is the parameter of a rule, with its digits in groups where it is a
// number and not a name of digits.
func counted(ctx context.Context, e models.FieldError) string {
	switch e.Rule {
	case "min", "max", "maxbytes", "quota", "scale_out", "scale_in", "bucket_not_empty", "versions_changed":
		if n, err := strconv.ParseInt(e.Param, 10, 64); err == nil {
			return i18n.Number(ctx, n)
		}
	}
	return e.Param
}

// inSentence is a label as it stands inside a sentence: "Name" is "name", and
// "API key" stays.
func inSentence(label string) string {
	if r := []rune(label); len(r) > 1 && unicode.IsLower(r[1]) {
		return strings.ToLower(string(r[:1])) + string(r[1:])
	}
	return label
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
