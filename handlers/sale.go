package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Sale has the pages of what the catalogue is made of, for site admins.
type Sale struct{ DB *models.DB }

// Show is the page of one thing, or of a new one.
func (h Sale) Show(c *gin.Context) error { return h.page(c, http.StatusOK, nil) }

func (h Sale) page(c *gin.Context, status int, form *ui.Form) error {
	ctx := c.Request.Context()
	by, err := keeper(c)
	if err != nil {
		return err
	}
	p := views.ThingProps{Sort: models.Sort(c.Param("sort"))}
	if p.All, err = h.DB.ListThings(ctx, by); err != nil {
		return err
	}
	if id := c.Param("id"); id != "" {
		thing, err := h.DB.FindThing(ctx, by, p.Sort, id)
		if err != nil {
			return err
		}
		p.Thing = &thing
		p.Form = caught(c, form, thing.Input(), thing.Input().Shown)
	} else if p.Form = caught(c, form, models.ThingInput{}, ""); !views.Addable(p.Sort) {
		return models.ErrNotFound
	}
	return web.Render(c, status, views.ThingShow(p))
}

// Save adds a thing, or changes one.
func (h Sale) Save(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	var in models.ThingInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.PutThing(c.Request.Context(), by, models.Sort(c.Param("sort")), c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, &form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "sale.saved")
	return web.SeeOther(c, "/catalogue/sale")
}

// State takes a thing off sale, or puts it on sale again.
func (h Sale) State(c *gin.Context) error {
	by, err := keeper(c)
	if err != nil {
		return err
	}
	ctx, sort, off := c.Request.Context(), models.Sort(c.Param("sort")), c.PostForm("off") == "true"
	thing, err := h.DB.FindThing(ctx, by, sort, c.Param("id"))
	if err != nil {
		return err
	}
	if err := h.DB.SetThingOff(ctx, by, sort, thing.ID(), off); err != nil {
		return err
	}
	said := "sale.switched-on"
	if off {
		said = "sale.switched-off"
	}
	web.Flash(c, said, "Name", views.ThingName(ctx, thing))
	return web.SeeOther(c, "/catalogue/sale")
}
