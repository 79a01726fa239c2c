package handlers

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Budgets are what a team may spend.
type Budgets struct{ DB *models.DB }

// List is the page of the team's budgets, with the form for a new one or for the one
// that the address asks to edit.
func (h Budgets) List(c *gin.Context) error {
	return h.page(c, http.StatusOK, c.Query("edit"), nil)
}

// page draws the budgets; form is what was refused.
func (h Budgets) page(c *gin.Context, status int, of string, form *ui.Form) error {
	ctx := c.Request.Context()
	p := views.BudgetsProps{By: models.ActorFrom(ctx), Of: of}
	var err error
	if p.Team, p.Budgets, err = h.DB.ListBudgets(ctx, p.By); err != nil {
		return err
	}
	if form != nil {
		p.Form = *form
	} else if in, ok := p.Team.Budgets.Input(of); ok {
		p.Form = web.NewForm(c, in)
	} else {
		return models.ErrNotFound
	}
	return web.Render(c, status, views.Budgets(p))
}

// Save makes a budget, or changes one.
func (h Budgets) Save(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	var in models.BudgetInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.PutBudget(ctx, by, c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.page(c, http.StatusUnprocessableEntity, c.Param("id"), &form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "budgets.saved")
	return web.SeeOther(c, "/team/budgets")
}

// Delete takes a budget away.
func (h Budgets) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	version, _ := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if err := h.DB.DeleteBudget(ctx, models.ActorFrom(ctx), version, c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "budgets.deleted")
	return web.SeeOther(c, "/team/budgets")
}
