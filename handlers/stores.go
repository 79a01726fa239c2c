package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"quartermaster/handlers/code"
	"quartermaster/models"
	"quartermaster/models/pricing"
	"quartermaster/views"
	"quartermaster/views/ui"
	"quartermaster/web"
)

// Stores has the pages of knowledge stores.
type Stores struct {
	DB *models.DB
	// API has the operations that its form is written as.
	API code.Table
}

// form is the form for a new store.
func (h Stores) form() OrderForm {
	return OrderForm{
		DB: h.DB, Kind: models.KindStore, New: "/stores/new", Path: "/stores", API: h.API, Operation: h.API.Making(models.KindStore), Said: "stores.created", Made: "/stores/",
		Begin: func(*gin.Context) (OrderFields, error) { return &storeFields{}, nil },
	}
}

type storeFields struct{ page views.StoreNewProps }

func (f *storeFields) Name() (field string, name *string) { return "store_name", &f.page.Input.Name }

func (f *storeFields) Into() []any { return []any{&f.page.Input} }

// Line treats an empty description as not given.
func (f *storeFields) Line(context.Context) models.LineInput {
	if in := &f.page.Input; in.Description != nil && *in.Description == "" {
		in.Description = nil
	}
	return &f.page.Input
}

func (f *storeFields) Choose(ctx context.Context, a *Asked) (err error) {
	p := &f.page
	if p.Regions, err = a.DB.RegionsToOrder(ctx, a.By, models.KindStore); err != nil {
		return err
	}
	if a.Fresh && p.Input.Region == "" {
		if p.Input.Region, err = a.DB.UsualRegion(ctx, a.By, models.KindStore, p.Regions); err != nil {
			return err
		}
	}
	if a.Preview {
		refillStore(a.Form, &p.Input, p.Regions, a.Fresh)
	}
	if p.Prices, err = a.DB.ListStorePrices(ctx, a.By, p.Input.Region); err != nil {
		return err
	}
	p.Team, err = a.DB.FindTeam(ctx, a.By)
	return err
}

func (f *storeFields) Draw(p views.OrderFormProps) templ.Component {
	f.page.OrderFormProps = p
	return views.StoreNew(f.page)
}

// Show is the page of one store.
func (h Stores) Show(c *gin.Context) error { return h.show(c, http.StatusOK, nil, views.StoreShow) }

// Remind says when the reader is reminded of a store.
func (h Stores) Remind(c *gin.Context) error {
	return remind(c, h.DB, models.KindStore, "/stores", func(c *gin.Context, status int, refused *ui.Form) error {
		return h.show(c, status, refused, views.StoreShow)
	})
}

// Status is the part of a store's page that follows its job. When the store is
// gone it redirects to the list.
func (h Stores) Status(c *gin.Context) error {
	err := h.show(c, http.StatusOK, nil, views.StoreStatus)
	if errors.Is(err, models.ErrNotFound) {
		ctx := c.Request.Context()
		jobs, listErr := h.DB.ListJobs(ctx, models.ActorFrom(ctx), c.Param("id"))
		if listErr == nil && len(jobs) > 0 && jobs[0].Kind == models.DeleteStoreJob {
			web.Flash(c, "stores.deleted", "Name", jobs[0].SubjectName)
			return web.SeeOther(c, "/stores")
		}
	}
	return err
}

