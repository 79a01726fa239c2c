package handlers

import (
	"maps"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// orderForm reads a create form: the fields of its kind into line, and the
// fields that every order has. The form that comes back holds all of them as
// typed; the error is that of a value that could not be read at all.
func orderForm(c *gin.Context, line models.LineInput) (ui.Form, models.OrderInput, error) {
	var in models.OrderInput
	form, err := web.Decode(c, line)
	rest, restErr := web.Decode(c, &in)
	if err == nil {
		err = restErr
	}
	if form.Values != nil {
		maps.Copy(form.Values, rest.Values)
	}
	in.Lines, in.Token = []models.LineInput{line}, form.Token
	return form, in, err
}
