package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// remindProps is the form about when the reader is reminded of a thing, refused where
// it was.
func remindProps(c *gin.Context, db *models.DB, kind models.Kind, path, id, orderedBy string, refused *ui.Form) (*views.RemindProps, error) {
	ctx := c.Request.Context()
	r, err := db.FindReminded(ctx, models.ActorFrom(ctx), kind, id, orderedBy)
	if err != nil {
		return nil, err
	}
	p := &views.RemindProps{Reminded: r, Subject: id, Path: path + "/" + id + "/reminder"}
	if p.Form = web.NewForm(c, r.Days.Input()); refused != nil {
		p.Form = *refused
	}
	return p, nil
}

// remind says when the reader is reminded of a thing; show draws its page with the
// form where it was refused.
func remind(c *gin.Context, db *models.DB, kind models.Kind, path string, show func(*gin.Context, int, *ui.Form) error) error {
	ctx := c.Request.Context()
	var in models.RemindInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = db.SetReminder(ctx, models.ActorFrom(ctx), kind, c.Param("id"), in)
	}
	if form.Reject(err) {
		return show(c, http.StatusUnprocessableEntity, &form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "remind.saved")
	return web.SeeOther(c, path+"/"+c.Param("id"))
}