// show draws the page of a store or a part of it, with the form about reminders where
// it was refused.
func (h Stores) show(c *gin.Context, status int, refused *ui.Form, draw func(views.StoreShowProps) templ.Component) error {
	ctx := c.Request.Context()
	by := models.ActorFrom(ctx)
	page, err := h.DB.FindStorePage(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	p := views.StoreShowProps{StorePage: page, By: by}
	if s := page.Store; s.EndsAt != nil && s.EndsAt.After(page.Now) {
		if p.Remind, err = remindProps(c, h.DB, models.KindStore, "/stores", s.ID, s.CreatedBy, refused); err != nil {
			return err
		}
	}
	return web.Render(c, status, draw(p))
}

// Retry continues the failed job of a store.
func (h Stores) Retry(c *gin.Context) error {
	ctx := c.Request.Context()
	store, err := h.DB.RetryStore(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "stores.retried", "Name", store.Name)
	return web.SeeOther(c, "/stores/"+store.ID)
}

// scale is the form for another size of a store.
func (h Stores) scale() OrderForm {
	return OrderForm{
		DB: h.DB, Kind: models.KindStore, New: "/stores/:id/scale", Path: "/stores/:id/scale", Draft: models.DraftScale, Said: "stores.scaled", Made: "/stores/",
		Begin: func(c *gin.Context) (OrderFields, error) {
			ctx := c.Request.Context()
			store, err := h.DB.FindStore(ctx, models.ActorFrom(ctx), c.Param("id"))
			if err != nil {
				return nil, err
			}
			return &scaleFields{store: *store, in: models.StoreScaleInput{StoreID: store.ID}}, nil
		},
	}
}

type scaleFields struct {
	store models.Store
	in    models.StoreScaleInput
	team  *models.Team
}

func (f *scaleFields) Into() []any                           { return []any{&f.in} }
func (f *scaleFields) Line(context.Context) models.LineInput { return &f.in }

func (f *scaleFields) Choose(ctx context.Context, a *Asked) (err error) {
	if a.Fresh && a.Form.Value("num") == "" {
		f.in.Num = f.store.Num
		a.Form.Values.Set("num", strconv.FormatInt(f.store.Num, 10))
	}
	f.team, err = a.DB.FindTeam(ctx, a.By)
	return err
}

func (f *scaleFields) Draw(p views.OrderFormProps) templ.Component {
	return views.StoreScale(views.StoreScaleProps{OrderFormProps: p, Store: f.store, Num: f.in.Num, Team: f.team})
}

// Delete begins to delete a store.
func (h Stores) Delete(c *gin.Context) error {
	ctx := c.Request.Context()
	store, err := h.DB.DeleteStore(ctx, models.ActorFrom(ctx), c.Param("id"))
	if err != nil {
		return err
	}
	web.Flash(c, "stores.dropped", "Name", store.Name)
	return web.SeeOther(c, "/stores/"+store.ID)
}

// refillStore sets fields to their initial values: those that a change of
// another field has made meaningless and, in a fresh form, those that are not
// given.
func refillStore(form ui.Form, in *models.StoreInput, regions []models.Region, fresh bool) {
	if in.Region == "" && len(regions) > 0 {
		in.Region = regions[0].ID
	}
	if i := slices.IndexFunc(regions, func(r models.Region) bool { return r.ID == in.Region }); i >= 0 {
		refillZones(in, regions[i], fresh)
	}
	in.CU = cmp.Or(in.CU, "xlarge")
	in.ChargeMode = cmp.Or(in.ChargeMode, pricing.PostPaid)
	if form.Value("num") == "" && fresh {
		in.Num = 1
		form.Values.Set("num", "1")
	}
	if in.ChargeMode == pricing.PrePaid {
		refillPeriod(form, in)
	}
	form.Values["availability_zones"] = in.Zones
	for field, value := range map[string]string{"region": in.Region, "cu": in.CU, "charge_mode": string(in.ChargeMode)} {
		form.Values.Set(field, value)
	}
}

// refillZones leaves a store the zones that its region has, or gives it the first.
func refillZones(in *models.StoreInput, r models.Region, fresh bool) {
	known := slices.DeleteFunc(slices.Clone(in.Zones), func(id string) bool { return !r.HasZone(id) })
	if len(known) == 0 && (fresh || len(in.Zones) > 0) && len(r.Zones) > 0 {
		known = []string{r.Zones[0].ID}
	}
	in.Zones = known
}

// refillPeriod gives a store that is paid in advance a period that is sold.
func refillPeriod(form ui.Form, in *models.StoreInput) {
	if models.StorePeriods(in.PeriodType) == nil {
		in.PeriodType = pricing.Month
	}
	if lengths := models.StorePeriods(in.PeriodType); !slices.Contains(lengths, in.PeriodNum) {
		in.PeriodNum = lengths[0]
	}
	form.Values.Set("period_type", string(in.PeriodType))
	form.Values.Set("period_num", strconv.Itoa(in.PeriodNum))
}
