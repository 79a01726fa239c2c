package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"

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
		if !form.Warn(err, sent(c)) {
			return err
		}
		return draw(c, http.StatusOK, form)
	}
}

// rules is the check of an input whose rules are about its fields alone.
func rules[In any](_ context.Context, in *In) error {
	if c, ok := any(in).(interface{ Check() error }); ok {
		return c.Check()
	}
	return models.Check(in)
}

// sent are the fields of a form that was read, or of the address that fills it in.
func sent(c *gin.Context) url.Values {
	if c.Request.Method == http.MethodGet {
		return c.Request.URL.Query()
	}
	return c.Request.PostForm
}
