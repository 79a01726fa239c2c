package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/list"
	"quartermaster/views"
	"quartermaster/views/i18n"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Plans has the pages of resource plans.
type Plans struct {
	DB *models.DB
	// API has the operations that its form is written as.
	API code.Table
}

// list is the list of plans.
func (h Plans) list() List[models.Plan] {
	return List[models.Plan]{DB: h.DB, View: views.Plans, Choices: func(ctx context.Context, db *models.DB, q list.Query) (map[string][]views.ListChoice, error) {
		if q.Filters["type"] == "" {
			return nil, nil
		}
		kind, err := db.FindPackageType(ctx, q.Filters["type"])
		if errors.Is(err, models.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return map[string][]views.ListChoice{"type": {{Value: kind.Code, Label: i18n.Pick(ctx, kind.EN, kind.ZH)}}}, nil
	}}
}

// deductions is the list of what drew from a plan.
func (h Plans) deductions() List[models.Deduction] {
	return List[models.Deduction]{DB: h.DB, View: views.Deductions, Choices: regions(models.KindBucket)}
}

// form is the form for a new plan.
func (h Plans) form() OrderForm {
	return OrderForm{
		DB: h.DB, Kind: models.KindPlan, New: "/plans/new", Path: "/plans", API: h.API, Operation: h.API.Making(models.KindPlan), Said: "plans.created", Made: "/plans/",
		Begin: func(*gin.Context) (OrderFields, error) { return &planFields{}, nil },
	}
}

type planFields struct {
	in     models.PlanInput
	offers models.PlanOffers
	now    time.Time
}

func (f *planFields) Into() []any { return []any{&f.in} }

// Line takes the date, which is typed in the reader's zone as the field says, as
// the documents write it.
func (f *planFields) Line(ctx context.Context) models.LineInput {
	f.in.EffectiveDate = documentedDate(ctx, f.in.EffectiveDate)
	return &f.in
}

func (f *planFields) Choose(ctx context.Context, a *Asked) (err error) {
	f.now = a.DB.TeamNow(a.By)
	if f.offers, err = a.DB.ListPlanOffers(ctx, a.By, f.in); err != nil || !a.Preview {
		return err
	}
	f.in = f.offers.Input
	for field, value := range map[string]string{"product_code": f.in.ProductCode, "package_type": f.in.PackageType,
		"specification": f.in.Specification, "duration": f.in.Duration, "pricing_cycle": string(f.in.PricingCycle)} {
		a.Form.Values.Set(field, value)
	}
	if f.in.PackageType == "" { // then the page offers no sizes and no terms
		a.Form.Values.Del("specification")
		a.Form.Values.Del("duration")
	}
	return nil
}

func (f *planFields) Draw(p views.OrderFormProps) templ.Component {
	return views.PlanNew(views.PlanNewProps{OrderFormProps: p, Offers: f.offers, Now: f.now})
}

// Show is the page of one plan.
func (h Plans) Show(c *gin.Context) error { return h.show(c, http.StatusOK, nil) }

// show draws the page of a plan, with the form about reminders where it was refused.
func (h Plans) show(c *gin.Context, status int, refused *ui.Form) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	page, err := h.DB.FindPlanPage(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	deductions, err := h.deductions().page(c, "")
	if err != nil {
		return err
	}
	p := views.PlanShowProps{PlanPage: page, Deductions: deductions, By: by}
	if !page.Plan.Held && page.Plan.EndsAt.After(page.Now) {
		p.Remind, err = remindProps(c, h.DB, models.KindPlan, "/plans", page.Plan.ID, page.Plan.CreatedBy, refused)
	}
	if err != nil {
		return err
	}
	return web.Render(c, status, views.PlanShow(p))
}

// Remind says when the reader is reminded of a plan.
func (h Plans) Remind(c *gin.Context) error {
	return remind(c, h.DB, models.KindPlan, "/plans", h.show)
}

// Delete deletes a plan.
func (h Plans) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := h.DB.DeletePlan(ctx, models.ActorFrom(ctx), c.Param("id")); err != nil {
		return err
	}
	web.Flash(c, "plans.deleted", "Name", c.Param("id"))
	return web.SeeOther(c, "/plans")
}

// documentedDate is a date of a form's field, as people write one, in the form of the
// documents; any other text is left as it is.
func documentedDate(ctx context.Context, typed string) string {
	plain := strings.NewReplacer("T", " ", "/", "-", ".", "-", "：", ":").Replace(strings.Join(strings.Fields(typed), " "))
	for _, layout := range []string{"2006-1-2 15:04", "2006-1-2 15:04:05", "2006-1-2"} {
		if t, err := time.ParseInLocation(layout, plain, i18n.Zone(ctx)); err == nil {
			return t.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	return typed
}
