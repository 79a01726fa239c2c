package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Rates are the rates of exchange.
type Rates struct{ DB *models.DB }

// List is the page of the rates, with the form for a newer one.
func (h Rates) List(c *gin.Context) error {
	return h.page(c, http.StatusOK, web.NewForm(c, models.ExchangeRateInput{}))
}

func (h Rates) page(c *gin.Context, status int, form ui.Form) error {
	ctx := c.Request.Context()
	rates, err := h.DB.ListExchangeRates(ctx, models.ActorFrom(ctx).ForSite())
	if err != nil {
		return err
	}
	return web.Render(c, status, views.Rates(form, rates))
}

// Create adds a rate.
func (h Rates) Create(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.ExchangeRateInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.AddExchangeRate(ctx, models.ActorFrom(ctx).ForSite(), in)
	}
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "rates.added")
	return web.SeeOther(c, "/site/rates")
}
