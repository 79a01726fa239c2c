package handlers

import (
	"context"
	"errors"
	"slices"
	"strconv"

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
	form, err := web.Decode(c, line, &in, &coded{})
	var unread models.Invalid
	if errors.As(err, &unread) { // what is shown as code, or was pasted, is no part of the order
		unread = slices.DeleteFunc(unread, func(e models.FieldError) bool { return e.Field == "code" || e.Field == "paste" })
		if err = unread; len(unread) == 0 {
			err = nil
		}
	}
	in.Lines, in.Token = []models.LineInput{line}, form.Token
	return form, in, err
}

// placed goes to what an order made and says so. An order that waits, or that
// made nothing after it had waited, has only its own page.
func placed(c *gin.Context, order *models.Order, said, path string) error {
	made := order.Lines[len(order.Lines)-1]
	if order.State == models.OrderPending || made.ResourceID == "" {
		number := strconv.FormatInt(order.Number, 10)
		if order.State == models.OrderPending {
			web.Flash(c, "order.held", "Number", number)
		}
		return web.SeeOther(c, "/orders/"+number)
	}
	web.Flash(c, said, "Name", made.ResourceName)
	return web.SeeOther(c, path+made.ResourceID)
}

// placeOrder orders what a form asked for. unread is what orderForm could not
// read: then nothing is ordered. Whatever is refused, the error names all that
// is wrong with the form, so that nobody finds one mistake after the other.
func placeOrder(ctx context.Context, db *models.DB, in models.OrderInput, unread error) (*models.Order, error) {
	by := models.ActorFrom(ctx)
	order, err := (*models.Order)(nil), unread
	if err == nil {
		order, err = db.PlaceOrder(ctx, by, in)
	}
	var broken, all models.Invalid
	if !errors.As(err, &broken) {
		return order, err
	}
	_, err = db.PreviewOrder(ctx, by, in)
	if err != nil && !errors.As(err, &all) {
		return nil, err
	}
	for _, b := range broken { // of a field, what the order broke first
		all = slices.DeleteFunc(all, func(a models.FieldError) bool { return a.Field == b.Field })
	}
	return nil, append(all, broken...)
}
