package models

import (
	"errors"
	"slices"
	"strings"
)

// Errors that callers tell apart with errors.Is. Any other error is a fault of
// the program, and its text is not shown to users.
var (
	// ErrNotFound says that the thing does not exist, or belongs to another
	// team.
	ErrNotFound = errors.New("not found")
	// ErrForbidden says that the actor's role does not allow the action.
	ErrForbidden = errors.New("forbidden")
	// ErrUnauthenticated says that nobody is signed in, or no longer.
	ErrUnauthenticated = errors.New("not signed in")
	// ErrBusy says that the database could not take the change just now; the
	// same request may succeed a little later.
	ErrBusy = errors.New("database busy")
	// ErrConflict says that the thing is not in a state that allows the action,
	// or was changed by somebody else meanwhile.
	ErrConflict = errors.New("conflict")
	// ErrTooLarge says that what was sent is over a limit.
	ErrTooLarge = errors.New("too large")
	// ErrNoSpace says that the disk or the object back end is full.
	ErrNoSpace = errors.New("no space left")
	// ErrDatabaseDamaged says that SQLite cannot read its file.
	ErrDatabaseDamaged = errors.New("the file quartermaster.db is damaged, or is no database of SQLite")
)

// Lacks is ErrForbidden for an actor who needs a role that it does not have: one of the
// team's, or, where that is "", that of a site admin.
type Lacks struct{ Role Role }

func (Lacks) Error() string { return ErrForbidden.Error() }

// Unwrap makes it ErrForbidden.
func (Lacks) Unwrap() error { return ErrForbidden }

// FieldError says which rule the value of one field breaks. Field is the name
// of the form field ("" when the fault belongs to no single field), Rule the
// word under which views/i18n keeps its sentence, Param the rule's parameter.
type FieldError struct {
	Field string
	Rule  string
	Param string
	// Text says that the value is a text, of which a limit counts characters.
	Text bool
}

// Invalid is the error of an input that breaks rules. It lists every broken
// rule that was found, in the order of the fields.
type Invalid []FieldError

func (e Invalid) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = strings.TrimSpace(f.Field + " " + f.Rule + " " + f.Param)
	}
	return "invalid: " + strings.Join(parts, ", ")
}

// With is the error of all the rules that e and errs say are broken, of each
// field the first, or nil where none is. Where one of errs is not about the
// input, the first such is returned.
func (e Invalid) With(errs ...error) error {
	var all Invalid
	for _, err := range append([]error{e}, errs...) {
		var more Invalid
		if err != nil && !errors.As(err, &more) {
			return err
		}
		for _, f := range more {
			all.add(f)
		}
	}
	if all == nil {
		return nil
	}
	return all
}

// add adds a broken rule to a field that has none so far.
func (e *Invalid) add(f FieldError) {
	if !e.has(f.Field) {
		*e = append(*e, f)
	}
}

// refuse adds a broken rule by its name, as add does; "" is no rule.
func (e *Invalid) refuse(field, rule string) {
	if rule != "" {
		e.add(FieldError{Field: field, Rule: rule})
	}
}

func (e Invalid) has(field string) bool {
	return slices.ContainsFunc(e, func(f FieldError) bool { return f.Field == field })
}

// Unallowed tells whether an error is about an order with which nothing is wrong but
// that the team's approval rules or budgets, or what its requester may order, do not let
// be placed.
func Unallowed(err error) bool {
	var in Invalid
	return errors.As(err, &in) && in[0].Field == "" && slices.Contains([]string{"only_requester", "over_budget", "may_not_order"}, in[0].Rule)
}

// Denied tells whether an error is that the actor may not do what was asked for.
func Denied(err error) bool { return errors.Is(err, ErrForbidden) || Unallowed(err) }

// MayNotOrder tells whether an error is that the actor may not order such things.
func MayNotOrder(err error) bool {
	var in Invalid
	return errors.As(err, &in) && in[0] == FieldError{Rule: "may_not_order"}
}

// invalid is an Invalid of a single broken rule.
func invalid(field, rule string, param ...string) error {
	return Invalid{{Field: field, Rule: rule, Param: strings.Join(param, " ")}}
}

// isInvalid tells whether an error is about the input.
func isInvalid(err error) bool {
	var in Invalid
	return errors.As(err, &in)
}
