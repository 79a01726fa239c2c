// Package ui holds the small parts that pages are made of: fields, buttons,
// tables, badges, dialogs. A part draws what it is given and knows no resource.
package ui

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"quartermaster/models"
)

// Form is a form as a page shows it: the text as it was typed and what was
// wrong with it. The zero Form is an empty one.
type Form struct {
	// Values holds every field as typed, so that a refused form loses nothing.
	Values url.Values
	// Errors are the broken rules, in the order of the fields. Early are those of
	// a form that nobody has sent yet: they are said beside their fields alone.
	Errors, Early models.Invalid
	// Changes are what others have changed of what the form showed, where it was
	// refused for that.
	Changes models.Changed
	// Token is the one-time token that makes submitting twice one order.
	Token string
	// Sent is the page of what the form made with an earlier token, where it is
	// refused because of that.
	Sent string
	// Draft is the draft of a form that has one.
	Draft Draft
}

// Draft is what a form says of its draft.
type Draft struct {
	// Writer is this page of the form, and Revision the draft as it is shown, 0 for
	// none yet; "" is for forms without drafts.
	Writer   string
	Revision int64
	// At is when it was kept last, nil for not yet, and Filled tells that the form was
	// filled in from it.
	At     *time.Time
	Filled bool
	// Other is where the form is from which this page has gone apart, "" for nowhere.
	Other string
	// Fault is why it could not be kept, nil when it could.
	Fault *models.FieldError
	// Unfinished is another draft of the same form, offered to be gone on with.
	Unfinished *models.Draft
}

// Saved tells whether what the form shows is saved.
func (d Draft) Saved() bool { return d.At != nil && d.Fault == nil }

// Value is the text of a field as typed.
func (f Form) Value(name string) string { return f.Values.Get(name) }

// Error is the first broken rule of a field, or nil.
func (f Form) Error(name string) *models.FieldError {
	for _, broken := range []models.Invalid{f.Errors, f.Early} {
		for i := range broken {
			if broken[i].Field == name {
				return &broken[i]
			}
		}
	}
	return nil
}

// Warn takes what an error says about the fields of a form that is still being
// filled in. Of what was sent, "left" are the fields that were left, and "typing"
// is the one that was not yet: nothing is said of that one, nor of those that
// nobody has come to. It reports whether there is no error, or it is about the
// input.
func (f *Form) Warn(err error, sent url.Values) bool {
	var in models.Invalid
	if !errors.As(err, &in) {
		return err == nil
	}
	for _, e := range in {
		typed := sent.Get(e.Field) != "" && f.Value(e.Field) != "" && e.Field != sent.Get("typing")
		if typed || slices.Contains(sent["left"], e.Field) {
			f.Early = append(f.Early, e)
		}
	}
	return true
}

// Reject takes what an error says about the form's fields and reports whether
// the form must be shown again. An error that is not about the input is left
// to the caller.
func (f *Form) Reject(err error) bool {
	if errors.As(err, &f.Changes) {
		return true
	}
	var in models.Invalid
	if !errors.As(err, &in) {
		return false
	}
	f.Errors = append(f.Errors, in...)
	return true
}

// Catch brings a form of settings up with what somebody else changed meanwhile,
// where it was refused for that: shown is what it would show now. What was typed
// stays, and is written when the form is sent again.
func (f *Form) Catch(shown string) {
	if f.Changes == nil && !slices.ContainsFunc(f.Errors, func(e models.FieldError) bool { return e.Rule == "changed_meanwhile" }) {
		return
	}
	was, _ := url.ParseQuery(f.Value("shown")) // models has read both
	is, _ := url.ParseQuery(shown)
	for field := range is {
		typed := strings.ReplaceAll(f.Value(field), "\r\n", "\n")
		if typed == was.Get(field) || typed == "" && was.Get(field) == "false" {
			f.Values.Set(field, is.Get(field))
		}
	}
	f.Values.Set("shown", shown)
}
