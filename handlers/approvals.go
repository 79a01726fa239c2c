package handlers

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Decide approves or rejects the step that an order waits for.
func (h Orders) Decide(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.DecisionInput
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	form, err := web.Decode(c, &in)
	var order *models.Order
	if err == nil {
		order, err = h.DB.DecideOrder(ctx, models.ActorFrom(ctx), n, in.Version, in.Say == "approve", in.Reason)
	}
	if form.Reject(err) {
		return h.show(c, http.StatusUnprocessableEntity, views.OrderShowProps{Form: form})
	}
	if errors.Is(err, models.ErrConflict) {
		return h.show(c, http.StatusConflict, views.OrderShowProps{Form: form, Changed: true})
	}
	if err != nil {
		return err
	}
	web.Flash(c, "approvals.said."+string(order.State), "Number", c.Param("number"))
	return web.SeeOther(c, "/approvals")
}

// Cancel ends an order of the reader's own that waits.
func (h Orders) Cancel(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if _, err := h.DB.CancelOrder(ctx, models.ActorFrom(ctx), n, version); err != nil {
		return err
	}
	web.Flash(c, "approvals.cancelled")
	return web.SeeOther(c, "/orders/"+c.Param("number"))
}

// Comment says something about an order.
func (h Orders) Comment(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	var in models.CommentInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.CommentOrder(ctx, models.ActorFrom(ctx), n, in)
	}
	if form.Reject(err) {
		return h.show(c, http.StatusUnprocessableEntity, views.OrderShowProps{Said: form})
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/orders/"+c.Param("number")+"#thread")
}

// Watch lets the reader be told of what happens to an order, or no more.
func (h Orders) Watch(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := orderNumber(c)
	if err != nil {
		return err
	}
	if err := h.DB.WatchOrder(ctx, models.ActorFrom(ctx), n, c.PostForm("on") != ""); err != nil {
		return err
	}
	return web.SeeOther(c, "/orders/"+c.Param("number")+"#thread")
}

// Rules are what decides which orders wait for whom.
type Rules struct{ DB *models.DB }

// List is the page of the team's rules, with the tester.
func (h Rules) List(c *gin.Context) error {
	ctx := c.Request.Context()
	p := views.RulesProps{By: models.ActorFrom(ctx)}
	var err error
	if p.RulesPage, err = h.DB.FindRules(ctx, p.By); err != nil {
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
	p.Trial = web.NewForm(c, models.Trial{Person: p.By.UserID, Kind: models.KindPlan, Face: models.ByForm})
	if c.Query("try") != "" && p.By.May(models.Administer) {
		var in models.Trial
		if p.Trial, err = web.Decode(c, &in); err == nil {
			var v models.Verdict
			if v, err = h.DB.TryRules(ctx, p.By, in); err == nil {
				p.Verdict = &v
			}
		}
		if err != nil && !p.Trial.Reject(err) {
			return err
		}
	}
	return web.Render(c, http.StatusOK, views.Rules(p))
}

// at is the place of the rule in the address, counted from 0; that of a new one is
// before the last.
func (h Rules) at(c *gin.Context, book models.RuleBook) (at int, is bool, err error) {
	if c.Param("at") == "" {
		return len(book.Sentences()) - 1, false, nil
	}
	n, err := strconv.Atoi(c.Param("at"))
	if err != nil || n < 1 || n > len(book.Sentences()) {
		return 0, false, models.ErrNotFound
	}
	return n - 1, true, nil
}

// book is the team's rules, for its admins.
func (h Rules) book(c *gin.Context) (models.RuleBook, error) {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	if !by.May(models.Administer) {
		return models.RuleBook{}, models.Refuse(models.Administer)
	}
	team, err := h.DB.FindTeam(ctx, by)
	if err != nil {
		return models.RuleBook{}, err
	}
	return team.Rules, nil
}

// Edit is the form of a rule, or of a new one.
func (h Rules) Edit(c *gin.Context) error {
	book, err := h.book(c)
	if err != nil {
		return err
	}
	at, is, err := h.at(c, book)
	if err != nil {
		return err
	}
	in := models.RuleInput{Version: book.Version}
	if is {
		in = book.RuleInput(at)
	}
	return h.form(c, http.StatusOK, web.NewForm(c, in), in)
}

// Preview is the form as it stands, with the sentence that it makes.
func (h Rules) Preview(c *gin.Context) error {
	ctx := c.Request.Context()
	var in models.RuleInput
	form, err := web.Decode(c, &in)
	if err == nil {
		_, err = h.DB.ReadRule(ctx, models.ActorFrom(ctx), in)
	}
	if err != nil && !form.Reject(err) {
		return err
	}
	return h.form(c, http.StatusOK, form, in)
}

// Save keeps a rule.
func (h Rules) Save(c *gin.Context) error {
	ctx := c.Request.Context()
	book, err := h.book(c)
	if err != nil {
		return err
	}
	at, is, err := h.at(c, book)
	if err != nil {
		return err
	}
	var in models.RuleInput
	form, err := web.Decode(c, &in)
	if err == nil {
		err = h.DB.PutRule(ctx, models.ActorFrom(ctx), at, is, in)
	}
	if form.Reject(err) {
		return h.form(c, http.StatusUnprocessableEntity, form, in)
	}
	if err != nil {
		return err
	}
	web.Flash(c, "rules.saved")
	return web.SeeOther(c, "/team/rules#rule-"+strconv.Itoa(at+1)) // which says what is wrong with it
}

// form draws the form of a rule.
func (h Rules) form(c *gin.Context, status int, form ui.Form, in models.RuleInput) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	book, err := h.book(c)
	if err != nil {
		return err
	}
	at, is, err := h.at(c, book)
	if err != nil {
		return err
	}
	p := views.RuleFormProps{Form: form, Path: "/team/rules", Last: is && at == len(book.Sentences())-1}
	if is {
		p.Path += "/" + c.Param("at")
	}
	team, err := h.DB.FindTeam(ctx, by)
	if err != nil {
		return err
	}
	p.Currency = team.Currency
	if p.Regions, err = h.DB.ListRegions(ctx, ""); err != nil {
		return err
	}
	if p.Products, err = h.DB.ListProducts(ctx); err != nil {
		return err
	}
	if p.Members, err = h.DB.ListMembers(ctx, by); err != nil {
		return err
	}
	if r, err := h.DB.ReadRule(ctx, by, in); err == nil {
		p.Rule = &r
		if p.Fault, err = h.DB.FaultOf(ctx, by, at, is, r); err != nil {
			return err
		}
	}
	return web.Render(c, status, views.RuleForm(p))
}

// Move moves a rule to another place.
func (h Rules) Move(c *gin.Context) error {
	return h.change(c, "rules.moved", func(by models.Actor, at int, version int64) error {
		to, err := strconv.Atoi(c.PostForm("to"))
		if err != nil {
			return models.ErrNotFound
		}
		return h.DB.MoveRule(c.Request.Context(), by, version, at, to-1)
	})
}

// Delete takes a rule out.
func (h Rules) Delete(c *gin.Context) error {
	return h.change(c, "rules.deleted", func(by models.Actor, at int, version int64) error {
		return h.DB.DeleteRule(c.Request.Context(), by, version, at)
	})
}

func (h Rules) change(c *gin.Context, said string, do func(by models.Actor, at int, version int64) error) error {
	book, err := h.book(c)
	if err != nil {
		return err
	}
	at, _, err := h.at(c, book)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if err := do(models.ActorFrom(c.Request.Context()), at, version); err != nil {
		return err
	}
	web.Flash(c, said)
	return web.SeeOther(c, "/team/rules")
}
