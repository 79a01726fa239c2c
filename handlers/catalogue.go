package handlers

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Catalogue has the pages of what is sold and of the price book.
type Catalogue struct{ DB *models.DB }

// Price is the page of a price, with what it was, is and will be.
func (h Catalogue) Price(c *gin.Context) error { return h.price(c, http.StatusOK, nil) }

// NewPrice is the page with the form for a price of anything.
func (h Catalogue) NewPrice(c *gin.Context) error {
	if _, err := keeper(c); err != nil {
		return err
	}
	return h.price(c, http.StatusOK, nil)
}

// price draws the page of the price that the address names, or of a new one; form is
// what was refused.
func (h Catalogue) price(c *gin.Context, status int, form *ui.Form) error {
	ctx := c.Request.Context()
	p := views.PriceProps{By: models.ActorFrom(ctx)}
	var err error
	if id := c.Param("id"); id != "" {
		if p.Page, err = h.DB.FindPricePage(ctx, p.By, id); err != nil {
			return err
		}
		if p.Regions, err = h.DB.ListRegions(ctx, ""); err != nil {
			return err
		}
		p.Form = caught(c, form, models.PriceInput{Shown: p.Page.Shown}, p.Page.Shown)
		return web.Render(c, status, views.PriceShow(p))
	}
	if p.Items, err = h.DB.ListItems(ctx); err != nil {
		return err
	}
	if p.Regions, err = h.DB.ListRegions(ctx, models.KindStore); err != nil {
		return err
	}
	team := c.Query("price_team")
	if p.Teams, err = h.DB.ListTeams(ctx, p.By, mostTeams); err != nil {
		return err
	}
	if !slices.ContainsFunc(p.Teams, func(t models.Team) bool { return t.ID == team }) && team != "" {
		t, err := h.DB.FindSiteTeam(ctx, p.By, team)
		if err != nil {
			return err
		}
		p.Teams = append(p.Teams, models.Team{ID: t.ID, Name: t.Name})
	}
	p.Form = caught(c, form, models.PriceInput{Team: team}, "")
	return web.Render(c, status, views.PriceNew(p))
}

// AddPrice adds a line to the price book.
func (h Catalogue) AddPrice(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in models.PriceInput
	form, err := web.Decode(c, &in)
	var id string
	if err == nil {
		id, err = h.DB.AddPrice(c.Request.Context(), by, c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.price(c, http.StatusUnprocessableEntity, &form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "catalogue.added")
	return web.SeeOther(c, "/catalogue/prices/"+cmp.Or(c.Param("id"), id))
}

// WithdrawPrice takes a price away whose day has not come.
func (h Catalogue) WithdrawPrice(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	if err := h.DB.WithdrawPrice(c.Request.Context(), by, c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "catalogue.withdrawn")
	return web.SeeOther(c, "/catalogue/prices")
}
