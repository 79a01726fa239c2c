package handlers

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Members are the people of the team.
type Members struct{ DB *models.DB }

// list is the list of the people, where one role may have been refused.
func (h Members) list(refused *views.RefusedRole) List[models.Member] {
	return List[models.Member]{DB: h.DB, View: views.Members(refused), Choices: h.names, Draw: func(c *gin.Context, p views.ListPage) error {
		return web.Render(c, http.StatusOK, views.MemberList(p))
	}}
}

// names are what regions and products are called, and the member whom the list is
// about alone.
func (h Members) names(ctx context.Context, db *models.DB, q list.Query) (map[string][]views.ListChoice, error) {
	regions, err := db.ListRegions(ctx, "")
	if err != nil {
		return nil, err
	}
	products, err := db.ListProducts(ctx)
	all := views.OnlyChoices(ctx, regions, products)
	if err != nil || q.Filters["user"] == "" {
		return all, err
	}
	page, err := models.Members.Read(ctx, db, models.ActorFrom(ctx), q)
	for _, m := range page.Rows {
		all["user"] = append(all["user"], views.ListChoice{Value: m.UserID, Label: m.Name})
	}
	return all, err
}

// Role gives a member another role.
func (h Members) Role(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.RoleInput
	form, err := web.Decode(c, &in)
	if err != nil {
		return err
	}
	user, err := h.DB.ChangeRole(ctx, models.ActorFrom(ctx), c.Param("id"), in)
	if form.Reject(err) {
		id := c.Param("id")
		p, err := h.list(&views.RefusedRole{UserID: id, Form: form}).page(c, "", "user", id)
		if err != nil {
			return err
		}
		return web.Render(c, http.StatusUnprocessableEntity, views.MemberList(p))
	}
	if err != nil {
		return err
	}
	web.Flash(c, "members.changed", "Name", user.Name, "Role", i18n.T(ctx, "role."+string(in.Role)))
	return web.SeeOther(c, "/team")
}

// Show is the page of one member, to the team's admins.
func (h Members) Show(c *gin.Context) error { return h.member(c, http.StatusOK, nil, nil) }

// member draws the page of the member in the address; limits and away are the forms
// about what they may order and about their deputy where they were refused.
func (h Members) member(c *gin.Context, status int, limits, away *ui.Form) (err error) {
	ctx := c.Request.Context()
	p := views.MemberShowProps{By: models.ActorFrom(ctx)}
	if !p.By.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	if p.Member, err = h.DB.FindMember(ctx, p.By, c.Param("id")); err != nil {
		return err
	}
	if p.Regions, err = h.DB.ListRegions(ctx, ""); err != nil {
		return err
	}
	if p.Products, err = h.DB.ListProducts(ctx); err != nil {
		return err
	}
	if p.Members, err = h.DB.ListMembers(ctx, p.By); err != nil {
		return err
	}
	p.Limits = caught(c, limits, p.Member.OnlyInput(), p.Member.OnlyInput().Shown)
	p.Away = caught(c, away, p.Member.Away(), p.Member.Away().Shown)
	return web.Render(c, status, views.MemberShow(p))
}

// Limit changes what a member may order.
func (h Members) Limit(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	var in models.OnlyInput
	form, err := web.Decode(c, &in)
	var user *models.User
	if err == nil {
		user, err = h.DB.LimitMember(ctx, by, c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.member(c, http.StatusUnprocessableEntity, &form, nil)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "members.limited", "Name", user.Name)
	return web.SeeOther(c, "/team/members/"+c.Param("id"))
}

// caught is a form of settings that was refused, with what others have changed, or
// else one that shows what is now.
func caught(c *gin.Context, refused *ui.Form, now any, shown string) ui.Form {
	if refused == nil {
		return web.NewForm(c, now)
	}
	refused.Catch(shown)
	return *refused
}

// Deputy says who stands in for a member.
func (h Members) Deputy(c *gin.Context) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.Refuse(models.Administer)
	}
	var in models.AwayInput
	form, err := web.Decode(c, &in)
	var user *models.User
	if err == nil {
		user, err = h.DB.SetDeputy(ctx, by, c.Param("id"), in)
	}
	if form.Reject(err) {
		return h.member(c, http.StatusUnprocessableEntity, nil, &form)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "members.away.saved", "Name", user.Name)
	return web.SeeOther(c, "/team/members/"+c.Param("id"))
}

// Delete takes a member out of the team.
func (h Members) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	user, err := h.DB.RemoveMember(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "members.removed", "Name", user.Name)
	return web.SeeOther(c, "/team")
}
