package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// noted is the answer that draws a form again while it is filled in: which rules of
// check the input breaks that it is read into is said beside each field that was
// filled in or left. draw draws the form, also when it was sent and refused.
func noted[In any](check func(context.Context, *In) error, draw func(*gin.Context, int, ui.Form) error) func(*gin.Context) error {
	return func(c *gin.Context) error {
		var in In
		form, err := web.Decode(c, &in)
		if err == nil || errors.As(err, &models.Invalid{}) {
			err = models.Invalid(nil).With(err, check(c.Request.Context(), &in))
		}
		if wasRefused(c) && form.Reject(err) {
			return draw(c, http.StatusUnprocessableEntity, form)
		}
		if !form.Warn(err, web.Sent(c)) {
			return err
		}
		return draw(c, http.StatusOK, form)
	}
}

// refused answers with a form that was sent and refused, whose page is at address.
// Back does not return to the answer of a POST: a reader with scripts finds the page
// in its place, and one without is sent on to it, where all that was typed and all
// that is wrong is again. What is wrong with the form as a whole is not, so it is
// said at once, as is what is too long for an address.
func refused(c *gin.Context, form ui.Form, address string, draw func() error) error {
	if c.PostForm("unscripted") == "" || form.Error("") != nil || form.Error(attachField) != nil {
		return draw()
	}
	typed := url.Values{"refused": {"true"}, "form": {form.Token}}
	for name, values := range form.Values {
		if strings.Join(values, "") != "" {
			typed[name] = values
		}
	}
	if to := address + "?" + typed.Encode(); len(to) < longestAddress {
		return web.SeeOther(c, to)
	}
	return draw()
}

// longestAddress is how many bytes every proxy lets through as an address.
const longestAddress = 4 << 10

// wasRefused tells whether refused led to the page.
func wasRefused(c *gin.Context) bool {
	return c.Request.Method == http.MethodGet && c.Query("refused") != ""
}

// rules is the check of an input whose rules are about its fields alone.
func rules[In any](_ context.Context, in *In) error {
	if c, ok := any(in).(interface{ Check() error }); ok {
		return c.Check()
	}
	return models.Check(in)
}
